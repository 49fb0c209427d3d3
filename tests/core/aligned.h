/* Aligned memory: Windows has no aligned_alloc, because its free could not free that. */
#ifndef SHMQ_TESTS_CORE_ALIGNED_H
#define SHMQ_TESTS_CORE_ALIGNED_H

#include <stdlib.h>

#if defined(_WIN32)
#include <malloc.h>

static inline void *aligned_new(size_t alignment, size_t size)
{
    return _aligned_malloc(size, alignment);
}

static inline void aligned_delete(void *memory)
{
    _aligned_free(memory);
}

#else

static inline void *aligned_new(size_t alignment, size_t size)
{
    return aligned_alloc(alignment, size);
}

static inline void aligned_delete(void *memory)
{
    free(memory);
}

#endif
#endif
