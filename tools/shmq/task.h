/* The status of a queue (shmq/status.h), for people and for programs. */
#ifndef SHMQ_TASK_H
#define SHMQ_TASK_H

#include "line.h"

#include <jansson.h>
#include <shmq/shmq.h>
#include <stdbool.h>
#include <stdint.h>

struct task {
    const char *name; /* of the queue */
    struct shmq_status status;
    struct shmq_rate rate;
};

struct task task_of(const char *name);

/** Look again. Returns an error of the library. */
int task_look(struct task *task, struct shmq *q);

/** Wait until it ends, so long at most, and look again. -ETIMEDOUT, -ECANCELED and -EINTR are no errors here. */
int task_wait(struct task *task, struct shmq *q, int64_t timeout_ns);

/** "idle", "running", "done", "failed", "cancelled", or "died": it runs, and nobody who reports it lives. */
const char *task_state(const struct task *task);

/** It will not change any more by itself. */
bool task_is_over(const struct task *task);

/** 0 where it is done; what was reported where it failed, if that can be an exit code. */
int task_exit_code(const struct task *task);

/** With a bar, for the bottom of a screen. */
void task_bar(struct line *line, const struct task *task);

/** The same in words, for a log. */
void task_words(struct line *line, const struct task *task);

/** A line for each thing to know, on standard output. */
void task_print(const struct task *task);

/** NULL where there is no memory. */
json_t *task_json(const struct task *task);

/**
 * Shows a task as it goes on, on standard error: a bar on a terminal; else in words, where something has changed, and not
 * more often than `interval_ns`.
 */
struct task_show {
    bool enabled;
    bool terminal;
    int64_t interval_ns;
    size_t columns;
    int64_t shown_ns;
    uint64_t shown_changes;
};

struct task_show task_show_of(bool enabled, int64_t interval_ns);
void task_show(struct task_show *show, const struct task *task);
/** Take the bar off the screen. */
void task_show_hide(struct task_show *show);

#endif
