/*
 * The only door to shared memory that another thread or process may change
 *
 * Every load and store of a shared word goes through here, once. Three back ends:
 *
 *     default             Concurrency Kit
 *     ThreadSanitizer     __atomic builtins: it cannot see through CK's inline assembly
 *     SHMQ_ATOMIC_ORACLE  loads answered by the fuzzer, which plays a hostile peer
 *
 * acquire and release pair up: the comment at each use names its partner.
 */
#ifndef SHMQ_BASE_ATOMIC_H
#define SHMQ_BASE_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#if defined(SHMQ_ATOMIC_ORACLE)

uint64_t atomic_oracle(const void *address, uint64_t memory);

static inline uint32_t atomic_load_u32(const uint32_t *p)
{
    return (uint32_t)atomic_oracle(p, __atomic_load_n(p, __ATOMIC_RELAXED));
}

static inline uint64_t atomic_load_u64(const uint64_t *p)
{
    return atomic_oracle(p, __atomic_load_n(p, __ATOMIC_RELAXED));
}

static inline uint32_t atomic_load_acquire_u32(const uint32_t *p)
{
    return (uint32_t)atomic_oracle(p, __atomic_load_n(p, __ATOMIC_ACQUIRE));
}

static inline uint64_t atomic_load_acquire_u64(const uint64_t *p)
{
    return atomic_oracle(p, __atomic_load_n(p, __ATOMIC_ACQUIRE));
}

#endif

#if defined(__SANITIZE_THREAD__)
#define SHMQ_ATOMIC_BUILTIN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SHMQ_ATOMIC_BUILTIN 1
#endif
#endif

/*
 * On arm64 with CK too: ldar and stlr. CK has acquire and release as a fence beside a plain access, which there is a
 * full one, for each message.
 */
#if defined(SHMQ_ATOMIC_ORACLE) || defined(SHMQ_ATOMIC_BUILTIN) || defined(__aarch64__)

#if !defined(SHMQ_ATOMIC_ORACLE)
static inline uint32_t atomic_load_acquire_u32(const uint32_t *p)
{
    return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline uint64_t atomic_load_acquire_u64(const uint64_t *p)
{
    return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}
#endif

static inline void atomic_store_release_u32(uint32_t *p, uint32_t value)
{
    __atomic_store_n(p, value, __ATOMIC_RELEASE);
}

static inline void atomic_store_release_u64(uint64_t *p, uint64_t value)
{
    __atomic_store_n(p, value, __ATOMIC_RELEASE);
}

#endif

#if defined(SHMQ_ATOMIC_ORACLE) || defined(SHMQ_ATOMIC_BUILTIN)

#if !defined(SHMQ_ATOMIC_ORACLE)
static inline uint32_t atomic_load_u32(const uint32_t *p)
{
    return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static inline uint64_t atomic_load_u64(const uint64_t *p)
{
    return __atomic_load_n(p, __ATOMIC_RELAXED);
}
#endif

static inline void atomic_store_u32(uint32_t *p, uint32_t value)
{
    __atomic_store_n(p, value, __ATOMIC_RELAXED);
}

static inline void atomic_store_u64(uint64_t *p, uint64_t value)
{
    __atomic_store_n(p, value, __ATOMIC_RELAXED);
}

static inline uint64_t atomic_fetch_add_u64(uint64_t *p, uint64_t addend)
{
    return __atomic_fetch_add(p, addend, __ATOMIC_SEQ_CST);
}

static inline bool atomic_cas_u32(uint32_t *p, uint32_t expected, uint32_t value)
{
    return __atomic_compare_exchange_n(p, &expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

static inline void atomic_fence(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static inline void atomic_fence_store(void)
{
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void atomic_fence_load(void)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
}

static inline void atomic_or_u64(uint64_t *p, uint64_t bits)
{
    __atomic_fetch_or(p, bits, __ATOMIC_SEQ_CST);
}

static inline void atomic_and_u64(uint64_t *p, uint64_t bits)
{
    __atomic_fetch_and(p, bits, __ATOMIC_SEQ_CST);
}

static inline void atomic_own(const void *p)
{
    __builtin_prefetch(p, 1);
}

static inline void atomic_pause(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

#else

#include <ck_pr.h>

/* CK's ck_md.h is generated for one target; the x86 one emits no barrier at all, wrong elsewhere without a word. */
#if defined(CK_MD_TSO) && !defined(__x86_64__) && !defined(__i386__)
#error "ck_md.h was generated for x86, but this is another target: use Concurrency Kit's headers of this target"
#endif

static inline uint32_t atomic_load_u32(const uint32_t *p)
{
    return ck_pr_load_32(p);
}

static inline uint64_t atomic_load_u64(const uint64_t *p)
{
    return ck_pr_load_64(p);
}

static inline void atomic_store_u32(uint32_t *p, uint32_t value)
{
    ck_pr_store_32(p, value);
}

static inline void atomic_store_u64(uint64_t *p, uint64_t value)
{
    ck_pr_store_64(p, value);
}

#if !defined(__aarch64__)

static inline uint32_t atomic_load_acquire_u32(const uint32_t *p)
{
    uint32_t value = ck_pr_load_32(p);

    ck_pr_fence_acquire();
    return value;
}

static inline uint64_t atomic_load_acquire_u64(const uint64_t *p)
{
    uint64_t value = ck_pr_load_64(p);

    ck_pr_fence_acquire();
    return value;
}

static inline void atomic_store_release_u32(uint32_t *p, uint32_t value)
{
    ck_pr_fence_release();
    ck_pr_store_32(p, value);
}

static inline void atomic_store_release_u64(uint64_t *p, uint64_t value)
{
    ck_pr_fence_release();
    ck_pr_store_64(p, value);
}

#endif

/* Around a read-modify-write, to make a full barrier of it; nothing where (as on x86) it is one. */
static inline void atomic_fence_beside(void)
{
#if !defined(CK_MD_TSO)
    ck_pr_fence_memory();
#endif
}

static inline uint64_t atomic_fetch_add_u64(uint64_t *p, uint64_t addend)
{
    atomic_fence_beside();
    uint64_t before = ck_pr_faa_64(p, addend);

    atomic_fence_beside();
    return before;
}

static inline bool atomic_cas_u32(uint32_t *p, uint32_t expected, uint32_t value)
{
    atomic_fence_beside();
    bool done = ck_pr_cas_32(p, expected, value);

    atomic_fence_beside();
    return done;
}

static inline void atomic_fence(void)
{
    ck_pr_fence_memory();
}

/* What was stored before is seen before what is stored after. */
static inline void atomic_fence_store(void)
{
    ck_pr_fence_store();
}

/* What was loaded before was loaded before what is loaded after. */
static inline void atomic_fence_load(void)
{
    ck_pr_fence_load();
}

static inline void atomic_or_u64(uint64_t *p, uint64_t bits)
{
    atomic_fence_beside();
    ck_pr_or_64(p, bits);
    atomic_fence_beside();
}

static inline void atomic_and_u64(uint64_t *p, uint64_t bits)
{
    atomic_fence_beside();
    ck_pr_and_64(p, bits);
    atomic_fence_beside();
}

/* Ask for the line that p is in, for writing; a hint that stores nothing. */
static inline void atomic_own(const void *p)
{
#if defined(__aarch64__)
    __builtin_prefetch(p, 1); /* CK has none here */
#else
    ck_pr_rfo(p);
#endif
}

/* Tell the processor that this is a spin loop. */
static inline void atomic_pause(void)
{
    ck_pr_stall();
}

#endif
#endif
