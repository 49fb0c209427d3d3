/* Which names exist on Linux: what lies in the folder of the shared memory and bears one of our prefixes. */
#include "port/shm_linux.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longest suffix of what lies beside a name. */
#define SUFFIX_MAX 64

struct names {
    bool beside; /* what lies beside names, and not the names */
    char (*all)[SHM_NAME_MAX + SUFFIX_MAX + sizeof "Global\\"];
    size_t count;
    size_t capacity;
};

static int names_compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static int names_add(struct names *names, const char *prefix, const char *name)
{
    if (names->count == names->capacity) {
        size_t capacity = names->capacity == 0 ? 16 : names->capacity * 2;
        void *all = realloc(names->all, capacity * sizeof *names->all);
        if (all == NULL) {
            return -ENOMEM;
        }
        names->all = all;
        names->capacity = capacity;
    }
    snprintf(names->all[names->count++], sizeof *names->all, "%s%s", prefix, name);
    return 0;
}

/* Add the name that an entry of the folder stands for, if it stands for one. */
static int entry_add(struct names *names, int folder, const char *entry)
{
    char local[32];
    shm_local_prefix(local);

    bool is_local = strncmp(entry, local, strlen(local)) == 0;
    bool is_global = strncmp(entry, SHM_GLOBAL_PREFIX, sizeof SHM_GLOBAL_PREFIX - 1) == 0;
    if (!is_local && !is_global) {
        return 0;
    }
    const char *name = entry + (is_local ? strlen(local) : sizeof SHM_GLOBAL_PREFIX - 1);
    char bare[SHM_NAME_MAX + 1];
    size_t length = strcspn(name, "~");
    struct stat status;
    if (length >= sizeof bare || strlen(name + length) >= SUFFIX_MAX || names->beside != (name[length] == '~')) {
        return 0;
    }
    memcpy(bare, name, length);
    bare[length] = '\0';
    if (shm_name_check(bare) != 0) {
        return 0;
    }
    if (fstatat(folder, entry, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? 0 : shm_failure(errno);
    }
    enum port_scope scope = is_local ? PORT_LOCAL : names->beside ? PORT_BESIDE : PORT_GLOBAL;
    if (!shm_owner_fits(scope, &status) || !(S_ISREG(status.st_mode) || S_ISLNK(status.st_mode))) {
        return 0;
    }
    return names_add(names, is_local ? "" : "Global\\", name);
}

static int names_read(struct names *names)
{
    DIR *folder = opendir(SHM_FOLDER);
    if (folder == NULL) {
        return errno == ENOENT ? 0 : shm_failure(errno);
    }
    int rc = 0;
    while (rc == 0) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (entry == NULL) {
            rc = shm_failure(errno);
            break;
        }
        rc = entry_add(names, dirfd(folder), entry->d_name);
    }
    closedir(folder);
    return rc;
}

/* In the order of their names; they are to be freed in any case. */
static int names_sort(struct names *names)
{
    int rc = names_read(names);
    if (rc == 0 && names->count > 0) {
        qsort(names->all, names->count, sizeof *names->all, names_compare);
    }
    return rc;
}

int port_shm_list(int (*each)(const char *name, void *arg), void *arg)
{
    struct names names = {.beside = false};
    int rc = names_sort(&names);
    for (size_t i = 0; rc == 0 && i < names.count; i++) {
        rc = each(names.all[i], arg);
    }
    free(names.all);
    return rc;
}

int port_shm_list_beside(int (*each)(const char *name, const char *suffix, void *arg), void *arg)
{
    struct names names = {.beside = true};
    int rc = names_sort(&names);
    for (size_t i = 0; rc == 0 && i < names.count; i++) {
        char *tilde = strchr(names.all[i], '~');
        char suffix[SUFFIX_MAX];
        snprintf(suffix, sizeof suffix, "%s", tilde);
        *tilde = '\0';
        rc = each(names.all[i], suffix, arg);
    }
    free(names.all);
    return rc;
}
