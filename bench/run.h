/*
 * One figure
 *
 * A point says what to measure: a transport, a message size, the settings of the transport. A run is one measurement
 * of it: a fresh pair of processes, a fresh queue or pipe, cache-line round trips, a short warm-up, the messages,
 * cache-line round trips again. The clock starts when the warm-up is over and stops when the consumer has taken the
 * last message.
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "hist.h"
#include "pair.h"
#include "payload.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RUN_BATCH_BYTES 65536u

/* Messages of a call, for what has calls for many. */
#define RUN_BURST 32u
#define RUN_ERROR_TEXT 128

struct run;
struct peer;
struct watch;

/* How messages get from one process to the other. All return 0 or a negative errno. */
struct transport {
    int (*prepare)(struct run *run); /* in the parent, before there is a child */
    int (*produce)(struct run *run); /* in the parent */
    int (*consume)(struct run *run); /* in the child */
    void (*clean)(struct run *run);  /* in the parent, at the end */
};

enum observer_kind {
    OBSERVER_NONE,
    OBSERVER_TAIL,   /* a cursor, and a line of text of each record */
    OBSERVER_RECORD, /* a cursor, and a copy of each record */
    OBSERVER_LOOKS,  /* all that is counted, now and then */
};

struct point {
    char name[112];
    const struct transport *transport;
    size_t size;        /* of a message */
    uint64_t capacity;  /* shmq: bytes of the ring */
    unsigned hand_back; /* shmq: enum shmq_hand_back */
    unsigned lanes;     /* shmq: producers that have it open, of which one sends; 0: 1 */
    unsigned kind;      /* shmq: enum shmq_kind */
    unsigned blobs;     /* shmq: blobs that can be in use; 0: the default */
    int pipe_bytes;     /* pipe: bytes of its buffer; 0: the system's default */
    int socket;         /* pipe: 0, or the type of a pair of Unix sockets in its place */
    bool spin;          /* pipe, peers: poll and do not block */
    double rate;        /* paced: messages a second; 0: idle */
    bool sleeps;        /* paced: the sender sleeps until a message is due */
    unsigned producers; /* many: producers at work at once */
    bool watched;       /* count system calls, and look at the memory */
    unsigned observer;  /* observed: enum observer_kind; `rate`: looks a second, 0: one after the other */
    bool observes_own;  /* observed: not this queue, but as much of one of its own */
    const struct peer *peer;
};

struct settings {
    struct pair_cores cores;
    double seconds; /* of one run, less the warm-up */
};

struct figure {
    double seconds;
    uint64_t messages;
    struct pair_distance before;
    struct pair_distance after;
    double away;         /* the part of the time that one side, the one with more of it, was not running */
    double producer_cpu; /* the parts of the time that they were running */
    double consumer_cpu;
    double calls;              /* watched: system calls a message, of both sides together */
    double memory;             /* watched: bytes that both have taken */
    double observed;           /* observed: records that were seen a second, or looks */
    struct hist_summary times; /* of round trips or single messages, in ns; count 0: these were none */
};

/* One way from one process to the other, as a peer makes it. */
struct way {
    size_t size;   /* of a message */
    size_t room;   /* bytes that may be under way, as nearly as the peer allows */
    bool spin;     /* polls and does not block */
    char name[64]; /* nobody else has it */
    void *shared;  /* of peers that want memory of both and no name for it */
    size_t shared_size;
    int fd;
    void *own; /* this side's */
};

struct run {
    const struct point *point;
    const struct settings *settings;
    struct pair pair;
    struct payload payload;
    int pipes[2][2];     /* there and back */
    char queues[2][48];  /* there and back */
    uint64_t start_ns;   /* end of the warm-up */
    uint64_t start_sent; /* messages sent by then */
    uint64_t next_ns;    /* end of the warm-up, or of the run */
    uint64_t meet_ns;    /* when the sides met, and what this one had run by then */
    uint64_t meet_cpu_ns;
    struct hist *hist; /* of both: ticks of each round trip or message */
    double ticks_per_ns;
    struct watch *watch; /* where it is watched */
    uint64_t memory;     /* what the process occupied at first */
    struct way ways[2];  /* of a peer: there and back */
};

/* Measure once, in fresh processes. The error is a text for people, NULL when all went well. */
const char *run_measure(const struct point *point, const struct settings *settings, struct figure *figure);

/* Both sides, when they have opened what they need. */
int run_meet(struct run *run);

/* The producer, now and then: true while there is time. */
bool run_lap(struct run *run, uint64_t sent);

/* The producer, between two looks at the clock: this many messages of that size, which are one batch. */
static inline uint64_t run_lap_messages(size_t size)
{
    return size < RUN_BATCH_BYTES ? RUN_BATCH_BYTES / size : 1;
}

/* The time from then to now, in ticks, of one trip or message. */
static inline void run_trip(struct run *run, uint64_t ticks)
{
    hist_add(run->hist, ticks);
}

/* The consumer, when it has the last message. By value: what nobody has the address of stays in registers. */
void run_account(struct run *run, struct payload_account account);

#define RUN_INLINE static inline __attribute__((always_inline))

/* One side's loop, with the size of its messages. */
typedef int run_side(struct run *run, size_t size);

/*
 * Programs know how large their messages are. So a side that is inline is compiled for each of the sizes at which a
 * multiplication or a branch of ours would be seen beside a message, and once more for all others.
 */
RUN_INLINE int run_sized(struct run *run, run_side *side)
{
    switch (run->point->size) {
    case 8:
        return side(run, 8);
    case 64:
        return side(run, 64);
    case 256:
        return side(run, 256);
    default:
        return side(run, run->point->size);
    }
}

#ifdef __cplusplus
}
#endif
#endif
