#include "runner.h"

#include "os.h"
#include "report.h"
#include "snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_CODE_NOT_EXECUTABLE = 126, EXIT_CODE_NO_COMMAND = 127, EXIT_CODE_SIGNAL = 128 };

static const int64_t ms_ns = 1000000;

static const char variable[] = "SHMQ_QUEUE";

/* The handle whose wait the end of a program ends. */
static struct shmq *volatile waiting;

static void child_ended(void)
{
    if (waiting != NULL) {
        shmq_cancel(waiting);
    }
}

static int lend(struct runner *r)
{
    int rc = shmq_report_lend(r->q);
    rc = rc == 0 ? shmq_report_begin(r->q, 0, r->total, r->unit) : rc;
    if (rc == -EBUSY) {
        struct shmq_status status = {.struct_size = sizeof status};
        if (shmq_status(r->q, &status) == 0 && status.pid != 0) {
            report_text("run", r->name, "process %u reports its status already", status.pid);
        } else {
            report_text("run", r->name, "somebody reports its status already");
        }
        return EXIT_CODE_ERROR;
    }
    if (rc == -EINVAL) {
        report_text("run", r->name, "--unit is not UTF-8");
        return EXIT_CODE_USAGE;
    }
    return rc != 0 ? report("run", r->name, rc) : EXIT_CODE_OK;
}

static int queue_open(struct runner *r)
{
    int rc = shmq_create(r->name, &r->create);
    r->made = rc == 0;
    rc = rc < 0 ? rc : shmq_open(r->name, SHMQ_REPORTER, NULL, &r->q);
    if (rc != 0) {
        return report("run", r->name, rc);
    }
    waiting = r->q;
    return lend(r);
}

/* How many producers the queue has had. */
static uint64_t producers_so_far(const struct runner *r)
{
    struct snapshot snapshot;
    uint64_t count = 0;
    if (snapshot_take(r->name, &snapshot) == 0) {
        for (uint32_t i = 0; i < snapshot.info.lane_count; i++) {
            count += snapshot.lanes[i].attach_count;
        }
    }
    snapshot_free(&snapshot);
    return count;
}

/*
 * The input is sent by a program of its own, as a person would start it. The command is started once that is there: else
 * it might find a queue whose producers have all finished.
 */
static int feed(struct runner *r)
{
    char path[4096], send[] = "send", quiet[] = "--quiet";
    char *argv[RUNNER_INPUTS_MAX + 8];
    int count = 0;
    if (!os_own_path(path)) {
        report_text("run", r->name, "--input: cannot find the file of this program");
        return EXIT_CODE_ERROR;
    }
    argv[count++] = path;
    argv[count++] = send;
    argv[count++] = quiet;
    if (r->framing != NULL) {
        argv[count++] = (char *)(uintptr_t)r->framing;
    }
    if (r->framing_argument != NULL) {
        argv[count++] = (char *)(uintptr_t)r->framing_argument;
    }
    argv[count++] = (char *)(uintptr_t) "--";
    argv[count++] = (char *)(uintptr_t)r->name;
    for (int i = 0; i < r->input_count; i++) {
        argv[count++] = (char *)(uintptr_t)r->inputs[i];
    }
    argv[count] = NULL;
    uint64_t before = producers_so_far(r);
    int rc =
        os_start(argv, variable, r->name, r->takes_stdin ? OS_STDIN_SAME : OS_STDIN_EMPTY, child_ended, &r->feeder);
    if (rc != 0) {
        r->feeder = 0;
        report_text("run", r->name, "--input: cannot start a program: %s", strerror(-rc));
        return EXIT_CODE_ERROR;
    }
    struct os_end end;
    while (producers_so_far(r) == before && os_signal_caught() == 0) {
        if (os_ended(r->feeder, &end)) {
            r->feeder = 0; /* it has said why */
            return end.code != 0 ? end.code : EXIT_CODE_ERROR;
        }
        os_sleep(ms_ns);
    }
    return EXIT_CODE_OK;
}

