/*
 * Records that are large
 *
 * The C library's memcpy takes `rep movsb` from 4 KiB on, which is the best there is within one processor's cache. But of
 * a record, the lines come out of another processor's cache, or go to one: there it takes up to twice the time of loads
 * and stores (bench/README.md). What does not fit the first-level cache is copied faster with it again.
 */
#include "core/copy.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define OWN_COPY_MAX ((size_t)32 << 10)

/* What the C library does not yet copy by `rep movsb`. */
#define PIECE_MAX ((size_t)2 << 10)

#if defined(__x86_64__)
__attribute__((target("avx2"))) ALWAYS_INLINE void copy_32(uint8_t *to, const uint8_t *from)
{
    _mm256_storeu_si256((__m256i *)(void *)to, _mm256_loadu_si256((const __m256i *)(const void *)from));
}

/* 64 bytes and more. */
static __attribute__((target("avx2"))) void copy_wide(uint8_t *to, const uint8_t *from, size_t size)
{
    uint8_t *last = to + size - 64;
    const uint8_t *last_from = from + size - 64;

    for (; size > 128; size -= 128, to += 128, from += 128) {
        for (unsigned i = 0; i < 128; i += 32)
            copy_32(to + i, from + i);
    }
    if (size > 64) {
        copy_32(to, from);
        copy_32(to + 32, from + 32);
    }
    copy_32(last, last_from);
    copy_32(last + 32, last_from + 32);
}
#endif

static void copy_in_pieces(uint8_t *to, const uint8_t *from, size_t size)
{
    size_t piece = PIECE_MAX;

    /* Or the compiler, which then knows the size, takes `rep movsq` itself. */
    __asm__("" : "+r"(piece));
    for (; size > piece; size -= piece, to += piece, from += piece)
        memcpy(to, from, piece);
    memcpy(to, from, size);
}

void copy_large(void *to, const void *from, size_t size)
{
    uint8_t *out = to;
    const uint8_t *in = from;

    if (size > 64 && size <= OWN_COPY_MAX) {
#if defined(__x86_64__)
        if (__builtin_cpu_supports("avx2")) {
            copy_wide(out, in, size);
            return;
        }
#endif
        copy_in_pieces(out, in, size);
        return;
    }
    memcpy(to, from, size);
}
