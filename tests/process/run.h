/*
 * What the programs of this folder have in common: a budget, a seed, a count of what went wrong, an end
 *
 *     SHMQ_TRUST_BUDGET   seconds for all of them together; each takes its share
 *     SHMQ_TRUST_SEED     of all that is random; it is printed, so that a run can be had again
 *
 *     --only TEXT         only what has this text in its name
 *     --must-fail         the library is a bad one on purpose: success is to find that out
 */
#ifndef SHMQ_TESTS_RUN_H
#define SHMQ_TESTS_RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of all processes of one run. */
struct run_shared {
    _Atomic uint64_t bad;
    _Atomic uint64_t next_task;
};

struct run {
    const char *only;
    bool must_fail;
    uint64_t seed;
    uint64_t random;
    double budget_s;
    double started_s;
    struct run_shared *shared;
};

/* `share` of the budget, in percent, is this program's. */
void run_begin(struct run *run, int argc, char **argv, unsigned share);

/* The budget is for what follows: what had to be found out first does not count, and leaves no less of it. */
void run_begin_again(struct run *run);

/* Is this part of the run asked for? */
bool run_wants(const struct run *run, const char *name);

double run_elapsed_s(const struct run *run);

/* What is left of the budget, at least 0. */
double run_left_s(const struct run *run);

/* Something is wrong: print it, if it is among the first. */
void run_complain(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A bad library has been found out: there is no need to go on. */
bool run_is_decided(const struct run *run);

/* 0 .. bound - 1 */
uint64_t run_random(struct run *run, uint64_t bound);

/*
 * Do the work in as many processes as there are processors, each on one of them: a tracer and what it traces take
 * turns, and would only wait for each other from one processor to the next.
 */
void run_team(struct run *run, void (*work)(void *arg), void *arg);

/* Memory that the team shares, all zero. */
void *run_share(size_t size);

/* A path for a file that is best kept in memory, in which this word is, and no other process has it. */
void run_place(char *path, size_t size, const char *word);

/* The next task of the team's, 0, 1, 2 ... or UINT64_MAX when there are no more, no need, or no time but `keep_s`. */
uint64_t run_next_task(struct run *run, uint64_t count, double keep_s);

/* `count` parts of the run are asked for: none is a mistake. */
void run_expect(const struct run *run, size_t count);

/* What main returns. */
int run_end(const struct run *run);

/* This machine does not let one process trace another: say so, and exit as a test that was skipped. */
_Noreturn void run_skip(void);

#endif
