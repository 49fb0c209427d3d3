/* What the three matrices share: recording where an actor can be stopped, and bringing it there. */
#ifndef SHMQ_TESTS_MATRIX_H
#define SHMQ_TESTS_MATRIX_H

#include "run.h"
#include "world.h"

/* Step the part through once, in a world that is not put back. `with_images`: note the world's image at each point. */
void matrix_record(struct world *w, const struct part *part, struct actor *a, uint32_t stream,
                   struct trace_record *record, bool with_images);

/*
 * Start the actor, and bring it to a point; `record->count` is its end. False: it got elsewhere, because whatever
 * runs do not agree on (a lock of the C library's, a clock) led it another way, and what it has done is done.
 */
bool matrix_go(struct world *w, const struct part *part, struct actor *a, uint32_t stream,
               const struct trace_record *record, uint32_t point);

/* Start the actor, and step it to the point with this number, or to its end. */
void matrix_step(struct world *w, const struct part *part, struct actor *a, uint32_t stream, uint32_t point);

/* Put the world back, and bring the scenario's actor to a point, in the one way or the other. False: the other. */
bool matrix_reach(struct world *w, const struct trace_record *record, uint32_t point);

/* An actor that was stopped goes on, finishes what it has to do, and closes. */
void matrix_go_on(struct world *w, struct actor *a);

/* The address as an offset in the program, for addr2line -f -e PROGRAM. */
uint64_t matrix_offset(uint64_t address);

/* A set of hashes, of all processes of the team. */
#define MATRIX_SET_ROOM ((size_t)1 << 21)

struct matrix_set {
    _Atomic uint64_t count;
    _Atomic uint64_t members[MATRIX_SET_ROOM];
};

/* True: it is new. (Or there is no room to remember it: then all are.) */
bool matrix_set_add(struct matrix_set *set, uint64_t member);

#endif
