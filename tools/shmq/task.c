#include "task.h"

#include "os.h"
#include "report.h"
#include "units.h"

#include <stdio.h>
#include <string.h>

struct task task_of(const char *name)
{
    return (struct task){.name = name, .status.struct_size = sizeof(struct shmq_status)};
}

int task_look(struct task *task, struct shmq *q)
{
    int rc = shmq_status(q, &task->status);
    if (rc == 0) {
        shmq_rate_look(&task->rate, &task->status);
    }
    return rc;
}

int task_wait(struct task *task, struct shmq *q, int64_t timeout_ns)
{
    int rc = shmq_status_wait(q, SHMQ_ENDED, timeout_ns, &task->status);
    return rc == 0 || rc == -ETIMEDOUT || rc == -ECANCELED || rc == -EINTR ? task_look(task, q) : rc;
}

static bool has_died(const struct task *task)
{
    return task->status.state == SHMQ_RUNNING && task->status.presence == SHMQ_DIED;
}

const char *task_state(const struct task *task)
{
    static const char *const words[] = {
        [SHMQ_IDLE] = "idle",     [SHMQ_RUNNING] = "running",     [SHMQ_DONE] = "done",
        [SHMQ_FAILED] = "failed", [SHMQ_CANCELLED] = "cancelled",
    };
    return has_died(task) ? "died" : words[task->status.state];
}

bool task_is_over(const struct task *task)
{
    return task->status.state > SHMQ_RUNNING || has_died(task);
}

int task_exit_code(const struct task *task)
{
    enum { code_max = 255 };
    switch (task->status.state) {
    case SHMQ_FAILED:
        return task->status.code > 0 && task->status.code <= code_max ? task->status.code : EXIT_CODE_ERROR;
    case SHMQ_CANCELLED:
        return EXIT_CODE_ERROR;
    case SHMQ_RUNNING:
        return has_died(task) ? EXIT_CODE_PEER_DEAD : EXIT_CODE_OK;
    default:
        return EXIT_CODE_OK;
    }
}

/* Units a second: of the last seconds where it was looked at for so long, else of all the time. 0: not known. */
static double rate_of(const struct task *task)
{
    double seconds = (double)task->rate.elapsed_ns / 1e9;
    if (task->rate.per_second > 0 && task->status.state == SHMQ_RUNNING) {
        return task->rate.per_second;
    }
    return seconds > 0 ? (double)task->status.done / seconds : 0;
}

/* -1: not known. */
static int64_t left_ns_of(const struct task *task)
{
    const double ages_s = 1e9;
    double rate = rate_of(task);
    if (task->status.state != SHMQ_RUNNING || task->status.total <= task->status.done || rate <= 0) {
        return -1;
    }
    double left = (double)(task->status.total - task->status.done) / rate;
    return left < ages_s ? (int64_t)(left * 1e9) : -1;
}

static void rate_text(char text[UNITS_TEXT], double rate)
{
    if (rate < 10) {
        snprintf(text, UNITS_TEXT, "%.1f", rate);
    } else {
        units_count(text, rate < 1e18 ? (uint64_t)rate : (uint64_t)1e18);
    }
}

/* Of short times the tenths too. */
static void time_text(char text[UNITS_TEXT], int64_t ns)
{
    const double tenths_below_s = 10;
    double seconds = (double)ns / 1e9;
    if (seconds < tenths_below_s) {
        snprintf(text, UNITS_TEXT, "%.1fs", seconds);
    } else {
        units_age(text, ns);
    }
}

static void add_unit(struct line *line, const struct task *task)
{
    if (task->status.unit[0] != '\0') {
        line_add(line, " ");
        line_add_text(line, task->status.unit);
    }
}

static void add_amount(struct line *line, const struct task *task)
{
    const struct shmq_status *s = &task->status;
    line_add(line, "%ju", (uintmax_t)s->done);
    if (s->total != 0) {
        line_add(line, " of %ju", (uintmax_t)s->total);
    }
    add_unit(line, task);
}

static bool has_amount(const struct task *task)
{
    return task->status.done != 0 || task->status.total != 0;
}

static double share_of(const struct task *task)
{
    double share = (double)task->status.done / (double)task->status.total;
    return share < 1 ? share : 1;
}

static void add_speed(struct line *line, const struct task *task, const char *before)
{
    char rate[UNITS_TEXT], left[UNITS_TEXT];
    if (task->status.done == 0 || rate_of(task) <= 0) {
        return;
    }
    rate_text(rate, rate_of(task));
    line_add(line, "%s%s/s", before, rate);
    if (left_ns_of(task) >= 0) {
        time_text(left, left_ns_of(task));
        line_add(line, "%sETA %s", before, left);
    }
}

static void add_message(struct line *line, const struct task *task, const char *before)
{
    if (task->status.message[0] != '\0') {
        line_add(line, "%s", before);
        line_add_text(line, task->status.message);
    }
}

void task_bar(struct line *line, const struct task *task)
{
    line_add_text(line, task->name);
    line_add(line, ": ");
    if (task->status.total != 0) {
        line_add_bar(line, share_of(task));
        line_add(line, "  ");
    }
    if (has_amount(task)) {
        add_amount(line, task);
        add_speed(line, task, "  ");
    } else {
        line_add(line, "%s", task_state(task));
    }
    if (task->status.cancelling != 0) {
        line_add(line, "  (asked to stop)");
    }
    add_message(line, task, "  ");
}

