#include "command.h"
#include "framing.h"
#include "input.h"
#include "options.h"
#include "os.h"
#include "progress.h"
#include "report.h"
#include "units.h"
#include "wait.h"

#include <fcntl.h>
#include <limits.h>
#include <shmq/shmq.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_CHUNK = OPTION_LONG, OPTION_LENGTH_PREFIXED, OPTION_CREATE, OPTION_TYPE };

static const struct option_row options[] = {
    {'0', "null", NULL, "Records end with NUL instead of newline."},
    {OPTION_CHUNK, "chunk", "SIZE", "Each SIZE bytes are a record, and the rest of the file is the last."},
    {OPTION_LENGTH_PREFIXED, "length-prefixed", NULL,
     "In front of each record stands its size in bytes: 4 bytes, the lowest first."},
    {OPTION_CREATE, "create", NULL, "Create the queue where there is none."},
    {OPTION_TYPE, "type", "N",
     "Give every record this type, 0 to 65535; without it the type is 0, and 65535 for chunks and for a last line "
     "that was not ended."},
    {'t', "timeout", "TIME", "Give up when the queue stays full that long; 0 does not wait."},
    {0},
};

struct sender {
    const char *name;
    struct shmq *q;
    uint64_t record_max;
    enum framing framing;
    size_t chunk_size;
    int type; /* -1: what the framing says */
    int64_t timeout_ns;
    struct input input;
    uint64_t line; /* records of this file so far */
    uint64_t bytes_read;
    struct progress progress;
};

/* What was read ahead is not done. */
static void progress_show(struct sender *s)
{
    s->progress.bytes = s->bytes_read - input_size(&s->input);
    progress_tick(&s->progress);
}

static void progress_finish(struct sender *s)
{
    s->progress.bytes = s->bytes_read - input_size(&s->input);
    progress_end(&s->progress);
}

static int tick(void *arg)
{
    struct sender *s = arg;
    struct progress *p = &s->progress;
    if (p->enabled) {
        struct shmq_info info = {.struct_size = sizeof info};
        p->stalled_ns = p->stalled_ns == 0 ? os_monotonic_ns() : p->stalled_ns;
        p->nobody_receives = shmq_info(s->q, &info) == 0 && info.consumer_presence != SHMQ_PRESENT;
        progress_show(s);
    }
    return 0;
}

static void idle(void *arg)
{
    struct sender *s = arg;
    shmq_flush(s->q);
    progress_show(s);
}

/* The queue is full: let the consumer have what there is, and wait for room. */
static int room_wait(struct sender *s)
{
    shmq_flush(s->q);
    if (s->timeout_ns == 0) {
        int rc = shmq_wait(s->q, 0);
        return rc == -ETIMEDOUT || rc == -EOWNERDEAD ? -EAGAIN : rc;
    }
    int rc = wait_for_queue(s->q, s->timeout_ns, tick, s);
    s->progress.stalled_ns = 0;
    return rc;
}

static uint16_t type_of(const struct sender *s, bool piece)
{
    if (s->type >= 0) {
        return (uint16_t)s->type;
    }
    return piece ? FRAMING_PIECE : 0;
}

static void record_counted(struct sender *s)
{
    s->line++;
    s->progress.records++;
}

static int record_send(struct sender *s, const char *data, size_t size, bool piece)
{
    int rc;
    while ((rc = shmq_send(s->q, data, size, type_of(s, piece), SHMQ_MORE)) == -EAGAIN) {
        rc = room_wait(s);
        if (rc != 0) {
            return rc;
        }
    }
    if (rc == 0) {
        record_counted(s);
    }
    return rc;
}

static int filled(struct sender *s)
{
    int64_t count = input_fill(&s->input);
    s->bytes_read += count > 0 ? (uint64_t)count : 0;
    progress_show(s);
    return (int)count;
}

static int lines_send(struct sender *s)
{
    struct input *in = &s->input;
    char delimiter = s->framing == FRAMING_NULL ? '\0' : '\n';
    size_t seen = 0; /* bytes at the front without a delimiter */
    for (;;) {
        char *data = input_size(in) > seen ? input_data(in) : NULL;
        char *end = data != NULL ? memchr(data + seen, delimiter, input_size(in) - seen) : NULL;
        if (end != NULL) {
            int rc = record_send(s, data, (size_t)(end - data), false);
            if (rc != 0) {
                return rc;
            }
            in->start += (size_t)(end - data) + 1;
            seen = 0;
            continue;
        }
        seen = input_size(in);
        if (seen > s->record_max) {
            return -EMSGSIZE;
        }
        int count = filled(s);
        if (count < 0) {
            return count;
        }
        if (count == 0) {
            return seen > 0 ? record_send(s, input_data(in), seen, true) : 0;
        }
    }
}

