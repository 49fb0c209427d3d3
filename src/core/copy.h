/*
 * Copying payloads into and out of a ring
 *
 * Into it, words are loaded one by one: a load that is wider than a field which the caller has just stored cannot be
 * forwarded from the store buffer, and waits until all earlier stores to the ring have left it: five times slower at
 * 64 bytes. Two words are stored together where the processor can, as it takes one store a cycle. Out of a ring there
 * is nothing to wait for: another processor has stored what is there.
 *
 * What is larger goes to copy_large.
 */
#ifndef SHMQ_CORE_COPY_H
#define SHMQ_CORE_COPY_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define COPY_WORDS_MAX ((size_t)64)

typedef void copy_16(uint8_t *to, const uint8_t *from);

ALWAYS_INLINE void copy_word(uint8_t *to, const uint8_t *from)
{
    uint64_t word;

    memcpy(&word, from, sizeof word);
    memcpy(to, &word, sizeof word);
}

ALWAYS_INLINE void copy_16_in(uint8_t *to, const uint8_t *from)
{
#if defined(__SSE2__)
    __m128i pair = _mm_loadl_epi64((const __m128i *)(const void *)from);

    /* Or the compiler makes one load of the two. */
    __asm__("" : "+x"(pair));
    pair = _mm_castps_si128(_mm_loadh_pi(_mm_castsi128_ps(pair), (const __m64 *)(const void *)(from + 8)));
    _mm_storeu_si128((__m128i *)(void *)to, pair);
#else
    copy_word(to, from);
    copy_word(to + 8, from + 8);
#endif
}

ALWAYS_INLINE void copy_16_out(uint8_t *to, const uint8_t *from)
{
    memcpy(to, from, 16);
}

/* Is it a size for copy_words and copy_words_out? */
ALWAYS_INLINE bool copy_is_small(size_t size)
{
    return size - sizeof(uint64_t) <= COPY_WORDS_MAX - sizeof(uint64_t);
}

/* 8 to 64 bytes, from both ends: the moves may overlap, and mixed sizes cost two branches and no jump table. */
ALWAYS_INLINE void copy_from_both_ends(uint8_t *to, const uint8_t *from, size_t size, copy_16 *move)
{
    if (size < 16) {
        copy_word(to, from);
        if (size != sizeof(uint64_t))
            copy_word(to + size - 8, from + size - 8);
        return;
    }
    move(to, from);
    if (size > 32) {
        move(to + 16, from + 16);
        move(to + size - 32, from + size - 32);
    }
    move(to + size - 16, from + size - 16);
}

/* 8 to 64 bytes, into a ring. */
ALWAYS_INLINE void copy_words(void *to, const void *from, size_t size)
{
    copy_from_both_ends(to, from, size, copy_16_in);
}

/* 8 to 64 bytes, out of a ring. */
ALWAYS_INLINE void copy_words_out(void *to, const void *from, size_t size)
{
    copy_from_both_ends(to, from, size, copy_16_out);
}

/* What is not small: fewer than 8 bytes, or more than 64. */
void copy_large(void *to, const void *from, size_t size);

/* Any size, into a ring. */
ALWAYS_INLINE void copy_payload(void *to, const void *from, size_t size)
{
    if (copy_is_small(size))
        copy_words(to, from, size);
    else if (size != 0)
        copy_large(to, from, size);
}

/* Any size, out of a ring. */
ALWAYS_INLINE void copy_payload_out(void *to, const void *from, size_t size)
{
    if (copy_is_small(size))
        copy_words_out(to, from, size);
    else if (size != 0)
        copy_large(to, from, size);
}

#endif
