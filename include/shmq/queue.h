/*
 * Queues
 *
 * A queue is one mapping with 1..256 lanes. It is created once, under a name, and lives until it is removed; who
 * wants to use it opens it in a role:
 *
 *     SHMQ_PRODUCER   gets a lane of its own        one handle a lane, up to lane_count at a time
 *     SHMQ_CONSUMER   receives from all lanes       one at a time
 *     SHMQ_OBSERVER   looks, through a read-only map; disturbs nobody
 *     SHMQ_REPORTER   neither sends nor receives: reports the status of the work (status.h), or asks for its end. Any
 *                     number may be open; one at a time reports. A producer or a consumer may report as well
 *
 * A role is a lock that the kernel drops when its process dies, whatever the cause. So a role is free again at once,
 * and whoever takes it next goes on exactly where the dead one stopped:
 *
 *     producer died   what it had published is delivered; what it had only reserved has never been
 *     consumer died   the next one starts with the first record that was not released
 *
 * Lanes are independent: what one producer sends comes in its order, and a stalled, dead or noisy one harms nobody. Two
 * other kinds of queue are chosen at creation:
 *
 *     total order      one order for all producers: the consumer gets records in the order in which they were committed.
 *                      Each costs an atomic addition, and a producer that is paused in the middle of a commit (not one
 *                      that is dead) holds up the others
 *     flight recorder  a lane is never full: its producer overwrites its oldest records, and the consumer learns how many
 *                      it has missed. To look at what happened last
 *
 * fork: a child has none of its parent's roles, its copies of the handles say -ECHILD, and the memory that messages and
 * slots lie in is not there in it; it opens its own. exec: a new program has none either. (A child made by a bare system
 * call, around fork, keeps its parent's roles alive: do not.)
 *
 * Windows has no fork; a handle is not inherited there.
 *
 * Names are those of mapping.h: NAME, Local\NAME, Global\NAME, or a path, which is any name with a '/' in it.
 */
#ifndef SHMQ_QUEUE_H
#define SHMQ_QUEUE_H

#include <shmq/export.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SHMQ_LANES_MAX 256
#define SHMQ_CAPACITY_MIN UINT64_C(4096)
#define SHMQ_CAPACITY_MAX (UINT64_C(1) << 40)
#define SHMQ_CAPACITY_DEFAULT (UINT64_C(1) << 20)

struct shmq_sm;

/** An open queue in one role. Opaque; used by one thread at a time. */
struct shmq;

enum shmq_role {
    SHMQ_OBSERVER = 0,
    SHMQ_PRODUCER = 1,
    SHMQ_CONSUMER = 2,
    SHMQ_REPORTER = 3,
};

/*
 * How the consumer hands memory back to the producer.
 *
 * A producer that writes to a cache line which the consumer has only read pays, on some processors, a slow upgrade
 * from shared to modified for each line. The consumer can prevent that by taking the lines it gives back, many at a
 * time, before it says that they are free. bench/ measures all three.
 */
enum shmq_hand_back {
    SHMQ_HAND_BACK_DEFAULT = 0, /* what bench/ found best in general: dirty */
    SHMQ_HAND_BACK_NONE = 1,    /* say that they are free, no more */
    SHMQ_HAND_BACK_DIRTY = 2,   /* rewrite one word of each line with the value it has */
    SHMQ_HAND_BACK_OWN = 3,     /* ask for each line exclusively (a prefetch for writing), write nothing */
};

/* What kind of queue. */
enum shmq_kind {
    SHMQ_LANES = 0,       /* each lane for itself */
    SHMQ_TOTAL_ORDER = 1, /* one order for all of them */
    SHMQ_RECORDER = 2,    /* each lane keeps its newest records */
};

/* What a producer does when there is no room. (In a recorder there always is.) */
enum shmq_policy {
    SHMQ_FAIL = 0, /* say -EAGAIN */
    SHMQ_WAIT = 1, /* wait, as shmq_wait does, for wait_ns at most */
    SHMQ_DROP =
        2, /* shmq_send, shmq_sendv: drop this record, count it, and say 1; shmq_reserve: count, say -EAGAIN */
};

