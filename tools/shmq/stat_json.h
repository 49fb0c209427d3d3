/* What stat tells programs. */
#ifndef SHMQ_STAT_JSON_H
#define SHMQ_STAT_JSON_H

#include "snapshot.h"

/** Print a queue as a JSON object. Returns 0 or -ENOMEM. */
int stat_json(const char *name, const struct snapshot *snapshot);

#endif
