/*
 * Where the fields of a type lie: one rule for who writes schemas and for who reads them
 *
 * Each field lies at the next multiple of its alignment, and the size of the whole is a multiple of the largest of them.
 */
#ifndef SHMQ_CORE_SCHEMA_RULES_H
#define SHMQ_CORE_SCHEMA_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct schema_extent {
    uint64_t size;
    uint32_t align;
};

/* 1 .. 47 characters of a C identifier. */
bool rules_name_is_good(const char *name, size_t length);

/*
 * The extent of one element. False: there is no such kind, or it has no such shape, or the count is out of its range.
 * `nested`: of the type, where the kind is SHMQ_FIELD_NESTED.
 */
bool rules_element(uint32_t kind, uint32_t shape, uint32_t count, const struct schema_extent *nested,
                   struct schema_extent *element);

/* Put a field behind those that `whole` has. False as above, or it becomes too large. */
bool rules_add(struct schema_extent *whole, uint32_t kind, uint32_t shape, uint32_t count,
               const struct schema_extent *nested, uint64_t *offset);

void rules_finish(struct schema_extent *whole);

#endif
