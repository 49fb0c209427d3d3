/* Taking a role in a queue, and leaving it again, with what has to be told to people meanwhile. */
#ifndef SHMQ_ATTACH_H
#define SHMQ_ATTACH_H

#include <shmq/shmq.h>
#include <stdbool.h>
#include <stdint.h>

struct attachment {
    const char *command;
    const char *name;
    enum shmq_role role;
    struct shmq_open_options open;
    bool create; /* where there is no queue */
    bool wait;   /* for the queue and for the role */
    bool quiet;
    int64_t timeout_ns; /* of that wait; < 0: for ever */
    struct shmq *q;
    struct shmq_info info; /* when it was opened */
    struct shmq *observer; /* of a transient queue: outlasts q */
};

/** Fill q and info. Returns the exit code; what went wrong is told. A signal that ends a program ends the wait. */
int attach(struct attachment *a);

/** Leave the role without a word and take it again, in the same queue. q is NULL where that did not work. */
void attach_again(struct attachment *a);

/**
 * Leave. Returns EXIT_CODE_OK, or another where records went with a transient queue because nobody else had it open;
 * that is told.
 */
int detach(struct attachment *a);

#endif
