#include "data.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)
#define SIZE_MAX_READ (256 * MIB)
#define SIZE_MIN_SENT (32 * MIB)

static char failure[512];

static const char *failed(const char *path, const char *why)
{
    snprintf(failure, sizeof failure, "cannot read %s: %s", path, why);
    return failure;
}

/* A small machine must have room for it. */
static size_t size_limit(void)
{
    long pages = sysconf(_SC_PHYS_PAGES);
    long page = sysconf(_SC_PAGESIZE);
    size_t eighth = pages > 0 && page > 0 ? (size_t)pages / 8 * (size_t)page : SIZE_MAX_READ;

    return eighth < SIZE_MAX_READ ? eighth : SIZE_MAX_READ;
}

/* Room for `count` more sizes behind those that are there. */
static bool make_room(struct data_records *records, size_t *room, size_t count)
{
    size_t larger = *room;
    uint32_t *sizes;

    while (larger < records->count + count)
        larger = larger == 0 ? 65536 : larger * 2;
    if (larger == *room)
        return true;
    sizes = realloc(records->sizes, larger * sizeof *sizes);
    if (sizes == NULL)
        return false;
    records->sizes = sizes;
    *room = larger;
    return true;
}

static bool cut_lines(struct data_records *lines, size_t *room, const uint8_t *from, const uint8_t *end)
{
    while (from < end) {
        size_t left = (size_t)(end - from);
        size_t most = left < DATA_RECORD_MAX ? left : DATA_RECORD_MAX;
        const uint8_t *line_feed = memchr(from, '\n', most);
        size_t size = line_feed != NULL ? (size_t)(line_feed - from) + 1 : most;

        if (!make_room(lines, room, 1))
            return false;
        lines->sizes[lines->count++] = (uint32_t)size;
        lines->size += size;
        from += size;
    }
    return true;
}

static bool cut_chunks(struct data_records *chunks)
{
    size_t room = 0;

    if (!make_room(chunks, &room, chunks->size / DATA_RECORD_MAX + 1))
        return false;
    for (size_t at = 0; at < chunks->size; at += DATA_RECORD_MAX) {
        size_t left = chunks->size - at;

        chunks->sizes[chunks->count++] = (uint32_t)(left < DATA_RECORD_MAX ? left : DATA_RECORD_MAX);
    }
    return true;
}

/* Append a file. 0 or an errno; what was read before an error is not kept. */
static int read_file(struct data *data, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t size = data->size;
    ssize_t got = 0;

    if (fd < 0)
        return errno;
    while (size < data->limit) {
        got = read(fd, data->lines.bytes + size, data->limit - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        size += (size_t)got;
    }
    int error = got < 0 ? errno : 0;

    close(fd);
    if (error == 0)
        data->size = size;
    return error;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static const char *read_entry(struct data *data, size_t *room, const FTSENT *entry)
{
    size_t start = data->size;
    int error = 0;

    switch (entry->fts_info) {
    case FTS_F:
        error = read_file(data, entry->fts_path);
        break;
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        error = entry->fts_errno;
        break;
    case FTS_SLNONE:
        error = ENOENT;
        break;
    case FTS_DEFAULT:
        return entry->fts_level == 0 ? failed(entry->fts_path, "neither a regular file nor a folder") : NULL;
    default:
        return NULL;
    }
    if (error != 0 && entry->fts_level == 0)
        return failed(entry->fts_path, strerror(error));
    data->unreadable += error != 0;
    data->files += error == 0;
    if (!cut_lines(&data->lines, room, data->lines.bytes + start, data->lines.bytes + data->size))
        return failed(entry->fts_path, strerror(ENOMEM));
    return NULL;
}

static const char *read_all(struct data *data, size_t *room, char *const *paths)
{
    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    const char *error = NULL;
    const FTSENT *entry;

    if (tree == NULL)
        return failed(paths[0], strerror(errno));
    while (error == NULL && data->size < data->limit && (entry = fts_read(tree)) != NULL)
        error = read_entry(data, room, entry);
    fts_close(tree);
    if (error == NULL && data->size == 0)
        error = failed(paths[0], "there is nothing in it");
    return error;
}

/* Let all of it stand there as often as it takes to have enough. */
static bool repeat(struct data *data, size_t *room)
{
    struct data_records *lines = &data->lines;
    size_t count = lines->count;

    data->repeats = (SIZE_MIN_SENT + data->size - 1) / data->size;
    if (data->repeats > data->limit / data->size)
        data->repeats = data->limit / data->size;
    if (!make_room(lines, room, count * (data->repeats - 1)))
        return false;
    for (uint64_t i = 1; i < data->repeats; i++) {
        memcpy(lines->bytes + lines->size, lines->bytes, data->size);
        memcpy(lines->sizes + lines->count, lines->sizes, count * sizeof *lines->sizes);
        lines->size += data->size;
        lines->count += count;
    }
    return true;
}

const char *data_read(struct data *data, char *const *paths)
{
    size_t room = 0;
    const char *error;

    *data = (struct data){.limit = size_limit(), .repeats = 1};
    data->lines.bytes =
        mmap(NULL, data->limit, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (data->lines.bytes == MAP_FAILED) {
        data->lines.bytes = NULL;
        return failed(paths[0], strerror(errno));
    }
    error = read_all(data, &room, paths);
    if (error != NULL)
        return error;
    if (data->size < SIZE_MIN_SENT && !repeat(data, &room))
        return failed(paths[0], strerror(ENOMEM));
    data->chunks.bytes = data->lines.bytes;
    data->chunks.size = data->lines.size;
    return cut_chunks(&data->chunks) ? NULL : failed(paths[0], strerror(ENOMEM));
}

void data_free(struct data *data)
{
    if (data->lines.bytes != NULL)
        munmap(data->lines.bytes, data->limit);
    free(data->lines.sizes);
    free(data->chunks.sizes);
    *data = (struct data){.limit = 0};
}
