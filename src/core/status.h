/*
 * The status: what a reporter says of its work, whole at every instruction
 *
 *     reporter   texts -> text_end -> fence -> words of the text      (where the text changes)
 *                copy (sequence + 1) % 16 -> sequence + 1 -> fence
 *     reader     sequence -> copy sequence % 16 -> its text -> fence -> text_end, sequence: was it passed meanwhile?
 *
 * The most frequent change has a way of its own: progress is stored into the newest copy where it lies, one word, so no
 * reader is ever overtaken by it. All others make a new copy. A reporter that dies has published the new one or not; the
 * one before is never touched, and nor is its text.
 *
 * Pairs
 *   R9  publish, sequence            -> A9  status_read, sequence   the copy, and its text, are written
 *   R10 publish, fence behind it;
 *       put_text, fence behind text_end -> A10 status_read, fence   whoever sees a word that is newer sees the sequence, or
 *                                                                   text_end, that has passed what was copied
 *   R11 status_set_done, changes     -> A11 status_read, changes    the progress that was counted is seen
 *
 * Fences between stores cost nothing where stores are kept in order, as on x86. Everything works on plain memory, and all
 * that is read is checked as a copy.
 *
 * Algorithm: the sequence lock, over many copies so that nobody waits; H.-J. Boehm, "Can seqlocks get along with
 * programming language memory models?" (2012).
 */
#ifndef SHMQ_CORE_STATUS_H
#define SHMQ_CORE_STATUS_H

#include "base/atomic.h"
#include "base/compiler.h"

#include <shmq/layout.h>
#include <shmq/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct status_reporter {
    struct shmq_status_copy *current; /* where progress is stored; NULL: it has to be asked for whether it may be */
    uint64_t done;
    uint64_t changes;
    struct shmq_status_area *area;
    struct shmq_status_copy copy; /* of the newest one */
    char unit[SHMQ_STATUS_UNIT];
    uint64_t sequence;
    uint64_t text_end;
};

/* One look, checked. */
struct status_view {
    struct shmq_status_copy copy;
    char unit[SHMQ_STATUS_UNIT];
    char message[SHMQ_STATUS_TEXT];
};

/*
 * Take the reporter's place, with what the last one left. Readers that are just copying try again. `current` stays NULL.
 * -EBADMSG: what is there cannot be; it is as if idle.
 */
int status_attach(struct status_reporter *r, struct shmq_status_area *area);

/* Make a new copy of r->copy, which the caller has changed. With a message where it changes, else NULL. */
void status_publish(struct status_reporter *r, const char *message, size_t size, uint64_t now_ns);

/* 0, -EBADMSG, or -EAGAIN where the reporter was faster again and again. */
int status_read(const struct shmq_status_area *area, struct status_view *view);

/* The number of changes alone. Of a mapping that is damaged it is any number. */
uint64_t status_changes(const struct shmq_status_area *area);

/*
 * Bytes of a text that may be `max` long. -EMSGSIZE: it is longer. -EINVAL: it is not UTF-8.
 */
int status_text_size(const char *text, size_t max);

/* Replace each byte that is 0, or no part of UTF-8, by '?'. */
void status_text_clean(char *text, size_t size);

/* No byte of it is above 0x7f. */
ALWAYS_INLINE bool status_unit_is_plain(const char unit[SHMQ_STATUS_UNIT])
{
    uint64_t words[2];

    memcpy(words, unit, sizeof words);
    return ((words[0] | words[1]) & UINT64_C(0x8080808080808080)) == 0;
}

/* Progress. `current` is not NULL. */
ALWAYS_INLINE void status_set_done(struct status_reporter *r, uint64_t done, uint64_t now_ns)
{
    struct shmq_status_copy *copy = r->current;

    r->done = done;
    atomic_store_u64(&copy->updated_ns, now_ns);
    atomic_store_u64(&copy->done, done);
    atomic_store_release_u64(&copy->changes, ++r->changes); /* R11 */
}

/* Does somebody sleep until there is a change? */
ALWAYS_INLINE bool status_is_watched(const struct status_reporter *r)
{
    return (atomic_load_u32(&r->area->watch.bell) & SHMQ_BELL_ASLEEP) != 0;
}

#endif
