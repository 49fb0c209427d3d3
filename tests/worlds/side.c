/*
 * One side of a queue in a file
 *
 * Built for Linux and for Windows, so that a process of each world can be a side of one queue. test.sh lets them meet.
 *
 *     side write FILE              makes a queue, and leaves it as a fixed history of it leaves it
 *     side compare FILE FILE       are two of these the same, but for times, process numbers and the like?
 *     side send FILE COUNT [US]    sends numbered records, each so long after the one before; sleeps while there is no room
 *     side recv FILE               receives them, sleeps while there are none, and ends when the producers have
 *     side ask FILE COUNT          sends questions, and sleeps until each is answered in place
 *     side answer FILE             answers them, until the producers have ended
 *     side hold FILE ROLE          has a role, says so, and keeps it
 *     side try FILE ROLE           can the role be had?
 *     side report FILE             reports a task, and its end
 *     side follow FILE             sleeps until it has ended, or who does it has died
 *
 * What it says at the end is one line, and its exit code is 0 when all was as it had to be.
 */
#include <inttypes.h>
#include <shmq/layout.h>
#include <shmq/shmq.h>
#include <shmq/sm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THING(F) F(u64, id) F(f64, value) F(text, name, 20) F(span, note, 100) F(bool, good)
SHMQ_SM(thing, 3, THING)

static int say(const char *what, int rc)
{
    printf("%s: %s\n", what, rc == 0 ? "well" : shmq_strerror(rc));
    return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int open_as(const char *path, enum shmq_role role, struct shmq **q)
{
    const struct shmq_open_options options = {.struct_size = sizeof options};

    return shmq_open(path, role, &options, q);
}

/* Records of all sizes and of a type, some of them received, a task done, one who came again. */
static int write_history(const char *path)
{
    static const struct shmq_sm *const types[] = {&thing_sm};
    const struct shmq_create_options options = {
        .struct_size = sizeof options, .capacity = 4096, .lane_count = 2, .types = types, .type_count = 1};
    struct shmq_message message;
    struct shmq *p = NULL;
    struct shmq *c = NULL;
    struct thing *thing;
    uint8_t bytes[300];
    int rc = shmq_create(path, &options);

    for (int life = 0; life < 3 && rc == 0; life++) {
        rc = open_as(path, SHMQ_PRODUCER, &p);
        for (uint32_t n = 0; n < 9 && rc == 0; n++) {
            memset(bytes, (int)(n + 1), sizeof bytes);
            rc = shmq_send(p, bytes, n * 37 % sizeof bytes, (uint16_t)n, n % 3 == 0 ? SHMQ_MORE : 0);
        }
        if (rc == 0 && (rc = thing_reserve(p, &thing)) == 0) {
            *thing = (struct thing){.id = 7, .value = 1.0 / 3, .good = 1};
            rc = shmq_text_set(thing->name, sizeof thing->name, "th\xc3\xadng");
            if (rc == 0)
                rc = shmq_span_put(p, &thing->note, "a note", 6);
            if (rc == 0)
                rc = thing_commit(p, 0);
        }
        if (rc == 0)
            rc = open_as(path, SHMQ_CONSUMER, &c);
        for (int n = 0; n < 6 && rc == 0; n++)
            rc = shmq_recv(c, bytes, sizeof bytes, &message);
        if (rc == 0 && (rc = shmq_report_begin(c, 11, 100, "things")) == 0 &&
            (rc = shmq_report_step(c, 40, "some")) == 0)
            rc = shmq_report_finish(c, 5, "all of them");
        shmq_close(c);
        shmq_close(p);
        p = c = NULL;
    }
    return rc;
}

/* What may differ from one process to the next. */
static void forget_who_and_when(uint8_t *bytes)
{
    struct shmq_header *header = (struct shmq_header *)(void *)bytes;
    struct shmq_lane *lanes = (struct shmq_lane *)(void *)(bytes + header->identity.lanes_offset);

    memset(header->identity.id, 0, sizeof header->identity.id);
    header->identity.created_ns = 0;
    header->identity.creator_pid = header->identity.creator_uid = 0;
    header->consumer.pid = header->consumer.flags = 0;
    header->consumer.attached_ns = 0;
    header->status.report.pid = header->status.report.flags = 0;
    header->status.report.attached_ns = 0;
    for (int i = 0; i < SHMQ_STATUS_COPIES; i++)
        header->status.copies[i].started_ns = header->status.copies[i].updated_ns = 0;
    for (uint32_t i = 0; i < header->identity.lane_count; i++) {
        lanes[i].owner.pid = lanes[i].owner.flags = 0;
        for (int k = 0; k < SHMQ_ATTACHED_MAX; k++) {
            lanes[i].owner.attached[k].attached_ns = 0;
            lanes[i].owner.attached[k].pid = 0;
        }
    }
}

static uint8_t *whole_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(1 << 20);

    *size = file != NULL && bytes != NULL ? fread(bytes, 1, 1 << 20, file) : 0;
    if (*size < sizeof(struct shmq_header)) {
        fprintf(stderr, "%s: there is no queue in it\n", path);
        exit(EXIT_FAILURE);
    }
    fclose(file);
    forget_who_and_when(bytes);
    return bytes;
}

