#include "command.h"
#include "options.h"
#include "report.h"
#include "utf8.h"

#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_CODE = OPTION_LONG, OPTION_TASK, OPTION_CANCELLED, OPTION_CHECK };

static const struct option_row options[] = {
    {'n', "total", "N", "So much will be done at the end. Begins a task where none is running."},
    {'u', "unit", "WORD", "What is counted, for instance files; 16 bytes."},
    {'a', "advance", "N", "So much more is done."},
    {'s', "set", "N", "So much is done."},
    {'m', "message", "TEXT", "What to tell; of more than 240 bytes the middle is left out."},
    {'d', "done", NULL, "The task is done."},
    {'f', "fail", NULL, "The task has failed."},
    {OPTION_CANCELLED, "cancelled", NULL, "The task has ended before its time, as it was asked to."},
    {OPTION_CODE, "code", "N", "With --done or --fail: a number that says more."},
    {OPTION_TASK, "task", "N", "Begin a task of that number, though one is running."},
    {OPTION_CHECK, "check-cancel", NULL,
     "Report nothing: exit code 0 where somebody has asked for the end of the task, else 1."},
    {'t', "timeout", "TIME", "How long to wait for others who report; 10s."},
    {0},
};

enum { TEXT_ROOM = SHMQ_MESSAGE_MAX + 1 };

struct saying {
    const char *name;
    struct shmq *q;
    bool has_total, has_unit, has_advance, has_set, has_task, check;
    enum shmq_state end; /* SHMQ_IDLE: none */
    uint64_t total, advance, set, task;
    int32_t code;
    const char *unit, *message;
    char message_text[TEXT_ROOM], unit_text[TEXT_ROOM];
    int64_t timeout_ns;
};

/* Where a character begins at or behind that place. */
static size_t character_at(const char *text, size_t at)
{
    while (((unsigned char)text[at] & 0xc0) == 0x80) {
        at++;
    }
    return at;
}

/*
 * File names and output of other programs are what scripts tell: bytes that are no UTF-8 become '?', and a text that is
 * too long loses its middle.
 */
static void text_fit(char fitted[TEXT_ROOM], const char *text, size_t max)
{
    static const char gap[] = "...";
    size_t length = strlen(text), half = (max - strlen(gap)) / 2;
    char *clean = malloc(length + 1);
    if (clean == NULL) {
        fitted[0] = '\0';
        return;
    }
    for (size_t i = 0; i < length;) {
        uint32_t character;
        size_t size = utf8_character(text + i, &character);
        memcpy(clean + i, size > 0 ? text + i : "?", size > 0 ? size : 1);
        i += size > 0 ? size : 1;
    }
    clean[length] = '\0';
    if (length <= max) {
        memcpy(fitted, clean, length + 1);
    } else {
        size_t front = half;
        while (front > 0 && ((unsigned char)clean[front] & 0xc0) == 0x80) {
            front--;
        }
        snprintf(fitted, TEXT_ROOM, "%.*s%s%s", (int)front, clean, gap, clean + character_at(clean, length - half));
    }
    free(clean);
}

static bool is_running(struct shmq *q)
{
    struct shmq_status status = {.struct_size = sizeof status};
    return shmq_status_glance(q, &status) == 0 && status.state == SHMQ_RUNNING;
}

/*
 * Where nobody lends the status, only an end can be reported: a task that goes on would be one whose reporter has died,
 * as soon as this program is over.
 */
static int enter(struct saying *s)
{
    int rc = shmq_report_borrow(s->q, s->timeout_ns);
    if (rc == -EOWNERDEAD && s->end != SHMQ_IDLE && is_running(s->q) && !s->has_task) {
        return shmq_report_resume(s->q);
    }
    if (rc != 0 && (rc != -EOWNERDEAD || s->end == SHMQ_IDLE)) {
        return rc;
    }
    if (s->has_task || !is_running(s->q)) {
        return shmq_report_begin(s->q, s->task, s->total, s->unit);
    }
    return 0;
}

static int end(struct saying *s)
{
    switch (s->end) {
    case SHMQ_DONE:
        return shmq_report_finish(s->q, s->code, s->message);
    case SHMQ_FAILED:
        return shmq_report_fail(s->q, s->code, s->message);
    case SHMQ_CANCELLED:
        return shmq_report_cancelled(s->q, s->message);
    default:
        return s->message != NULL ? shmq_report_message(s->q, s->message) : 0;
    }
}

static int say(struct saying *s)
{
    int rc = enter(s);
    rc = rc == 0 && s->has_total ? shmq_report_total(s->q, s->total) : rc;
    rc = rc == 0 && s->has_unit ? shmq_report_unit(s->q, s->unit) : rc;
    rc = rc == 0 && s->has_set ? shmq_report_set(s->q, s->set) : rc;
    rc = rc == 0 && s->has_advance ? shmq_report_advance(s->q, s->advance) : rc;
    return rc == 0 ? end(s) : rc;
}

