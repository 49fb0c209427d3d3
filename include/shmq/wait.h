/*
 * Waiting
 *
 *     consumer   until there is a message, or the end of all producers
 *     producer   until the record that found no room has it, or the consumer died
 *
 * Who waits looks often for some microseconds, because an answer that comes soon comes within them, and then sleeps: a
 * side that sleeps costs nothing, and the other side wakes it. The busy side pays no system call and no fence for that;
 * where the kernel refuses membarrier to one of them, a sleep lasts 1 ms at most instead. So it is on Windows, which has no
 * such call, and between processes of Windows (Wine) and Linux that share a file, who cannot wake each other.
 *
 * A death wakes nobody by itself: who sleeps asks the kernel for it, after 2 ms at first and then every 100 ms.
 *
 * Event loops: shmq_fd gives a descriptor for poll, epoll and the like.
 *
 *     int fd = shmq_fd(q);
 *     epoll_ctl(loop, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.ptr = q});
 *     ... when it is readable:
 *     while ((rc = shmq_peek(q, &m)) == 0)
 *         use it, shmq_release(q);
 *     -EAGAIN: back to the loop        -EPIPE: the end
 *
 * On Windows it is a HANDLE, for WaitForMultipleObjects and the like: (HANDLE)(intptr_t)fd.
 */
#ifndef SHMQ_WAIT_H
#define SHMQ_WAIT_H

#include <shmq/consumer.h>
#include <shmq/export.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct shmq;

/**
 * Wait until this role can go on.
 *
 * @param q           [in]  a producer's or consumer's handle
 * @param timeout_ns  [in]  nanoseconds of the monotonic clock; 0 looks once, < 0 is for ever
 *
 * @return 0, or
 *   -ETIMEDOUT   the time has passed
 *   -EPIPE       consumer: every producer has finished or died and all is received. Told once: the next call waits for
 *                a new producer
 *   -EOWNERDEAD  producer: the consumer died. Told once: the next call waits for its successor
 *   -ESTALE      the queue was removed and the other side is empty, so that nobody can ever come. Consumer: and all is
 *                received
 *   -ECANCELED   shmq_cancel was called (told by a call that has nothing else to tell but -ETIMEDOUT)
 *   -EINTR       a signal handler ran while it slept
 *   -EBADMSG     the queue is damaged
 *   -EINVAL      an observer's handle
 *   -ECHILD      the handle is of the process that this one was forked from
 *
 * Threads   the handle's own
 * Progress  blocks; who waits for room sleeps until the consumer's next release, which may be short of 1/8 of the ring
 *           that the consumer has released and not yet given back
 * Since     0.1
 */
SHMQ_API int shmq_wait(struct shmq *q, int64_t timeout_ns);

/**
 * As shmq_peek, shmq_recv, shmq_reserve and shmq_send, but waiting for what would be -EAGAIN. They return what those
 * return, or what shmq_wait returns, but never -EAGAIN.
 *
 * Threads, Since: as shmq_wait
 */
SHMQ_API int shmq_peek_wait(struct shmq *q, int64_t timeout_ns, struct shmq_message *message);
SHMQ_API int shmq_recv_wait(struct shmq *q, void *buffer, size_t capacity, int64_t timeout_ns,
                            struct shmq_message *message);
SHMQ_API int shmq_reserve_wait(struct shmq *q, size_t size, int64_t timeout_ns, void **slot);
SHMQ_API int shmq_send_wait(struct shmq *q, const void *data, size_t size, uint16_t type, unsigned flags,
                            int64_t timeout_ns);

/**
 * End the wait that this handle is in, or else the next one, with -ECANCELED.
 *
 * Threads   any, as long as nobody closes the handle meanwhile
 * Progress  wait-free
 * Since     0.1
 */
SHMQ_API void shmq_cancel(struct shmq *q);

/**
 * A descriptor that is readable while this role can go on: consumer, there is a message or an end to be told; producer,
 * no call has met with -EAGAIN since, or there is room again. It is level-triggered, and stays readable until a call on
 * this handle has returned -EAGAIN; there may be nothing after all. The handle keeps it, and closes it.
 *
 * From the first call on, each -EAGAIN costs two system calls, and waking this side costs the other two. Where sleeps are
 * short (see above), it is readable 1 ms after each -EAGAIN at the latest.
 *
 * @return the descriptor, or
 *   -EMFILE   no descriptor left, or no inotify instance (fs.inotify.max_user_instances; each handle takes one)
 *   -ENFILE -ENOMEM -ENOSPC (fs.inotify.max_user_watches)
 *   -EINVAL   an observer's handle
 *   -ECHILD   the handle is of the process that this one was forked from
 *
 * Threads   the handle's own; poll it anywhere
 * Since     0.1
 */
SHMQ_API int shmq_fd(struct shmq *q);

#ifdef __cplusplus
}
#endif
#endif
