/* Clocks: one in nanoseconds, and a cheap one to time each round trip with, in units of its own. */
#ifndef BENCH_TICKS_H
#define BENCH_TICKS_H

#include <stdint.h>
#include <time.h>

static inline uint64_t ticks_clock_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static inline uint64_t ticks_ns(void)
{
    return ticks_clock_ns(CLOCK_MONOTONIC);
}

/* The time that this process has run. */
static inline uint64_t ticks_cpu_ns(void)
{
    return ticks_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static inline uint64_t ticks(void)
{
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t count;

    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(count));
    return count;
#else
    return ticks_ns();
#endif
}

#endif