static int compare(const char *one_path, const char *two_path)
{
    size_t sizes[2];
    uint8_t *one = whole_file(one_path, &sizes[0]);
    uint8_t *two = whole_file(two_path, &sizes[1]);
    size_t at = 0;

    while (at < sizes[0] && at < sizes[1] && one[at] == two[at])
        at++;
    free(one);
    free(two);
    if (at == sizes[0] && at == sizes[1])
        return say("compare", 0);
    printf("compare: of %llu and %llu bytes, byte %llu is the first that differs\n", (unsigned long long)sizes[0],
           (unsigned long long)sizes[1], (unsigned long long)at);
    return EXIT_FAILURE;
}

static size_t size_of(uint64_t number)
{
    return sizeof number * (1 + number % 60);
}

static int send_all(const char *path, uint64_t count, unsigned pace_us)
{
    uint64_t words[60];
    struct shmq *q = NULL;
    int rc = open_as(path, SHMQ_PRODUCER, &q);

    for (uint64_t n = 0; n < count && rc == 0; n++) {
        for (size_t i = 0; i < size_of(n) / sizeof *words; i++)
            words[i] = n * 31 + i;
        rc = shmq_send_wait(q, words, size_of(n), (uint16_t)n, n % 5 == 0 && n + 1 < count ? SHMQ_MORE : 0, -1);
        if (pace_us > 0)
            usleep(pace_us);
    }
    shmq_close(q);
    return rc;
}

/* Of any number of producers, one behind the other. */
static int receive_all(const char *path)
{
    struct shmq_message message;
    uint64_t next = 0;
    uint64_t count = 0;
    struct shmq *q = NULL;
    int rc = open_as(path, SHMQ_CONSUMER, &q);

    while (rc == 0 && (rc = shmq_peek_wait(q, -1, &message)) == 0) {
        const uint64_t *words = message.data;

        if (message.type == 0)
            next = 0;
        if (message.size != size_of(next) || message.type != (uint16_t)next)
            rc = -EBADMSG;
        for (size_t i = 0; i < message.size / sizeof *words && rc == 0; i++)
            rc = words[i] == next * 31 + i ? 0 : -EBADMSG;
        if (rc == 0)
            rc = shmq_release(q);
        next++;
        count++;
    }
    shmq_close(q);
    printf("recv: %" PRIu64 "\n", count);
    return rc == -EPIPE ? 0 : rc;
}