static int start(struct runner *r)
{
    int rc = os_start(r->command, variable, r->name, r->takes_stdin ? OS_STDIN_EMPTY : OS_STDIN_SAME, child_ended,
                      &r->process);
    if (rc == 0) {
        return EXIT_CODE_OK;
    }
    char text[SHMQ_MESSAGE_MAX + 1];
    snprintf(text, sizeof text, "cannot start '%.100s': %s", r->command[0],
             rc == -ENOENT ? "no such command" : strerror(-rc));
    report_text("run", r->name, "%s", text);
    shmq_report_fail(r->q, rc == -ENOENT ? EXIT_CODE_NO_COMMAND : EXIT_CODE_NOT_EXECUTABLE, text);
    return rc == -ENOENT ? EXIT_CODE_NO_COMMAND : EXIT_CODE_NOT_EXECUTABLE;
}

/* The first signal is passed on, unless the terminal has given it to the command too; the second one kills. */
static void signals_look(struct runner *r)
{
    int number = os_signal_caught();
    if (number == 0) {
        return;
    }
    if (r->signal != 0) {
        os_kill(r->process, OS_KILL);
        r->killed = true;
    } else {
        shmq_request_cancel(r->q);
        if (!os_signal_is_of_terminal()) {
            os_signal_pass_on(r->process, number);
        }
    }
    r->signal = number;
    os_signals_again();
}

static void time_look(struct runner *r, int64_t passed_ns)
{
    if (r->timeout_ns < 0 || passed_ns < r->timeout_ns) {
        return;
    }
    if (!r->timed_out) {
        r->timed_out = true;
        shmq_request_cancel(r->q);
        os_kill(r->process, OS_ASK_TO_END);
    } else if (!r->killed && passed_ns - r->timeout_ns >= r->kill_after_ns) {
        os_kill(r->process, OS_KILL);
        r->killed = true;
    }
}

static struct os_end watch(struct runner *r)
{
    struct task_show show = task_show_of(!r->quiet, r->interval_ns != 0 ? r->interval_ns : 1000 * ms_ns);
    int64_t tick_ns = show.terminal && r->interval_ns != 0 ? r->interval_ns : 100 * ms_ns;
    int64_t start_ns = os_monotonic_ns();
    struct os_end end;
    r->task = task_of(r->name);
    while (!os_ended(r->process, &end)) {
        int rc = task_wait(&r->task, r->q, tick_ns);
        if (rc == 0) {
            task_show(&show, &r->task);
        } else {
            os_sleep(tick_ns); /* a status that is damaged keeps nobody from working */
        }
        signals_look(r);
        time_look(r, os_monotonic_ns() - start_ns);
    }
    task_show_hide(&show);
    return end;
}

/* What the command has not said itself. */
static void end_report(struct runner *r, const struct os_end *end)
{
    char text[SHMQ_MESSAGE_MAX + 1];
    if (shmq_status(r->q, &r->task.status) != 0 || r->task.status.state != SHMQ_RUNNING) {
        return;
    }
    if (end->signal != 0) {
        snprintf(text, sizeof text, "killed by signal %d (%s)", end->signal, os_signal_text(end->signal));
        shmq_report_fail(r->q, EXIT_CODE_SIGNAL + end->signal, text);
    } else if (end->code != 0) {
        snprintf(text, sizeof text, "ended with exit code %d", end->code);
        shmq_report_fail(r->q, end->code, r->task.status.message[0] != '\0' ? NULL : text);
    } else {
        shmq_report_finish(r->q, 0, NULL);
    }
}

