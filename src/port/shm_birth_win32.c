/*
 * How named memory comes into being on Windows, and how it goes
 *
 *     create    a file with a name that is nobody's, doomed: the system deletes it when its last handle goes, also by
 *               the death of its creator
 *     publish   spared, and given its name, which replaces nothing
 *     unlink    given a name that is nobody's, and doomed
 *
 * A mapped file cannot always be doomed. What remains, of that and of who dies between the two steps, is deleted by
 * who closes it last, or by a sweep.
 */
#include "port/process.h"
#include "port/security_win32.h"
#include "port/shm_win32.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* Not in all headers yet. */
struct disposition_ex {
    DWORD flags;
};

#define DISPOSITION_EX ((FILE_INFO_BY_HANDLE_CLASS)21) /* FileDispositionInfoEx */
#define DISPOSITION_DELETE 1u
#define DISPOSITION_POSIX 2u

int shm_nameless(const char *path, char nameless[PORT_PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    int folder = slash != NULL ? (int)(slash - path) + 1 : 0;
    uint64_t number;
    int rc = port_process_random(&number, sizeof number);

    if (rc != 0)
        return rc;
    int length =
        snprintf(nameless, PORT_PATH_MAX, "%.*s" SHM_NAMELESS "%016llx", folder, path, (unsigned long long)number);

    return length >= PORT_PATH_MAX ? -ENAMETOOLONG : 0;
}

int shm_rename(HANDLE file, const char *path)
{
    wchar_t wide[WIN32_PATH_MAX];
    int rc = win32_path(path, wide);

    if (rc != 0)
        return rc;
    size_t length = wcslen(wide);
    size_t size = sizeof(FILE_RENAME_INFO) + length * sizeof *wide;
    FILE_RENAME_INFO *info = calloc(1, size);

    if (info == NULL)
        return -ENOMEM;
    info->ReplaceIfExists = FALSE;
    info->FileNameLength = (DWORD)(length * sizeof *wide);
    memcpy(info->FileName, wide, length * sizeof *wide);
    if (!SetFileInformationByHandle(file, FileRenameInfo, info, (DWORD)size))
        rc = win32_failure(GetLastError());
    free(info);
    return rc;
}

int shm_doom(HANDLE file, bool doomed)
{
    FILE_DISPOSITION_INFO info = {.DeleteFile = doomed};

    return SetFileInformationByHandle(file, FileDispositionInfo, &info, sizeof info) ? 0
                                                                                     : win32_failure(GetLastError());
}

/* A disk's worth of memory is no promise of the file system that it keeps it, but what can never fit fails here. */
static int room_check(const wchar_t *path, uint64_t size)
{
    wchar_t folder[WIN32_PATH_MAX];
    ULARGE_INTEGER room;

    wcscpy(folder, path);
    wchar_t *last = wcsrchr(folder, L'\\');

    if (last != NULL)
        last[1] = L'\0';
    return GetDiskFreeSpaceExW(folder, &room, NULL, NULL) && room.QuadPart < size ? -ENOSPC : 0;
}

static int size_set(HANDLE file, uint64_t size)
{
    FILE_END_OF_FILE_INFO end = {.EndOfFile.QuadPart = (LONGLONG)size};

    if (size == 0 || size > INT64_MAX)
        return size == 0 ? -EINVAL : -ENOSPC;
    if (SetFileInformationByHandle(file, FileEndOfFileInfo, &end, sizeof end))
        return 0;
    DWORD error = GetLastError();

    return error == ERROR_INVALID_PARAMETER ? -ENOSPC : win32_failure(error);
}

/* A new file whose name is nobody's. */
static int nameless_create(const char *beside, SECURITY_ATTRIBUTES *attributes, DWORD flags,
                           wchar_t wide[WIN32_PATH_MAX], HANDLE *file)
{
    char path[PORT_PATH_MAX];

    for (int try = 0; try < SHM_TRIES_MAX; try++) {
        int rc = shm_nameless(beside, path);

        if (rc == 0)
            rc = win32_path(path, wide);
        if (rc != 0)
            return rc;
        *file = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE | DELETE | WRITE_DAC, WIN32_SHARE_ALL, attributes,
                            CREATE_NEW, flags, NULL);
        if (*file != INVALID_HANDLE_VALUE)
            return 0;
        rc = win32_failure(GetLastError());
        if (rc != -EEXIST)
            return rc;
    }
    return -EACCES;
}

