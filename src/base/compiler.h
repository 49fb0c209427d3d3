/* What the compiler is told about the code. */
#ifndef SHMQ_BASE_COMPILER_H
#define SHMQ_BASE_COMPILER_H

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#define ALWAYS_INLINE static inline __attribute__((always_inline))
/* Apart from the fast path, so that it needs no stack frame. */
#define APART __attribute__((noinline))

#endif
