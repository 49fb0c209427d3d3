/* What there is in core/ to be driven: each target makes its memory once, and runs a script on it. */
#ifndef SHMQ_TESTS_FUZZ_CORE_H
#define SHMQ_TESTS_FUZZ_CORE_H

#include "adversary.h"

/* A lane and its ring: heap blocks of exactly their size. */
void core_lane_make(void);
uint64_t core_lane_open(const uint8_t settings[SETTINGS]); /* the capacity */
void core_lane_run(const uint8_t settings[SETTINGS], struct script *script);
void core_lane_close(void);

/* The header of a mapping. */
void core_layout_run(struct script *script);

/* The status. */
void core_status_run(struct script *script);

/* Types, and records of them. */
void core_schema_run(struct script *script);

#endif
