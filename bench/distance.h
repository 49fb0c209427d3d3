/*
 * Cache-line round trips: how far apart two processors are
 *
 * Two threads or processes, each on a processor of its own, share two words, each on lines of its own. One side measures,
 * and the other answers as often. The benchmarks do it around each figure, and `shmq doctor` for pairs of processors.
 */
#ifndef BENCH_DISTANCE_H
#define BENCH_DISTANCE_H

#include <stdbool.h>
#include <stdint.h>

#define DISTANCE_GROUPS 9
#define DISTANCE_GROUP_TRIPS 400

enum distance_placement {
    DISTANCE_SMT_SIBLINGS,
    DISTANCE_ONE_L3,
    DISTANCE_FARTHER,
};

/*
 * The median of some groups of round trips, in nanoseconds; polling with the processor's pause hint or without. Now and
 * then, while it waits, it asks whether that is worth it. -ECHILD: it is not.
 */
int distance_measure(uint64_t *ping, const uint64_t *pong, bool pause, bool (*worth_waiting)(void *), void *arg,
                     double *ns);

/* The other side of one measurement. It waits for ever: whoever measures has to end it where that goes wrong. */
void distance_answer(const uint64_t *ping, uint64_t *pong, bool pause);

/*
 * What the distance means, and that in words. It goes by the one that was measured without pause: how the pauses of two
 * loops fall together makes anything between a half and all of it, which for two cores reaches down to what two threads
 * of one core take.
 */
enum distance_placement distance_placement(double bare_ns);
const char *distance_placement_name(enum distance_placement placement);

static inline void distance_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif
