/* Open files of named memory on Windows, and views of them. Their names: shm_names_win32.c, how they come: shm_birth_win32.c */
#include "port/shm_win32.h"

#include "port/security_win32.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <winternl.h>

/* The name of an alias of `place`'s target file. */
static int target_path(const struct port_place *place, char path[PORT_PATH_MAX])
{
    return snprintf(path, PORT_PATH_MAX, "%s" SHM_TARGET, place->path) >= PORT_PATH_MAX ? -ENAMETOOLONG : 0;
}

static bool has_attribute(HANDLE file, DWORD attribute)
{
    FILE_BASIC_INFO info;

    return GetFileInformationByHandleEx(file, FileBasicInfo, &info, sizeof info) &&
           (info.FileAttributes & attribute) != 0;
}

/* Read where an alias leads. -ENOENT: it is none (any more). */
static int alias_read(const struct port_place *place, char target[PORT_PATH_MAX])
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

static DWORD access_mask(enum port_access access)
{
    return access == PORT_READ_WRITE ? GENERIC_READ | GENERIC_WRITE : GENERIC_READ;
}

/* What a path leads to: a file, or (of a name) the folder that is an alias. */
static int path_open(const char *path, enum port_access access, bool inheritable, bool follow, HANDLE *file)
{
    SECURITY_ATTRIBUTES attributes = {.nLength = sizeof attributes, .bInheritHandle = inheritable};
    DWORD flags = FILE_FLAG_BACKUP_SEMANTICS | (follow ? 0 : FILE_FLAG_OPEN_REPARSE_POINT);
    wchar_t wide[WIN32_PATH_MAX];
    int rc = win32_path(path, wide);

    if (rc != 0)
        return rc;
    *file = CreateFileW(wide, access_mask(access), WIN32_SHARE_ALL, &attributes, OPEN_EXISTING, flags, NULL);
    if (*file == INVALID_HANDLE_VALUE)
        return win32_failure(GetLastError());
    rc = GetFileType(*file) != FILE_TYPE_DISK                            ? -EINVAL
         : !follow && has_attribute(*file, FILE_ATTRIBUTE_REPARSE_POINT) ? -EACCES
                                                                         : 0;
    if (rc != 0)
        CloseHandle(*file);
    return rc;
}

