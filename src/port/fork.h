/* What happens to open queues when the process forks. */
#ifndef SHMQ_PORT_FORK_H
#define SHMQ_PORT_FORK_H

/*
 * Arrange, once for the process, that around each fork `before` runs in the parent, `parent` in the parent after it and
 * `child` in the child. 0 or -ENOMEM.
 */
int port_fork_watch(void (*before)(void), void (*parent)(void), void (*child)(void));

/* A lock for what these three share with the rest. */
void port_fork_lock(void);
void port_fork_unlock(void);

#endif
