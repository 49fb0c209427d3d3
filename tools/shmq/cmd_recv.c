#include "command.h"
#include "options.h"
#include "os.h"
#include "receiver.h"
#include "report.h"

#include <shmq/shmq.h>
#include <stdio.h>
#include <string.h>

enum { OPTION_CHUNK = OPTION_LONG, OPTION_LENGTH_PREFIXED, OPTION_FROM };

static const struct option_row options[] = {
    {'0', "null", NULL, "Write NUL behind each record instead of newline."},
    {'r', "raw", NULL, "Write nothing behind any record."},
    {OPTION_CHUNK, "chunk", "SIZE", "As --raw, so that both sides can have the same options; any SIZE will do."},
    {OPTION_LENGTH_PREFIXED, "length-prefixed", NULL,
     "Write the size of each record in front of it: 4 bytes, the lowest first."},
    {'f', "format", "FORMAT", "Write each record as FORMAT says, and nothing else."},
    {'c', "count", "COUNT", "End when COUNT records have been received; take no more."},
    {'e', "end", NULL, "End behind what was there at the start."},
    {OPTION_FROM, "from", "LANE", "Receive from that lane only, the first is 0; leave what is in the others."},
    {'t', "timeout", "TIME", "Give up when no record comes for that long; 0 does not wait."},
    {'w', "wait", NULL,
     "Wait for the queue where there is none, and for a consumer that it has to end; --timeout holds for that too."},
    {0},
};

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
        report_text("recv", r->at.name,
                    "cannot write to standard output: %s (what was not written is still in the queue)",
                    strerror(-ending.error));
        return EXIT_CODE_ERROR;
    }
    switch (ending.error) {
    case -EAGAIN:
        report_text("recv", r->at.name,
                    r->any ? "no more records (wait for them with --timeout)"
                           : "empty (wait for a record with --timeout)");
        return report_code(ending.error);
    case -ETIMEDOUT:
        report_text("recv", r->at.name, "timed out: no record came");
        return report_code(ending.error);
    default:
        return report("recv", r->at.name, ending.error);
    }
}

static int receive_all(struct receiver *r)
{
    struct ending ending = {0};
    os_signals_catch();
    int code = attach(&r->at);
    if (code == EXIT_CODE_OK) {
        int rc = receive_prepare(r);
        rc = rc == 0 && !output_start(&r->output, 1) ? -ENOMEM : rc;
        ending = rc == 0 ? receive(r) : (struct ending){false, rc};
    }
    missed_tell(r, true);
    output_free(&r->output);
    int left = detach(&r->at);
    if (os_signal_caught() != 0) {
        os_signal_die(os_signal_caught());
    }
    code = code == EXIT_CODE_OK ? ended(r, ending) : code;
    return code == EXIT_CODE_OK ? left : code;
}

static void framing_set(struct options *o, struct receiver *r, enum framing framing)
{
    if ((r->framing != FRAMING_LINES && r->framing != framing) || r->format != NULL) {
        options_wrong(o, "only one of --null, --raw, --length-prefixed and --format");
    }
    r->framing = framing;
}

static void format_set(struct options *o, struct receiver *r, struct format *format)
{
    if (r->format != NULL) {
        format_free(format);
    }
    r->format = NULL;
    if (r->framing != FRAMING_LINES) {
        options_wrong(o, "only one of --null, --raw, --length-prefixed and --format");
    }
    const char *wrong = format_parse(format, options_text(o));
    r->format = format;
    if (wrong != NULL) {
        options_wrong(o, "--format: %s", wrong);
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    static struct receiver r = {
        .at = {.command = "recv", .role = SHMQ_CONSUMER},
        .wanted = UINT64_MAX,
        .timeout_ns = -1,
    };
    static struct format format;
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
        case 'f':
            format_set(&o, &r, &format);
            break;
        case OPTION_FROM:
            r.at.open.has_lane = 1;
            r.at.open.lane = (uint32_t)options_number(&o, 0, SHMQ_LANES_MAX - 1);
            break;
        case 'w':
            r.at.wait = true;
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
        format_free(&format);
        return o.code;
    }
    r.at.name = o.operands[0];
    r.at.quiet = o.quiet;
    r.at.timeout_ns = r.timeout_ns;
    /* Whoever sees nothing for so long wonders. */
    bool person = !o.quiet && os_is_terminal(1) && os_is_terminal(2);
    r.tell_ns = person ? os_monotonic_ns() + INT64_C(2000000000) : INT64_MAX;
    int code = receive_all(&r);
    format_free(&format);
    return code;
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
        "all they sent is received; of one that died standard error tells. With -c it goes on to the next producer "
        "until COUNT records came, and -c with -e "
        "takes up to COUNT of what is there. With more than one lane, -e receives all that was there, and may "
        "receive some that came meanwhile.\n"
        "A record leaves the queue when it has been written. When the reader goes away, the disk is full or Ctrl-C "
        "comes, the rest stays in the queue.\n"
        "Records of one producer come in its order. Those of several come in turns, and from a queue of total order "
        "as they were sent. Of a recorder come the newest, and standard error tells how many were missed.",
    .terms_title = "FORMAT is text with these in it",
    .terms = "%s\tthe payload\n"
             "%S\tits size in bytes\n"
             "%t\tthe type\n"
             "%l\tthe lane\n"
             "%k\tthe ticket: the position behind the record in its lane\n"
             "%p\tprocess id of the sender; - where it is forgotten: a lane remembers its last four\n"
             "%n\twhich producer of its lane the sender is, from 1\n"
             "%T\twhen the sender came, as 2025-01-31T12:00:00.123456789Z; or -\n"
             "%%\ta percent sign\n"
             "\\n ...\tnewline; also \\t, \\r, \\0 (NUL), \\\\ and \\xHH\n",
    .examples = "shmq recv jobs > jobs.txt\n"
                "shmq recv -c 1 --timeout 5s jobs\n"
                "shmq recv -0 jobs | xargs -0 rm\n"
                "shmq recv -f '%l %p %S %s\\n' jobs\n"
                "shmq recv -e trace | tail\n",
    .options = options,
    .run = run,
};
