/* Structures of the caller's that may be older or newer than this library: their first field tells their size. */
#ifndef SHMQ_API_OPTIONS_H
#define SHMQ_API_OPTIONS_H

#include <stddef.h>

/*
 * Copy a caller's options of `known` bytes at most, the rest zero. -EINVAL: smaller than `least`, the first version
 * ever, or larger than known with something set that this library does not know. NULL: all defaults.
 */
int options_copy(void *copy, size_t known, const void *options, size_t least);

/* Copy what we know out into a caller's structure, of the size that its first field tells. -EINVAL as above. */
int options_copy_out(void *out, const void *filled, size_t known, size_t least);

#endif
