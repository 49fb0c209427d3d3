/*
 * Reading the records of a lane without taking them
 *
 *     floor               released         next         head             claimed
 *     ----+------------------+---------------+------------+------------------+----
 *         | released, but    | what waits                 | the producer may |
 *         | not overwritten  |                            | be writing       |
 *
 * The floor is a capacity behind what is claimed, in a recorder it is the tail: what is written now overwrites what lies
 * in front of it. So a copy is made first, and then the floor is looked at: where it has passed what was copied, that is
 * void, and the cursor goes on at a place where a record is known to begin: a mark, the beginning of the ring, what is
 * released; in a recorder the tail.
 *
 * Each look takes a line from the producer that it is about to store to again. So what is published is copied in larger
 * pieces, and the records are shown out of these: looks are few where records are many.
 *
 * Nothing is stored to shared memory. Words of records are loaded atomically, each once: they may be overwritten meanwhile.
 *
 * Pairs
 *   A14 take, claimed        of R14 in lane.h
 *   A15 load_mark, position  of R15 in lane.h
 *   A6, A2                   of recorder.h and lane.h
 */
#ifndef SHMQ_CORE_CURSOR_H
#define SHMQ_CORE_CURSOR_H

#include "core/lane.h"

#define CURSOR_NO_NUMBER UINT64_MAX

/* Bytes that are copied at once. */
#define CURSOR_BATCH 16384u

enum cursor_from {
    CURSOR_FROM_RELEASED, /* the first record that is not released */
    CURSOR_FROM_OLDEST,   /* the first that is known and not overwritten */
    CURSOR_FROM_NEWEST,   /* the first that is published from now on */
};

struct cursor_lane {
    const struct shmq_lane *shared;
    const uint8_t *ring;
    uint64_t capacity;
    uint64_t mask;
    uint64_t next;          /* position of the next record */
    uint64_t number;        /* of that record in its lane, or CURSOR_NO_NUMBER */
    uint64_t expected;      /* the number that follows what was taken and missed so far; or CURSOR_NO_NUMBER */
    uint64_t skipped;       /* bytes since the last record that was taken */
    uint64_t head_seen;     /* the shared head when we last looked */
    uint64_t missed;        /* records that were overwritten before they were taken */
    uint64_t missed_bytes;  /* of the ring, likewise */
    uint64_t *batch;        /* CURSOR_BATCH bytes: what was copied last */
    uint64_t batch_at;      /* the position of its first word */
    uint64_t batch_end;     /* and the one behind its last */
    uint64_t released_seen; /* what was released before it was copied */
    bool is_recorder;
    bool is_numbered; /* payloads begin with a number */
};

/* A record that was copied out. */
struct cursor_record {
    uint64_t header;
    uint64_t number; /* in its lane, or CURSOR_NO_NUMBER */
    uint64_t end;    /* position behind it */
};

/* Begin; the first five fields but next, and the last two, are set. 0, or -EBADMSG. */
int cursor_start(struct cursor_lane *c, enum cursor_from from);

/*
 * Copy the next record out, as many whole words as it has: 0, -EAGAIN, -EBADMSG, or -ENOBUFS where `size` bytes are too
 * few; then *size tells how many there must be.
 */
int cursor_take(struct cursor_lane *c, uint64_t *copy, size_t *size, struct cursor_record *record);

#endif
