/*
 * Which records are shown: by lane, by type, and by what is in their fields
 *
 *     price>100    symbol=ACME    position.x<=3    levels.0!=5    note~urgent
 *
 * A field of a nested type is named with a dot, an element of an array by its place, from 0. Numbers are compared as
 * numbers, all else as text; ~ is "has this in it". A record without the field, or without a type, is not shown.
 */
#ifndef SHMQ_TOOL_WHERE_H
#define SHMQ_TOOL_WHERE_H

#include <jansson.h>
#include <shmq/shmq.h>
#include <stdbool.h>
#include <stddef.h>

enum { WHERE_MAX = 16 };

struct where_condition {
    char *field; /* owns the whole expression */
    const char *value;
    char op; /* one of = ! < > [ ] ~, where [ is <= and ] is >= */
};

struct where {
    struct where_condition conditions[WHERE_MAX]; /* all of them must hold */
    size_t count;
    const char *type; /* name or number; NULL: any */
    uint32_t record_type;
    bool any_type;
};

/** Add a condition. NULL, or what is wrong with it: a phrase. */
const char *where_add(struct where *where, const char *expression);
void where_free(struct where *where);

/** Look its words up in the queue's types. NULL, or what the queue does not have, in a buffer of the next call's. */
const char *where_bind(struct where *where, struct shmq *q);

/** `fields`: of the record, or NULL where it has none. */
bool where_holds(const struct where *where, const struct shmq_message *message, const json_t *fields);

#endif
