#include "port/clock.h"

#include <errno.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)

static int64_t now_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t port_clock_monotonic_ns(void)
{
    return now_ns(CLOCK_MONOTONIC);
}

int64_t port_clock_real_ns(void)
{
    return now_ns(CLOCK_REALTIME);
}

int64_t port_clock_coarse_ns(void)
{
#if defined(CLOCK_REALTIME_COARSE)
    return now_ns(CLOCK_REALTIME_COARSE);
#else
    return now_ns(CLOCK_REALTIME);
#endif
}

int port_clock_sleep(int64_t duration_ns)
{
    struct timespec duration = {.tv_sec = duration_ns / NS_PER_S, .tv_nsec = duration_ns % NS_PER_S};

    return clock_nanosleep(CLOCK_MONOTONIC, 0, &duration, NULL) == EINTR ? -EINTR : 0;
}
