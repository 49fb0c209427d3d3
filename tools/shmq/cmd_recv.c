#include "command.h"
#include "framing.h"
#include "options.h"
#include "os.h"
#include "output.h"
#include "report.h"
#include "wait.h"

#include <shmq/shmq.h>
#include <stdio.h>
#include <string.h>

enum { OPTION_CHUNK = OPTION_LONG, OPTION_LENGTH_PREFIXED };

static const struct option_row options[] = {
    {'0', "null", NULL, "Write NUL behind each record instead of newline."},
    {'r', "raw", NULL, "Write nothing behind any record."},
    {OPTION_CHUNK, "chunk", "SIZE", "As --raw, so that both sides can have the same options; any SIZE will do."},
    {OPTION_LENGTH_PREFIXED, "length-prefixed", NULL,
     "Write the size of each record in front of it: 4 bytes, the lowest first."},
    {'c', "count", "COUNT", "End when COUNT records have been received; take no more."},
    {'e', "end", NULL, "End behind what was there at the start."},
    {'t', "timeout", "TIME", "Give up when no record comes for that long; 0 does not wait."},
    {0},
};

struct receiver {
    const char *name;
    struct shmq *q;
    struct shmq_info info; /* at the start */
    enum framing framing;
    uint64_t wanted; /* records still to take, UINT64_MAX: all */
    bool counted;
    bool to_end;
    int64_t timeout_ns;
    uint64_t ends[SHMQ_LANES_MAX]; /* with to_end: positions to receive up to, 0 where that is done */
    uint32_t ends_left;            /* lanes that are not done */
    bool any;                      /* a record came */
    int64_t tell_ns;               /* when to tell a person that it waits; INT64_MAX: never */
    struct output output;
};

static int ends_find(struct receiver *r)
{
    for (uint32_t i = 0; i < r->info.lane_count; i++) {
        struct shmq_lane_info lane = {.struct_size = sizeof lane};
        int rc = shmq_lane_info(r->q, i, &lane);
        if (rc != 0) {
            return rc;
        }
        if (lane.head != lane.released) {
            r->ends[i] = lane.head;
            r->ends_left++;
        }
    }
    return 0;
}

static void ends_count(struct receiver *r, const struct shmq_message *message)
{
    uint64_t *end = &r->ends[message->lane];
    if (*end != 0 && message->ticket >= *end) {
        *end = 0;
        r->ends_left--;
    }
}

static void record_add(struct receiver *r, const struct shmq_message *message)
{
    unsigned char prefix[FRAMING_PREFIX];
    struct shmq_span before = {prefix, 0};
    struct shmq_span behind = {r->framing == FRAMING_NULL ? "" : "\n", message->type == FRAMING_PIECE ? 0 : 1};
    if (r->framing == FRAMING_LENGTH_PREFIXED) {
        for (unsigned i = 0; i < FRAMING_PREFIX; i++) {
            prefix[i] = (unsigned char)(message->size >> 8 * i);
        }
        before.size = FRAMING_PREFIX;
    }
    if (r->framing == FRAMING_LENGTH_PREFIXED || r->framing == FRAMING_CHUNKS) {
        behind.size = 0;
    }
    output_add(&r->output, message, before, behind);
    r->any = true;
    r->tell_ns = INT64_MAX;
    r->wanted -= r->counted;
    ends_count(r, message);
}

static bool is_done(const struct receiver *r)
{
    return r->wanted == 0 || (r->to_end && r->ends_left == 0);
}

/* Takes what is there, up to a share of the ring: the producer should have the rest to go on with. */
static int batch_take(struct receiver *r)
{
    uint64_t share = r->info.capacity / 4;
    uint64_t size_max = share < OUTPUT_BUFFER_SIZE ? share : OUTPUT_BUFFER_SIZE;
    while (!is_done(r) && !output_full(&r->output, size_max) && r->output.error == 0 && os_signal_caught() == 0) {
        struct shmq_message message;
        int rc = shmq_peek(r->q, &message);
        if (rc != 0) {
            return rc;
        }
        record_add(r, &message);
    }
    return 0;
}

static bool was_written(const struct receiver *r, size_t whole, const struct shmq_message *message)
{
    for (size_t i = 0; i < whole; i++) {
        const struct output_entry *entry = &r->output.entries[i];
        if (entry->ticket == message->ticket && entry->lane == message->lane) {
            return true;
        }
    }
    return false;
}

