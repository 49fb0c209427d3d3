/* Copying payloads into and out of a ring. */
#ifndef SHMQ_CORE_COPY_H
#define SHMQ_CORE_COPY_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define COPY_WORDS_MAX ((size_t)64)

ALWAYS_INLINE void copy_word(uint8_t *to, const uint8_t *from)
{
    uint64_t word;

    memcpy(&word, from, sizeof word);
    memcpy(to, &word, sizeof word);
}

/* Is it a size for copy_words? */
ALWAYS_INLINE bool copy_is_small(size_t size)
{
    return size - sizeof(uint64_t) <= COPY_WORDS_MAX - sizeof(uint64_t);
}

/*
 * 8 to 64 bytes in 8-byte moves. A wider load over a field that the caller has just stored cannot be forwarded from
 * the store buffer and waits until all earlier stores to the ring have left it: five times slower at 64 bytes.
 */
ALWAYS_INLINE void copy_words(void *to_bytes, const void *from_bytes, size_t size)
{
    uint8_t *to = to_bytes;
    const uint8_t *from = from_bytes;

    switch (size / sizeof(uint64_t)) {
    case 8:
        copy_word(to + 56, from + 56); /* fall through */
    case 7:
        copy_word(to + 48, from + 48); /* fall through */
    case 6:
        copy_word(to + 40, from + 40); /* fall through */
    case 5:
        copy_word(to + 32, from + 32); /* fall through */
    case 4:
        copy_word(to + 24, from + 24); /* fall through */
    case 3:
        copy_word(to + 16, from + 16); /* fall through */
    case 2:
        copy_word(to + 8, from + 8); /* fall through */
    default:
        copy_word(to, from);
    }
    if (size % sizeof(uint64_t) != 0)
        copy_word(to + size - sizeof(uint64_t), from + size - sizeof(uint64_t));
}

/* Any size. */
ALWAYS_INLINE void copy_payload(void *to, const void *from, size_t size)
{
    if (copy_is_small(size))
        copy_words(to, from, size);
    else if (size != 0)
        memcpy(to, from, size);
}

#endif
