/*
 * Queues that are looked at again and again
 *
 * An observer of each stays open between two looks. Queues come and go meanwhile; one that was removed and created anew
 * is another one. What cannot be opened is there with its error.
 */
#ifndef SHMQ_WATCHED_H
#define SHMQ_WATCHED_H

#include <shmq/shmq.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct watched {
    char *name;
    int error;                    /* why there is nothing else of it, or 0 */
    struct shmq_info info;        /* as of the last look */
    struct shmq_lane_info *lanes; /* info.lane_count of them */
    struct shmq_status status;    /* its struct_size is 0 where it cannot be read */
    void *more;                   /* the caller's, freed with it */
    struct shmq *q;
    bool seen;
};

struct watch {
    char **names; /* of these only, wherever they are; NULL: all that are listed */
    size_t name_count;
    struct watched **all; /* in the order in which they came; those of names in the order of names */
    size_t count;
    size_t room;
};

/** Look at all of them. Those that were there before keep their struct. Returns 0, or why they cannot be listed. */
int watch_look(struct watch *w);

/** Look at one of them only, between two looks at all. False where it cannot be read any more. */
bool watched_again(struct watched *one);

void watch_free(struct watch *w);

#endif
