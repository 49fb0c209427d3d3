/*
 * A fence that only one side pays for
 *
 * Who goes to sleep stores that it sleeps, runs a barrier on every processor that runs a registered process, and then
 * looks a last time. So the busy side needs no fence between its publish and its look at the sleeper's word: either its
 * publish came before the barrier, and the sleeper sees it, or its look came after, and it sees the sleeper.
 */
#ifndef SHMQ_PORT_FENCE_H
#define SHMQ_PORT_FENCE_H

#include <stdbool.h>

/* From now on this process answers. False: the system refuses, or has no such thing. */
bool port_fence_join(void);

/* The barrier. False: as above. A full fence of this thread in any case. */
bool port_fence_all(void);

#endif
