/* Who has which role in a queue, as a JSON array: of a queue that lives, or as it was kept with a dump. */
#ifndef SHMQ_TOOL_ROLES_H
#define SHMQ_TOOL_ROLES_H

#include "snapshot.h"

#include <jansson.h>

/** The consumer, the reporter, and each lane that has had a producer: role, pid, state, since_ns, so_far, process. */
json_t *roles_look(const struct snapshot *snapshot, const struct shmq_status *status);

/** The note of a dump: the queue's name, the host's, and the roles. NULL where there is no memory. */
char *roles_note(const char *name, const struct snapshot *snapshot, const struct shmq_status *status);

/**
 * The roles that a dump was kept with, each checked to be what roles_look makes; NULL where there are none. `host` gets
 * the name of the machine.
 */
json_t *roles_of_dump(struct shmq *q, char host[65]);

/** Print them as a table, with ages as of `now_ns`. Returns 0 or -ENOMEM. */
int roles_print(const json_t *roles, int64_t now_ns);

#endif