/*
 * Writing failed in the middle of a batch. A release gives back all that was peeked, so the handle is opened again,
 * and of the same records only those are taken that are out. Should somebody else have become the consumer in
 * between, he gets them a second time.
 */
static void written_release(struct receiver *r)
{
    size_t whole = output_whole(&r->output);
    if (whole == r->output.count) {
        shmq_release(r->q);
        return;
    }
    shmq_close(r->q);
    r->q = NULL;
    if (whole == 0 || shmq_open(r->name, SHMQ_CONSUMER, NULL, &r->q) != 0) {
        return;
    }
    struct shmq_info info = {.struct_size = sizeof info};
    struct shmq_message message;
    if (shmq_info(r->q, &info) != 0 || memcmp(info.id, r->info.id, sizeof info.id) != 0) {
        return;
    }
    while (shmq_peek(r->q, &message) == 0 && was_written(r, whole, &message)) {
        shmq_release(r->q);
    }
}

static int batch_write(struct receiver *r)
{
    int rc = output_flush(&r->output);
    if (r->output.count > 0) {
        if (rc == 0) {
            shmq_release(r->q);
        } else {
            written_release(r);
        }
    }
    output_next(&r->output);
    return rc;
}

static void waiting_tell(struct receiver *r)
{
    struct shmq_info info = {.struct_size = sizeof info};
    bool nobody = shmq_info(r->q, &info) == 0 && info.lanes_open == 0;
    report_text("recv", r->name,
                nobody ? "waiting for a producer (Ctrl-C ends)" : "waiting for records (Ctrl-C ends)");
    r->tell_ns = INT64_MAX;
}

static int tick(void *arg)
{
    struct receiver *r = arg;
    if (os_monotonic_ns() > r->tell_ns) {
        waiting_tell(r);
    }
    /* So that no record is taken for a reader who is gone. */
    return os_reader_gone(r->output.descriptor) ? -EPIPE : 0;
}

/* What the loop of receive ends with. */
struct ending {
    bool is_output; /* error is of writing, not of the queue */
    int error;
};

static struct ending receive(struct receiver *r)
{
    for (;;) {
        int peeked = batch_take(r);
        int written = batch_write(r);
        if (written != 0) {
            return (struct ending){true, written};
        }
        if (os_signal_caught() != 0) {
            return (struct ending){false, -EINTR};
        }
        if (is_done(r)) {
            return (struct ending){false, 0};
        }
        /* With a count, the next producer is waited for. */
        if (peeked == -EPIPE && !r->counted) {
            return (struct ending){false, 0};
        }
        if ((peeked == -EAGAIN || peeked == -ESTALE) && r->to_end) {
            return (struct ending){false, 0};
        }
        if (peeked == -EAGAIN && r->timeout_ns == 0) {
            return (struct ending){false, r->any && !r->counted ? 0 : -EAGAIN};
        }
        if (peeked == -EAGAIN) {
            int rc = wait_for_queue(r->q, r->timeout_ns, tick, r);
            if (rc == -EPIPE && os_reader_gone(r->output.descriptor)) {
                return (struct ending){true, -EPIPE};
            }
            if (rc == -EPIPE && !r->counted) {
                return (struct ending){false, 0};
            }
            if (rc != 0 && rc != -EPIPE) {
                return (struct ending){false, rc};
            }
        } else if (peeked != 0 && peeked != -EPIPE) {
            return (struct ending){false, peeked};
        }
    }
}

static int ended(const struct receiver *r, struct ending ending)
{
    if (ending.error == 0) {
        return EXIT_CODE_OK;
    }
    if (ending.error == -EINTR) {
        os_signal_die(os_signal_caught());
        return EXIT_CODE_ERROR;
    }
    if (ending.is_output && ending.error == -EPIPE) {
        os_signal_die(os_signal_pipe());
        return EXIT_CODE_ERROR;
    }
    if (ending.is_output) {
        report_text("recv", r->name,
                    "cannot write to standard output: %s (what was not written is still in the queue)",
                    strerror(-ending.error));
        return EXIT_CODE_ERROR;
    }
    switch (ending.error) {
    case -EAGAIN:
        report_text("recv", r->name,
                    r->any ? "no more records (wait for them with --timeout)"
                           : "empty (wait for a record with --timeout)");
        return report_code(ending.error);
    case -ETIMEDOUT:
        report_text("recv", r->name, "timed out: no record came");
        return report_code(ending.error);
    default:
        return report("recv", r->name, ending.error);
    }
}

