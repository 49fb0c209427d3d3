#include "recording.h"

#include "os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static int failed(struct recorder *r, int error)
{
    r->error = r->error != 0 ? r->error : error != 0 ? error : EIO;
    return -r->error;
}

static int bytes_write(struct recorder *r, const void *bytes, size_t size)
{
    errno = 0;
    if (fwrite(bytes, 1, size, r->file) != size) {
        return failed(r, errno);
    }
    r->file_size += size;
    r->stored += size;
    return 0;
}

/* What exists stays: "x". */
static int part_start(struct recorder *r)
{
    char path[4096];
    unsigned char head[RECORDING_HEAD] = {0};
    size_t about_size = strlen(r->about);
    int length = r->part == 0 ? snprintf(path, sizeof path, "%s", r->path)
                              : snprintf(path, sizeof path, "%s.%u", r->path, r->part);
    if ((size_t)length >= sizeof path) {
        return failed(r, ENAMETOOLONG);
    }
    r->file = os_file_new(path, OS_OWNER_READS);
    if (r->file == NULL) {
        return failed(r, errno);
    }
    r->file_size = 0;
    memcpy(head, RECORDING_MAGIC, 8);
    recording_put(head + 8, 1, 4);
    recording_put(head + 12, about_size, 4);
    recording_put(head + 16, r->id, 8);
    recording_put(head + 24, r->part, 4);
    recording_put(head + 32, XXH64(r->about, about_size, 0), 8);
    recording_put(head + 56, XXH64(head, 56, 0), 8);
    if (bytes_write(r, head, sizeof head) != 0 || bytes_write(r, r->about, about_size) != 0) {
        return -r->error;
    }
    return fflush(r->file) == 0 ? 0 : failed(r, errno);
}

int recorder_start(struct recorder *r)
{
    uint64_t seed[2] = {(uint64_t)os_realtime_ns(), (uint64_t)os_monotonic_ns()};
    r->id = XXH64(seed, sizeof seed, (uint64_t)(uintptr_t)r);
    return part_start(r);
}

static int part_end(struct recorder *r)
{
    if (r->file == NULL) {
        return 0;
    }
    errno = 0;
    int rc = fclose(r->file) == 0 ? 0 : failed(r, errno);
    r->file = NULL;
    return rc;
}

/* Packed where that makes it smaller. */
static int block_write(struct recorder *r)
{
    unsigned char head[RECORDING_HEAD] = {0};
    size_t room = recording_bound(r->raw_size);
    unsigned char *packed = recording_packer() != RECORDING_PLAIN ? malloc(room) : NULL;
    size_t size = packed != NULL ? recording_pack(packed, room, r->raw, r->raw_size) : 0;
    bool is_packed = size > 0 && size < r->raw_size;
    const unsigned char *bytes = is_packed ? packed : r->raw;
    size = is_packed ? size : r->raw_size;
    memcpy(head, RECORDING_BLOCK_MAGIC, 4);
    recording_put(head + 4, is_packed ? recording_packer() : RECORDING_PLAIN, 4);
    recording_put(head + 8, size, 4);
    recording_put(head + 12, r->raw_size, 4);
    recording_put(head + 16, r->count, 4);
    recording_put(head + 24, r->sequence - r->count, 8);
    recording_put(head + 32, (uint64_t)r->first_ns, 8);
    recording_put(head + 40, (uint64_t)r->last_ns, 8);
    recording_put(head + 48, XXH64(bytes, size, 0), 8);
    recording_put(head + 56, XXH64(head, 56, 0), 8);
    int rc = bytes_write(r, head, sizeof head);
    rc = rc == 0 ? bytes_write(r, bytes, size) : rc;
    free(packed);
    return rc == 0 && fflush(r->file) != 0 ? failed(r, errno) : rc;
}

int recorder_flush(struct recorder *r)
{
    if (r->error != 0) {
        return -r->error;
    }
    if (r->count == 0 || r->raw == NULL) {
        return 0;
    }
    int rc = 0;
    if (r->rotate != 0 && r->file_size >= r->rotate) {
        rc = part_end(r);
        r->part++;
        rc = rc == 0 ? part_start(r) : rc;
    }
    rc = rc == 0 ? block_write(r) : rc;
    r->raw_size = 0;
    r->count = 0;
    return rc;
}

static bool room_make(struct recorder *r, size_t more)
{
    if (r->raw_size + more <= r->raw_room) {
        return true;
    }
    size_t room = r->raw_size + more > RECORDING_BLOCK ? r->raw_size + more : RECORDING_BLOCK;
    unsigned char *larger = realloc(r->raw, room);
    if (larger == NULL) {
        return false;
    }
    r->raw = larger;
    r->raw_room = room;
    return true;
}

int recorder_add(struct recorder *r, const struct recording_record *record)
{
    size_t padded = ((size_t)record->size + 7) & ~(size_t)7;
    if (r->error != 0) {
        return -r->error;
    }
    if (padded > RECORDING_RAW_MAX - RECORDING_RECORD) {
        return failed(r, EMSGSIZE);
    }
    if (r->raw_size + RECORDING_RECORD + padded > RECORDING_BLOCK && recorder_flush(r) != 0) {
        return -r->error;
    }
    if (!room_make(r, RECORDING_RECORD + padded)) {
        return failed(r, ENOMEM);
    }
    unsigned char *at = r->raw + r->raw_size;
    recording_put(at, (uint64_t)record->time_ns, 8);
    recording_put(at + 8, record->number, 8);
    recording_put(at + 16, record->missed, 8);
    recording_put(at + 24, record->size, 4);
    recording_put(at + 28, record->type, 2);
    recording_put(at + 30, record->lane, 2);
    memset(at + RECORDING_RECORD + padded - (padded > 0 ? 8 : 0), 0, padded > 0 ? 8 : 0);
    if (record->size > 0) {
        memcpy(at + RECORDING_RECORD, record->data, record->size);
    }
    if (r->count == 0) {
        r->first_ns = record->time_ns;
    }
    r->last_ns = record->time_ns;
    r->raw_size += RECORDING_RECORD + padded;
    r->bytes += record->size;
    r->count++;
    r->sequence++;
    return 0;
}

int recorder_end(struct recorder *r)
{
    int rc = recorder_flush(r);
    int closed = part_end(r);
    free(r->raw);
    r->raw = NULL;
    return rc != 0 ? rc : closed;
}
