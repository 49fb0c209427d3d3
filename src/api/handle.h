/* What an open queue is, in this process. */
#ifndef SHMQ_API_HANDLE_H
#define SHMQ_API_HANDLE_H

#include "api/bell.h"
#include "api/typed.h"
#include "core/lane.h"
#include "core/layout.h"
#include "core/recorder.h"
#include "core/status.h"
#include "port/role.h"
#include "port/watch.h"

#include <shmq/error.h>
#include <shmq/queue.h>

/* What a handle becomes in a child of fork. */
#define HANDLE_OF_PARENT 4

/* How a handle reports. Whoever writes the status holds SHMQ_ROLE_REPORT_WRITE. */
enum handle_reports {
    HANDLE_REPORTS_NOT,
    HANDLE_REPORTS,         /* holds SHMQ_ROLE_REPORTER, and that */
    HANDLE_REPORTS_LENT,    /* holds SHMQ_ROLE_REPORTER, and that for each report by itself */
    HANDLE_REPORTS_BORROWED /* holds that */
};

/* What the consumer knows of a lane besides its positions. */
struct lane_service {
    uint32_t rung;   /* its producer's bell */
    uint64_t number; /* total order: of the record at `next`; UINT64_MAX: not seen yet */
    uint64_t header; /* of that record */
    uint64_t last;   /* total order: number of the last record peeked; UINT64_MAX: none */
    struct recorder_consumer recorder;
};

/*
 * A handle of another role has a producer without room and a consumer without records, and so have queues of another
 * kind than SHMQ_LANES, so that the fast paths need ask for neither: both are asked for where those end.
 */
struct shmq {
    const uint32_t *consumer_bell; /* looked at after each publish */
    struct lane_producer producer;
    struct lane_consumer *current; /* the lane that is being served */
    struct lane_consumer *lanes;   /* all of them, consumer only */
    struct lane_service *services; /* likewise */
    struct typed_send send_type;   /* records with types: the last one's */
    struct typed_take take_type;
    struct lane_consumer none;
    bool others_peeked; /* lanes other than the current one may hold peeked records */
    bool end_told;      /* -EPIPE was returned for the lanes that are open now */
    uint32_t role;      /* enum shmq_role, or HANDLE_OF_PARENT */
    uint32_t kind;      /* enum shmq_kind */
    uint32_t lane;      /* the producer's */
    uint64_t serves[4]; /* lanes that this consumer receives from */
    uint64_t expected;  /* total order: the number that follows the last one; UINT64_MAX: any */
    uint32_t policy;
    int64_t wait_ns;
    uint64_t death_told; /* attach_count of the consumer whose death was told */
    uint32_t rung;       /* the consumer's bell */
    uint32_t *bell;      /* our own, in the mapping */
    uint32_t cancelled;
    bool fenced;      /* membarrier works for us */
    int64_t spin_ns;  /* how long looking often has paid lately */
    int64_t again_ns; /* somebody has closed the file: when to look again */
    struct port_watch watch;
    struct status_reporter reporter; /* its `current` is set where progress may be stored without asking */
    uint32_t reports;                /* enum handle_reports */
    uint32_t cancel_told;            /* the run whose cancellation a wait has told */
    uint64_t awaited;                /* the position that shmq_await waits for; 0: none */
    struct layout_geometry geometry;
    struct shmq_identity identity;
    uint8_t *mapping;
    uint64_t mapped_size;
    port_file file;
    struct typed *typed;      /* records with types; NULL so far */
    struct blobs *blobs;      /* api/blobs.h: NULL where the queue has none */
    struct port_place *place; /* of a transient queue, else NULL */
    struct shmq *next_handle; /* of this process: api/forks.c */
    struct shmq *previous_handle;
};

static inline struct shmq_header *handle_header(const struct shmq *q)
{
    return (struct shmq_header *)(void *)q->mapping;
}

static inline struct shmq_lane *handle_lane(const struct shmq *q, uint32_t lane)
{
    return layout_lane(q->mapping, &q->geometry, lane);
}

static inline struct shmq_status_area *handle_status(const struct shmq *q)
{
    return &handle_header(q)->status;
}

static inline int64_t handle_role_byte(const struct shmq *q)
{
    return q->role == SHMQ_PRODUCER ? SHMQ_ROLE_LANE + q->lane : SHMQ_ROLE_CONSUMER;
}

/* Why a handle is refused that has not the role a call needs. */
static inline int handle_refusal(const struct shmq *q)
{
    return q->role == HANDLE_OF_PARENT ? -ECHILD : -EINVAL;
}

static inline bool handle_is_reporter(const struct shmq *q)
{
    return q->reports == HANDLE_REPORTS || q->reports == HANDLE_REPORTS_LENT;
}

static inline bool handle_is_dump(const struct shmq *q)
{
    return (q->identity.features_compatible & SHMQ_FEATURE_DUMP) != 0;
}

