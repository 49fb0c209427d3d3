/* What comes after a death: new processes take the roles over and use the queue. */
#include "heirs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WATCHDOG_S 20
#define ATTEMPTS 3

static const uint16_t sizes[] = {12, 16, 40, 100, 300, 57, 1000, 13, 640, WORLD_RECORD_MAX, 24, 24, 511};

bool heirs_open_producers(struct world *w)
{
    struct shmq *none;
    uint32_t lanes = world_lanes(w);

    while (w->producer_count < lanes) {
        struct peer *peer = &w->producers[w->producer_count];
        int rc = shmq_open(w->name, SHMQ_PRODUCER, NULL, &peer->q);

        if (rc != 0)
            return ledger_complain(w->ledger, "a successor's open as producer says %d", rc);
        if (w->next_stream == WORLD_STREAMS)
            return ledger_complain(w->ledger, "more streams than this test foresees");
        peer->sender = (struct sender){.ledger = w->ledger, .stream = w->next_stream++};
        w->producer_count++;
    }
    int rc = shmq_open(w->name, SHMQ_PRODUCER, NULL, &none);

    return rc == -EBUSY || ledger_complain(w->ledger, "one producer more than there are lanes: open says %d", rc);
}

bool heirs_open_consumer(struct world *w)
{
    struct shmq *none;

    if (w->consumer == NULL) {
        int rc = shmq_open(w->name, SHMQ_CONSUMER, NULL, &w->consumer);

        if (rc != 0)
            return ledger_complain(w->ledger, "a successor's open as consumer says %d", rc);
        receiver_create(&w->receiver, w->ledger);
    }
    int rc = shmq_open(w->name, SHMQ_CONSUMER, NULL, &none);

    return rc == -EBUSY || ledger_complain(w->ledger, "a second consumer: open says %d", rc);
}

bool heirs_send_some(struct world *w)
{
    for (uint32_t i = 0; i < w->producer_count; i++) {
        int rc = 0;

        for (int n = 0; w->scenario->typed && n < 2 && rc == 0; n++)
            rc = sender_load(&w->producers[i].sender, w->producers[i].q, n == 0 ? 200 : 5000);
        for (int n = 0; n < 3 && (rc == 0 || rc == -EAGAIN); n++)
            rc = sender_send(&w->producers[i].sender, w->producers[i].q, 200, 0);
        if (rc != 0 && rc != -EAGAIN)
            return ledger_complain(w->ledger, "a send says %d", rc);
    }
    return true;
}

/* Where the lane is full, draining it must make room even for the largest record. */
static bool send_for_sure(struct world *w, struct peer *peer, size_t size, uint32_t n)
{
    int rc = -EAGAIN;

    for (int attempt = 0; attempt < ATTEMPTS && rc == -EAGAIN; attempt++) {
        bool in_place = n % 3 == 0 && size < WORLD_RECORD_MAX - 8;

        if (w->scenario->typed && n % 4 == 1)
            rc = sender_load(&peer->sender, peer->q, 3 * size);
        else if (w->scenario->typed && n % 4 == 2)
            rc = sender_note(&peer->sender, peer->q, n % 8 == 2);
        else
            rc = in_place ? sender_write(&peer->sender, peer->q, size, 8, 0)
                          : sender_send(&peer->sender, peer->q, size, 0);
        if (rc == -EAGAIN && receiver_drain(&w->receiver, w->consumer, 1 + n % 4, UINT32_MAX) < 0)
            return false;
    }
    return rc == 0 || ledger_complain(w->ledger, "sending %zu bytes into a drained lane says %d", size, rc);
}

/* Whatever a queue may leave out, it is never the newest. */
static bool newest_has_come(struct world *w)
{
    for (uint32_t i = 0; i < w->producer_count; i++) {
        const struct ledger_stream *stream = &w->ledger->streams[w->producers[i].sender.stream];

        if (stream->peeked < stream->sure)
            return ledger_complain(w->ledger, "stream %u ends at record %u of %u", w->producers[i].sender.stream,
                                   stream->peeked, stream->sure);
    }
    return true;
}

bool heirs_two_laps(struct world *w)
{
    for (uint32_t i = 0; i < w->producer_count; i++) {
        size_t bytes = 0;

        for (uint32_t n = i; bytes < 2 * WORLD_CAPACITY; n++) {
            size_t size = sizes[n % (sizeof sizes / sizeof *sizes)];

            if (!send_for_sure(w, &w->producers[i], size, n))
                return false;
            bytes += size;
        }
    }
    return receiver_drain(&w->receiver, w->consumer, 3, UINT32_MAX) >= 0 && newest_has_come(w);
}

