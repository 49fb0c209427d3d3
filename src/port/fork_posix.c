#include "port/fork.h"

#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

int port_fork_watch(void (*before)(void), void (*parent)(void), void (*child)(void))
{
    return -pthread_atfork(before, parent, child);
}

void port_fork_lock(void)
{
    (void)pthread_mutex_lock(&mutex);
}

void port_fork_unlock(void)
{
    (void)pthread_mutex_unlock(&mutex);
}