/** What a new queue is to be. Zero in a field means its default. */
struct shmq_create_options {
    size_t struct_size;  /* sizeof(struct shmq_create_options) */
    uint64_t capacity;   /* bytes of one lane's ring, 4 KiB .. 1 TiB, rounded up to a power of two; 1 MiB */
    uint32_t lane_count; /* 1 .. 256; 1 */
    uint32_t mode;       /* permission bits as of chmod, exactly (the umask does not apply); 0600 */
    uint32_t group;      /* group id, where has_group is 1 */
    uint32_t has_group;  /* 1: give the queue to this group; 0: to the creator's */
    const char *path;    /* a file to hold the queue, which then survives a reboot; NULL: shared memory */
    uint32_t kind;       /* enum shmq_kind */
    uint32_t transient;  /* 1: its name goes when the last who had a role in it has closed it, or is found dead */
    const struct shmq_sm *const *types; /* what its typed records look like: sm.h */
    uint32_t type_count;
    uint32_t blob_count; /* blobs of a lane that can be in use at a time, where a type has any: 1 .. 1024; 64 */
    uint32_t exclusive;  /* 1: fail where a queue of that name exists, as O_EXCL does */
};

/** How to open. Zero in a field means its default. */
struct shmq_open_options {
    size_t struct_size; /* sizeof(struct shmq_open_options) */
    uint32_t hand_back; /* consumer: enum shmq_hand_back */
    uint32_t policy;    /* producer: enum shmq_policy */
    int64_t wait_ns;    /* producer, SHMQ_WAIT: nanoseconds; 0 or less: for ever */
    uint32_t
        has_lane;  /* 1: this lane only. Producer: send through it. Consumer: receive from it, and leave the rest */
    uint32_t lane; /* 0 .. lane_count - 1, where has_lane is 1 */
};

/**
 * Create a queue. It appears under its name complete, or not at all.
 *
 * @param name     [in]  see above
 * @param options  [in]  NULL for all defaults
 *
 * @return 0 when it was created, 1 when a queue of that name existed (it is left as it is), or
 *   -EINVAL        the name has other characters than A-Z a-z 0-9 . _ -, or an option is out of its range, or a type is
 *                  not well made, or two have one name,
 *                  or a flight recorder's has a blob
 *   -EMSGSIZE      a type is larger than any record of this queue can be
 *   -ENAMETOOLONG  the name has more than 64 characters, or the path is too long
 *   -EPERM         a Global\ name and no privilege
 *   -EEXIST        the name or the path is taken by something that is not a queue; or `exclusive` was asked for, and
 *                  there is one
 *   -EACCES        no permission there
 *   -ENOSPC        shared memory or file system is full
 *   -ENOMEM -EMFILE -ENFILE
 *
 * Threads   any
 * Since     0.1
 */
SHMQ_API int shmq_create(const char *name, const struct shmq_create_options *options);

/**
 * Open a queue in a role.
 *
 * @param name     [in]   see above
 * @param role     [in]   enum shmq_role
 * @param options  [in]   NULL for all defaults
 * @param q        [out]  the handle, for shmq_close
 *
 * @return 0, or
 *   -ENOENT   no such queue
 *   -EACCES   no permission, or Local\ and Global\ names that belong to somebody else, or a dump (dump.h) and another role
 *             than SHMQ_OBSERVER
 *   -EPROTO   not a queue, or of a format that this library does not know
 *   -EBADMSG  a queue that is damaged or cut off
 *   -EBUSY    the role is taken by somebody who lives: there is a consumer; the lane asked for, or each of them, has a
 *             producer (shmq_lane_info tells who)
 *   -EINVAL   an argument is out of its range, or there is no such lane
 *   -ENAMETOOLONG -ENOMEM -EMFILE -ENFILE
 *
 * Threads   any; the handle belongs to one thread at a time
 * Since     0.1
 */
SHMQ_API int shmq_open(const char *name, enum shmq_role role, const struct shmq_open_options *options,
                       struct shmq **q);

/**
 * Close a handle: publishes what is committed, gives the role back, unmaps. What was reserved and not committed was
 * never there; what was peeked and not released will be received again. Whoever waits for this side wakes up.
 *
 * @param q  [in]  NULL does nothing
 *
 * Threads   the handle's own
 * Since     0.1
 */
SHMQ_API void shmq_close(struct shmq *q);

#ifdef __cplusplus
}
#endif
#endif
