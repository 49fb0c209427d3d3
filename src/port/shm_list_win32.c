/* Which names exist on Windows: what lies in the two folders of names. */
#include "port/security_win32.h"
#include "port/shm_win32.h"

#include <errno.h>
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

static int names_add(struct names *names, const char *prefix, const char *name, const char *suffix)
{
    if (names->count == names->capacity) {
        size_t capacity = names->capacity == 0 ? 16 : names->capacity * 2;
        void *all = realloc(names->all, capacity * sizeof *names->all);

        if (all == NULL)
            return -ENOMEM;
        names->all = all;
        names->capacity = capacity;
    }
    snprintf(names->all[names->count++], sizeof *names->all, "%s%s%s", prefix, name, suffix);
    return 0;
}

static bool is_owned(const char *folder, const char *entry, enum port_scope scope)
{
    char path[PORT_PATH_MAX];
    wchar_t wide[WIN32_PATH_MAX];

    if (snprintf(path, sizeof path, "%s%s", folder, entry) >= PORT_PATH_MAX || win32_path(path, wide) != 0)
        return false;
    HANDLE file = CreateFileW(wide, READ_CONTROL, WIN32_SHARE_ALL, NULL, OPEN_EXISTING,
                              FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    bool fits = file != INVALID_HANDLE_VALUE && security_owner_fits(file, scope);

    if (file != INVALID_HANDLE_VALUE)
        CloseHandle(file);
    return fits;
}

static bool is_alias(const char *folder, const char *entry, enum port_scope scope)
{
    struct port_place place = {.scope = scope};

    return snprintf(place.path, sizeof place.path, "%s%s", folder, entry) < PORT_PATH_MAX &&
           port_shm_is_alias(&place);
}

/* Add the name that an entry of the folder stands for, if it stands for one. */
static int entry_add(struct names *names, enum port_scope scope, const char *folder, const WIN32_FIND_DATAW *found)
{
    char entry[PORT_PATH_MAX];
    char name[SHM_NAME_MAX + 1];

    if (win32_path_back(found->cFileName, entry) != 0)
        return 0;
    size_t length = strcspn(entry, "~");

    if (strlen(entry + length) >= SUFFIX_MAX || names->beside != (entry[length] == '~') ||
        shm_name_decode(entry, length, name) != 0)
        return 0;
    if ((found->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0 && !is_alias(folder, entry, scope))
        return 0;
    if (!is_owned(folder, entry, names->beside && scope == PORT_GLOBAL ? PORT_BESIDE : scope))
        return 0;
    return names_add(names, scope == PORT_GLOBAL ? "Global\\" : "", name, entry + length);
}

static int names_read(struct names *names, enum port_scope scope)
{
    char folder[PORT_PATH_MAX];
    char pattern[PORT_PATH_MAX];
    wchar_t wide[WIN32_PATH_MAX];
    WIN32_FIND_DATAW found;
    int rc = shm_folder(scope, folder);

    if (rc != 0)
        return rc == -ENOENT ? 0 : rc;
    if (names->beside)
        shm_sweep(folder);
    if (snprintf(pattern, sizeof pattern, "%s*", folder) >= PORT_PATH_MAX)
        return -ENAMETOOLONG;
    rc = win32_path(pattern, wide);
    if (rc != 0)
        return rc;
    HANDLE find = FindFirstFileW(wide, &found);

    if (find == INVALID_HANDLE_VALUE) {
        rc = win32_failure(GetLastError());
        return rc == -ENOENT ? 0 : rc;
    }
    do
        rc = entry_add(names, scope, folder, &found);
    while (rc == 0 && FindNextFileW(find, &found));
    if (rc == 0 && GetLastError() != ERROR_NO_MORE_FILES)
        rc = win32_failure(GetLastError());
    FindClose(find);
    return rc;
}

/* In the order of their names; they are to be freed in any case. */
static int names_sort(struct names *names)
{
    int rc = names_read(names, PORT_LOCAL);

    if (rc == 0)
        rc = names_read(names, PORT_GLOBAL);
    if (rc == 0 && names->count > 0)
        qsort(names->all, names->count, sizeof *names->all, names_compare);
    return rc;
}

int port_shm_list(int (*each)(const char *name, void *arg), void *arg)
{
    struct names names = {.beside = false};
    int rc = names_sort(&names);

    for (size_t i = 0; rc == 0 && i < names.count; i++)
        rc = each(names.all[i], arg);
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
