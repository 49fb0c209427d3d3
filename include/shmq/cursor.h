/*
 * Watching
 *
 * A cursor reads the records of a queue without taking them, through any handle, one opened as SHMQ_OBSERVER too: it
 * stores nothing in the mapping, takes no lock, and neither the producers nor the consumer know of it.
 *
 *     struct shmq_cursor *cursor;
 *     struct shmq_seen    seen = {.struct_size = sizeof seen};
 *     shmq_cursor_open(q, NULL, &cursor);
 *     while (shmq_cursor_next(cursor, &seen) == 0)
 *         show(seen.message.data, seen.message.size);
 *     shmq_cursor_close(cursor);
 *
 *     ... overwritten | released | waiting               | to come
 *                     ^          ^                       ^
 *          SHMQ_FROM_OLDEST   SHMQ_FROM_WAITING   SHMQ_FROM_NEWEST
 *
 * Each record is a copy, made whole before its producer can overwrite it: one that may be torn is never shown. Nobody
 * waits for a cursor, so where it is slower than what passes, records are overwritten before it comes to them; it then
 * goes on with later ones and tells how many it has missed. A producer feels no more of it than of anybody who reads what
 * it has just written: the processor has to take the lines back when they are written to again (bench/README.md has
 * figures).
 *
 * Released records stay in the ring until they are overwritten. Of these a cursor finds what lies behind the oldest mark
 * that a producer has left (it leaves one in each eighth of the ring): of a ring that is in use at least about three
 * quarters; of a recorder all.
 *
 * Records of one lane come in its order. Those of several come in turns, and in a queue of total order by their numbers.
 */
#ifndef SHMQ_CURSOR_H
#define SHMQ_CURSOR_H

#include <shmq/consumer.h>
#include <shmq/export.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct shmq;

/** A place in what passes through a queue. Opaque; used by the thread that uses the handle. */
struct shmq_cursor;

enum shmq_from {
    SHMQ_FROM_WAITING = 0, /* the first record that is not released */
    SHMQ_FROM_OLDEST = 1,  /* the first that can be found: what was released and not overwritten, then what waits */
    SHMQ_FROM_NEWEST = 2,  /* the first that is published from now on */
};

/** Where to begin. Zero in a field means its default. */
struct shmq_cursor_options {
    size_t struct_size; /* sizeof(struct shmq_cursor_options) */
    uint32_t from;      /* enum shmq_from */
    uint32_t has_lane;  /* 1: this lane only */
    uint32_t lane;      /* 0 .. lane_count - 1, where has_lane is 1 */
};

/** A record that was seen. */
struct shmq_seen {
    size_t struct_size;          /* sizeof(struct shmq_seen), set by the caller */
    struct shmq_message message; /* as peeked; its data is the cursor's, 8-byte aligned, until the next call */
    uint64_t number;       /* in its lane, from 0; in a queue of total order in the queue; UINT64_MAX: not known */
    uint64_t missed;       /* records that were overwritten since the one before */
    uint64_t missed_bytes; /* of the rings, headers and padding included, likewise */
    uint32_t is_released;  /* 1: the consumer had released it when it was copied */
};

/**
 * Place a cursor.
 *
 * @param q        [in]   any role; it must outlive the cursor
 * @param options  [in]   NULL for all defaults
 * @param cursor   [out]  for shmq_cursor_close
 *
 * @return 0, or
 *   -EINVAL   an option is out of its range
 *   -ERANGE   no such lane
 *   -EBADMSG  the positions of each lane are damaged
 *   -ECHILD   the handle is of the process that this one was forked from
 *   -ENOMEM
 *
 * Threads   the handle's own
 * Since     0.1
 */
SHMQ_API int shmq_cursor_open(struct shmq *q, const struct shmq_cursor_options *options, struct shmq_cursor **cursor);

/**
 * Copy the next record out.
 *
 * @param cursor  [in]
 * @param seen    [out]  its struct_size set by the caller
 *
 * @return 0, or
 *   -EAGAIN   there is none now. Nobody wakes who watches: look again a little later
 *   -ESTALE   there is none, the queue was removed, and nobody has a lane in it; or it is a dump
 *   -EBADMSG  the next record, or the producer's side of the lane, is damaged; other lanes are read first
 *   -EINVAL   struct_size is not one of this library
 *   -ECHILD   the handle is of the process that this one was forked from
 *   -ENOMEM   no memory for the copy
 *
 * Threads   the handle's own
 * Progress  lock-free: a producer that is faster than 64 looks makes it -EAGAIN
 * Since     0.1
 */
SHMQ_API int shmq_cursor_next(struct shmq_cursor *cursor, struct shmq_seen *seen);

/**
 * Close a cursor, before its handle is closed.
 *
 * @param cursor  [in]  NULL does nothing
 *
 * Threads   the handle's own
 * Since     0.1
 */
SHMQ_API void shmq_cursor_close(struct shmq_cursor *cursor);

#ifdef __cplusplus
}
#endif
#endif
