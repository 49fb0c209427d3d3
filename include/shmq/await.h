/*
 * Awaiting: to be told when a record is done
 *
 * A ticket stands for one record. The record is done when the consumer has released it, and until its producer writes
 * over it the memory is as the consumer left it: so the consumer can answer in place, and the producer reads the answer
 * where it wrote the question.
 *
 *     producer                                             consumer
 *     shmq_send(q, &task, sizeof task, TASK, 0);           while (shmq_peek_wait(q, -1, &m) == 0) {
 *     shmq_ticket(q, &ticket);                                 struct task *task = m.data;
 *     ...                                                      task->result = work(task);
 *     if (shmq_await(q, &ticket, -1, &answer) == 0)          shmq_release(q);
 *         use(((const struct task *)answer.data)->result); }
 *
 * Any number of tickets may be open at a time. A ticket is plain data, of one lane: whoever takes that lane over may
 * await it too, for instance the successor of a producer that died. The four values of a ticket are those of the
 * consumer's message: one that begins its report (status.h) with message.ticket tells a successor which record it is.
 *
 * The memory of a record is written over when its producer has sent as much again as the ring holds: await before that,
 * or the answer is gone (-ERANGE). A consumer that dies before it has released a record leaves it to the next one, as it
 * is, with what the dead one has written there.
 *
 * In a queue of total order a record is released with those before it, of any lane, which makes no difference here. A
 * flight recorder has no tickets: nobody knows whether a record was looked at before it was overwritten.
 */
#ifndef SHMQ_AWAIT_H
#define SHMQ_AWAIT_H

#include <shmq/export.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct shmq;

/** One record of one lane. */
struct shmq_ticket {
    uint64_t position; /* just behind it in its lane, as shmq_message.ticket */
    uint32_t size;     /* bytes of its payload */
    uint16_t type;     /* as committed */
    uint16_t lane;
};

/** A record as its consumer left it. */
struct shmq_answer {
    const void *data; /* in the mapping, until this handle reserves or sends; only to be read */
    uint32_t size;    /* bytes */
    uint16_t type;    /* as committed */
    uint16_t lane;
};

/**
 * The ticket of the last record that this handle has committed or sent.
 *
 * @param q       [in]
 * @param ticket  [out]
 *
 * @return 0, or
 *   -ENOENT   nothing was committed so far, or it is too late: what was reserved since takes its place
 *   -EBADMSG  the record's header was changed
 *   -EINVAL   not a producer's handle, or one of a flight recorder
 *   -ECHILD   the handle is of the process that this one was forked from
 *
 * Threads   the handle's own
 * Progress  wait-free, no system call
 * Since     0.1
 */
SHMQ_API int shmq_ticket(struct shmq *q, struct shmq_ticket *ticket);

/**
 * Wait until a record is done. What SHMQ_MORE has left unpublished is published first.
 *
 * @param q           [in]
 * @param ticket      [in]   of this lane
 * @param timeout_ns  [in]   nanoseconds of the monotonic clock; 0 looks once, < 0 is for ever
 * @param answer      [out]  what the consumer left; may be NULL
 *
 * @return 0, or
 *   -ERANGE      it is done, but its memory was written over since, or is reserved to be. Where answer is NULL: 0
 *   -ETIMEDOUT   the time has passed. Where shmq_fd was called, the descriptor becomes readable when there is more to see
 *   -EOWNERDEAD  the consumer died. Told once: the next call waits for its successor
 *   -ESTALE      the queue was removed and there is no consumer, so that nobody can ever come
 *   -ECANCELED   as shmq_wait
 *   -EINTR       a signal handler ran while it slept
 *   -EBADMSG     the consumer's side of the lane is damaged
 *   -EINVAL      no ticket of this lane, not a producer's handle, or one of a flight recorder
 *   -ECHILD      the handle is of the process that this one was forked from
 *
 * Threads   the handle's own
 * Progress  blocks; with a timeout of 0 wait-free, a system call where it is not done
 * Order     acquire: all that the consumer wrote before its release is seen
 * Since     0.1
 */
SHMQ_API int shmq_await(struct shmq *q, const struct shmq_ticket *ticket, int64_t timeout_ns,
                        struct shmq_answer *answer);

#ifdef __cplusplus
}
#endif
#endif
