#include "command.h"
#include "options.h"
#include "os.h"
#include "report.h"
#include "task.h"

#include <jansson.h>
#include <shmq/shmq.h>
#include <stdio.h>

enum { OPTION_JSON = OPTION_LONG };

static const struct option_row options[] = {
    {'f', "follow", NULL, "Show it as it goes on, until it has ended."},
    {'w', "wait", NULL, "Wait until it has ended, and show that."},
    {'i', "interval", "TIME", "With --follow: look, and print, once in TIME; 100ms on a terminal, else 1s."},
    {'t', "timeout", "TIME", "With --follow or --wait: give up when it has not ended by then."},
    {OPTION_JSON, "json", NULL, "A JSON object; with --follow one a line, for each change that is seen."},
    {0},
};

struct watch {
    struct task task;
    struct shmq *q;
    bool follow;
    bool wait;
    bool json;
    bool quiet;
    int64_t interval_ns; /* 0: as it is best */
    int64_t timeout_ns;
    uint64_t printed_changes;
    uint32_t printed_presence;
    bool printed;
};

static int json_print(struct watch *w)
{
    json_t *object = task_json(&w->task);
    if (object == NULL) {
        return -ENOMEM;
    }
    json_dumpf(object, stdout, w->follow ? JSON_COMPACT : JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
    return fflush(stdout) == 0 ? 0 : -EPIPE;
}

/* Where it is followed, only what has changed. */
static int look_print(struct watch *w)
{
    const struct shmq_status *s = &w->task.status;
    if (w->printed && s->changes == w->printed_changes && s->presence == w->printed_presence) {
        return 0;
    }
    w->printed = true;
    w->printed_changes = s->changes;
    w->printed_presence = s->presence;
    if (w->json) {
        return json_print(w);
    }
    struct line line = {.length = 0};
    task_words(&line, &w->task);
    printf("%.*s\n", (int)line.length, line.text);
    return fflush(stdout) == 0 ? 0 : -EPIPE;
}

/* What was there at the start may be over already; else the end that comes is awaited. */
static int go_on(struct watch *w)
{
    bool bar = w->follow && !w->json && os_is_terminal(1) && os_is_terminal(2);
    int64_t interval_ns = w->interval_ns != 0 ? w->interval_ns : INT64_C(1000000) * (bar ? 100 : 1000);
    struct task_show show = task_show_of(bar && !w->quiet, 0);
    int64_t start_ns = os_monotonic_ns();
    int rc = 0;
    while (rc == 0 && !task_is_over(&w->task)) {
        int64_t passed_ns = os_monotonic_ns() - start_ns;
        if (w->timeout_ns >= 0 && passed_ns >= w->timeout_ns) {
            rc = -ETIMEDOUT;
        } else if (bar) {
            task_show(&show, &w->task);
        } else if (w->follow) {
            rc = look_print(w);
        }
        int64_t left_ns = w->timeout_ns < 0 ? interval_ns : w->timeout_ns - passed_ns;
        rc = rc == 0 ? task_wait(&w->task, w->q, left_ns < interval_ns ? left_ns : interval_ns) : rc;
        rc = rc == 0 && os_signal_caught() != 0 ? -EINTR : rc;
    }
    task_show_hide(&show);
    return rc;
}

static int ended(const struct watch *w, int rc)
{
    switch (rc) {
    case 0:
        return w->follow || w->wait ? task_exit_code(&w->task) : EXIT_CODE_OK;
    case -EINTR:
        os_signal_die(os_signal_caught());
        return EXIT_CODE_ERROR;
    case -EPIPE:
        os_signal_die(os_signal_pipe());
        return EXIT_CODE_ERROR;
    case -ETIMEDOUT:
        report_text("status", w->task.name, "timed out: it has not ended");
        return EXIT_CODE_TIMED_OUT;
    case -ESTALE:
        report_text("status", w->task.name, "the queue was removed, and nobody reports");
        return report_code(rc);
    default:
        return report("status", w->task.name, rc);
    }
}

static int watch(struct watch *w)
{
    int rc = shmq_open(w->task.name, SHMQ_OBSERVER, NULL, &w->q);
    if (rc == 0) {
        rc = task_look(&w->task, w->q);
    }
    if (rc == 0 && (w->follow || w->wait)) {
        os_signals_catch();
        rc = go_on(w);
    }
    if (rc == 0 && (w->follow || w->json)) {
        rc = w->follow ? look_print(w) : json_print(w);
    } else if (rc == 0) {
        task_print(&w->task);
    }
    int code = ended(w, rc);
    shmq_close(w->q);
    return code;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    struct watch w = {.timeout_ns = -1};
    for (int letter; (letter = options_next(&o)) != 0;) {
        w.follow = w.follow || letter == 'f';
        w.wait = w.wait || letter == 'w';
        w.json = w.json || letter == OPTION_JSON;
        if (letter == 'i') {
            w.interval_ns = options_time(&o);
        } else if (letter == 't') {
            w.timeout_ns = options_time(&o);
        }
    }
    if (!o.over && w.follow && w.wait) {
        options_wrong(&o, "only one of --follow and --wait");
    } else if (!o.over && w.timeout_ns >= 0 && !w.follow && !w.wait) {
        options_wrong(&o, "--timeout goes with --follow or --wait");
    } else if (!o.over && w.interval_ns != 0 && !w.follow) {
        options_wrong(&o, "--interval goes with --follow");
    }
    if (o.over) {
        return o.code;
    }
    w.quiet = o.quiet;
    w.task = task_of(o.operands[0]);
    return watch(&w);
}

const struct command command_status = {
    .name = "status",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "Show how far the work is that is reported in a queue.",
    .description =
        "Whoever works, a program that calls shmq_report_advance or a script that calls shmq report, says how much "
        "is "
        "done, and at last how it ended. This shows it: the state (idle, running, done, failed, cancelled, or died, "
        "where the reporter vanished in the middle of it), the progress with its rate and the time that is left, and "
        "the last message.\n"
        "With --follow and --wait it goes on until the task has ended; where nothing has begun it waits for that "
        "too. "
        "The exit code is then that of the task: 0 where it is done; where it failed the code that was reported, or "
        "1; 1 where it was cancelled; 6 where its reporter died. Otherwise it is 0 whatever the state is.",
    .examples = "shmq status packing\n"
                "shmq status --follow packing\n"
                "shmq status --wait --timeout 1h packing && echo packed\n"
                "shmq status --json packing | jq -r .left_seconds\n",
    .options = options,
    .run = run,
};