/* Read until so many bytes are there. Returns 1; 0 where the file ends in front of them; -ENODATA amid them. */
static int bytes_have(struct sender *s, size_t size)
{
    while (input_size(&s->input) < size) {
        int count = filled(s);
        if (count < 0) {
            return count;
        }
        if (count == 0) {
            return input_size(&s->input) == 0 ? 0 : -ENODATA;
        }
    }
    return 1;
}

/* Fills a slot straight from the file. Returns the bytes that were read, less than size only at the file's end. */
static int64_t slot_fill(struct sender *s, char *slot, size_t size)
{
    size_t have = 0;
    while (have < size) {
        bool ahead = input_size(&s->input) > 0;
        int64_t count = input_read(&s->input, slot + have, size - have);
        if (count <= 0) {
            return count < 0 ? count : (int64_t)have;
        }
        have += (size_t)count;
        s->bytes_read += ahead ? 0 : (uint64_t)count;
        progress_show(s);
    }
    return (int64_t)have;
}

/* With no room for a chunk the file is read ahead: its last one may be small, or there may be none. */
static int chunk_send_later(struct sender *s)
{
    int rc = bytes_have(s, s->chunk_size);
    if (rc < 0 && rc != -ENODATA) {
        return rc;
    }
    size_t size = input_size(&s->input) < s->chunk_size ? input_size(&s->input) : s->chunk_size;
    if (size == 0) {
        return 0;
    }
    rc = record_send(s, input_data(&s->input), size, true);
    s->input.start += size;
    return rc != 0 ? rc : 1;
}

/* Returns 1, or 0 at the end of the file. */
static int chunk_send(struct sender *s)
{
    void *slot = NULL;
    int rc = shmq_reserve(s->q, s->chunk_size, &slot);
    if (rc == -EAGAIN) {
        return chunk_send_later(s);
    }
    if (rc != 0) {
        return rc;
    }
    int64_t size = slot_fill(s, slot, s->chunk_size);
    if (size <= 0) {
        shmq_abort(s->q);
        return (int)size;
    }
    shmq_commit(s->q, (size_t)size, type_of(s, true), SHMQ_MORE);
    record_counted(s);
    return 1;
}

static int chunks_send(struct sender *s)
{
    int rc;
    while ((rc = chunk_send(s)) == 1) {
    }
    return rc;
}

static int prefixed_send(struct sender *s)
{
    for (;;) {
        int rc = bytes_have(s, FRAMING_PREFIX);
        if (rc <= 0) {
            return rc;
        }
        const unsigned char *prefix = (const unsigned char *)input_data(&s->input);
        uint32_t size = prefix[0] | (uint32_t)prefix[1] << 8 | (uint32_t)prefix[2] << 16 | (uint32_t)prefix[3] << 24;
        if (size > s->record_max) {
            return -EMSGSIZE;
        }
        rc = bytes_have(s, FRAMING_PREFIX + size);
        if (rc > 0) {
            rc = record_send(s, input_data(&s->input) + FRAMING_PREFIX, size, false);
        }
        if (rc != 0) {
            return rc;
        }
        s->input.start += FRAMING_PREFIX + size;
    }
}

static int file_failed(struct sender *s, int rc)
{
    char largest[UNITS_TEXT];
    const char *file = s->input.name;
    uintmax_t line = s->line + 1;
    progress_finish(s);
    switch (rc) {
    case -EINTR:
        return EXIT_CODE_ERROR;
    case -EAGAIN:
        report_text("send", s->name, "full (receive from it, or wait with --timeout)");
        return report_code(rc);
    case -ETIMEDOUT:
        report_text("send", s->name, "timed out: it stayed full");
        return report_code(rc);
    case -EMSGSIZE:
        units_size(largest, s->record_max, true);
        report_text("send", s->name,
                    "%s, record %ju: too large, the largest record of this queue has %s bytes (see: shmq create "
                    "--capacity, or send it with --chunk)",
                    file, line, largest);
        return EXIT_CODE_ERROR;
    case -ENODATA:
        report_text("send", s->name, "%s, record %ju: the file ends in the middle of it", file, line);
        return EXIT_CODE_ERROR;
    case -EBADMSG:
    case -ESTALE:
        return report("send", s->name, rc);
    default:
        report_text("send", s->name, "%s: %s", file, strerror(-rc));
        return EXIT_CODE_ERROR;
    }
}

static int file_send(struct sender *s, const char *path)
{
    s->line = 0;
    int rc = input_open(&s->input, path);
    if (rc != 0) {
        s->input.name = path;
        return file_failed(s, rc);
    }
    switch (s->framing) {
    case FRAMING_LINES:
    case FRAMING_NULL:
        rc = lines_send(s);
        break;
    case FRAMING_CHUNKS:
        rc = chunks_send(s);
        break;
    case FRAMING_LENGTH_PREFIXED:
        rc = prefixed_send(s);
        break;
    }
    input_close(&s->input);
    return rc != 0 ? file_failed(s, rc) : EXIT_CODE_OK;
}

