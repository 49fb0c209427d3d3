/* Who has a role in a queue, for people to read. Who lives is known from the library; a name and a pause are told here. */
#ifndef SHMQ_HOLDERS_H
#define SHMQ_HOLDERS_H

#include "snapshot.h"

#include <shmq/shmq.h>

/** Whoever has a role, or had it last. */
struct holder {
    uint32_t pid;      /* 0: nobody, or unknown */
    const char *state; /* "alive", "paused", "died", or "-" where there is nobody */
    char name[64];     /* of the process; "" where that is unknown */
};

struct holder holder_of_lane(const struct shmq_lane_info *lane);
struct holder holder_of_consumer(const struct shmq_info *info);

/** 4711 (name), 4711 (name, paused), 4711 (paused), 4711 */
void holder_text(char *text, size_t size, const struct holder *holder);

enum holders_of {
    HOLDERS_PRODUCERS = 1,
    HOLDERS_CONSUMER = 2,
    HOLDERS_ALL = 3, /* each with what it does */
};

/** Name those who are there, up to eight of them. Returns how many there are. */
unsigned holders_list(char *text, size_t size, const struct snapshot *snapshot, enum holders_of which);

/** Name those who died with a role. Returns how many. */
unsigned holders_died(char *text, size_t size, const struct snapshot *snapshot);

/** Somebody died with a role in it, and nobody is there. */
bool holders_are_gone(const struct snapshot *snapshot);

#endif
