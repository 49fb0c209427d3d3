/* Sizes and times, as people write and read them. */
#ifndef SHMQ_UNITS_H
#define SHMQ_UNITS_H

#include <stdbool.h>
#include <stdint.h>

/* What every text here fits in. */
enum { UNITS_TEXT = 64 };

bool units_parse_number(const char *text, int base, uint64_t *value);

/** Bytes: 4096, 64K, 64KiB, 1M, 1G, 1T; K is 1024. */
bool units_parse_size(const char *text, uint64_t *bytes);

/** Time: 2 and 2s are two seconds; 500ms, 1.5s, 1m, 1h, 10us, 10ns. */
bool units_parse_time(const char *text, int64_t *ns);

/** 1536 as 1.5K, or as 1536 where exact. */
void units_size(char text[UNITS_TEXT], uint64_t bytes, bool exact);

/** 90 s as 1m30s: the two largest units that are not zero. */
void units_age(char text[UNITS_TEXT], int64_t ns);

/* From one moment to another; as much as fits, where one of them is a lie of a damaged queue. */
int64_t units_between(int64_t then_ns, int64_t now_ns);

/** 1234567 as 1.2M, of a thousand each. */
void units_count(char text[UNITS_TEXT], uint64_t count);

#endif