static int queue_open(struct receiver *r)
{
    int rc = shmq_open(r->name, SHMQ_CONSUMER, NULL, &r->q);
    if (rc == 0) {
        r->info.struct_size = sizeof r->info;
        rc = shmq_info(r->q, &r->info);
    }
    if (rc == 0 && r->to_end) {
        rc = ends_find(r);
    }
    if (rc == -EBUSY) {
        struct shmq *q = NULL;
        struct shmq_info info = {.struct_size = sizeof info};
        if (shmq_open(r->name, SHMQ_OBSERVER, NULL, &q) == 0 && shmq_info(q, &info) == 0 &&
            info.consumer_presence == SHMQ_PRESENT) {
            report_text("recv", r->name, "process %u receives from it already", info.consumer_pid);
        } else {
            report_text("recv", r->name, "somebody receives from it already");
        }
        shmq_close(q);
        return EXIT_CODE_ERROR;
    }
    return rc != 0 ? report("recv", r->name, rc) : EXIT_CODE_OK;
}

static int receive_all(struct receiver *r)
{
    os_signals_catch();
    int code = queue_open(r);
    struct ending ending = {0};
    if (code == EXIT_CODE_OK) {
        ending = output_start(&r->output, 1) ? receive(r) : (struct ending){false, -ENOMEM};
    }
    output_free(&r->output);
    shmq_close(r->q);
    return code != EXIT_CODE_OK ? code : ended(r, ending);
}

static void framing_set(struct options *o, struct receiver *r, enum framing framing)
{
    if (r->framing != FRAMING_LINES && r->framing != framing) {
        options_wrong(o, "only one of --null, --raw and --length-prefixed");
    }
    r->framing = framing;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    static struct receiver r = {.wanted = UINT64_MAX, .timeout_ns = -1};
    for (int letter; (letter = options_next(&o)) != 0;) {
        switch (letter) {
        case '0':
            framing_set(&o, &r, FRAMING_NULL);
            break;
        case OPTION_CHUNK:
            options_size(&o, 1, SHMQ_CAPACITY_MAX);
            framing_set(&o, &r, FRAMING_CHUNKS);
            break;
        case 'r':
            framing_set(&o, &r, FRAMING_CHUNKS);
            break;
        case OPTION_LENGTH_PREFIXED:
            framing_set(&o, &r, FRAMING_LENGTH_PREFIXED);
            break;
        case 'c':
            r.wanted = options_number(&o, 1, UINT64_MAX - 1);
            r.counted = true;
            break;
        case 'e':
            r.to_end = true;
            break;
        case 't':
            r.timeout_ns = options_time(&o);
            break;
        }
    }
    if (o.over) {
        return o.code;
    }
    r.name = o.operands[0];
    /* Whoever sees nothing for so long wonders. */
    bool person = !o.quiet && os_is_terminal(1) && os_is_terminal(2);
    r.tell_ns = person ? os_monotonic_ns() + INT64_C(2000000000) : INT64_MAX;
    return receive_all(&r);
}

const struct command command_recv = {
    .name = "recv",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "Receive records and write them to standard output.",
    .description =
        "Each record is written with a newline behind it, but without one where its type is 65535: that is what shmq "
        "send gives to chunks and to a last line that was not ended. So what comes out is what went in, byte for "
        "byte.\n"
        "Without -c, -e and --timeout it waits for the first producer, and ends when all producers have finished and "
        "all they sent is received. With -c it goes on to the next producer until COUNT records came, and -c with -e "
        "takes up to COUNT of what is there. With more than one lane, -e receives all that was there, and may "
        "receive "
        "some that came meanwhile.\n"
        "A record leaves the queue when it has been written. When the reader goes away, the disk is full or Ctrl-C "
        "comes, the rest stays in the queue.",
    .examples = "shmq recv jobs > jobs.txt\n"
                "shmq recv -c 1 --timeout 5s jobs\n"
                "shmq recv -0 jobs | xargs -0 rm\n",
    .options = options,
    .run = run,
};
