/* Built without libzstd: recordings are not packed, and packed ones cannot be read. */
#include "recording.h"

enum recording_codec recording_packer(void)
{
    return RECORDING_PLAIN;
}

size_t recording_bound(size_t size)
{
    return size;
}

size_t recording_pack(void *to, size_t room, const void *from, size_t size)
{
    (void)to, (void)room, (void)from, (void)size;
    return 0;
}

bool recording_unpack(void *to, size_t size, const void *from, size_t packed)
{
    (void)to, (void)size, (void)from, (void)packed;
    return false;
}
