/* Open files of named memory on Windows. What they are called: shm_names_win32.c; how they come and go: shm_birth_win32.c. */
#include "port/shm_win32.h"

#include "port/security_win32.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <winternl.h>

static bool has_attribute(HANDLE file, DWORD attribute)
{
    FILE_BASIC_INFO info;

    return GetFileInformationByHandleEx(file, FileBasicInfo, &info, sizeof info) &&
           (info.FileAttributes & attribute) != 0;
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
        rc = shm_alias_read(place, target);
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
