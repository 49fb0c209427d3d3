/*
 * Receiving
 *
 * In place: peek shows the next record where it lies, release gives back all that was peeked. Peek several before one
 * release to work on a batch.
 *
 *     struct shmq_message m;
 *     while (shmq_peek(q, &m) == 0) {
 *         use(m.data, m.size);
 *         shmq_release(q);
 *     }
 *
 * Copying: shmq_recv copies the next record out and releases it.
 *
 * Until the release the record is the consumer's: it may overwrite it, and whoever takes over after its death gets
 * the record again. The memory is shared with the producer: a hostile one can change it while it is looked at, so
 * copy before checking what matters.
 *
 * All calls here want a handle that was opened as SHMQ_CONSUMER; another is -EINVAL. They do not wait: wait.h does.
 *
 * In a recorder a message is a copy, made whole before its producer can overwrite it, and stays until the next peek.
 */
#ifndef SHMQ_CONSUMER_H
#define SHMQ_CONSUMER_H

#include <shmq/export.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct shmq;

/** The consumer's view of a record. */
struct shmq_message {
    void *data;    /* payload: in the mapping (peek), or the caller's buffer (recv); 8-byte aligned in the mapping */
    uint32_t size; /* bytes */
    uint16_t type; /* as committed */
    uint16_t lane; /* which producer's lane it came through */
    uint64_t ticket; /* position just behind the record in its lane */
};

/**
 * Look at the next record, and move on to the one behind it.
 *
 * Records of one lane come in the order they were committed. Lanes take turns of 64 KiB; in a queue of total order
 * records come in the order of their commits.
 *
 * @param q        [in]
 * @param message  [out]
 *
 * @return 0; in a recorder, how many records of the lane were overwritten before this one; or
 *   -EAGAIN   nothing to receive now
 *   -EPIPE    every producer has finished or died, and all they sent was peeked. Told once: the next call waits for a
 *             new producer with -EAGAIN
 *   -ESTALE   the queue was removed, and nobody has a lane in it
 *   -ECHILD   the handle is of the process that this one was forked from
 *   -ENOMEM   recorder: no memory for the copy
 *   -EBADMSG  the next record, or the producer's side of the lane, is damaged
 *   -EINVAL   not a consumer's handle
 *
 * Threads   the handle's own
 * Progress  wait-free, no system call while there are records
 * Order     acquire: all that the producer wrote before its commit is seen
 * Since     0.1
 */
SHMQ_API int shmq_peek(struct shmq *q, struct shmq_message *message);

/**
 * Give back all that was peeked. Their memory must not be touched after that.
 *
 * @return 0, or
 *   -EINVAL  not a consumer's handle
 *   -ECHILD  the handle is of the process that this one was forked from
 *
 * Threads   the handle's own
 * Progress  wait-free, no system call unless the producer sleeps
 * Order     release: the producer overwrites only what has been read
 * Since     0.1
 */
SHMQ_API int shmq_release(struct shmq *q);

/**
 * Copy the next record out, and release it and all that was peeked before it.
 *
 * @param q         [in]
 * @param buffer    [out]  may be NULL where capacity is 0
 * @param capacity  [in]   bytes of buffer
 * @param message   [out]  data is buffer
 *
 * @return as shmq_peek, or
 *   -ENOBUFS  the record is larger than capacity; it is kept, and message->size tells its size (the one output that
 *             is set on failure)
 *
 * Threads, Progress, Order, Since: as shmq_peek and shmq_release
 */
SHMQ_API int shmq_recv(struct shmq *q, void *buffer, size_t capacity, struct shmq_message *message);

/**
 * Copy the next records out, as long as they have this size and the type of the first, and release them and all that was
 * peeked before. They come to lie one behind another, as in an array.
 *
 * All of them come from one lane; a call returns before the end of that lane's turn, and in a queue of total order with
 * one record: fewer than `count` do not mean that there are no more. -EAGAIN does.
 *
 * @param q        [in]
 * @param buffer   [out]  size * count bytes
 * @param size     [in]   bytes of each
 * @param count    [in]   how many at most, 1 .. INT_MAX
 * @param message  [out]  data is buffer, size and type are those of each, ticket is the last one's
 *
 * @return how many were received, 1 .. count; or as shmq_peek, or
 *   -ENOBUFS  the next record has another size; it is kept, and message->size tells its size (the one output that is
 *             set on failure)
 *   -EINVAL   not a consumer's handle, count is not in that range, or the queue is a recorder, where each record tells
 *             how many were missed before it
 *
 * Threads, Progress, Order, Since: as shmq_peek and shmq_release
 */
SHMQ_API int shmq_recv_many(struct shmq *q, void *buffer, size_t size, size_t count, struct shmq_message *message);

#ifdef __cplusplus
}
#endif
#endif