/* api/dump.c: somebody had this role when the dump was made. */
bool dump_has_holder(const struct shmq *q, int64_t role);

/* Somebody has this role now. (A lock is never in the way of its own file: what the handle holds is asked of it.) */
static inline bool handle_has_holder(const struct shmq *q, int64_t role)
{
    bool own = role == SHMQ_ROLE_REPORTER
                   ? handle_is_reporter(q)
                   : (q->role == SHMQ_PRODUCER || q->role == SHMQ_CONSUMER) && handle_role_byte(q) == role;

    if (handle_is_dump(q))
        return dump_has_holder(q, role);
    return own || port_role_taken(q->file, role) == 1;
}

static inline bool handle_is_removed(const struct shmq *q)
{
    return atomic_load_u32(&handle_header(q)->name.removed) != 0;
}

/* Published: wake the consumer if it sleeps. The membarrier of who goes to sleep makes this order safe without a fence. */
ALWAYS_INLINE void handle_wake_consumer(struct shmq *q)
{
    if (UNLIKELY(bell_is_set(q->consumer_bell)))
        bell_ring(&handle_header(q)->consumer.bell, &q->rung, q->file);
}

/* The tail of a lane has moved for a producer that wants room: wake it if it sleeps. */
static inline void handle_wake_producer(struct shmq *q, uint32_t lane)
{
    bell_ring(&handle_lane(q, lane)->owner.bell, &q->services[lane].rung, q->file);
}

/*
 * api/forks.c: all handles of this process, so that a child can let go of them. The list changes, and roles are taken and
 * given back, while forks are held off.
 */
int forks_hold_off(void); /* 0, -ENOMEM */
void forks_allow(void);
void forks_add(struct shmq *q);
void forks_remove(struct shmq *q);

/* api/typed.c */
void typed_free(struct shmq *q);

/* api/producer.c: publish what was appended, in this queue's way. */
void producer_publish(struct shmq *q);

/* api/producer.c: is there room for what found none? 0, -EAGAIN, -EBADMSG; asking the kernel: -EOWNERDEAD, -ESTALE. */
int producer_look(struct shmq *q, bool ask_kernel);

/* api/producer.c: nobody has the consumer's role: -EOWNERDEAD, told once, -ESTALE, or -EAGAIN where one may come. */
int producer_nobody(struct shmq *q);

/*
 * api/consumer.c: what is there to receive: 0 and `current` is a lane with a record, -EAGAIN, -EPIPE, -ESTALE, -EBADMSG.
 * Whether a producer that did not say goodbye is dead costs a system call: `ask_kernel` allows it.
 */
int consumer_look(struct shmq *q, bool ask_kernel);

/* api/consumer.c: -EPIPE has been told: from now on the lanes that ended are as if never opened. */
void consumer_acknowledge_end(struct shmq *q);

/*
 * api/consumer.c: a producer has signed in to that lane, lives, and has not said goodbye. The lock alone would not do:
 * who closes says goodbye first and drops its lock a moment later, and its end would be told a second time.
 */
bool consumer_lane_is_used(const struct shmq *q, uint32_t lane);

/* api/consumer.c: the next open lane that this consumer serves, from `lane` on; LANES_END behind the last. */
#define LANES_END UINT32_MAX
uint32_t consumer_next_lane(const struct shmq *q, uint32_t lane);

/* api/consumer.c: one open lane: 0 a record, -EAGAIN there may be more, -EPIPE it has ended and is drained, -EBADMSG. */
int consumer_look_at_lane(struct shmq *q, uint32_t lane, bool ask_kernel);

/* api/consumer.c: make it the lane that is served: what was peeked in others is released with it. */
void consumer_serve(struct shmq *q, uint32_t lane);

/* api/consumer.c: what it means that no lane has a record. */
int consumer_nothing(const struct shmq *q, bool ended, bool waiting);

/* api/ordered.c: total order. The lane whose record is next becomes `current`. As consumer_look. */
int ordered_look(struct shmq *q, bool ask_kernel);
void ordered_take(struct shmq *q, struct shmq_message *message);

/* api/report.c: has the cancellation of this reporter's task been asked for, and was not told yet? */
bool report_take_cancel(struct shmq *q);

/* api/await.c: is what is awaited released? 0, -EAGAIN, -EBADMSG; asking the kernel: -EOWNERDEAD, -ESTALE. */
int await_look(struct shmq *q, bool ask_kernel);

/* api/wait.c: shmq_cancel was called. */
bool wait_take_cancel(struct shmq *q);

/* api/wait.c: nothing to do now: -EAGAIN, and the descriptor of shmq_fd is unreadable until that changes; or what did. */
int wait_arm(struct shmq *q);

/* api/wait.c: wait for what was -EAGAIN, with one deadline for all such waits of a call: 0 before the first. */
int wait_until(struct shmq *q, int64_t timeout_ns, int64_t *deadline_ns);

/* api/wait.c: a look, whatever the role. */
int wait_look(struct shmq *q, bool ask_kernel);

#endif