/* The last line: what was reported, and how the command ended where that says something else. */
static void end_tell(struct runner *r, const struct os_end *end)
{
    struct line line = {.length = 0};
    bool well = end->signal == 0 && end->code == 0 && r->task.status.state == SHMQ_DONE;
    if (r->quiet && well) {
        return;
    }
    task_words(&line, &r->task);
    if (end->signal != 0 && r->task.status.code != EXIT_CODE_SIGNAL + end->signal) {
        line_add(&line, "; killed by signal %d (%s)", end->signal, os_signal_text(end->signal));
    } else if (end->code != 0 && r->task.status.code != end->code) {
        line_add(&line, "; ended with exit code %d", end->code);
    }
    fprintf(stderr, "%.*s\n", (int)line.length, line.text);
}

/* Who has sent everything is on its way to its end. */
static bool feeder_sends(const struct runner *r)
{
    struct snapshot snapshot;
    bool sends = false;
    if (snapshot_take(r->name, &snapshot) == 0) {
        for (uint32_t i = 0; i < snapshot.info.lane_count; i++) {
            const struct shmq_lane_info *lane = &snapshot.lanes[i];
            sends = sends || (lane->presence == SHMQ_PRESENT && lane->producer_pid == (uint32_t)r->feeder);
        }
    }
    snapshot_free(&snapshot);
    return sends;
}

static void feeder_end(struct runner *r, int *code)
{
    struct os_end end;
    if (r->feeder == 0) {
        return;
    }
    bool sends = feeder_sends(r);
    if (sends) {
        os_kill(r->feeder, OS_ASK_TO_END);
    }
    os_end_wait(r->feeder, &end);
    if (*code == EXIT_CODE_OK && sends) {
        report_text("run", r->name, "the command has ended before all of the input was sent to it");
        *code = EXIT_CODE_ERROR;
    } else if (*code == EXIT_CODE_OK) {
        *code = end.code; /* it has said why */
    }
    r->feeder = 0;
}

/* The queue that was made goes, but nothing that is in it. */
static void queue_leave(struct runner *r, int *code)
{
    struct shmq_info info = {.struct_size = sizeof info};
    uint64_t left = r->q != NULL && shmq_info(r->q, &info) == 0 ? snapshot_waiting(&info) : 0;
    waiting = NULL;
    shmq_close(r->q);
    r->q = NULL;
    if (left > 0 && (r->made || r->input_count > 0)) {
        report_text("run", r->name, "%ju record%s in it %s not received; %s", (uintmax_t)left, left == 1 ? "" : "s",
                    left == 1 ? "was" : "were", "the queue stays");
        *code = *code == EXIT_CODE_OK ? EXIT_CODE_ERROR : *code;
    } else if (r->made && !r->keep) {
        shmq_remove(r->name, 0);
    }
}

static int result(const struct runner *r, const struct os_end *end)
{
    if (r->timed_out) {
        return EXIT_CODE_TIMED_OUT;
    }
    if (end->signal != 0) {
        return EXIT_CODE_SIGNAL + end->signal;
    }
    return end->code != 0 ? end->code : task_exit_code(&r->task);
}

static int run_to_end(struct runner *r, struct os_end *end)
{
    *end = watch(r);
    end_report(r, end);
    task_look(&r->task, r->q);
    end_tell(r, end);
    return result(r, end);
}

int runner_run(struct runner *r)
{
    struct os_end end = {0};
    os_signals_catch();
    int code = queue_open(r);
    if (code == EXIT_CODE_OK && r->input_count > 0) {
        code = feed(r);
    }
    if (code == EXIT_CODE_OK && os_signal_caught() == 0) {
        code = start(r);
    }
    r->signal = r->process == 0 ? os_signal_caught() : 0;
    if (r->process != 0) {
        code = run_to_end(r, &end);
    } else if (r->q != NULL) {
        shmq_report_fail(r->q, code, "the command was not started");
    }
    feeder_end(r, &code);
    queue_leave(r, &code);
    if (r->signal != 0 && (r->process == 0 || end.signal == r->signal)) {
        os_signal_die(r->signal);
    }
    return code;
}
