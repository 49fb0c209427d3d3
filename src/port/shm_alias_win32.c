/*
 * Aliases on Windows: a folder in the place of a name, with a file in it that says where it leads
 *
 * The folder is made under a name that is nobody's, and is given its own in one step. It is kept open until then: what
 * nobody has open is swept away.
 */
#include "port/security_win32.h"
#include "port/shm_win32.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The name of an alias of `place`'s target file. */
static int target_path(const struct port_place *place, char path[PORT_PATH_MAX])
{
    return snprintf(path, PORT_PATH_MAX, "%s" SHM_TARGET, place->path) >= PORT_PATH_MAX ? -ENAMETOOLONG : 0;
}

int shm_alias_read(const struct port_place *place, char target[PORT_PATH_MAX])
{
    char path[PORT_PATH_MAX];
    wchar_t wide[WIN32_PATH_MAX];
    DWORD size = 0;
    int rc = target_path(place, path);

    if (rc == 0)
        rc = win32_path(path, wide);
    if (rc != 0)
        return rc;
    HANDLE file =
        CreateFileW(wide, GENERIC_READ, WIN32_SHARE_ALL, NULL, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL);

    if (file == INVALID_HANDLE_VALUE)
        return win32_failure(GetLastError());
    if (!security_owner_fits(file, place->scope))
        rc = -EACCES;
    else if (!ReadFile(file, target, PORT_PATH_MAX, &size, NULL))
        rc = win32_failure(GetLastError());
    else if (size == 0 || size == PORT_PATH_MAX)
        rc = -EACCES;
    else
        target[size] = '\0';
    CloseHandle(file);
    return rc;
}

bool port_shm_is_alias(const struct port_place *place)
{
    char path[PORT_PATH_MAX];
    wchar_t wide[WIN32_PATH_MAX];

    return (place->scope == PORT_LOCAL || place->scope == PORT_GLOBAL) && target_path(place, path) == 0 &&
           win32_path(path, wide) == 0 && GetFileAttributesW(wide) != INVALID_FILE_ATTRIBUTES;
}

/* The full path of what is there now, as the system has it; or as it was given, where the system has it only in short. */
static int path_resolve(const char *path, char resolved[PORT_PATH_MAX])
{
    wchar_t wide[WIN32_PATH_MAX];
    wchar_t final[WIN32_PATH_MAX];
    int rc = win32_path(path, wide);

    if (rc != 0)
        return rc;
    HANDLE file = CreateFileW(wide, FILE_READ_ATTRIBUTES, WIN32_SHARE_ALL, NULL, OPEN_EXISTING,
                              FILE_FLAG_BACKUP_SEMANTICS, NULL);

    if (file == INVALID_HANDLE_VALUE)
        return win32_failure(GetLastError());
    DWORD length = GetFinalPathNameByHandleW(file, final, WIN32_PATH_MAX, FILE_NAME_NORMALIZED);

    CloseHandle(file);
    if (length >= WIN32_PATH_MAX)
        return -ENAMETOOLONG;
    return win32_path_back(length > 0 ? final : wide, resolved);
}

static int target_write(const struct port_place *place, const char *target)
{
    char path[PORT_PATH_MAX];
    wchar_t wide[WIN32_PATH_MAX];
    DWORD written;
    int rc = target_path(place, path);

    if (rc == 0)
        rc = win32_path(path, wide);
    if (rc != 0)
        return rc;
    HANDLE file = CreateFileW(wide, GENERIC_WRITE, WIN32_SHARE_ALL, NULL, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);

    if (file == INVALID_HANDLE_VALUE)
        return win32_failure(GetLastError());
    if (!WriteFile(file, target, (DWORD)strlen(target), &written, NULL))
        rc = win32_failure(GetLastError());
    CloseHandle(file);
    return rc;
}

/* A folder that nobody knows yet, open. */
static int folder_make(const struct port_place *place, HANDLE *folder)
{
    const struct port_permissions permissions = {.mode = place->scope == PORT_GLOBAL ? 0444 : 0};
    SECURITY_ATTRIBUTES attributes = {.nLength = sizeof attributes};
    wchar_t wide[WIN32_PATH_MAX];
    int rc = win32_path(place->path, wide);

    if (rc == 0)
        rc = security_descriptor(&permissions, place->scope, true, &attributes.lpSecurityDescriptor);
    if (rc != 0)
        return rc;
    bool made = CreateDirectoryW(wide, &attributes);

    LocalFree(attributes.lpSecurityDescriptor);
    if (!made)
        return win32_failure(GetLastError());
    *folder = CreateFileW(wide, DELETE | FILE_READ_ATTRIBUTES, WIN32_SHARE_ALL, NULL, OPEN_EXISTING,
                          FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    return *folder == INVALID_HANDLE_VALUE ? win32_failure(GetLastError()) : 0;
}

static int alias_make(const struct port_place *place, const char *target)
{
    struct port_place draft = {.scope = place->scope};
    HANDLE folder;
    int rc = shm_nameless(place->path, draft.path);

    if (rc == 0)
        rc = folder_make(&draft, &folder);
    if (rc != 0)
        return rc;
    rc = target_write(&draft, target);
    if (rc == 0)
        rc = shm_rename(folder, place->path);
    CloseHandle(folder);
    if (rc != 0)
        (void)port_shm_unlink(&draft);
    return rc;
}

int port_shm_alias(const struct port_place *place, const char *path)
{
    char target[PORT_PATH_MAX];

    if (place->scope != PORT_LOCAL && place->scope != PORT_GLOBAL)
        return -EINVAL;
    int rc = port_shm_may_create(place);

    if (rc == 0)
        rc = shm_folder_make(place->scope);
    if (rc == 0)
        rc = path_resolve(path, target);
    if (rc != 0)
        return rc;
    /* Not found: somebody has swept the draft away, in the moment in which it was not open. */
    for (int try = 0; try < SHM_TRIES_MAX && (rc = alias_make(place, target)) == -ENOENT; try++)
        continue;
    return rc;
}

int port_shm_beside(const struct port_place *place, const char *suffix, struct port_place *beside)
{
    bool is_alias = port_shm_is_alias(place);
    char file[PORT_PATH_MAX];
    int rc = is_alias ? shm_alias_read(place, file) : place->scope == PORT_PATH ? path_resolve(place->path, file) : 0;

    if (rc != 0)
        return rc;
    if (!is_alias && place->scope != PORT_PATH) {
        wchar_t wide[WIN32_PATH_MAX];

        snprintf(file, sizeof file, "%s", place->path);
        rc = win32_path(file, wide);
        if (rc == 0 && GetFileAttributesW(wide) == INVALID_FILE_ATTRIBUTES)
            rc = win32_failure(GetLastError());
        if (rc != 0)
            return rc;
    }
    /* A name of the user's own stays that; of all others the folder's permissions decide. */
    beside->scope = !is_alias && place->scope == PORT_LOCAL ? PORT_LOCAL : PORT_BESIDE;
    int length = snprintf(beside->path, sizeof beside->path, "%s%s", file, suffix);

    return length >= PORT_PATH_MAX ? -ENAMETOOLONG : 0;
}