/* How much there is to send, or -1 where that cannot be known. */
static int64_t bytes_of(char **files, int count)
{
    int64_t sum = 0;
    for (int i = 0; i < count; i++) {
        bool standard = strcmp(files[i], "-") == 0;
        int descriptor = standard ? 0 : open(files[i], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        int64_t size = descriptor < 0 ? -1 : os_bytes_left(descriptor);
        if (descriptor > 0) {
            close(descriptor);
        }
        if (size < 0) {
            return -1;
        }
        sum += size;
    }
    return sum;
}

static int queue_open(struct sender *s, bool create)
{
    int rc = create ? shmq_create(s->name, NULL) : 0;
    if (rc >= 0) {
        rc = shmq_open(s->name, SHMQ_PRODUCER, NULL, &s->q);
    }
    if (rc == -EBUSY) {
        report_text("send", s->name, "every lane has a producer (see: shmq stat, shmq create --lanes)");
        return EXIT_CODE_ERROR;
    }
    if (rc < 0) {
        return report("send", s->name, rc);
    }
    struct shmq_info info = {.struct_size = sizeof info};
    shmq_info(s->q, &info);
    s->record_max = info.record_max;
    if (s->chunk_size > s->record_max) {
        char largest[UNITS_TEXT];
        units_size(largest, s->record_max, true);
        report_text("send", s->name, "--chunk: the largest record of this queue has %s bytes", largest);
        return EXIT_CODE_USAGE;
    }
    return EXIT_CODE_OK;
}

static int send_all(struct sender *s, const struct options *o, bool create)
{
    static char standard_input[] = "-";
    char *only[] = {standard_input};
    char **files = o->operand_count > 1 ? o->operands + 1 : only;
    int count = o->operand_count > 1 ? o->operand_count - 1 : 1;

    os_signals_catch();
    int code = queue_open(s, create);
    if (code == EXIT_CODE_OK) {
        if (files == only && !o->quiet && os_is_terminal(0) && os_is_terminal(2)) {
            report_text("send", s->name, "each line you type is a record (Ctrl-D ends)");
        }
        progress_start(&s->progress, s->name, !o->quiet, bytes_of(files, count));
        s->input.idle = idle;
        s->input.idle_arg = s;
    }
    for (int i = 0; code == EXIT_CODE_OK && i < count; i++) {
        code = file_send(s, files[i]);
    }
    progress_finish(s);
    input_free(&s->input);
    shmq_close(s->q);
    if (os_signal_caught() != 0) {
        os_signal_die(os_signal_caught());
    }
    return code;
}

static void framing_set(struct options *o, struct sender *s, enum framing framing)
{
    if (s->framing != FRAMING_LINES && s->framing != framing) {
        options_wrong(o, "only one of --null, --chunk and --length-prefixed");
    }
    s->framing = framing;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    struct sender s = {.type = -1, .timeout_ns = -1, .input.descriptor = -1};
    bool create = false;
    for (int letter; (letter = options_next(&o)) != 0;) {
        switch (letter) {
        case '0':
            framing_set(&o, &s, FRAMING_NULL);
            break;
        case OPTION_CHUNK:
            framing_set(&o, &s, FRAMING_CHUNKS);
            s.chunk_size = (size_t)options_size(&o, 1, SHMQ_CAPACITY_MAX / 2);
            break;
        case OPTION_LENGTH_PREFIXED:
            framing_set(&o, &s, FRAMING_LENGTH_PREFIXED);
            break;
        case OPTION_CREATE:
            create = true;
            break;
        case OPTION_TYPE:
            s.type = (int)options_number(&o, 0, UINT16_MAX);
            break;
        case 't':
            s.timeout_ns = options_time(&o);
            break;
        }
    }
    if (o.over) {
        return o.code;
    }
    s.name = o.operands[0];
    return send_all(&s, &o, create);
}

const struct command command_send = {
    .name = "send",
    .operands = "NAME [FILE...]",
    .operands_min = 1,
    .operands_max = INT_MAX,
    .summary = "Send records: the lines of files, or of standard input.",
    .description =
        "Each line is a record, without its newline. A file of '-' is standard input. When the queue is full, send "
        "waits for the consumer. What is typed, or comes slowly through a pipe, is sent line by line as it comes.\n"
        "What shmq recv writes is what was sent, byte for byte: it writes a newline behind each record, but none "
        "behind records of type 65535. That is the type send gives to chunks, and to a last line that was not ended; "
        "--type takes that knowledge away.",
    .examples = "shmq send jobs < jobs.txt\n"
                "find . -name '*.c' -print0 | shmq send -0 --create jobs\n"
                "shmq send --chunk 64K jobs image.iso\n",
    .options = options,
    .run = run,
};
