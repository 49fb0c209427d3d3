/*
 * Many records of one size and type at once, whose payloads lie one behind another, as in an array
 *
 * Header and span are the same for all of them: they are compared and not computed, so that no record has to wait for
 * the one before it. The loops are compiled for the sizes that are sent most.
 */
#ifndef SHMQ_CORE_MANY_H
#define SHMQ_CORE_MANY_H

#include "core/lane.h"

/* Append as many of `count` as have room without another look, and publish nothing. How many that were. */
uint64_t lane_append_many(struct lane_producer *p, const uint8_t *data, size_t size, uint64_t count, uint16_t type);

/* Take as many of `count` as are seen, follow each other, and have this header. How many that were. */
uint64_t lane_take_many(struct lane_consumer *c, uint64_t header, uint8_t *buffer, uint64_t count);

#endif
