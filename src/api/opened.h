/* A file that may be a queue: opened, mapped, and its header makes sense. */
#ifndef SHMQ_API_OPENED_H
#define SHMQ_API_OPENED_H

#include "core/layout.h"
#include "port/shm.h"

struct opened {
    port_file file;
    uint64_t size;
    uint8_t *mapping;
    struct layout_geometry geometry;
    struct shmq_identity identity;
};

/* -ENOENT, -EACCES, -EPROTO, -EBADMSG, -ENOMEM, -EMFILE, -ENFILE */
int opened_open(const struct port_place *place, enum port_access access, struct opened *o);
void opened_close(struct opened *o);

static inline struct shmq_header *opened_header(const struct opened *o)
{
    return (struct shmq_header *)(void *)o->mapping;
}

/* Has somebody had a role in it who died with it, or (`any`) has anybody ever had one? */
bool opened_was_used(const struct opened *o, bool any);

/* Has somebody a role in it now? */
bool opened_is_in_use(const struct opened *o);

/* Is it a transient queue that its last user could not take away? Nobody has a role in it now. */
bool opened_is_left_over(const struct opened *o);

/* 1 where there is a queue, 0 where there is nothing, -EEXIST where there is something else. */
int opened_exists(const struct port_place *place);

/* Take all roles, so that nobody can have one any more. -EBUSY: somebody has one, or is removing it. */
int opened_claim(const struct opened *o);

/*
 * Take the name of a queue away that is open here for reading and writing. -EBUSY: somebody is removing it, or (without
 * `used`) has a role in it. -ENOENT: the name is gone, or leads to another one.
 */
int opened_remove(const struct opened *o, const struct port_place *place, bool used);

#endif
