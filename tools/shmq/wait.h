/* Waiting that notices signals and keeps what is on the screen up to date. */
#ifndef SHMQ_TOOL_WAIT_H
#define SHMQ_TOOL_WAIT_H

#include <shmq/shmq.h>
#include <stdint.h>

/** Called some times a second; another value than 0 ends the wait with that value. */
typedef int (*wait_tick)(void *arg);

/**
 * As shmq_wait, but -EINTR only for the signals that end a program. One that comes just in front of a
 * sleep does not end it, so no sleep is long.
 */
int wait_for_queue(struct shmq *q, int64_t timeout_ns, wait_tick tick, void *arg);

#endif
