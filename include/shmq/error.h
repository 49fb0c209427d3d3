/*
 * Errors
 *
 * A call returns 0, or a count, or one negative errno of this table. Each call lists which of them it can return and
 * under which one condition.
 *
 *     -EAGAIN      full or empty now; the same call may succeed later
 *     -ETIMEDOUT   the time given has passed
 *     -EMSGSIZE    larger than any record of this queue can be; no wait will help
 *     -ENOBUFS     the caller's buffer is too small; the record is kept
 *     -EPIPE       every producer has finished (or died), and all they sent has been received
 *     -EOWNERDEAD  the other side died
 *     -ESTALE      the queue was removed
 *     -ECANCELED   another thread has cancelled the wait
 *     -ECHILD      the handle is of the process that this one was forked from
 *     -EBUSY       the role is taken, or the queue used, by somebody who lives
 *     -EBADMSG     the mapping is damaged
 *     -ENOMSG      the record is of another type
 *     -EPROTO      not a queue, or a queue of a format that this library does not know, or without this type
 *     -ENOENT      no mapping of that name
 *     -EEXIST      the name is taken by something else
 *     -EACCES      no permission, or an access that does not fit what the mapping was opened for
 *     -EPERM       a Global\ name may be created by a privileged user only
 *     -ENAMETOOLONG  the name has more than 64 characters, or the path is too long
 *     -EINVAL      an argument is out of its range
 *     -ERANGE      outside of the mapping
 *     -EINTR       a signal handler ran while the call slept
 *     -ENOSPC      no room in shared memory or in the file system
 *     -ENOMEM -EMFILE -ENFILE   out of memory or descriptors
 */
#ifndef SHMQ_ERROR_H
#define SHMQ_ERROR_H

#include <errno.h>
#include <shmq/export.h>

/* What the C library of Windows lacks; a number that it gives to nothing else. */
#ifndef ESTALE
#define ESTALE 160
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Say what an error means, in one short English phrase.
 *
 * @param error  [in]  what a call returned; 0 and counts read as "success"
 *
 * @return a static string, never NULL
 *
 * Threads   any
 * Since     0.1
 */
SHMQ_API const char *shmq_strerror(int error);

#ifdef __cplusplus
}
#endif
#endif
