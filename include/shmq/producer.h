/*
 * Sending
 *
 * Copying: shmq_send takes the bytes from where they are. In place: reserve a slot, write straight into the mapping,
 * commit. Nothing is visible to the consumer until the commit.
 *
 *     void *slot;
 *     int   rc = shmq_reserve(q, sizeof(struct tick), &slot);
 *     if (rc == 0) {
 *         write_tick(slot);
 *         rc = shmq_commit(q, sizeof(struct tick), TICK, 0);
 *     }
 *
 * Batches: a commit with SHMQ_MORE says that another follows at once, as MSG_MORE does. The record is complete, but
 * telling the consumer may be left to a later commit, to shmq_flush or to shmq_close; a crash before that loses it.
 * At most 8 KiB wait like that, then the library publishes by itself.
 *
 * All calls here want a handle that was opened as SHMQ_PRODUCER; another is -EINVAL. Where there is no room, they do
 * what the handle's policy says (queue.h); without one, -EAGAIN.
 */
#ifndef SHMQ_PRODUCER_H
#define SHMQ_PRODUCER_H

#include <shmq/export.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct shmq;

/** Flags of commit and send. */
#define SHMQ_MORE 1u /* another record follows at once: publishing may wait for it */

/** Some bytes of the caller's, for shmq_sendv. */
struct shmq_span {
    const void *data;
    size_t size; /* bytes */
};

/**
 * Reserve room for one record. A second reserve without a commit replaces the first.
 *
 * @param q     [in]
 * @param size  [in]   payload bytes, 0 .. record_max of shmq_info
 * @param slot  [out]  the payload, 8-byte aligned; what it holds is of no meaning
 *
 * @return 0, or
 *   -EAGAIN    no room now
 *   -EMSGSIZE  size exceeds record_max
 *   -EBADMSG   the consumer's side of the lane is damaged
 *   -EINVAL    not a producer's handle
 *   -ECHILD    the handle is of the process that this one was forked from
 *   as shmq_wait, where the policy is SHMQ_WAIT
 *
 * Threads   the handle's own
 * Progress  wait-free, no system call
 * Order     acquire: whoever read what was here before has finished with it
 * Since     0.1
 */
SHMQ_API int shmq_reserve(struct shmq *q, size_t size, void **slot);

/**
 * Make the reserved slot a record.
 *
 * @param q      [in]
 * @param size   [in]  payload bytes that count, 0 .. what was reserved; the rest is given back
 * @param type   [in]  the application's, any value
 * @param flags  [in]  0 or SHMQ_MORE
 *
 * @return 0, or
 *   -EINVAL  not a producer's handle, nothing is reserved, size exceeds it, or an unknown flag; the slot stays reserved
 *   -ECHILD  the handle is of the process that this one was forked from
 *
 * Threads   the handle's own
 * Progress  wait-free, no system call unless the consumer sleeps
 * Order     release: who sees the record sees all of its payload
 * Since     0.1
 */
SHMQ_API int shmq_commit(struct shmq *q, size_t size, uint16_t type, unsigned flags);

/**
 * Forget the reserved slot. Without one it does nothing.
 *
 * Threads   the handle's own
 * Progress  wait-free, no system call
 * Since     0.1
 */
SHMQ_API void shmq_abort(struct shmq *q);

/**
 * Send a copy: reserve, copy, commit in one.
 *
 * @param q      [in]
 * @param data   [in]  may be NULL where size is 0
 * @param size   [in]  bytes, 0 .. record_max of shmq_info
 * @param type   [in]  the application's, any value
 * @param flags  [in]  0 or SHMQ_MORE
 *
 * @return 0; 1 where it was dropped for want of room (policy SHMQ_DROP); or
 *   -EAGAIN    no room now
 *   -EMSGSIZE  size exceeds record_max
 *   -EBADMSG   the consumer's side of the lane is damaged
 *   -EINVAL    not a producer's handle, or an unknown flag
 *   -ECHILD    the handle is of the process that this one was forked from
 *   as shmq_wait, where the policy is SHMQ_WAIT
 *
 * Threads, Progress, Order, Since: as shmq_reserve and shmq_commit
 */
SHMQ_API int shmq_send(struct shmq *q, const void *data, size_t size, uint16_t type, unsigned flags);

/**
 * Send one record gathered from several places.
 *
 * @param q      [in]
 * @param spans  [in]  the parts, in order
 * @param count  [in]  how many, 0 .. any
 * @param type   [in]  the application's, any value
 * @param flags  [in]  0 or SHMQ_MORE
 *
 * @return as shmq_send; -EMSGSIZE where the sum exceeds record_max
 *
 * Threads, Progress, Order, Since: as shmq_send
 */
SHMQ_API int shmq_sendv(struct shmq *q, const struct shmq_span *spans, size_t count, uint16_t type, unsigned flags);

/**
 * Send copies of many records of one size, which lie one behind another as in an array: as shmq_send of each with
 * SHMQ_MORE, but for the last, at a part of the cost.
 *
 * Each is a record of its own: the consumer may receive them one by one, or many at once with shmq_recv_many.
 *
 * @param q      [in]
 * @param data   [in]  size * count bytes
 * @param size   [in]  bytes of each, 0 .. record_max of shmq_info
 * @param count  [in]  how many, 0 .. INT_MAX
 * @param type   [in]  of all of them, the application's, any value
 * @param flags  [in]  0 or SHMQ_MORE
 *
 * @return how many of them were sent, from the first on; where that is not all, there is no room for the next, or the
 *   policy SHMQ_DROP has dropped and counted the rest. Where none was:
 *   -EAGAIN    no room now
 *   -EMSGSIZE  size exceeds record_max
 *   -EBADMSG   the consumer's side of the lane is damaged
 *   -EINVAL    not a producer's handle, an unknown flag, or count exceeds INT_MAX
 *   -ECHILD    the handle is of the process that this one was forked from
 *   as shmq_wait, where the policy is SHMQ_WAIT
 *
 * Threads   the handle's own
 * Progress  as shmq_send, for each of them
 * Order     release: who sees a record sees all of its payload
 * Since     0.1
 */
SHMQ_API int shmq_send_many(struct shmq *q, const void *data, size_t size, size_t count, uint16_t type,
                            unsigned flags);

/**
 * Publish what SHMQ_MORE has left unpublished.
 *
 * @return 0, or
 *   -EINVAL  not a producer's handle
 *   -ECHILD  the handle is of the process that this one was forked from
 *
 * Threads   the handle's own
 * Progress  wait-free, no system call unless the consumer sleeps
 * Order     release
 * Since     0.1
 */
SHMQ_API int shmq_flush(struct shmq *q);

#ifdef __cplusplus
}
#endif
#endif
