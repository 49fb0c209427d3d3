/*
 * Removing queues
 *
 * A name lasts until somebody removes it. Who has the queue open keeps it, and learns of it: a wait that could be for
 * ever says -ESTALE.
 *
 * What processes that died have left behind is known for certain, by the role locks that the kernel dropped, without any
 * guess by time: shmq_clean removes just that.
 */
#ifndef SHMQ_CLEAN_H
#define SHMQ_CLEAN_H

#include <shmq/export.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Flags of shmq_remove. */
#define SHMQ_REMOVE_USED 1u /* also where somebody has a role in it */

/** Flags of shmq_clean. */
#define SHMQ_CLEAN_REMOVE 1u /* do it; without this flag it only tells what it would do */
#define SHMQ_CLEAN_IDLE 2u   /* also what was closed properly, or never used */

/** A queue that nobody uses, or a blob (the name of its file, which holds a '~') whose queue is gone. */
struct shmq_unused {
    const char *name;
    int rc;           /* 0: removed, or could be; or why not, a negative errno */
    uint32_t died;    /* 1: somebody died with a role in it */
    uint32_t zero;    /* 0 */
    uint64_t size;    /* bytes of the mapping */
    uint64_t waiting; /* records that nobody has received: they go with it */
};

/**
 * Remove a queue's name. Of a queue in a file of the user's only the name goes, unless the name is its path; and it goes
 * also when the file is gone.
 *
 * @param name   [in]
 * @param flags  [in]  0 or SHMQ_REMOVE_USED
 *
 * @return 0, or
 *   -ENOENT   no such name
 *   -EBUSY    somebody has a role in it, or is just removing it
 *   -EPROTO   the name is of something that is not a queue; it is left alone
 *   -EACCES   no permission (removing needs read and write)
 *   -EINVAL   not a name, or an unknown flag
 *   -ENAMETOOLONG -ENOMEM -EMFILE -ENFILE
 *
 * Threads   any
 * Since     0.1
 */
SHMQ_API int shmq_remove(const char *name, unsigned flags);

/**
 * Remove each queue of the user's (and of all users, where this one may) in which nobody has a role and at least one
 * died with one. Nobody can open a queue while it is being removed. Of queues that stay, the blobs that somebody who died
 * has left behind are removed.
 *
 * @param flags  [in]  0, SHMQ_CLEAN_REMOVE, SHMQ_CLEAN_IDLE
 * @param each   [in]  called for each; another value than 0 ends it. May be NULL
 * @param arg    [in]  for each
 *
 * @return how many were (without SHMQ_CLEAN_REMOVE: could be) removed, or
 *   -EINVAL  an unknown flag
 *   -EACCES -ENOMEM -EMFILE -ENFILE  the names could not be listed
 *   what each returned, where it was negative
 *
 * Threads   any
 * Since     0.1
 */
SHMQ_API int shmq_clean(unsigned flags, int (*each)(const struct shmq_unused *queue, void *arg), void *arg);

#ifdef __cplusplus
}
#endif
#endif