static int ask_all(const char *path, uint64_t count)
{
    struct shmq_answer answer;
    struct shmq_ticket ticket;
    struct shmq *q = NULL;
    int rc = open_as(path, SHMQ_PRODUCER, &q);

    for (uint64_t n = 0; n < count && rc == 0; n++) {
        rc = shmq_send_wait(q, &n, sizeof n, 0, 0, -1);
        if (rc == 0)
            rc = shmq_ticket(q, &ticket);
        if (rc == 0)
            rc = shmq_await(q, &ticket, -1, &answer);
        if (rc == 0 && *(const uint64_t *)answer.data != n * 3 + 1)
            rc = -EBADMSG;
    }
    shmq_close(q);
    return rc;
}

static int answer_all(const char *path)
{
    struct shmq_message message;
    struct shmq *q = NULL;
    int rc = open_as(path, SHMQ_CONSUMER, &q);

    while (rc == 0 && (rc = shmq_peek_wait(q, -1, &message)) == 0) {
        uint64_t *word = message.data;

        *word = *word * 3 + 1;
        rc = shmq_release(q);
    }
    shmq_close(q);
    return rc == -EPIPE ? 0 : rc;
}

static enum shmq_role role_of(const char *text)
{
    return strcmp(text, "producer") == 0 ? SHMQ_PRODUCER : SHMQ_CONSUMER;
}

static _Noreturn void hold(const char *path, const char *role)
{
    struct shmq *q = NULL;
    int rc = open_as(path, role_of(role), &q);

    printf("hold: %s\n", rc == 0 ? "here" : shmq_strerror(rc));
    fflush(stdout);
    for (;;)
        usleep(1000000);
}

static int attempt(const char *path, const char *role)
{
    struct shmq *q = NULL;
    int rc = open_as(path, role_of(role), &q);

    shmq_close(q);
    return rc;
}

static int report(const char *path)
{
    struct shmq *q = NULL;
    int rc = open_as(path, SHMQ_REPORTER, &q);

    if (rc == 0)
        rc = shmq_report_begin(q, 1, 10, "steps");
    for (int i = 0; i < 10 && rc == 0; i++) {
        usleep(20000);
        rc = shmq_report_advance(q, 1);
    }
    if (rc == 0)
        rc = shmq_report_finish(q, 42, "th\xc3\xa1t is all");
    shmq_close(q);
    return rc;
}

static int follow(const char *path)
{
    struct shmq_status status = {.struct_size = sizeof status};
    struct shmq *q = NULL;
    int rc = open_as(path, SHMQ_OBSERVER, &q);

    if (rc == 0) {
        printf("follow: here\n");
        fflush(stdout);
        rc = shmq_status_wait(q, SHMQ_ENDED, -1, &status);
    }
    shmq_close(q);
    if (rc == 0)
        printf("follow: %s at %" PRIu64 " of %" PRIu64 ", code %d, %s\n",
               status.presence == SHMQ_DIED ? "died"
               : status.state == SHMQ_DONE  ? "done"
                                            : "not done",
               status.done, status.total, status.code, status.message);
    return rc;
}

int main(int argc, char *argv[])
{
    const char *what = argc > 2 ? argv[1] : "";
    const char *path = argc > 2 ? argv[2] : "";
    const char *more = argc > 3 ? argv[3] : "0";

    if (strcmp(what, "write") == 0)
        return say(what, write_history(path));
    if (strcmp(what, "compare") == 0)
        return compare(path, more);
    if (strcmp(what, "send") == 0)
        return say(what, send_all(path, strtoull(more, NULL, 10), argc > 4 ? (unsigned)atoi(argv[4]) : 0));
    if (strcmp(what, "recv") == 0)
        return say(what, receive_all(path));
    if (strcmp(what, "ask") == 0)
        return say(what, ask_all(path, strtoull(more, NULL, 10)));
    if (strcmp(what, "answer") == 0)
        return say(what, answer_all(path));
    if (strcmp(what, "hold") == 0)
        hold(path, more);
    if (strcmp(what, "try") == 0)
        return say(what, attempt(path, more));
    if (strcmp(what, "report") == 0)
        return say(what, report(path));
    if (strcmp(what, "follow") == 0)
        return say(what, follow(path));
    fprintf(stderr, "usage: side WHAT FILE [...]\n");
    return 2;
}
