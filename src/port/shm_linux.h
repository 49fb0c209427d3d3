/* What the files that make up shm.h on Linux have in common. */
#ifndef SHMQ_PORT_SHM_LINUX_H
#define SHMQ_PORT_SHM_LINUX_H

#include "port/shm.h"

#include <sys/stat.h>

#define SHM_FOLDER "/dev/shm/"
#define SHM_NAME_MAX 64
#define SHM_TRIES_MAX 64

/* What a file in SHM_FOLDER begins with: the user's own, and those of all users. */
#define SHM_GLOBAL_PREFIX "shmq.global."
void shm_local_prefix(char prefix[32]);

/* -EINVAL, -ENAMETOOLONG: not what may come behind a prefix. */
int shm_name_check(const char *name);

/* The one negative errno of error.h that has the meaning of this errno. */
int shm_failure(int error);

/* A descriptor, or the negative errno just as it came. */
int shm_descriptor(const char *path, int flags);

/* Is it owned by who may own a name of this scope? */
bool shm_owner_fits(enum port_scope scope, const struct stat *status);

/* Make the first `size` bytes exist, and be allocated. */
int shm_allocate(int fd, uint64_t size);

#endif