bool heirs_fill_up(struct world *w)
{
    for (uint32_t i = 0; i < w->producer_count; i++) {
        int rc = 0;

        for (uint32_t n = 0; n < WORLD_BLOBS && w->scenario->typed && rc == 0; n++)
            rc = sender_load(&w->producers[i].sender, w->producers[i].q, 100);
        rc = rc == -EAGAIN ? 0 : rc;
        for (uint32_t n = 0; n < WORLD_CAPACITY && rc == 0; n++)
            rc = sender_send(&w->producers[i].sender, w->producers[i].q, 100, 0);
        if (rc != (w->scenario->kind == SHMQ_RECORDER ? 0 : -EAGAIN))
            return ledger_complain(w->ledger, "filling a lane ends with %d", rc);
    }
    return true;
}

/* A consumer whose producers are all gone gets what they have left, and hears of the end once. */
static bool come_to_an_end(struct world *w)
{
    struct shmq_info info = {.struct_size = sizeof info};

    if (receiver_drain(&w->receiver, w->consumer, 2, UINT32_MAX) < 0)
        return false;
    /* The drain may have met the end already: then the lanes are closed by now. */
    int first = shmq_wait(w->consumer, 0);
    int second = shmq_wait(w->consumer, 0);

    if ((first != -EPIPE && first != -ETIMEDOUT) || second != -ETIMEDOUT)
        return ledger_complain(w->ledger, "after the last producer wait says %d, then %d", first, second);
    int rc = receiver_peek(&w->receiver, w->consumer);

    if (rc != -EAGAIN || shmq_info(w->consumer, &info) != 0 || info.used != 0 || info.lanes_open != 0)
        return ledger_complain(w->ledger, "after the end peek says %d, %u lanes are open, %u bytes used", rc,
                               info.lanes_open, (unsigned)info.used);
    if (blobs_count(w) != 0)
        return ledger_complain(w->ledger, "after the end %u blobs are left over", blobs_count(w));
    return ledger_balances(w->ledger);
}

static bool close_producers(struct world *w)
{
    for (uint32_t i = 0; i < w->producer_count; i++)
        sender_close(&w->producers[i].sender, w->producers[i].q);
    w->producer_count = 0;
    int rc = shmq_wait(w->consumer, 0);

    return rc == -EPIPE || ledger_complain(w->ledger, "after the last producer closed wait says %d", rc);
}

/* The peers alone: neither may be blocked by the one who died. */
static bool go_on_alone(struct world *w)
{
    if (w->consumer == NULL)
        return heirs_fill_up(w);
    if (receiver_drain(&w->receiver, w->consumer, 2, UINT32_MAX) < 0)
        return false;
    if (w->producer_count == 0)
        return come_to_an_end(w);
    return heirs_two_laps(w) && ledger_balances(w->ledger);
}

/*
 * What living peers hold is held by the tracer too, which lives on; closing their handles here would give their roles
 * back there. So only handles that were opened here are closed here.
 */
static bool succeed(struct world *w, const void *arg)
{
    const struct heirs *heirs = arg;

    if (w->scenario->reports && !status_is_whole(w))
        return false;
    if (heirs->nobody)
        return go_on_alone(w);
    if (heirs->all_new) {
        w->producer_count = 0;
        w->consumer = NULL;
    }
    if (heirs->producers_first ? !heirs_open_producers(w) || !heirs_send_some(w) || !heirs_open_consumer(w)
                               : !heirs_open_consumer(w) || !heirs_open_producers(w) || !heirs_send_some(w))
        return false;
    if (receiver_drain(&w->receiver, w->consumer, heirs->producers_first ? 1 : 3, UINT32_MAX) < 0 ||
        !heirs_two_laps(w))
        return false;
    if (!heirs->all_new)
        return ledger_balances(w->ledger);
    bool good = !w->scenario->reports || status_can_be_reported(w, w->consumer);

    good = good && close_producers(w) && come_to_an_end(w);

    shmq_close(w->consumer);
    return good;
}

