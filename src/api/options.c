#include "api/options.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

/* No structure of ours is near that; a size above it is a field that was never set. */
#define SIZE_MAX_SANE 4096

static int read_size(const void *structure, size_t least, size_t *size)
{
    memcpy(size, structure, sizeof *size);
    return *size >= least && *size <= SIZE_MAX_SANE ? 0 : -EINVAL;
}

int options_copy(void *copy, size_t known, const void *options, size_t least)
{
    size_t size;

    memset(copy, 0, known);
    if (options == NULL)
        return 0;
    if (read_size(options, least, &size) != 0)
        return -EINVAL;
    for (size_t i = known; i < size; i++) {
        if (((const uint8_t *)options)[i] != 0)
            return -EINVAL;
    }
    memcpy(copy, options, size < known ? size : known);
    return 0;
}

int options_copy_out(void *out, const void *filled, size_t known, size_t least)
{
    size_t size;

    if (read_size(out, least, &size) != 0)
        return -EINVAL;
    memcpy((uint8_t *)out + sizeof size, (const uint8_t *)filled + sizeof size,
           (size < known ? size : known) - sizeof size);
    return 0;
}
