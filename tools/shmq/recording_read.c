#include "os.h"
#include "recording.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* More than that is no description of a queue. */
enum { ABOUT_MAX = 1 << 20 };

static bool head_is_whole(const unsigned char *head)
{
    return recording_get(head + 56, 8) == XXH64(head, 56, 0);
}

/* Reads the header of a part. 0, -EPROTO, -EBADMSG, -ENOMEM. */
static int part_read(FILE *file, uint64_t *id, uint32_t *part, char **about)
{
    unsigned char head[RECORDING_HEAD];
    if (fread(head, 1, sizeof head, file) != sizeof head || memcmp(head, RECORDING_MAGIC, 8) != 0 ||
        recording_get(head + 8, 4) != 1) {
        return -EPROTO;
    }
    uint64_t size = recording_get(head + 12, 4);
    if (!head_is_whole(head) || size > ABOUT_MAX) {
        return -EBADMSG;
    }
    char *text = malloc((size_t)size + 1);
    if (text == NULL) {
        return -ENOMEM;
    }
    if (fread(text, 1, (size_t)size, file) != size || XXH64(text, (size_t)size, 0) != recording_get(head + 32, 8)) {
        free(text);
        return -EBADMSG;
    }
    text[size] = '\0';
    *id = recording_get(head + 16, 8);
    *part = (uint32_t)recording_get(head + 24, 4);
    *about = text;
    return 0;
}

int player_start(struct player *p, const char *path)
{
    *p = (struct player){.path = path, .file = os_file_stream(path)};
    if (p->file == NULL) {
        return -errno;
    }
    int rc = part_read(p->file, &p->id, &p->part, &p->about);
    if (rc != 0) {
        player_end(p);
    }
    return rc;
}

void player_end(struct player *p)
{
    if (p->file != NULL) {
        fclose(p->file);
    }
    free(p->about);
    free(p->raw);
    *p = (struct player){0};
}

/* The next part of the same recording, where there is one. */
static bool part_next(struct player *p)
{
    char path[4096];
    uint64_t id;
    uint32_t part;
    char *about = NULL;
    if ((size_t)snprintf(path, sizeof path, "%s.%u", p->path, p->part + 1) >= sizeof path) {
        return false;
    }
    FILE *file = os_file_stream(path);
    if (file == NULL) {
        return false;
    }
    int rc = part_read(file, &id, &part, &about);
    free(about);
    if (rc != 0 || id != p->id || part != p->part + 1) {
        fclose(file);
        return false;
    }
    fclose(p->file);
    p->file = file;
    p->part = part;
    p->cut_off = false;
    return true;
}

/* Are the records as long as they say, and so many? */
static bool records_are_whole(const unsigned char *raw, size_t size, uint64_t count)
{
    size_t at = 0;
    for (; count > 0 && size - at >= RECORDING_RECORD; count--) {
        uint64_t padded = (recording_get(raw + at + 24, 4) + 7) & ~UINT64_C(7);
        if (padded > size - at - RECORDING_RECORD) {
            return false;
        }
        at += RECORDING_RECORD + (size_t)padded;
    }
    return count == 0 && at == size;
}

/* What follows the head of a block. 0, or -EBADMSG, -ENOMEM, -ENOSYS. */
static int block_read(struct player *p, const unsigned char *head)
{
    size_t stored = (size_t)recording_get(head + 8, 4);
    size_t size = (size_t)recording_get(head + 12, 4);
    uint64_t codec = recording_get(head + 4, 4);
    if (stored > RECORDING_RAW_MAX || size > RECORDING_RAW_MAX || size == 0 || codec > RECORDING_ZSTD ||
        (codec == RECORDING_PLAIN && stored != size)) {
        return -EBADMSG;
    }
    if (codec == RECORDING_ZSTD && recording_packer() == RECORDING_PLAIN) {
        return -ENOSYS;
    }
    unsigned char *bytes = malloc(stored);
    unsigned char *raw = codec == RECORDING_PLAIN ? bytes : malloc(size);
    bool whole = bytes != NULL && raw != NULL;
    int rc = whole ? 0 : -ENOMEM;
    if (whole) {
        whole = fread(bytes, 1, stored, p->file) == stored &&
                XXH64(bytes, stored, 0) == recording_get(head + 48, 8) &&
                (codec == RECORDING_PLAIN || recording_unpack(raw, size, bytes, stored)) &&
                records_are_whole(raw, size, recording_get(head + 16, 4));
        rc = whole ? 0 : -EBADMSG;
    }
    if (raw != bytes) {
        free(bytes);
    }
    if (rc != 0) {
        free(raw);
        return rc;
    }
    free(p->raw);
    p->raw = raw;
    p->raw_size = size;
    p->at = 0;
    p->sequence = recording_get(head + 24, 8);
    return 0;
}

/* Look for the head of a block from there on. False: there is none. */
static bool head_find(FILE *file, long from)
{
    unsigned char window[4096 + RECORDING_HEAD];
    for (;;) {
        if (fseek(file, from, SEEK_SET) != 0) {
            return false;
        }
        size_t size = fread(window, 1, sizeof window, file);
        if (size < RECORDING_HEAD) {
            return false;
        }
        for (size_t i = 0; i + RECORDING_HEAD <= size; i++) {
            if (memcmp(window + i, RECORDING_BLOCK_MAGIC, 4) == 0 && head_is_whole(window + i)) {
                return fseek(file, from + (long)i, SEEK_SET) == 0;
            }
        }
        from += (long)(size - RECORDING_HEAD + 1);
    }
}

/* 1, 0 at the end, or a negative errno. */
static int block_next(struct player *p)
{
    for (;;) {
        unsigned char head[RECORDING_HEAD];
        long from = ftell(p->file);
        size_t size = fread(head, 1, sizeof head, p->file);
        if (size == 0 && !p->cut_off) {
            if (!part_next(p)) {
                return 0;
            }
            continue;
        }
        bool is_head = size == sizeof head && memcmp(head, RECORDING_BLOCK_MAGIC, 4) == 0 && head_is_whole(head);
        int rc = is_head ? block_read(p, head) : -EBADMSG;
        if (rc != -EBADMSG) {
            return rc == 0 ? 1 : rc;
        }
        /* The next that is whole; else this part has no more. */
        if (head_find(p->file, from + 1)) {
            p->bad_blocks++;
        } else {
            p->cut_off = true;
            if (!part_next(p)) {
                return 0;
            }
            p->bad_blocks++;
        }
    }
}

int player_next(struct player *p, struct recording_record *record)
{
    if (p->at >= p->raw_size) {
        int rc = block_next(p);
        if (rc <= 0) {
            return rc;
        }
    }
    const unsigned char *at = p->raw + p->at;
    *record = (struct recording_record){
        .sequence = p->sequence++,
        .time_ns = (int64_t)recording_get(at, 8),
        .number = recording_get(at + 8, 8),
        .missed = recording_get(at + 16, 8),
        .data = at + RECORDING_RECORD,
        .size = (uint32_t)recording_get(at + 24, 4),
        .type = (uint16_t)recording_get(at + 28, 2),
        .lane = (uint16_t)recording_get(at + 30, 2),
    };
    p->at += RECORDING_RECORD + (((size_t)record->size + 7) & ~(size_t)7);
    return 1;
}