int port_shm_open(const struct port_place *place, enum port_access access, bool inheritable, port_file *file)
{
    bool is_name = place->scope == PORT_LOCAL || place->scope == PORT_GLOBAL;
    char target[PORT_PATH_MAX];
    HANDLE opened;
    int rc = path_open(place->path, access, inheritable, place->scope == PORT_PATH, &opened);

    if (rc == 0 && is_name && !security_owner_fits(opened, place->scope))
        rc = -EACCES;
    else if (rc == 0 && is_name && has_attribute(opened, FILE_ATTRIBUTE_DIRECTORY)) {
        CloseHandle(opened);
        rc = alias_read(place, target);
        if (rc == 0)
            rc = path_open(target, access, inheritable, true, &opened);
        if (rc != 0)
            return rc;
    } else if (rc != 0) {
        return rc;
    }
    if (rc == 0 && has_attribute(opened, FILE_ATTRIBUTE_DIRECTORY))
        rc = -EINVAL;
    if (rc != 0) {
        CloseHandle(opened);
        return rc;
    }
    *file = (port_file)opened;
    return 0;
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

/* A folder that nobody knows yet, with the target in it. */
static int alias_make(const char *folder, const char *target, enum port_scope scope)
{
    const struct port_permissions permissions = {.mode = scope == PORT_GLOBAL ? 0444 : 0};
    SECURITY_ATTRIBUTES attributes = {.nLength = sizeof attributes};
    struct port_place place = {.scope = scope};
    char path[PORT_PATH_MAX];
    wchar_t wide[WIN32_PATH_MAX];
    wchar_t wide_target[WIN32_PATH_MAX];
    DWORD written = 0;
    int rc = win32_path(folder, wide);

    snprintf(place.path, sizeof place.path, "%s", folder);
    if (rc == 0)
        rc = target_path(&place, path);
    if (rc == 0)
        rc = win32_path(path, wide_target);
    if (rc == 0)
        rc = security_descriptor(&permissions, scope, true, &attributes.lpSecurityDescriptor);
    if (rc != 0)
        return rc;
    bool made = CreateDirectoryW(wide, &attributes);

    LocalFree(attributes.lpSecurityDescriptor);
    if (!made)
        return win32_failure(GetLastError());
    HANDLE file =
        CreateFileW(wide_target, GENERIC_WRITE, WIN32_SHARE_ALL, NULL, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);

    if (file == INVALID_HANDLE_VALUE || !WriteFile(file, target, (DWORD)strlen(target), &written, NULL))
        rc = win32_failure(GetLastError());
    if (file != INVALID_HANDLE_VALUE)
        CloseHandle(file);
    return rc;
}

int port_shm_alias(const struct port_place *place, const char *path)
{
    char target[PORT_PATH_MAX];
    char folder[PORT_PATH_MAX];
    wchar_t wide[WIN32_PATH_MAX];
    wchar_t wide_place[WIN32_PATH_MAX];

    if (place->scope != PORT_LOCAL && place->scope != PORT_GLOBAL)
        return -EINVAL;
    int rc = port_shm_may_create(place);

    if (rc == 0)
        rc = shm_folder_make(place->scope);
    if (rc == 0)
        rc = path_resolve(path, target);
    if (rc == 0)
        rc = shm_nameless(place->path, folder);
    if (rc == 0)
        rc = win32_path(folder, wide);
    if (rc == 0)
        rc = win32_path(place->path, wide_place);
    if (rc != 0)
        return rc;
    rc = alias_make(folder, target, place->scope);
    if (rc == 0 && !MoveFileExW(wide, wide_place, 0))
        rc = win32_failure(GetLastError());
    if (rc == -EACCES && GetFileAttributesW(wide_place) != INVALID_FILE_ATTRIBUTES)
        rc = -EEXIST; /* some say so where a folder would replace something */
    if (rc != 0) {
        struct port_place made = {.scope = place->scope};

        snprintf(made.path, sizeof made.path, "%s", folder);
        (void)port_shm_unlink(&made);
    }
    return rc;
}

int port_shm_beside(const struct port_place *place, const char *suffix, struct port_place *beside)
{
    bool is_alias = port_shm_is_alias(place);
    char file[PORT_PATH_MAX];
    int rc = is_alias ? alias_read(place, file) : place->scope == PORT_PATH ? path_resolve(place->path, file) : 0;

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

int port_shm_allows(port_file file, enum port_access access)
{
    PUBLIC_OBJECT_BASIC_INFORMATION info;
    HANDLE handle = win32_handle(file);

    if (handle == INVALID_HANDLE_VALUE || GetFileType(handle) != FILE_TYPE_DISK ||
        NtQueryObject(handle, ObjectBasicInformation, &info, sizeof info, NULL) != 0)
        return -EINVAL;
    DWORD wanted = FILE_READ_DATA | (access == PORT_READ_WRITE ? FILE_WRITE_DATA : 0);

    return (info.GrantedAccess & wanted) == wanted ? 0 : -EACCES;
}

int port_shm_permissions(port_file file, struct port_permissions *permissions)
{
    uint32_t mode;
    int rc = security_mode(win32_handle(file), &mode);

    if (rc == 0)
        *permissions = (struct port_permissions){.mode = mode};
    return rc;
}

int shm_identify(HANDLE file, struct shm_identity *identity)
{
    BY_HANDLE_FILE_INFORMATION info;
    FILE_ID_INFO id;

    memset(identity, 0, sizeof *identity);
    if (GetFileInformationByHandleEx(file, FileIdInfo, &id, sizeof id)) {
        identity->volume = id.VolumeSerialNumber;
        memcpy(identity->file, &id.FileId, sizeof identity->file);
        return 0;
    }
    if (!GetFileInformationByHandle(file, &info)) /* what all file systems know */
        return win32_failure(GetLastError());
    identity->volume = info.dwVolumeSerialNumber;
    memcpy(identity->file, &info.nFileIndexLow, sizeof info.nFileIndexLow);
    memcpy(identity->file + sizeof info.nFileIndexLow, &info.nFileIndexHigh, sizeof info.nFileIndexHigh);
    return 0;
}

bool port_shm_same(port_file a, port_file b)
{
    struct shm_identity first;
    struct shm_identity second;

    return shm_identify(win32_handle(a), &first) == 0 && shm_identify(win32_handle(b), &second) == 0 &&
           memcmp(&first, &second, sizeof first) == 0;
}

int port_shm_size(port_file file, uint64_t *size)
{
    HANDLE handle = win32_handle(file);
    LARGE_INTEGER end;

    if (GetFileType(handle) != FILE_TYPE_DISK || has_attribute(handle, FILE_ATTRIBUTE_DIRECTORY))
        return -EINVAL;
    if (!GetFileSizeEx(handle, &end))
        return win32_failure(GetLastError());
    *size = (uint64_t)end.QuadPart;
    return 0;
}

/* A section that is larger than its file makes it longer, and never shorter, whoever else does so meanwhile. */
int port_shm_grow(port_file file, uint64_t size)
{
    uint64_t now = 0;
    int rc = port_shm_size(file, &now);

    if (rc != 0 || size <= now)
        return rc;
    if (size > INT64_MAX)
        return -ENOSPC;
    HANDLE section =
        CreateFileMappingW(win32_handle(file), NULL, PAGE_READWRITE, (DWORD)(size >> 32), (DWORD)size, NULL);

    if (section == NULL)
        return win32_failure(GetLastError());
    CloseHandle(section);
    return 0;
}

size_t port_shm_granularity(void)
{
    SYSTEM_INFO system;

    GetSystemInfo(&system);
    return system.dwAllocationGranularity;
}

/* Where the system could not delete the file when its name was taken away, because it was mapped, it can now. */
static void delete_leftover(HANDLE file)
{
    struct {
        FILE_NAME_INFO info;
        wchar_t rest[WIN32_PATH_MAX];
    } name;
    wchar_t wide[WIN32_PATH_MAX];

    if (!GetFileInformationByHandleEx(file, FileNameInfo, &name, sizeof name))
        return;
    name.info.FileName[name.info.FileNameLength / sizeof(wchar_t)] = L'\0';
    const wchar_t *last = wcsrchr(name.info.FileName, L'\\');

    if (last == NULL || wcsncmp(last + 1, L"" SHM_NAMELESS, sizeof SHM_NAMELESS - 1) != 0)
        return;
    DWORD length = GetFinalPathNameByHandleW(file, wide, WIN32_PATH_MAX, FILE_NAME_NORMALIZED);

    if (length > 0 && length < WIN32_PATH_MAX)
        DeleteFileW(wide);
}

void port_shm_close(port_file file)
{
    if (file == PORT_NO_FILE)
        return;
    role_forget(file);
    delete_leftover(win32_handle(file));
    CloseHandle(win32_handle(file));
}
