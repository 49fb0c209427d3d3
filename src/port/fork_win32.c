/* No process forks on Windows; what remains is the lock. */
#include "port/fork.h"

#include "port/win32.h"

static SRWLOCK lock = SRWLOCK_INIT;

int port_fork_watch(void (*before)(void), void (*parent)(void), void (*child)(void))
{
    (void)before;
    (void)parent;
    (void)child;
    return 0;
}

void port_fork_lock(void)
{
    AcquireSRWLockExclusive(&lock);
}

void port_fork_unlock(void)
{
    ReleaseSRWLockExclusive(&lock);
}
