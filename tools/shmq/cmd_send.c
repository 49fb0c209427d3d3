#include "command.h"
#include "options.h"
#include "os.h"
#include "report.h"
#include "sender.h"
#include "units.h"

#include <limits.h>
#include <shmq/shmq.h>
#include <stdio.h>
#include <string.h>

enum { OPTION_CHUNK = OPTION_LONG, OPTION_LENGTH_PREFIXED, OPTION_CREATE, OPTION_TYPE, OPTION_LANE };

static const struct option_row options[] = {
    {'0', "null", NULL, "Records end with NUL instead of newline."},
    {OPTION_CHUNK, "chunk", "SIZE", "Each SIZE bytes are a record, and the rest of the file is the last."},
    {OPTION_LENGTH_PREFIXED, "length-prefixed", NULL,
     "In front of each record stands its size in bytes: 4 bytes, the lowest first."},
    {OPTION_CREATE, "create", NULL, "Create the queue where there is none."},
    {OPTION_TYPE, "type", "N",
     "Give every record this type, 0 to 65535; without it the type is 0, and 65535 for chunks and for a last line "
     "that was not ended."},
    {OPTION_LANE, "lane", "N", "Send through that lane, the first is 0; without it, through any that is free."},
    {'p', "policy", "POLICY", "What to do while there is no room: wait, fail or drop; wait."},
    {'t', "timeout", "TIME", "Give up when it stays full that long; 0 does not wait."},
    {'w', "wait", NULL,
     "Wait for the queue where there is none, and for a lane where each has a producer; --timeout holds for that "
     "too."},
    {0},
};

static int file_failed(struct sender *s, int rc)
{
    char largest[UNITS_TEXT];
    const char *file = s->input.name;
    uintmax_t line = s->line + 1;
    sender_progress_end(s);
    switch (rc) {
    case -EINTR:
        return EXIT_CODE_ERROR;
    case -EAGAIN:
        report_text("send", s->at.name, "full (receive from it, or wait with %s)",
                    s->policy == SHMQ_FAIL ? "--policy wait" : "--timeout");
        return report_code(rc);
    case -EOWNERDEAD:
        shmq_info(s->at.q, &s->at.info);
        report_text("send", s->at.name, "timed out: it stayed full, because process %u, which received from it, died",
                    s->at.info.consumer_pid);
        return report_code(rc);
    case -ETIMEDOUT:
        report_text("send", s->at.name, "timed out: it stayed full");
        return report_code(rc);
    case -EMSGSIZE:
        units_size(largest, s->at.info.record_max, true);
        report_text("send", s->at.name,
                    "%s, record %ju: too large, the largest record of this queue has %s bytes (see: shmq create "
                    "--capacity, or send it with --chunk)",
                    file, line, largest);
        return EXIT_CODE_ERROR;
    case -ENODATA:
        report_text("send", s->at.name, "%s, record %ju: the file ends in the middle of it", file, line);
        return EXIT_CODE_ERROR;
    case -EBADMSG:
    case -ESTALE:
        return report("send", s->at.name, rc);
    default:
        report_text("send", s->at.name, "%s: %s", file, strerror(-rc));
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
    rc = sender_send(s);
    input_close(&s->input);
    return rc != 0 ? file_failed(s, rc) : EXIT_CODE_OK;
}

/* How much there is to send, or -1 where that cannot be known. */
static int64_t bytes_of(char **files, int count)
{
    int64_t sum = 0;
    for (int i = 0; i < count; i++) {
        int64_t size = strcmp(files[i], "-") == 0 ? os_bytes_left(0) : os_file_size(files[i]);
        if (size < 0) {
            return -1;
        }
        sum += size;
    }
    return sum;
}

static int queue_open(struct sender *s)
{
    s->at.open.policy = s->policy == SHMQ_DROP ? SHMQ_DROP : SHMQ_FAIL; /* waiting is done here, to notice signals */
    s->at.timeout_ns = s->timeout_ns;
    int code = attach(&s->at);
    if (code == EXIT_CODE_OK && s->chunk_size > s->at.info.record_max) {
        char largest[UNITS_TEXT];
        units_size(largest, s->at.info.record_max, true);
        report_text("send", s->at.name, "--chunk: the largest record of this queue has %s bytes", largest);
        return EXIT_CODE_USAGE;
    }
    return code;
}

static int dropped_tell(const struct sender *s)
{
    if (s->dropped == 0) {
        return EXIT_CODE_OK;
    }
    if (!s->at.quiet) {
        report_text("send", s->at.name, "dropped %ju record%s for want of room, and sent %ju", (uintmax_t)s->dropped,
                    s->dropped == 1 ? "" : "s", (uintmax_t)s->progress.records);
    }
    return EXIT_CODE_FULL_OR_EMPTY;
}

static int send_all(struct sender *s, const struct options *o)
{
    static char standard_input[] = "-";
    char *only[] = {standard_input};
    char **files = o->operand_count > 1 ? o->operands + 1 : only;
    int count = o->operand_count > 1 ? o->operand_count - 1 : 1;

    os_signals_catch();
    int code = queue_open(s);
    if (code == EXIT_CODE_OK) {
        if (files == only && !o->quiet && os_is_terminal(0) && os_is_terminal(2)) {
            report_text("send", s->at.name, "each line you type is a record (Ctrl-D ends)");
        }
        progress_start(&s->progress, s->at.name, !o->quiet, bytes_of(files, count));
        s->input.idle = sender_idle;
        s->input.idle_arg = s;
    }
    for (int i = 0; code == EXIT_CODE_OK && i < count; i++) {
        code = file_send(s, files[i]);
    }
    sender_progress_end(s);
    input_free(&s->input);
    int dropped = dropped_tell(s);
    int left = detach(&s->at);
    if (os_signal_caught() != 0) {
        os_signal_die(os_signal_caught());
    }
    code = code == EXIT_CODE_OK ? dropped : code;
    return code == EXIT_CODE_OK ? left : code;
}

static void framing_set(struct options *o, struct sender *s, enum framing framing)
{
    if (s->framing != FRAMING_LINES && s->framing != framing) {
        options_wrong(o, "only one of --null, --chunk and --length-prefixed");
    }
    s->framing = framing;
}

static void policy_set(struct options *o, struct sender *s)
{
    static const char *const words[] = {[SHMQ_FAIL] = "fail", [SHMQ_WAIT] = "wait", [SHMQ_DROP] = "drop"};
    for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(options_text(o), words[i]) == 0) {
            s->policy = i;
            return;
        }
    }
    options_wrong(o, "--policy: '%s' is not wait, fail or drop", options_text(o));
}

