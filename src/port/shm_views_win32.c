/*
 * Views of named memory on Windows
 *
 * Each is remembered, with the file that it is of: what sleeps on a word of memory needs a name that other processes
 * give to the same word, whatever address it has there.
 */
#include "port/shm_win32.h"

#include <errno.h>
#include <stdlib.h>

struct view {
    const unsigned char *base;
    size_t length;
    uint64_t offset; /* in the file */
    struct shm_identity identity;
};

static SRWLOCK lock = SRWLOCK_INIT;
static struct view *views;
static size_t views_count;
static size_t views_capacity;

static int view_add(const struct view *view)
{
    int rc = 0;

    AcquireSRWLockExclusive(&lock);
    if (views_count == views_capacity) {
        size_t capacity = views_capacity == 0 ? 16 : views_capacity * 2;
        struct view *more = realloc(views, capacity * sizeof *more);

        rc = more == NULL ? -ENOMEM : 0;
        if (rc == 0) {
            views = more;
            views_capacity = capacity;
        }
    }
    if (rc == 0)
        views[views_count++] = *view;
    ReleaseSRWLockExclusive(&lock);
    return rc;
}

static void view_drop(const void *base)
{
    AcquireSRWLockExclusive(&lock);
    for (size_t i = 0; i < views_count; i++) {
        if (views[i].base == base) {
            views[i] = views[--views_count];
            break;
        }
    }
    if (views_count == 0) {
        free(views);
        views = NULL;
        views_capacity = 0;
    }
    ReleaseSRWLockExclusive(&lock);
}

bool shm_locate(const void *word, struct shm_identity *identity, uint64_t *offset)
{
    const unsigned char *byte = word;
    bool found = false;

    AcquireSRWLockShared(&lock);
    for (size_t i = 0; i < views_count && !found; i++) {
        found = byte >= views[i].base && byte < views[i].base + views[i].length;
        if (found) {
            *identity = views[i].identity;
            *offset = views[i].offset + (uint64_t)(byte - views[i].base);
        }
    }
    ReleaseSRWLockShared(&lock);
    return found;
}

int port_shm_map(port_file file, enum port_access access, uint64_t offset, size_t length, void **base)
{
    static const struct {
        DWORD section;
        DWORD view;
    } accesses[] = {
        [PORT_READ] = {PAGE_READONLY, FILE_MAP_READ},
        [PORT_READ_WRITE] = {PAGE_READWRITE, FILE_MAP_WRITE},
        [PORT_COPY] = {PAGE_WRITECOPY, FILE_MAP_COPY},
    };
    struct view view = {.length = length, .offset = offset};
    int rc = shm_identify(win32_handle(file), &view.identity);

    if (rc != 0)
        return rc;
    HANDLE section = CreateFileMappingW(win32_handle(file), NULL, accesses[access].section, 0, 0, NULL);

    if (section == NULL)
        return win32_failure(GetLastError());
    void *memory = MapViewOfFile(section, accesses[access].view, (DWORD)(offset >> 32), (DWORD)offset, length);
    DWORD error = memory == NULL ? GetLastError() : ERROR_SUCCESS;

    CloseHandle(section);
    if (memory == NULL)
        return win32_failure(error);
    view.base = memory;
    rc = view_add(&view);
    if (rc != 0)
        UnmapViewOfFile(memory);
    else
        *base = memory;
    return rc;
}

/* Forgotten first: the next view may be given the same address. */
int port_shm_unmap(void *base, size_t length)
{
    (void)length;
    view_drop(base);
    return UnmapViewOfFile(base) ? 0 : win32_failure(GetLastError());
}
