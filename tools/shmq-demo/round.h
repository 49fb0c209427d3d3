/*
 * Two processes that move the same records again and again
 *
 * The caller is the sender, a forked child the receiver; both stay for all rounds. In a round
 *
 *     sender                                          receiver
 *     tells what comes        ----------------------> begins a digest
 *     starts the clock        <---------------------- is ready
 *     sends every record      ~~~~ pipe or queue ~~~> copies every record out and into the digest;
 *                                                     has it, and stops the clock
 *     compares                <---------------------- tells it
 */
#ifndef DEMO_ROUND_H
#define DEMO_ROUND_H

#include "data.h"
#include "pair.h"
#include "transport.h"

enum round_task { ROUND_LINES, ROUND_CHUNKS, ROUND_DISTANCE, ROUND_END };

struct round_shared {
    _Alignas(128) uint64_t number; /* of the round that the sender wants */
    enum round_task task;
    enum transport transport;
    _Alignas(128) uint64_t ready; /* number of the round that the receiver is ready for */
    _Alignas(128) uint64_t done;  /* number of the round that it has finished */
    uint64_t end_ns;              /* when it had the digest */
    uint64_t digest;
    uint64_t size;
    uint64_t count;
    int error;
};

struct rounds {
    const struct data *data;
    uint64_t digests[2]; /* of the lines and of the chunks as they are sent */
    struct round_shared *shared;
    struct pair pair;
    struct pair_cores cores; /* the same twice: there is only one */
    struct transport_end end;
    int fds[2];
    char queue[48];
};

/*
 * All calls: the error is a text for people, NULL when all went well.
 *
 * The queue has no name any more once both have it open, so nothing is left behind however this ends.
 */
const char *rounds_open(struct rounds *rounds, const struct data *data);

const char *rounds_move(struct rounds *rounds, enum round_task task, enum transport transport, double *seconds);

/* Cache-line round trip between the two. */
const char *rounds_distance(struct rounds *rounds, struct pair_distance *distance);

void rounds_close(struct rounds *rounds);

#endif
