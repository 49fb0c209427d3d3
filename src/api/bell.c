#include "api/bell.h"

#include "port/sleep.h"
#include "port/watch.h"

#include <stddef.h>

/*
 * Who has failed to set a bell as often as this shares it with somebody who does nothing but change it, and does without
 * being woken: it sleeps for a slice only.
 */
#define SET_TRIES 64

static uint32_t sleep_of(uint32_t value)
{
    return value & ~(SHMQ_BELL_STEP - 1);
}

static void ring(uint32_t *bell, uint32_t value, port_file file)
{
    if ((value & SHMQ_BELL_RUNG) == 0)
        (void)atomic_cas_u32(bell, value, value | SHMQ_BELL_RUNG); /* lost: somebody rings, or it sleeps no more */
    if ((value & SHMQ_BELL_ASLEEP) != 0)
        port_wake(bell);
    if ((value & SHMQ_BELL_ARMED) != 0)
        port_watch_ring(file, offsetof(struct shmq_header, name.doorbell), bell);
}

void bell_ring(uint32_t *bell, uint32_t *rung, port_file file)
{
    uint32_t value = atomic_load_u32(bell);

    if ((value & (SHMQ_BELL_ASLEEP | SHMQ_BELL_ARMED)) == 0 || *rung == sleep_of(value))
        return;
    ring(bell, value, file);
    *rung = sleep_of(value);
}

void bell_ring_again(uint32_t *bell, port_file file)
{
    ring(bell, atomic_load_u32(bell), file);
}

uint32_t bell_set_shared(uint32_t *bell)
{
    uint32_t value = atomic_load_u32(bell);

    for (int i = 0; i < SET_TRIES && (value & SHMQ_BELL_ASLEEP) == 0; i++) {
        uint32_t next = ((value & ~(SHMQ_BELL_STEP - 1)) + SHMQ_BELL_STEP) | SHMQ_BELL_ASLEEP;

        if (atomic_cas_u32(bell, value, next))
            return next;
        value = atomic_load_u32(bell);
    }
    return value;
}

void bell_ring_shared(uint32_t *bell)
{
    uint32_t value = atomic_load_u32(bell);

    if ((value & SHMQ_BELL_ASLEEP) == 0)
        return;
    (void)atomic_cas_u32(bell, value, value & ~SHMQ_BELL_ASLEEP); /* lost: somebody else rings it */
    port_wake(bell);
}
