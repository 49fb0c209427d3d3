/*
 * The scenarios
 *
 * To add one: a row in the table of scenarios.c. `before` is what peers and predecessors did, `ready` what the actor
 * does before it is watched, `act` what it is stopped in at every instruction.
 */
#ifndef SHMQ_TESTS_SCENARIOS_H
#define SHMQ_TESTS_SCENARIOS_H

#include "world.h"

/* One actor: the kill matrix and the pause matrix. */
extern const struct scenario scenarios[];
extern const size_t scenario_count;

/* A producing actor (part) and a consuming one (other): the pair matrix. */
extern const struct scenario pairs[];
extern const size_t pair_count;

#endif