int port_shm_create(const struct port_place *place, uint64_t size, const struct port_permissions *permissions,
                    bool inheritable, port_file *file)
{
    SECURITY_ATTRIBUTES attributes = {.nLength = sizeof attributes, .bInheritHandle = inheritable};
    enum port_scope scope = place != NULL ? place->scope : PORT_LOCAL;
    bool is_path = scope == PORT_PATH || scope == PORT_BESIDE;
    char folder[PORT_PATH_MAX];
    wchar_t wide[WIN32_PATH_MAX];
    HANDLE made;
    int rc = place != NULL ? port_shm_may_create(place) : 0;

    if (rc == 0 && !is_path)
        rc = shm_folder_make(scope);
    if (rc == 0 && place == NULL)
        rc = shm_folder(PORT_LOCAL, folder);
    if (rc == 0)
        rc = security_descriptor(permissions, scope, false, &attributes.lpSecurityDescriptor);
    if (rc != 0)
        return rc;
    /* Temporary: the system need not write to the disk what it has room for in memory. */
    DWORD flags = (is_path ? FILE_ATTRIBUTE_NORMAL : FILE_ATTRIBUTE_TEMPORARY) |
                  (place == NULL ? FILE_FLAG_DELETE_ON_CLOSE : 0);

    rc = nameless_create(place != NULL ? place->path : folder, &attributes, flags, wide, &made);
    if (rc == 0) /* Wine takes away from it what the umask forbids, but not from this */
        SetKernelObjectSecurity(made, DACL_SECURITY_INFORMATION, attributes.lpSecurityDescriptor);
    LocalFree(attributes.lpSecurityDescriptor);
    if (rc != 0)
        return rc;
    if (place != NULL)
        (void)shm_doom(made, true); /* a file system that cannot leaves that to a sweep */
    rc = room_check(wide, size);
    if (rc == 0)
        rc = size_set(made, size);
    if (rc != 0) {
        CloseHandle(made);
        DeleteFileW(wide);
        return rc;
    }
    *file = (port_file)made;
    return 0;
}

int port_shm_publish(port_file file, const struct port_place *place)
{
    HANDLE made = win32_handle(file);

    (void)shm_doom(made, false);
    int rc = shm_rename(made, place->path);

    if (rc != 0)
        (void)shm_doom(made, true);
    return rc;
}

/* The name is gone already. Where the system can, so is the file's, though others have it open. */
static void delete_nameless(HANDLE file, const char *path)
{
    struct disposition_ex info = {.flags = DISPOSITION_DELETE | DISPOSITION_POSIX};
    wchar_t wide[WIN32_PATH_MAX];

    if (!SetFileInformationByHandle(file, DISPOSITION_EX, &info, sizeof info) && shm_doom(file, true) != 0 &&
        win32_path(path, wide) == 0)
        DeleteFileW(wide); /* Wine does, when nobody has it open any more */
}

/* Delete the file inside of what was an alias. */
static void delete_target(const char *folder)
{
    char path[PORT_PATH_MAX];
    wchar_t wide[WIN32_PATH_MAX];

    if (snprintf(path, sizeof path, "%s" SHM_TARGET, folder) < PORT_PATH_MAX && win32_path(path, wide) == 0)
        DeleteFileW(wide);
}

static bool is_folder(HANDLE file)
{
    FILE_BASIC_INFO info;

    return GetFileInformationByHandleEx(file, FileBasicInfo, &info, sizeof info) &&
           (info.FileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

/* It is refused while somebody reads where the alias leads. */
static int folder_rename(HANDLE folder, const char *path)
{
    int rc;

    for (int try = 0; try < SHM_TRIES_MAX && (rc = shm_rename(folder, path)) == -EACCES; try++)
        Sleep(try < SHM_TRIES_MAX / 2 ? 0 : 1);
    return rc;
}

int port_shm_unlink(const struct port_place *place)
{
    wchar_t wide[WIN32_PATH_MAX];
    char nameless[PORT_PATH_MAX];
    int rc = win32_path(place->path, wide);

    if (rc != 0)
        return rc;
    HANDLE file = CreateFileW(wide, DELETE | READ_CONTROL | FILE_READ_ATTRIBUTES, WIN32_SHARE_ALL, NULL,
                              OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);

    if (file == INVALID_HANDLE_VALUE)
        return win32_failure(GetLastError());
    bool folder = is_folder(file);

    if (GetFileType(file) != FILE_TYPE_DISK || (folder && !port_shm_is_alias(place)))
        rc = -EINVAL;
    else if (!security_owner_fits(file, place->scope))
        rc = -EACCES;
    else
        rc = shm_nameless(place->path, nameless);
    if (rc == 0)
        rc = folder ? folder_rename(file, nameless) : shm_rename(file, nameless);
    if (rc == 0 && folder)
        delete_target(nameless);
    if (rc == 0)
        delete_nameless(file, nameless);
    CloseHandle(file);
    return rc;
}

/* Nobody else has it open where we get it without sharing it: so its creator or remover is dead. */
static void sweep_one(const char *folder, const wchar_t *name)
{
    char nameless[PORT_PATH_MAX];
    char path[PORT_PATH_MAX];
    wchar_t wide[WIN32_PATH_MAX];

    if (win32_path_back(name, nameless) != 0 ||
        snprintf(path, sizeof path, "%s%s", folder, nameless) >= PORT_PATH_MAX || win32_path(path, wide) != 0)
        return;
    HANDLE file = CreateFileW(wide, DELETE | FILE_READ_ATTRIBUTES, 0, NULL, OPEN_EXISTING,
                              FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);

    if (file == INVALID_HANDLE_VALUE)
        return;
    if (is_folder(file))
        delete_target(path);
    (void)shm_doom(file, true);
    CloseHandle(file);
}

void shm_sweep(const char *folder)
{
    char pattern[PORT_PATH_MAX];
    wchar_t wide[WIN32_PATH_MAX];
    WIN32_FIND_DATAW found;

    if (snprintf(pattern, sizeof pattern, "%s" SHM_NAMELESS "*", folder) >= PORT_PATH_MAX ||
        win32_path(pattern, wide) != 0)
        return;
    HANDLE find = FindFirstFileW(wide, &found);

    if (find == INVALID_HANDLE_VALUE)
        return;
    do
        sweep_one(folder, found.cFileName);
    while (FindNextFileW(find, &found));
    FindClose(find);
}
