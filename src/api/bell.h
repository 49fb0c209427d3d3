/*
 * Bells: how a side that sleeps is woken by one that does not look for it more often than it must
 *
 *     sleeper   set the bell -> barrier on all sides (port/fence.h) -> look once more -> sleep while the word is the same
 *     waker     publish -> is the bell set? -> RUNG, by compare-and-swap -> wake
 *
 * The word counts the sleeps, and each waker remembers which one it rang for: it rings once a sleep, and again where
 * another waker has only begun to and died. Only the sleeper sets and resets it.
 *
 * Pairs
 *   R7 bell_set -> the barrier -> bell_is_set   see port/fence.h
 */
#ifndef SHMQ_API_BELL_H
#define SHMQ_API_BELL_H

#include "base/atomic.h"
#include "port/shm.h"

#include <shmq/layout.h>
#include <stdbool.h>

/* Set it for a new sleep; `how` is SHMQ_BELL_ASLEEP or SHMQ_BELL_ARMED. Returns the word to sleep on. */
static inline uint32_t bell_set(uint32_t *bell, uint32_t how)
{
    uint32_t value = (atomic_load_u32(bell) & ~(SHMQ_BELL_STEP - 1)) + SHMQ_BELL_STEP;

    atomic_store_release_u32(bell, value | how); /* R7 */
    return value | how;
}

static inline void bell_reset(uint32_t *bell)
{
    atomic_store_u32(bell, atomic_load_u32(bell) & ~(SHMQ_BELL_STEP - 1));
}

static inline bool bell_is_set(const uint32_t *bell)
{
    return (atomic_load_u32(bell) & (SHMQ_BELL_ASLEEP | SHMQ_BELL_ARMED)) != 0;
}

/* Ring it where it is set and was not rung for this sleep yet. */
void bell_ring(uint32_t *bell, uint32_t *rung, port_file file);

/* Ring it again in any case: for what is rare. */
void bell_ring_again(uint32_t *bell, port_file file);

/*
 * The bell of many sleepers: the first one sets it, and each sleeps on the value that it has then. Who rings it resets it
 * first and wakes second: who comes between these two finds another value, or is woken for nothing. Whoever dies between
 * them wakes nobody, so sleeps have to end by themselves.
 */
uint32_t bell_set_shared(uint32_t *bell);
void bell_ring_shared(uint32_t *bell);

#endif
