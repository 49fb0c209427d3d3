/*
 * Recordings: what passed through a queue, in a file
 *
 *     header    64 bytes, and a JSON object about the queue
 *     block     64 bytes, and records, packed
 *     block     ...
 *
 * Each block stands for itself: its checksums tell whether it is whole, and a reader that finds one that is not looks for
 * the next. So a recording whose end was cut off, or that was damaged somewhere, stays readable but for what is missing. All
 * numbers are little-endian.
 *
 *     header   0 magic 89 'S' 'H' 'M' 'R' 0d 0a 1a   8 u32 format (1)       12 u32 bytes of the JSON object
 *             16 u64 recording, random              24 u32 part, from 0    28 u32 zero
 *             32 u64 XXH64 of the object            40 zero                56 u64 XXH64 of the 56 bytes before
 *
 *     block    0 u32 'S' 'H' 'M' 'B'                 4 u32 codec: 0 as it is, 1 Zstandard
 *              8 u32 bytes that follow              12 u32 bytes of records, unpacked
 *             16 u32 records                        20 u32 zero            24 u64 sequence of the first record
 *             32 i64 time of the first              40 i64 of the last     48 u64 XXH64 of what follows
 *             56 u64 XXH64 of the 56 bytes before
 *
 *     record   0 i64 time, ns since 1970, when the recorder saw it          8 u64 number in its lane, or all bits set
 *             16 u64 records missed in front of it                         24 u32 size   28 u16 type   30 u16 lane
 *             32 payload, filled up to a multiple of 8
 *
 * With rotation FILE is followed by FILE.1, FILE.2 ..., each with a header: the same recording, the next part.
 */
#ifndef SHMQ_RECORDING_H
#define SHMQ_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    RECORDING_HEAD = 64,
    RECORDING_RECORD = 32,
    RECORDING_BLOCK = 1 << 20,     /* bytes of records after which a block is written */
    RECORDING_RAW_MAX = 0x40000000 /* of one block */
};

enum recording_codec {
    RECORDING_PLAIN = 0,
    RECORDING_ZSTD = 1,
};

struct recording_record {
    uint64_t sequence; /* in the recording, from 0 */
    int64_t time_ns;
    uint64_t number;
    uint64_t missed;
    const void *data;
    uint32_t size;
    uint16_t type;
    uint16_t lane;
};

/* recording_zstd.c, or recording_plain.c where there is no libzstd. */

/** What packs; RECORDING_PLAIN: nothing. */
enum recording_codec recording_packer(void);
/** Room that packing so much may take. */
size_t recording_bound(size_t size);
/** Returns the packed size, 0 where it failed. */
size_t recording_pack(void *to, size_t room, const void *from, size_t size);
/** True: it filled `size` bytes exactly. */
bool recording_unpack(void *to, size_t size, const void *from, size_t packed);

struct recorder {
    const char *path;
    const char *about; /* JSON */
    uint64_t rotate;   /* bytes; 0: one file */
    FILE *file;
    uint64_t id;
    uint32_t part;
    uint64_t file_size;
    unsigned char *raw;
    size_t raw_size;
    size_t raw_room;
    uint32_t count; /* records in raw */
    uint64_t sequence;
    int64_t first_ns;
    int64_t last_ns;
    uint64_t bytes;  /* of payloads */
    uint64_t stored; /* of all files */
    int error;       /* errno of what failed; nothing is written after that */
};

/** Begin with a new file. Returns 0 or a negative errno. */
int recorder_start(struct recorder *r);
/** Add a record; its sequence is set here. Returns 0 or a negative errno. */
int recorder_add(struct recorder *r, const struct recording_record *record);
/** Write the block that is begun, so that it is in the file whatever becomes of us. Returns 0 or a negative errno. */
int recorder_flush(struct recorder *r);
int recorder_end(struct recorder *r);

struct player {
    const char *path;
    FILE *file;
    char *about; /* the JSON object of the first part */
    uint64_t id;
    uint32_t part;
    unsigned char *raw;
    size_t raw_size;
    size_t at; /* in raw */
    uint64_t sequence;
    uint64_t bad_blocks; /* damaged places that were stepped over */
    bool cut_off;        /* the last part ends in the middle of a block */
};

/** Returns 0; -EPROTO: not a recording, or of another format; -EBADMSG: its header is damaged; or another errno. */
int player_start(struct player *p, const char *path);
/** The next record: 1, 0 at the end, -ENOSYS where this was built without what packed it, or another negative errno. Its data stays until the next call. */
int player_next(struct player *p, struct recording_record *record);
void player_end(struct player *p);

/* Little-endian numbers in a file. */
static inline void recording_put(unsigned char *to, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        to[i] = (unsigned char)(value >> 8 * i);
    }
}

static inline uint64_t recording_get(const unsigned char *from, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++) {
        value |= (uint64_t)from[i] << 8 * i;
    }
    return value;
}

#define RECORDING_MAGIC "\x89SHMR\r\n\x1a"
#define RECORDING_BLOCK_MAGIC "SHMB"

#endif