static void option_set(struct options *o, struct sender *s, int letter)
{
    switch (letter) {
    case '0':
        framing_set(o, s, FRAMING_NULL);
        break;
    case OPTION_CHUNK:
        framing_set(o, s, FRAMING_CHUNKS);
        s->chunk_size = (size_t)options_size(o, 1, SHMQ_CAPACITY_MAX / 2);
        break;
    case OPTION_LENGTH_PREFIXED:
        framing_set(o, s, FRAMING_LENGTH_PREFIXED);
        break;
    case OPTION_CREATE:
        s->at.create = true;
        break;
    case OPTION_TYPE:
        s->type = (int)options_number(o, 0, UINT16_MAX);
        break;
    case OPTION_LANE:
        s->at.open.has_lane = 1;
        s->at.open.lane = (uint32_t)options_number(o, 0, SHMQ_LANES_MAX - 1);
        break;
    case 'p':
        policy_set(o, s);
        break;
    case 't':
        s->timeout_ns = options_time(o);
        break;
    case 'w':
        s->at.wait = true;
        break;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    struct sender s = {
        .at = {.command = "send", .role = SHMQ_PRODUCER},
        .policy = SHMQ_WAIT,
        .type = -1,
        .timeout_ns = -1,
        .input.descriptor = -1,
    };
    for (int letter; (letter = options_next(&o)) != 0;) {
        option_set(&o, &s, letter);
    }
    if (!o.over && s.timeout_ns > 0 && s.policy != SHMQ_WAIT && !s.at.wait) {
        options_wrong(&o, "--timeout goes with --policy wait (or with --wait)");
    }
    if (o.over) {
        return o.code;
    }
    s.at.name = o.operands[0];
    s.at.quiet = o.quiet;
    return send_all(&s, &o);
}

const struct command command_send = {
    .name = "send",
    .operands = "NAME [FILE...]",
    .operands_min = 1,
    .operands_max = INT_MAX,
    .summary = "Send records: the lines of files, or of standard input.",
    .description =
        "Each line is a record, without its newline. A file of '-' is standard input. What is typed, or comes slowly "
        "through a pipe, is sent line by line as it comes.\n"
        "Each sender has a lane of the queue to itself; as many can send at a time as the queue has lanes.\n"
        "When its lane is full, send waits for the consumer, and for the next one where that dies. With --policy "
        "fail "
        "it gives up, with --policy drop it drops the records that find no room, tells at the end how many these "
        "were, "
        "and ends with exit code 4. (A recorder is never full.)\n"
        "What shmq recv writes is what was sent, byte for byte: it writes a newline behind each record, but none "
        "behind records of type 65535. That is the type send gives to chunks, and to a last line that was not ended; "
        "--type takes that knowledge away.",
    .examples = "shmq send jobs < jobs.txt\n"
                "find . -name '*.c' -print0 | shmq send -0 --create jobs\n"
                "shmq send --chunk 64K jobs image.iso\n"
                "shmq send --policy drop jobs < jobs.txt\n",
    .options = options,
    .run = run,
};
