/*
 * Looking at a queue
 *
 * Any role may look, an observer through a map that is read-only. The numbers are read one after the other while others
 * work: each is true, their sum is of no single instant. A producer or consumer that was killed may have left the last
 * batch out of its counts.
 */
#ifndef SHMQ_INFO_H
#define SHMQ_INFO_H

#include <shmq/consumer.h>
#include <shmq/export.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct shmq;

/* Who has a role. */
enum shmq_presence {
    SHMQ_ABSENT = 0,  /* nobody; who had it last has closed it */
    SHMQ_PRESENT = 1, /* somebody who lives, running or paused */
    SHMQ_DIED = 2,    /* nobody; who had it last died with it */
};

/** A queue at one moment: what it is, and what passed through it. All counts are since its creation. */
struct shmq_info {
    size_t struct_size;         /* sizeof(struct shmq_info), set by the caller */
    uint32_t format;            /* of the mapping */
    uint32_t lane_count;        /* 1 .. 256 */
    uint32_t kind;              /* enum shmq_kind */
    uint32_t transient;         /* 1: its name goes with its last user */
    uint64_t capacity;          /* bytes of one lane's ring */
    uint64_t record_max;        /* bytes of payload of the largest record */
    uint64_t mapping_size;      /* bytes */
    uint8_t id[16];             /* random, of this queue only */
    int64_t created_ns;         /* since 1970, UTC */
    uint32_t creator_pid;       /* for people to read */
    uint32_t creator_uid;       /* for people to read */
    uint32_t lanes_open;        /* lanes with a producer, or with one whose end the consumer has not been told yet */
    uint32_t removed;           /* 1: its name was taken away */
    uint32_t consumer_presence; /* enum shmq_presence */
    uint32_t consumer_pid;      /* of who is there, or who died; 0: nobody */
    int64_t consumer_since_ns;  /* when that one came; since 1970, UTC */
    uint64_t consumer_count;    /* consumers that it has had */
    uint64_t consumer_waits;    /* times a consumer slept for want of records */
    uint64_t sent;              /* records published, all lanes */
    uint64_t received;          /* records released, all lanes */
    uint64_t used;              /* bytes of the rings in records not yet released, headers and padding included */
    uint64_t full_count;        /* times a producer found no room */
    uint64_t dropped;           /* records that producers dropped for want of room */
    uint64_t missed;            /* records of a recorder that were overwritten before the consumer came */
    int64_t dumped_ns;          /* when this copy of a queue was made; since 1970, UTC; 0: it is no copy (dump.h) */
};

/** One lane at one moment. */
struct shmq_lane_info {
    size_t struct_size;    /* sizeof(struct shmq_lane_info), set by the caller */
    uint32_t lane;         /* 0 .. lane_count - 1 */
    uint32_t presence;     /* enum shmq_presence, of its producer */
    uint32_t producer_pid; /* of who is there, or who died; 0: nobody */
    uint32_t is_open;      /* 1: it has a producer, or one whose end the consumer has not been told yet */
    int64_t since_ns;      /* when the last producer came; since 1970, UTC; 0: there was none */
    uint64_t attach_count; /* producers that this lane has had */
    uint64_t sent;         /* records published */
    uint64_t received;     /* records released */
    uint64_t used;         /* bytes not yet released */
    uint64_t full_count;   /* times its producer found no room */
    uint64_t wait_count;   /* times its producer slept for want of room */
    uint64_t dropped;      /* records its producer dropped for want of room */
    uint64_t missed;       /* records that were overwritten before the consumer came (recorder) */
    uint64_t head;         /* position behind the last published record */
    uint64_t released;     /* position behind the last released record */
};

/** The producer of one message. */
struct shmq_sender {
    size_t struct_size;  /* sizeof(struct shmq_sender), set by the caller */
    uint32_t lane;       /* 0 .. lane_count - 1 */
    uint32_t pid;        /* for people to read; 0: forgotten */
    uint64_t number;     /* of the producer in this lane, from 1: differs for each one that ever attached */
    int64_t attached_ns; /* since 1970, UTC; 0: forgotten */
};

/**
 * Look at a queue as a whole.
 *
 * @param q     [in]   any role
 * @param info  [out]  its struct_size set by the caller
 *
 * @return 0, or
 *   -EINVAL  struct_size is not one of this library
 *   -ECHILD  the handle is of the process that this one was forked from
 *
 * Threads   the handle's own
 * Progress  wait-free; system calls to ask who lives
 * Since     0.1
 */
SHMQ_API int shmq_info(struct shmq *q, struct shmq_info *info);

/**
 * Look at one lane.
 *
 * @param q     [in]   any role
 * @param lane  [in]   0 .. lane_count - 1
 * @param info  [out]  its struct_size set by the caller
 *
 * @return 0, or
 *   -ERANGE  no such lane
 *   -EINVAL  struct_size is not one of this library
 *   -ECHILD  the handle is of the process that this one was forked from
 *
 * Threads   the handle's own
 * Progress  wait-free; one system call to ask who lives
 * Since     0.1
 */
SHMQ_API int shmq_lane_info(struct shmq *q, uint32_t lane, struct shmq_lane_info *info);

/**
 * Tell who sent a message. A lane remembers its last four producers; of an older one only that it was older is known:
 * its number is then the highest it can have, its pid 0.
 *
 * @param q        [in]   any role
 * @param message  [in]   as peeked or received
 * @param sender   [out]  its struct_size set by the caller
 *
 * @return 0, or
 *   -ERANGE  no such lane
 *   -EAGAIN  producers come and go too fast to tell
 *   -EINVAL  struct_size is not one of this library
 *   -ECHILD  the handle is of the process that this one was forked from
 *
 * Threads   the handle's own
 * Progress  wait-free, no system call
 * Since     0.1
 */
SHMQ_API int shmq_sender(struct shmq *q, const struct shmq_message *message, struct shmq_sender *sender);

#ifdef __cplusplus
}
#endif
#endif
