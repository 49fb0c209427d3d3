#include "port/role.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>

/* How often a claim is tried that only those are in the way of who ask: a role that was dropped meanwhile, or see below. */
#define CLAIM_TRIES 200

static int control(port_file file, int command, struct flock *lock)
{
    int rc;

    do
        rc = fcntl((int)file, command, lock);
    while (rc != 0 && errno == EINTR);
    return rc == 0 ? 0 : -errno;
}

static struct flock lock_of(int64_t role, short type)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = role, .l_len = 1};
}

/*
 * Does somebody else have one of them? A read lock has none: on Windows, which may share the file with us through Wine, who
 * asks takes one for a moment.
 */
static int taken(port_file file, int64_t first, int64_t count)
{
    struct flock lock = lock_of(first, F_RDLCK);

    lock.l_len = count;
    int rc = control(file, F_OFD_GETLK, &lock);

    return rc == 0 ? lock.l_type != F_UNLCK : rc;
}

int port_role_claim_all(port_file file, int64_t first, int64_t count)
{
    struct flock lock = lock_of(first, F_WRLCK);
    int rc;

    lock.l_len = count;
    for (int try = 1;; try++) {
        rc = control(file, F_OFD_SETLK, &lock);
        if (rc != -EAGAIN && rc != -EACCES)
            return rc;
        rc = taken(file, first, count);
        if (rc != 0 || try == CLAIM_TRIES)
            return rc < 0 ? rc : -EBUSY;
        sched_yield();
    }
}

int port_role_claim(port_file file, int64_t role)
{
    return port_role_claim_all(file, role, 1);
}

void port_role_release_all(port_file file, int64_t first, int64_t count)
{
    struct flock lock = lock_of(first, F_UNLCK);

    lock.l_len = count;
    (void)control(file, F_OFD_SETLK, &lock);
}

void port_role_release(port_file file, int64_t role)
{
    port_role_release_all(file, role, 1);
}

int port_role_taken(port_file file, int64_t role)
{
    return taken(file, role, 1);
}