pid_t heirs_start(struct world *w, bool (*work)(struct world *w, const void *arg), const void *arg)
{
    fflush(NULL);
    pid_t process = _Fork();

    must(process >= 0, "fork");
    if (process == 0) {
        signal(SIGALRM, SIG_DFL);
        alarm(WATCHDOG_S);
        (void)work(w, arg);
        _exit(0);
    }
    return process;
}

void heirs_finish(struct world *w, pid_t process)
{
    int status = 0;

    while (waitpid(process, &status, 0) != process)
        continue;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        ledger_complain(w->ledger, "a successor hangs");
    else if (status != 0)
        ledger_complain(w->ledger, "a successor died by itself, status %#x", (unsigned)status);
}

/* The queue as all have left it, in a file that nobody holds a lock of. */
static void copy_queue(const struct world *w, struct world *copy)
{
    *copy = *w;
    memcpy(copy->name, w->copy, sizeof copy->name);
    int file = open(copy->name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);

    must(file >= 0 && write(file, w->mapping, w->size) == (ssize_t)w->size, "a copy of the queue");
    close(file);
    blobs_copy(w, copy->name);
}

bool world_survives(struct world *w, const struct heirs *heirs)
{
    struct world copy = *w;
    uint8_t *mapping = malloc(w->size);
    struct ledger *ledger = malloc(ledger_size(WORLD_STREAMS));

    must(mapping != NULL && ledger != NULL, "memory");
    memcpy(mapping, w->mapping, w->size);
    memcpy(ledger, w->ledger, ledger_size(WORLD_STREAMS));
    if (heirs->all_new)
        copy_queue(w, &copy);
    else
        blobs_keep(w);
    heirs_finish(w, heirs_start(&copy, succeed, heirs));
    bool good = w->ledger->wrong == 0;

    memcpy(w->mapping, mapping, w->size);
    if (heirs->all_new) {
        must(!w->scenario->typed || shmq_remove(copy.name, SHMQ_REMOVE_USED) == 0, "remove the copy of a queue");
        unlink(copy.name);
    } else {
        blobs_put_back(w);
    }
    if (good)
        memcpy(w->ledger, ledger, ledger_size(WORLD_STREAMS));
    free(mapping);
    free(ledger);
    return good;
}

static bool is_the_queue(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "queue") == 0;
}

/* Nothing lies about but the queue itself. */
static bool has_no_other_names(struct world *w)
{
    DIR *entries = opendir(w->folder);
    const struct dirent *entry;
    bool good = true;

    must(entries != NULL, "list the folder");
    while ((entry = readdir(entries)) != NULL) {
        if (!is_the_queue(entry->d_name))
            good = ledger_complain(w->ledger, "%s is left behind", entry->d_name);
    }
    closedir(entries);
    return good;
}

static ino_t inode_of(const char *name)
{
    struct stat status;

    return stat(name, &status) == 0 ? status.st_ino : 0;
}

/* An alias that its maker did not live to make can be made now. */
static bool alias_leads_there(struct world *w)
{
    struct shmq_create_options options = world_options(w);
    struct shmq *q = NULL;

    options.path = w->name;
    int rc = shmq_create(w->alias, &options);

    if (rc != 1)
        return ledger_complain(w->ledger, "create of an alias says %d", rc);
    rc = shmq_open(w->alias, SHMQ_PRODUCER, NULL, &q);
    shmq_close(q);
    if (rc == 0)
        rc = shmq_remove(w->alias, 0);
    return rc == 0 || ledger_complain(w->ledger, "opening and removing an alias says %d", rc);
}

bool world_is_tidy(struct world *w)
{
    struct shmq_create_options options = world_options(w);
    struct shmq *q = NULL;
    ino_t before = inode_of(w->name);
    int rc = shmq_open(w->name, SHMQ_OBSERVER, NULL, &q);

    shmq_close(q);
    if (rc != (before != 0 ? 0 : -ENOENT))
        return ledger_complain(w->ledger, "the name is %s, and open says %d", before != 0 ? "there" : "gone", rc);
    rc = shmq_create(w->name, &options);
    ino_t after = inode_of(w->name);

    if ((rc != 0 && rc != 1) || after == 0 || (rc == 1) != (before == after))
        return ledger_complain(w->ledger, "the name is %s, and create says %d", before != 0 ? "there" : "gone", rc);
    if (rc == 0 || w->mapping == NULL)
        world_start_anew(w);
    return has_no_other_names(w) && (!w->scenario->aliased || alias_leads_there(w));
}