static int refused(const struct saying *s, int rc)
{
    switch (rc) {
    case -EOWNERDEAD:
        report_text("report", s->name,
                    "nobody lives who lends its status, so who reports would seem to have died (start the work with: "
                    "shmq run)");
        return report_code(rc);
    case -EBUSY:
        report_text("report", s->name, "another program reports its status, and does not lend it");
        return EXIT_CODE_ERROR;
    case -ETIMEDOUT:
        report_text("report", s->name, "timed out: others reported all the time");
        return EXIT_CODE_TIMED_OUT;
    default:
        return report("report", s->name, rc);
    }
}

static int check(struct saying *s)
{
    struct shmq_status status = {.struct_size = sizeof status};
    int rc = shmq_open(s->name, SHMQ_OBSERVER, NULL, &s->q);
    rc = rc == 0 ? shmq_status(s->q, &status) : rc;
    shmq_close(s->q);
    return rc != 0 ? report("report", s->name, rc) : status.cancelling != 0 ? EXIT_CODE_OK : EXIT_CODE_ERROR;
}

static void option_set(struct options *o, struct saying *s, int letter)
{
    static const struct {
        int letter;
        enum shmq_state end;
    } ends[] = {{'d', SHMQ_DONE}, {'f', SHMQ_FAILED}, {OPTION_CANCELLED, SHMQ_CANCELLED}};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (letter == ends[i].letter) {
            if (s->end != SHMQ_IDLE && s->end != ends[i].end) {
                options_wrong(o, "only one of --done, --fail and --cancelled");
            }
            s->end = ends[i].end;
        }
    }
    switch (letter) {
    case 'n':
        s->total = options_number(o, 0, UINT64_MAX);
        s->has_total = true;
        break;
    case 'u':
        text_fit(s->unit_text, options_text(o), SHMQ_UNIT_MAX);
        s->unit = s->unit_text;
        s->has_unit = true;
        break;
    case 'a':
        s->advance = options_number(o, 0, UINT64_MAX);
        s->has_advance = true;
        break;
    case 's':
        s->set = options_number(o, 0, UINT64_MAX);
        s->has_set = true;
        break;
    case 'm':
        text_fit(s->message_text, options_text(o), SHMQ_MESSAGE_MAX);
        s->message = s->message_text;
        break;
    case 't':
        s->timeout_ns = options_time(o);
        break;
    case OPTION_CODE:
        s->code = (int32_t)options_number(o, 0, INT32_MAX);
        break;
    case OPTION_TASK:
        s->task = options_number(o, 0, UINT64_MAX);
        s->has_task = true;
        break;
    case OPTION_CHECK:
        s->check = true;
        break;
    }
}

static bool says_nothing(const struct saying *s)
{
    return !s->has_total && !s->has_unit && !s->has_advance && !s->has_set && !s->has_task && s->message == NULL &&
           s->end == SHMQ_IDLE;
}

static void rules_check(struct options *o, const struct saying *s)
{
    if (s->check && !says_nothing(s)) {
        options_wrong(o, "--check-cancel goes alone");
    } else if (!s->check && says_nothing(s)) {
        options_wrong(o, "nothing to report: say --total, --advance, --set, --message, --done or --fail");
    } else if (s->has_advance && s->has_set) {
        options_wrong(o, "only one of --advance and --set");
    } else if (s->code != 0 && s->end != SHMQ_DONE && s->end != SHMQ_FAILED) {
        options_wrong(o, "--code goes with --done or --fail");
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    struct saying s = {.timeout_ns = INT64_C(10000000000)};
    for (int letter; (letter = options_next(&o)) != 0;) {
        option_set(&o, &s, letter);
    }
    if (!o.over) {
        rules_check(&o, &s);
    }
    if (o.over) {
        return o.code;
    }
    s.name = o.operands[0];
    if (s.check) {
        return check(&s);
    }
    int rc = shmq_open(s.name, SHMQ_REPORTER, NULL, &s.q);
    int code = rc != 0 ? report("report", s.name, rc) : EXIT_CODE_OK;
    rc = rc == 0 ? say(&s) : 0;
    shmq_close(s.q);
    return rc != 0 ? refused(&s, rc) : code;
}

const struct command command_report = {
    .name = "report",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "Report how far the work is: for scripts that work.",
    .description =
        "A script that shmq run has started finds the queue's name in SHMQ_QUEUE, and tells with this how much there "
        "is "
        "to do, how much is done, and how it ended. Any number of its processes may do so at a time.\n"
        "A task is begun by the first report where none is running. What is given together is reported in this "
        "order: "
        "total, unit, progress, message and end.\n"
        "Only an end can be reported where nobody runs who lends the status, as shmq run does: nobody would be there "
        "to tell that the work still goes on.",
    .examples = "shmq report \"$SHMQ_QUEUE\" --total 120 --unit files\n"
                "shmq report \"$SHMQ_QUEUE\" --advance 1 --message \"$file\"\n"
                "shmq report \"$SHMQ_QUEUE\" --fail --code 3 --message 'disk full'\n"
                "if shmq report \"$SHMQ_QUEUE\" --check-cancel; then exit 1; fi\n",
    .options = options,
    .run = run,
};
