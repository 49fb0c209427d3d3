/*
 * A queue and those who use it, for the matrices that stop some of them at every instruction
 *
 * An actor is a traced process with a part to play. The others, its peers, live in the tracer. A scenario tells what
 * happened before (`before`, in the tracer), and the parts: what an actor prepares freely (`ready`), and what it does
 * step by step (`act`).
 *
 * The tracer can put the whole world back to where it was when the scenario began: the memory of the queue and the
 * ledger are copied back; the peers have done nothing meanwhile, because whatever happens after a death happens in a
 * process of its own (heirs), which inherits the peers' handles.
 *
 * Streams: 0 and 1 are the peers', 2 the producing actor's, those behind are predecessors' and successors'.
 */
#ifndef SHMQ_TESTS_WORLD_H
#define SHMQ_TESTS_WORLD_H

#include "ledger.h"
#include "trace.h"

#include <shmq/layout.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORLD_LANES 4
#define WORLD_STREAMS 48
#define WORLD_ACTOR_STREAM 2
#define WORLD_CAPACITY 4096
#define WORLD_BLOBS 4 /* of a lane */
#define WORLD_WATCHDOG_S 60
#define WORLD_RECORD_MAX (WORLD_CAPACITY / 2 - 16) /* of every kind of queue */

struct actor;
struct world;

enum part_role {
    PART_NONE,
    PART_PRODUCER,
    PART_CONSUMER,
    PART_KEEPER, /* creates and removes queues */
};

struct part {
    enum part_role role;
    void (*ready)(struct actor *a);
    void (*act)(struct actor *a);
};

struct scenario {
    const char *name;
    void (*before)(struct world *w);
    struct part part;
    struct part other; /* pairs only: the consumer */
    uint32_t lanes;    /* 0: 1 */
    uint32_t hand_back;
    uint32_t kind; /* enum shmq_kind */
    bool transient;
    bool reports;   /* the status is looked at too */
    bool typed;     /* the queue has types, and blobs */
    bool aliased;   /* the queue is in a file of the user's, and has an alias */
    bool may_sleep; /* its system calls may take long */
    bool no_queue;  /* there is none before: the actor makes it */
};

struct actor {
    struct world *world;
    const struct part *part;
    struct trace trace;
    struct shmq *q;
    struct sender sender;
    struct receiver receiver;
};

/* A user of the queue, in the tracer or in heirs. */
struct peer {
    struct shmq *q;
    struct sender sender;
};

struct world {
    const struct scenario *scenario;
    char folder[64];
    char name[80];
    char alias[40]; /* a name that leads to the queue, in the scenarios that want one */
    char copy[80];  /* of the queue, for heirs */
    int file;
    uint8_t *mapping; /* the tracer's own view of the file */
    size_t size;
    uint8_t *saved_mapping;
    struct ledger *ledger;
    struct ledger *saved_ledger;
    uint32_t next_stream;

    struct peer producers[WORLD_LANES];
    uint32_t producer_count;
    struct shmq *consumer;
    struct receiver receiver;

    struct actor actor;
    struct actor other;
};

/* Who comes after a death. */
struct heirs {
    bool all_new;         /* the peers are dead too, and their locks with them */
    bool producers_first; /* and then the consumer; or the other way round */
    bool nobody;          /* no new process: the peers go on alone */
};

/* A folder in shared memory for the queues of all worlds, and its removal with all that is in it. */
void world_create(struct world *w);
void world_destroy(struct world *w);

/* A new queue, its peers; and their end. */
void world_begin(struct world *w, const struct scenario *scenario);
void world_end(struct world *w);

/* The world as it is now is where world_restore returns to. */
void world_save(struct world *w);
void world_restore(struct world *w);

/* The actor at its first point. False: this machine does not let us trace. */
bool actor_start(struct actor *a, struct world *w, const struct part *part, uint32_t stream);

/* Kill whoever of the actors lives. */
void world_kill_actors(struct world *w);

/* All that a successor will find and all that it is held to: the mapping, the locks, the names, the ledger. */
uint64_t world_image(const struct world *w);

/*
 * Heirs take over and use the queue for two more laps, in a process of their own. False and a complaint where
 * something is wrong. The world is left as it was found.
 */
bool world_survives(struct world *w, const struct heirs *heirs);

/* Total order: a producer that is stopped in the middle of a commit holds up the others, as long as it lives. */
bool world_is_held_up(const struct world *w);

/* Is the status one of the reports that may be seen now? Can a successor report? */
bool status_is_whole(struct world *w);
bool status_can_be_reported(struct world *w, struct shmq *q);

/* What a killed keeper may leave: a whole queue or none, and no other name. */
bool world_is_tidy(struct world *w);

/* The name leads to another queue now: nothing is known of it, and nobody uses it. */
void world_start_anew(struct world *w);

/*
 * The files of blobs beside the queue, in worlds that have them: a picture of all that they are, whatever their names say
 * of the queue; copies of them beside its copy; how many there are.
 */
uint64_t blobs_image(const struct world *w);
void blobs_copy(const struct world *w, const char *to);
uint32_t blobs_count(const struct world *w);

/* Keep them as they are, and put them back: the same files, which somebody may have mapped. */
void blobs_keep(const struct world *w);
void blobs_put_back(const struct world *w);

/* Say what cannot be, and exit. */
_Noreturn void world_give_up(const char *what);

static inline void must(bool fact, const char *what)
{
    if (!fact)
        world_give_up(what);
}

/* The number of lanes of the scenario's queue. */
uint32_t world_lanes(const struct world *w);

/* An actor without a process of its own yet. */
void actor_init(struct actor *a, struct world *w, const struct part *part, uint32_t stream);

/* Options for the world's queue. */
struct shmq_create_options world_options(const struct world *w);

/* Steps of `before`. */
struct peer *peer_producer(struct world *w);
void peer_consumer(struct world *w);
void peer_send(struct world *w, uint32_t lane, uint32_t count, size_t size);
void peer_drain(struct world *w, uint32_t count);
void peer_close_all(struct world *w);

/* Somebody opens the role, does something, and dies. The work gets an actor as if it were one. */
void predecessor(struct world *w, enum part_role role, void (*work)(struct actor *a));

/* The same, but it is killed while it sleeps on its bell. */
void predecessor_asleep(struct world *w, enum part_role role, void (*work)(struct actor *a));

/* Fill and empty the ring of lane 0 until its head is at this place of the ring; leaves nobody behind. */
void go_round(struct world *w, uint64_t place);

/* The shared words of a lane. */
struct shmq_lane *world_lane(const struct world *w, uint32_t lane);

#endif
