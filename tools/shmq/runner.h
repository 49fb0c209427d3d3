/* Running a command that works on a queue. */
#ifndef SHMQ_RUNNER_H
#define SHMQ_RUNNER_H

#include "task.h"

#include <shmq/shmq.h>
#include <stdbool.h>
#include <stdint.h>

enum { RUNNER_INPUTS_MAX = 64 };

struct runner {
    const char *name;
    char **command;
    struct shmq_create_options create;
    const char *inputs[RUNNER_INPUTS_MAX];
    int input_count;
    bool takes_stdin;
    const char *framing; /* an option of shmq send; may be NULL */
    const char *framing_argument;
    uint64_t total;
    const char *unit;
    bool keep;
    bool quiet;
    int64_t interval_ns; /* 0: as it is best */
    int64_t timeout_ns;  /* < 0: none */
    int64_t kill_after_ns;

    bool made; /* the queue */
    struct shmq *q;
    int64_t process;
    int64_t feeder; /* 0: none */
    struct task task;
    bool timed_out;
    bool killed;
    int signal; /* that was passed on, or 0 */
};

/** Returns the exit code. */
int runner_run(struct runner *runner);

#endif
