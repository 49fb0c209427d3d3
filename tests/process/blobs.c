/*
 * The files of blobs
 *
 * FOLDER/queue~ID.LANE.SLOT is a blob of the queue. FOLDER/kept.LANE.SLOT is a second name of the same file, by which it is
 * had again when heirs have removed it, and FOLDER/bytes.LANE.SLOT is what it held.
 */
#include "world.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOB_MAX 65536

static const char *base_of(const char *path)
{
    return strrchr(path, '/') + 1;
}

/* Call `each` for every blob of the queue: its path, and `.LANE.SLOT`. How many there are. */
static uint32_t for_each(const struct world *w, const char *queue,
                         void (*each)(const char *path, const char *place, void *), void *arg)
{
    size_t length = strlen(base_of(queue));
    DIR *entries = opendir(w->folder);
    const struct dirent *entry;
    char path[400];
    uint32_t count = 0;

    must(entries != NULL, "list the folder");
    while ((entry = readdir(entries)) != NULL) {
        if (strncmp(entry->d_name, base_of(queue), length) != 0 || entry->d_name[length] != '~')
            continue;
        snprintf(path, sizeof path, "%s/%s", w->folder, entry->d_name);
        if (each != NULL)
            each(path, strchr(entry->d_name, '.'), arg);
        count++;
    }
    closedir(entries);
    return count;
}

static ssize_t read_file(const char *path, void *bytes)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? -1 : read(file, bytes, BLOB_MAX);

    if (file >= 0)
        close(file);
    return size;
}

static void write_file(const char *path, int flags, const void *bytes, ssize_t size)
{
    int file = open(path, flags | O_RDWR | O_CLOEXEC, 0600);

    must(size >= 0 && file >= 0 && ftruncate(file, size) == 0 && pwrite(file, bytes, (size_t)size, 0) == size,
         "write what was in a blob");
    close(file);
}

static void copy_file(const char *from, const char *to)
{
    static uint8_t bytes[BLOB_MAX];

    write_file(to, O_CREAT, bytes, read_file(from, bytes));
}

static void add_to_image(const char *path, const char *place, void *arg)
{
    static uint8_t bytes[BLOB_MAX];
    uint64_t hash = 14695981039346656037u;
    ssize_t size = read_file(path, bytes);

    must(size >= 0, "read a blob");
    for (const char *c = place; *c != '\0'; c++)
        hash = (hash ^ (uint8_t)*c) * 1099511628211u;
    for (ssize_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 1099511628211u;
    *(uint64_t *)arg += hash; /* in whatever order they are listed */
}

uint64_t blobs_image(const struct world *w)
{
    uint64_t image = 0;

    if (w->scenario->typed)
        (void)for_each(w, w->name, add_to_image, &image);
    return image;
}

uint32_t blobs_count(const struct world *w)
{
    return w->scenario->typed ? for_each(w, w->name, NULL, NULL) : 0;
}

static void copy_one(const char *path, const char *place, void *arg)
{
    const char *to = arg;
    char copy[500];

    (void)place;
    snprintf(copy, sizeof copy, "%s%s", to, strchr(path, '~'));
    copy_file(path, copy);
}

void blobs_copy(const struct world *w, const char *to)
{
    if (w->scenario->typed)
        (void)for_each(w, w->name, copy_one, (void *)(uintptr_t)to);
}

static void other_names(const struct world *w, const char *place, char kept[128], char bytes[128])
{
    snprintf(kept, 128, "%s/kept%s", w->folder, place);
    snprintf(bytes, 128, "%s/bytes%s", w->folder, place);
}

static void keep_one(const char *path, const char *place, void *arg)
{
    char kept[128];
    char bytes[128];

    other_names(arg, place, kept, bytes);
    unlink(kept);
    must(link(path, kept) == 0, "a second name of a blob");
    copy_file(path, bytes);
}

void blobs_keep(const struct world *w)
{
    if (w->scenario->typed)
        (void)for_each(w, w->name, keep_one, (void *)(uintptr_t)w);
}

static void remove_one(const char *path, const char *place, void *arg)
{
    (void)place, (void)arg;
    unlink(path);
}

void blobs_put_back(const struct world *w)
{
    const struct shmq_header *header = (const struct shmq_header *)(const void *)w->mapping;
    char kept[128];
    char bytes[128];
    char place[32];
    char path[400];

    if (!w->scenario->typed)
        return;
    (void)for_each(w, w->name, remove_one, NULL);
    for (uint32_t i = 0; i < world_lanes(w) * WORLD_BLOBS; i++) {
        snprintf(place, sizeof place, ".%u.%u", i / WORLD_BLOBS, i % WORLD_BLOBS);
        other_names(w, place, kept, bytes);
        int used = snprintf(path, sizeof path, "%s~", w->name);

        for (size_t n = 0; n < 8; n++)
            used += snprintf(path + used, sizeof path - (size_t)used, "%02x", header->identity.id[n]);
        snprintf(path + used, sizeof path - (size_t)used, "%s", place);
        if (rename(kept, path) == 0) {
            copy_file(bytes, path);
            unlink(bytes);
        }
    }
}