/* Only what is more than the state: with which code, after what time. */
static void add_end(struct line *line, const struct task *task)
{
    const struct shmq_status *s = &task->status;
    char elapsed[UNITS_TEXT];
    if (s->code != 0) {
        line_add(line, " with code %d", s->code);
    }
    if (task->rate.elapsed_ns > 0) {
        time_text(elapsed, task->rate.elapsed_ns);
        line_add(line, " after %s", elapsed);
    }
}

void task_words(struct line *line, const struct task *task)
{
    line_add_text(line, task->name);
    line_add(line, ": %s", task_state(task));
    if (task_is_over(task)) {
        add_end(line, task);
    }
    if (has_amount(task)) {
        line_add(line, ", ");
        add_amount(line, task);
        if (task->status.total != 0) {
            line_add(line, " (%d%%)", (int)(100 * share_of(task)));
        }
        add_speed(line, task, ", ");
    }
    if (task->status.cancelling != 0) {
        line_add(line, ", asked to stop");
    }
    add_message(line, task, ": ");
}

static void fact_print(const char *label, const struct line *line)
{
    printf("%-15s %.*s\n", label, (int)line->length, line->text);
}

static void reporter_print(const struct task *task)
{
    const struct shmq_status *s = &task->status;
    struct os_process process;
    struct line line = {.length = 0};
    if (has_died(task)) {
        line_add(&line, "died");
    } else if (s->presence != SHMQ_PRESENT) {
        line_add(&line, "none");
    } else if (os_process_look(s->pid, s->updated_ns, &process)) {
        line_add(&line, "process %u (", s->pid);
        line_add_text(&line, process.name);
        line_add(&line, process.paused ? ", paused)" : ")");
    } else {
        line_add(&line, "process %u", s->pid);
    }
    fact_print("reporter", &line);
}

static void times_print(const struct task *task)
{
    char text[UNITS_TEXT], date[32];
    os_date(date, task->status.started_ns);
    printf("%-15s %s\n", "started", date);
    time_text(text, task->rate.elapsed_ns);
    printf("%-15s %s\n", "elapsed", text);
    if (task->status.done != 0 && rate_of(task) > 0) {
        rate_text(text, rate_of(task));
        printf("%-15s %s/s\n", "rate", text);
    }
    if (left_ns_of(task) >= 0) {
        time_text(text, left_ns_of(task));
        printf("%-15s %s\n", "left", text);
    }
}

void task_print(const struct task *task)
{
    const struct shmq_status *s = &task->status;
    struct line progress = {.length = 0}, message = {.length = 0};
    printf("%-15s %s%s\n", "state", task_state(task), s->cancelling != 0 ? ", asked to stop" : "");
    reporter_print(task);
    if (s->state == SHMQ_IDLE) {
        return;
    }
    printf("%-15s %ju, the %u. of this queue\n", "task", (uintmax_t)s->task, s->run);
    if (has_amount(task)) {
        add_amount(&progress, task);
        if (s->total != 0) {
            line_add(&progress, " (%d%%)", (int)(100 * share_of(task)));
        }
        fact_print("progress", &progress);
    }
    times_print(task);
    if (s->state > SHMQ_RUNNING) {
        printf("%-15s %d\n", "code", s->code);
    }
    line_add_text(&message, s->message);
    fact_print("message", &message);
}

json_t *task_json(const struct task *task)
{
    const struct shmq_status *s = &task->status;
    bool begun = s->state != SHMQ_IDLE, running = s->state == SHMQ_RUNNING;
    int64_t left_ns = left_ns_of(task);
    json_t *name = json_string(task->name);
    return json_pack("{so ss so sb so sI sI so ss ss so so so so so}", "name", name != NULL ? name : json_null(),
                     "state", task_state(task), "reporter",
                     s->presence == SHMQ_PRESENT ? json_integer((json_int_t)s->pid) : json_null(), "cancelling",
                     (int)s->cancelling, "task", begun ? json_integer((json_int_t)s->task) : json_null(), "run",
                     (json_int_t)s->run, "done", (json_int_t)s->done, "total",
                     s->total != 0 ? json_integer((json_int_t)s->total) : json_null(), "unit", s->unit, "message",
                     s->message, "code", begun && !running ? json_integer(s->code) : json_null(), "started_ns",
                     begun ? json_integer((json_int_t)s->started_ns) : json_null(), "updated_ns",
                     begun ? json_integer((json_int_t)s->updated_ns) : json_null(), "per_second",
                     begun ? json_real(rate_of(task)) : json_null(), "left_seconds",
                     left_ns >= 0 ? json_real((double)left_ns / 1e9) : json_null());
}

struct task_show task_show_of(bool enabled, int64_t interval_ns)
{
    return (struct task_show){
        .enabled = enabled,
        .terminal = enabled && os_is_terminal(2),
        .interval_ns = interval_ns,
        .shown_ns = os_monotonic_ns(), /* short work needs no lines but the last */
    };
}

static void words_show(const struct task *task)
{
    struct line line = {.length = 0};
    task_words(&line, task);
    fprintf(stderr, "%.*s\n", (int)line.length, line.text);
}

void task_show(struct task_show *show, const struct task *task)
{
    int64_t now_ns = os_monotonic_ns();
    if (!show->enabled) {
        return;
    }
    if (show->terminal) {
        struct line line = {.length = 0};
        task_bar(&line, task);
        line_show(&line, &show->columns, "");
    } else if (task->status.changes != show->shown_changes && now_ns - show->shown_ns >= show->interval_ns) {
        words_show(task);
        show->shown_ns = now_ns;
        show->shown_changes = task->status.changes;
    }
}

void task_show_hide(struct task_show *show)
{
    const struct line nothing = {.length = 0};
    if (show->columns != 0) {
        line_show(&nothing, &show->columns, "\r");
    }
}
