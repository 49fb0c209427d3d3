/*
 * Dumps
 *
 * A dump is a copy of a queue in a file, to look at later, or elsewhere: what waited, what had passed and was not
 * overwritten, the status, the counts, and who had which role at that moment.
 *
 *     shmq_dump(q, "jobs.dump", NULL, 0);
 *     shmq_open("./jobs.dump", SHMQ_OBSERVER, NULL, &dump);
 *
 * It is opened by its path as SHMQ_OBSERVER, and everything that looks at a queue looks at it. Making one disturbs nobody:
 * it is copied while others go on, so each lane is of one moment, and two lanes may be of two. Blobs are memories of their
 * own and not in it.
 */
#ifndef SHMQ_DUMP_H
#define SHMQ_DUMP_H

#include <shmq/export.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct shmq;

/**
 * Copy a queue to a new file. It appears complete, or not at all, and with mode 0600.
 *
 * @param q          [in]  any role
 * @param path       [in]  of the file
 * @param note       [in]  what is to be kept with it; may be NULL where note_size is 0
 * @param note_size  [in]  bytes
 *
 * @return 0; the number of lanes that hold nothing because their producers were faster than the copying; or
 *   -EEXIST   the path is taken
 *   -EINVAL   the path is empty
 *   -ENOSPC   no room in the file system
 *   -EACCES -ENOENT -ENAMETOOLONG -ENOMEM -EMFILE -ENFILE
 *   -ECHILD   the handle is of the process that this one was forked from
 *
 * Threads   the handle's own
 * Since     0.1
 */
SHMQ_API int shmq_dump(struct shmq *q, const char *path, const void *note, size_t note_size);

/**
 * What was kept with a dump. It is anybody's who could write to the file: check it before use.
 *
 * @param q          [in]
 * @param note       [out]  lives as long as the handle
 * @param note_size  [out]  bytes; 0: there is none
 *
 * @return 0, or
 *   -ENOENT   not a dump
 *   -EBADMSG  the file is cut off
 *   -ECHILD   as above
 *
 * Threads   the handle's own
 * Since     0.1
 */
SHMQ_API int shmq_dump_note(struct shmq *q, const void **note, size_t *note_size);

#ifdef __cplusplus
}
#endif
#endif
