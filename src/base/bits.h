/* Arithmetic on powers of two. */
#ifndef SHMQ_BASE_BITS_H
#define SHMQ_BASE_BITS_H

#include <stdbool.h>
#include <stdint.h>

static inline bool bits_is_power_of_two(uint64_t x)
{
    return x != 0 && (x & (x - 1)) == 0;
}

/* `alignment` is a power of two; x must not be within `alignment` of 2^64. */
static inline uint64_t bits_align_up(uint64_t x, uint64_t alignment)
{
    return (x + alignment - 1) & ~(alignment - 1);
}

/* The smallest power of two that is not below x; x is 1 .. 2^63. */
static inline uint64_t bits_round_up_to_power_of_two(uint64_t x)
{
    return x <= 1 ? 1 : UINT64_C(1) << (64 - __builtin_clzll(x - 1));
}

#endif
