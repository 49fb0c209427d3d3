/* Time, in nanoseconds. */
#ifndef SHMQ_PORT_CLOCK_H
#define SHMQ_PORT_CLOCK_H

#include <stdint.h>

/* Since some moment in the past; never set back. */
int64_t port_clock_monotonic_ns(void);

/* Since 1970, UTC. */
int64_t port_clock_real_ns(void);

/* The same to some milliseconds, for a fifth of the price. */
int64_t port_clock_coarse_ns(void);

/* 0, or -EINTR where a signal handler ran. */
int port_clock_sleep(int64_t duration_ns);

#endif
