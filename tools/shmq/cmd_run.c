#include "command.h"
#include "options.h"
#include "os.h"
#include "report.h"
#include "runner.h"

#include <limits.h>
#include <string.h>

enum { OPTION_CHUNK = OPTION_LONG, OPTION_LENGTH_PREFIXED, OPTION_INPUT, OPTION_KILL_AFTER };

static const struct option_row options[] = {
    {OPTION_INPUT, "input", "FILE",
     "Send what is in FILE to the queue, for the command to receive: each line a record. More than one can be given; "
     "'-' is standard input, which the command then finds empty."},
    {'0', "null", NULL, "As with shmq send: records end with NUL instead of newline."},
    {OPTION_CHUNK, "chunk", "SIZE", "As with shmq send: each SIZE bytes are a record."},
    {OPTION_LENGTH_PREFIXED, "length-prefixed", NULL, "As with shmq send: in front of each record stands its size."},
    {'n', "total", "N", "So much there is to do; the command may say so itself."},
    {'u', "unit", "WORD", "What is counted, for instance files."},
    {'c', "capacity", "SIZE", "Of a queue that is made: room for the records of one lane; 1M."},
    {'l', "lanes", "N", "Of a queue that is made: how many producers it can have; 1."},
    {'k', "keep", NULL, "Leave the queue that was made, so that shmq status tells the result later too."},
    {'i', "interval", "TIME", "Show the progress once in TIME; 100ms on a terminal, else 1s."},
    {'t', "timeout", "TIME", "Ask the command to end when it has not by then: as shmq cancel, and by SIGTERM."},
    {OPTION_KILL_AFTER, "kill-after", "TIME", "Kill it when it still has not ended so long behind that; 10s."},
    {0},
};

static bool input_add(struct options *o, struct runner *r)
{
    if (r->input_count == RUNNER_INPUTS_MAX) {
        options_wrong(o, "--input: more than %d", RUNNER_INPUTS_MAX);
        return false;
    }
    r->inputs[r->input_count++] = options_text(o);
    r->takes_stdin = r->takes_stdin || strcmp(options_text(o), "-") == 0;
    return true;
}

static void framing_set(struct options *o, struct runner *r, const char *option, const char *argument)
{
    if (r->framing != NULL && strcmp(r->framing, option) != 0) {
        options_wrong(o, "only one of --null, --chunk and --length-prefixed");
    }
    r->framing = option;
    r->framing_argument = argument;
}

static void option_set(struct options *o, struct runner *r, int letter)
{
    switch (letter) {
    case OPTION_INPUT:
        input_add(o, r);
        break;
    case '0':
        framing_set(o, r, "--null", NULL);
        break;
    case OPTION_CHUNK:
        options_size(o, 1, SHMQ_CAPACITY_MAX / 2);
        framing_set(o, r, "--chunk", options_text(o));
        break;
    case OPTION_LENGTH_PREFIXED:
        framing_set(o, r, "--length-prefixed", NULL);
        break;
    case 'n':
        r->total = options_number(o, 0, UINT64_MAX);
        break;
    case 'u':
        r->unit = options_text(o);
        if (strlen(r->unit) > SHMQ_UNIT_MAX) {
            options_wrong(o, "--unit: '%s' has more than %d bytes", r->unit, SHMQ_UNIT_MAX);
        }
        break;
    case 'c':
        r->create.capacity = options_size(o, SHMQ_CAPACITY_MIN, SHMQ_CAPACITY_MAX);
        break;
    case 'l':
        r->create.lane_count = (uint32_t)options_number(o, 1, SHMQ_LANES_MAX);
        break;
    case 'k':
        r->keep = true;
        break;
    case 'i':
        r->interval_ns = options_time(o);
        break;
    case 't':
        r->timeout_ns = options_time(o);
        break;
    case OPTION_KILL_AFTER:
        r->kill_after_ns = options_time(o);
        break;
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    struct runner r = {
        .create.struct_size = sizeof r.create,
        .timeout_ns = -1,
        .kill_after_ns = INT64_C(10000000000),
    };
    for (int letter; (letter = options_next(&o)) != 0;) {
        option_set(&o, &r, letter);
    }
    if (!o.over && r.framing != NULL && r.input_count == 0) {
        options_wrong(&o, "%s goes with --input", r.framing);
    }
    if (o.over) {
        return o.code;
    }
    r.name = o.operands[0];
    r.command = o.operands + 1;
    r.quiet = o.quiet;
    return runner_run(&r);
}

const struct command command_run = {
    .name = "run",
    .operands = "NAME -- COMMAND [ARG...]",
    .operands_min = 2,
    .operands_max = INT_MAX,
    .summary = "Run a command that works on a queue; show its progress, and end with its result.",
    .description =
        "Makes the queue where there is none, starts the command with the queue's name in SHMQ_QUEUE, sends it what "
        "--input names, and shows how far it is: what it reports with shmq report, or with shmq_report_advance and "
        "its "
        "like. On a terminal that is a bar with rate and time left, elsewhere a line for each change.\n"
        "It ends when the command does, with its exit code, or 128+n where signal n killed it. Where that is 0 and "
        "the "
        "command has reported that it failed, or that it was cancelled, it ends as shmq status --wait does. 126 and "
        "127: it could not be started. What the command has not reported itself is reported for it: that it is done, "
        "or failed with that exit code, or was killed; so whoever follows the status of the queue is told too.\n"
        "Ctrl-C and the signals that end a program are passed on to the command, and it is asked to cancel; a second "
        "one kills it.\n"
        "A queue that was made goes at the end, unless there is something in it that the command has not received: "
        "then it stays, and standard error tells, and the exit code is 1 or the command's.",
    .examples = "shmq run jobs --input jobs.txt -- ./worker\n"
                "find . -name '*.log' -print0 | shmq run packing -0 --input - --unit files -- ./compress.bash\n"
                "shmq run nightly --keep --timeout 2h -- make -C /srv/reports\n",
    .options = options,
    .run = run,
};
