/*
 * Two processes on two cores, and how far apart the cores are
 *
 * The parent plays the producer, a forked child the consumer, each pinned to a core of its own. A few cache lines
 * they share serve to meet, to end, and to bring the consumer's account home.
 *
 * Each side waits by polling. pair_wait ends the wait when there is nothing to wait for any more: the consumer has
 * died, or the producer has finished.
 */
#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

#include "distance.h"
#include "payload.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pair_cores {
    int producer;
    int consumer;
};

/* Two lines: processors fetch lines in twos. */
struct pair_line {
    alignas(128) uint64_t word;
};

struct pair_shared {
    struct pair_line ping;
    struct pair_line pong;
    struct pair_line producer_meets;
    struct pair_line consumer_meets;
    struct pair_line finished; /* messages sent and one, once the producer is done */
    alignas(128) struct payload_account account;
    uint64_t end_ns;   /* when the consumer had the last message */
    double away;       /* the part of the time that the consumer was not running */
    uint64_t memory;   /* what the consumer occupies at the end, where that is watched */
    uint64_t observed; /* what who only watches has seen: records, or looks */
    int error;         /* the consumer's */
    alignas(128) uint8_t payload_ping[128];
    uint8_t payload_pong[128];
};

struct pair {
    struct pair_shared *shared;
    pid_t child; /* 0 in the child */
    unsigned waits;
};

/* Line round trips in nanoseconds, polling with the processor's pause hint and without. */
struct pair_distance {
    double with_pause_ns;
    double bare_ns;
};

/* Two of this process's processors, on different cores where it can tell. -ENODEV: there is only one. */
int pair_cores_pick(struct pair_cores *cores);

/* -EINVAL: there is no such processor, or we may not use it. */
int pair_pin(int core);

/* Fork the consumer, which runs `side` and is gone. -ENOMEM, -EAGAIN or another errno of fork. */
int pair_start(struct pair *pair, int core, int (*side)(void *), void *argument);

/* End the consumer; true when it ended by itself and well. */
bool pair_end(struct pair *pair, bool kill_it);

/* Both sides call it; each returns when the other has called it as often. -ECHILD: the consumer is gone. */
int pair_meet(struct pair *pair);

/* Producer: measure. Consumer: answer, the same number of times. */
int pair_distance_measure(struct pair *pair, struct pair_distance *distance);
void pair_distance_answer(struct pair *pair);

bool pair_worth_waiting(const struct pair *pair);

static inline void pair_pause(void)
{
    distance_pause();
}

/* Wait a moment; false when there is nothing to wait for any more. */
static inline bool pair_wait(struct pair *pair)
{
    pair_pause();
    return (++pair->waits & 4095) != 0 || pair_worth_waiting(pair);
}

static inline uint64_t pair_load(const uint64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline void pair_store(uint64_t *word, uint64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* The producer has sent `sent` messages and that was all. */
static inline void pair_finish(struct pair *pair, uint64_t sent)
{
    pair_store(&pair->shared->finished.word, sent + 1);
}

static inline bool pair_finished(const struct pair *pair)
{
    return pair_load(&pair->shared->finished.word) != 0;
}

#ifdef __cplusplus
}
#endif
#endif
