/*
 * Peers
 *
 * What others use to get messages from one process to another, each in a file of its own, in the same harness, with
 * the same payload and the same checks. A peer is there when its library was there when this was built.
 */
#ifndef BENCH_PEERS_H
#define BENCH_PEERS_H

#include "run.h"

#ifdef __cplusplus
extern "C" {
#endif

struct peer {
    const char *name;
    size_t size_max;    /* of a message; 0: none that matters */
    bool spins;         /* its users poll ... */
    bool blocks;        /* ... or sleep */
    bool exits;         /* its processes must end by exit, as it has something to do there */
    int (*start)(void); /* once, before all runs: a daemon it wants; may be NULL */
    void (*stop)(void); /* once, after them */

    /* Of one way. All but close return 0 or a negative errno. */
    int (*prepare)(struct way *way);          /* before there is a consumer's process */
    int (*open)(struct way *way, bool sends); /* in each process; the ends may come in any order */
    int (*ready)(struct way *way);            /* then: wait until the other end is there; may be NULL */
    void (*close)(struct way *way);           /* in each process, when all has come through */
    void (*clean)(struct way *way);           /* in the producer's, last of all */

    /* NULL where the peer has none. */
    const struct transport *single;     /* a call a message, copied in and out */
    const struct transport *batch;      /* many messages a call, copied in and out */
    const struct transport *in_place;   /* a call a message, written and read where it lies */
    const struct transport *round_trip; /* 64 bytes there and back */
    const struct transport *paced;      /* 64 bytes at a fixed rate */
    const struct transport *producers;  /* 64 bytes from many producers at once */
};

/* All that were built, ended by NULL. */
extern const struct peer *const peers[];

/* Room for what is under way. Peers with cells of one size have as many as go into the room, and at least so many. */
#define PEER_ROOM (1u << 20)
#define PEER_CELLS_MIN 16u

static inline size_t peer_cells(const struct way *way)
{
    size_t cells = way->room / way->size;

    return cells > PEER_CELLS_MIN ? cells : PEER_CELLS_MIN;
}

/* For peers whose memory has no name: shared with the consumer's process, which will be forked. */
int peer_share(struct way *way, size_t size);
void peer_unshare(struct way *way);

/* For peers that need none of it. */
int peer_nothing(struct way *way);
void peer_no_end(struct way *way);
int peer_no_open(struct way *way, bool sends);

/* The first and the last step of every transport of a peer. */
int peer_prepare_one(struct run *run);
int peer_prepare_two(struct run *run);
void peer_clean_one(struct run *run);
void peer_clean_two(struct run *run);
int peer_prepare_producers(struct run *run);
void peer_clean_producers(struct run *run);

#ifdef __cplusplus
}
#endif
#endif
