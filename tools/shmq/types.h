/*
 * The types of a queue as JSON, and a queue with such types again
 *
 *     [{"name":"trade","version":1,"size":96,"record_type":32769,"fields":[
 *         {"name":"place","offset":32,"kind":"point","shape":"one","count":1,"nested":0}, ...]}, ...]
 */
#ifndef SHMQ_TYPES_H
#define SHMQ_TYPES_H

#include <jansson.h>
#include <shmq/shmq.h>

/** What a kind is called; a nested one as its type is. The text stays until the next call. */
const char *types_kind(struct shmq *q, const struct shmq_field *field);

/** An array with all of them; NULL: they cannot be read. */
json_t *types_describe(struct shmq *q);

struct types;

/**
 * Types to create a queue with, in which each has the place and the record type that are described.
 *
 * @return 0, with NULL for an empty array; -EINVAL: that is no such description; -ENOMEM
 */
int types_make(const json_t *array, struct types **made);

/** Let a queue be created with them. NULL: without any. */
void types_use(const struct types *types, struct shmq_create_options *create);

void types_free(struct types *types);

#endif
