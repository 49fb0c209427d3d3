/*
 * Handles and fork
 *
 * A lock of an open file description is shared with a child that inherits the descriptor or the memory it was mapped
 * to, and would outlive the parent in it. So a child lets go of both, for all of its parent's handles, and these refuse
 * to be used. From before a handle takes its role until it is in the list, and from leaving the list until it has given
 * its role back, no fork may come between. This list is all that the library keeps outside of its handles.
 */
#include "api/handle.h"
#include "port/fork.h"

static struct shmq *handles;
static bool watching;

/* Only this thread lives on in the child, and nothing of the mapping is the child's to touch. */
static void let_go(void)
{
    for (struct shmq *q = handles; q != NULL; q = q->next_handle) {
        port_shm_close(q->file);
        port_watch_close(&q->watch);
        (void)port_shm_unmap(q->mapping, q->mapped_size);
        q->file = PORT_NO_FILE;
        q->mapping = NULL;
        q->bell = NULL;
        q->role = HANDLE_OF_PARENT;
        q->current = &q->none;
        q->producer.limit = q->producer.head;
        q->reporter.current = NULL;
        q->producer.slot_size = LANE_NO_SLOT;
    }
    handles = NULL;
    port_fork_unlock();
}

int forks_hold_off(void)
{
    port_fork_lock();
    int rc = watching ? 0 : port_fork_watch(port_fork_lock, port_fork_unlock, let_go);

    watching = rc == 0;
    if (rc != 0)
        port_fork_unlock();
    return rc;
}

void forks_allow(void)
{
    port_fork_unlock();
}

void forks_add(struct shmq *q)
{
    q->next_handle = handles;
    if (handles != NULL)
        handles->previous_handle = q;
    handles = q;
}

void forks_remove(struct shmq *q)
{
    if (q->role == HANDLE_OF_PARENT)
        return;
    if (q->previous_handle != NULL)
        q->previous_handle->next_handle = q->next_handle;
    else
        handles = q->next_handle;
    if (q->next_handle != NULL)
        q->next_handle->previous_handle = q->previous_handle;
}
