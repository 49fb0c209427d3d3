#include "recording.h"

#include <zstd.h>

enum { LEVEL = 3 };

enum recording_codec recording_packer(void)
{
    return RECORDING_ZSTD;
}

size_t recording_bound(size_t size)
{
    return ZSTD_compressBound(size);
}

size_t recording_pack(void *to, size_t room, const void *from, size_t size)
{
    size_t packed = ZSTD_compress(to, room, from, size, LEVEL);
    return ZSTD_isError(packed) ? 0 : packed;
}

bool recording_unpack(void *to, size_t size, const void *from, size_t packed)
{
    size_t unpacked = ZSTD_decompress(to, size, from, packed);
    return !ZSTD_isError(unpacked) && unpacked == size;
}
