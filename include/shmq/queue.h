/*
 * Queues
 *
 * A queue is one mapping with 1..256 lanes. It is created once, under a name, and lives until it is removed; who
 * wants to use it opens it in a role:
 *
 *     SHMQ_PRODUCER   gets a lane of its own        one handle a lane, up to lane_count at a time
 *     SHMQ_CONSUMER   receives from all lanes       one at a time
 *     SHMQ_OBSERVER   looks, through a read-only map; disturbs nobody
 *
 * A role is a lock that the kernel drops when its process dies, whatever the cause. So a role is free again at once,
 * and whoever takes it next goes on exactly where the dead one stopped:
 *
 *     producer died   what it had published is delivered; what it had only reserved has never been
 *     consumer died   the next one starts with the first record that was not released
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

/** An open queue in one role. Opaque; used by one thread at a time. */
struct shmq;

enum shmq_role {
    SHMQ_OBSERVER = 0,
    SHMQ_PRODUCER = 1,
    SHMQ_CONSUMER = 2,
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

/** What a new queue is to be. Zero in a field means its default. */
struct shmq_create_options {
    size_t struct_size;  /* sizeof(struct shmq_create_options) */
    uint64_t capacity;   /* bytes of one lane's ring, 4 KiB .. 1 TiB, rounded up to a power of two; 1 MiB */
    uint32_t lane_count; /* 1 .. 256; 1 */
    uint32_t mode;       /* permission bits as of chmod, exactly (the umask does not apply); 0600 */
    uint32_t group;      /* group id, where has_group is 1 */
    uint32_t has_group;  /* 1: give the queue to this group; 0: to the creator's */
    const char *path;    /* a file to hold the queue, which then survives a reboot; NULL: shared memory */
};

/** How to open. Zero in a field means its default. */
struct shmq_open_options {
    size_t struct_size; /* sizeof(struct shmq_open_options) */
    uint32_t hand_back; /* enum shmq_hand_back; of use to the consumer */
    uint32_t reserved;  /* 0 */
};

/** A queue at one moment: what it is, and what passed through it. All counts are since its creation. */
struct shmq_info {
    size_t struct_size;    /* sizeof(struct shmq_info), set by the caller */
    uint32_t format;       /* of the mapping */
    uint32_t lane_count;   /* 1 .. 256 */
    uint64_t capacity;     /* bytes of one lane's ring */
    uint64_t record_max;   /* bytes of payload of the largest record */
    uint64_t mapping_size; /* bytes */
    uint8_t id[16];        /* random, of this queue only */
    int64_t created_ns;    /* since 1970, UTC */
    uint32_t creator_pid;  /* for people to read */
    uint32_t creator_uid;  /* for people to read */
    uint32_t lanes_open;   /* lanes with a producer, or with records it left */
    uint32_t consumer_pid; /* 0: there is none now */
    uint64_t sent;         /* records published, all lanes */
    uint64_t received;     /* records released, all lanes */
    uint64_t used;         /* bytes of the rings that hold records not yet released, headers and padding included */
    uint64_t full_count;   /* times a producer found no room */
};

/** One lane at one moment. */
struct shmq_lane_info {
    size_t struct_size;    /* sizeof(struct shmq_lane_info), set by the caller */
    uint32_t lane;         /* 0 .. lane_count - 1 */
    uint32_t producer_pid; /* 0: there is none now */
    uint64_t attach_count; /* producers that this lane has had */
    uint64_t sent;         /* records published */
    uint64_t received;     /* records released */
    uint64_t used;         /* bytes not yet released */
    uint64_t full_count;   /* times its producer found no room */
    uint64_t head;         /* position behind the last published record */
    uint64_t released;     /* position behind the last released record */
};

/**
 * Create a queue. It appears under its name complete, or not at all.
 *
 * @param name     [in]  see above
 * @param options  [in]  NULL for all defaults
 *
 * @return 0 when it was created, 1 when a queue of that name existed (it is left as it is), or
 *   -EINVAL        the name has other characters than A-Z a-z 0-9 . _ -, or an option is out of its range
 *   -ENAMETOOLONG  the name has more than 64 characters, or the path is too long
 *   -EPERM         a Global\ name and no privilege
 *   -EEXIST        the name or the path is taken by something that is not a queue
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
 *   -EACCES   no permission, or Local\ and Global\ names that belong to somebody else
 *   -EPROTO   not a queue, or of a format that this library does not know
 *   -EBADMSG  a queue that is damaged or cut off
 *   -EBUSY    the role is taken: there is a consumer, or all lanes have a producer
 *   -EINVAL   an argument is out of its range
 *   -ENAMETOOLONG -ENOMEM -EMFILE -ENFILE
 *
 * Threads   any; the handle belongs to one thread at a time
 * Since     0.1
 */
SHMQ_API int shmq_open(const char *name, enum shmq_role role, const struct shmq_open_options *options,
                       struct shmq **q);

/**
 * Close a handle: publishes what is committed, gives the role back, unmaps. What was reserved and not committed was
 * never there; what was peeked and not released will be received again.
 *
 * @param q  [in]  NULL does nothing
 *
 * Threads   the handle's own
 * Since     0.1
 */
SHMQ_API void shmq_close(struct shmq *q);

/**
 * Remove a queue's name. Whoever has it open keeps it until they close.
 *
 * @return 0, or
 *   -ENOENT   no such name
 *   -EPROTO   the name is of something that is not a queue; it is left alone
 *   -EACCES   no permission
 *   -EINVAL -ENAMETOOLONG  not a name
 *
 * Threads   any
 * Since     0.1
 */
SHMQ_API int shmq_remove(const char *name);

/**
 * Look at a queue as a whole. The numbers are read one after the other while others work: each is true, their sum is
 * of no single instant. A producer or consumer that was killed may have left the last batch out of its count.
 *
 * @param q     [in]   any role
 * @param info  [out]  its struct_size set by the caller
 *
 * @return 0, or
 *   -EINVAL  struct_size is not one of this library
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
 *
 * Threads   the handle's own
 * Progress  wait-free; one system call to ask who lives
 * Since     0.1
 */
SHMQ_API int shmq_lane_info(struct shmq *q, uint32_t lane, struct shmq_lane_info *info);

/**
 * Wait until this role can go on: as consumer until shmq_peek has something to say, as producer until the record that
 * found no room last has it.
 *
 * @param q           [in]  a producer's or consumer's handle
 * @param timeout_ns  [in]  nanoseconds; 0 looks once, < 0 is for ever
 *
 * @return 0, or
 *   -ETIMEDOUT  the time has passed
 *   -EPIPE      consumer: every producer has finished or died and all is received. Told once: the next call waits
 *               for a new producer
 *   -EINTR      a signal handler ran while it slept
 *   -EBADMSG    the queue is damaged
 *   -EINVAL     an observer's handle
 *
 * Threads   the handle's own
 * Progress  spins, then sleeps in short slices
 * Since     0.1
 */
SHMQ_API int shmq_wait(struct shmq *q, int64_t timeout_ns);

#ifdef __cplusplus
}
#endif
#endif
