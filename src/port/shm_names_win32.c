/*
 * Named memory on Windows: files
 *
 *     NAME, Local\NAME   %LOCALAPPDATA%\shmq\NAME    the user's own folder, for nobody else
 *     Global\NAME        %ProgramData%\shmq\NAME     for all to read, for administrators to write
 *     a path             as it is
 *
 * A section of the page file would be gone with its last handle; these stay until they are removed, as on other systems.
 * Names differ also where only the case of a letter does, as those of Windows's sections do, but files do not: a capital
 * X is +x in the name of its file. A dot at either end of a name is +0: the file system has a use of its own for the
 * names of dots alone, and loses a dot at the end elsewhere. An alias is a folder in the place of a name, with a file in it that says where it leads.
 */
#include "port/security_win32.h"
#include "port/shm_win32.h"

#include <errno.h>
#include <shlobj.h>
#include <stdio.h>
#include <string.h>

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

#define SHELL_FOLDERS L"Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\Shell Folders"

struct folder {
    INIT_ONCE once;
    HKEY root;
    const wchar_t *value; /* of SHELL_FOLDERS */
    const KNOWNFOLDERID *id;
    char path[PORT_PATH_MAX]; /* empty: the system does not say */
};

static struct folder folders[] = {
    [PORT_LOCAL] = {INIT_ONCE_STATIC_INIT, HKEY_CURRENT_USER, L"Local AppData", &FOLDERID_LocalAppData, ""},
    [PORT_GLOBAL] = {INIT_ONCE_STATIC_INIT, HKEY_LOCAL_MACHINE, L"Common AppData", &FOLDERID_ProgramData, ""},
};

/* In the words of the shell, which is loaded for this one question. */
static bool ask_shell(const struct folder *folder, char path[PORT_PATH_MAX])
{
    typedef HRESULT(WINAPI * known_folder)(REFKNOWNFOLDERID, DWORD, HANDLE, PWSTR *);
    typedef void(WINAPI * task_free)(LPVOID);
    HMODULE shell = LoadLibraryExW(L"shell32.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    HMODULE ole = LoadLibraryExW(L"ole32.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    known_folder ask = shell != NULL ? (known_folder)(void *)GetProcAddress(shell, "SHGetKnownFolderPath") : NULL;
    task_free release = ole != NULL ? (task_free)(void *)GetProcAddress(ole, "CoTaskMemFree") : NULL;
    PWSTR wide = NULL;
    bool found =
        ask != NULL && ask(folder->id, KF_FLAG_CREATE, NULL, &wide) == S_OK && win32_path_back(wide, path) == 0;

    if (release != NULL)
        release(wide);
    if (shell != NULL)
        FreeLibrary(shell);
    if (ole != NULL)
        FreeLibrary(ole);
    return found;
}

/* Where the shell keeps its answers, which it takes many times as long to give. */
static bool ask_registry(const struct folder *folder, char path[PORT_PATH_MAX])
{
    wchar_t wide[PORT_PATH_MAX];
    DWORD size = sizeof wide;

    return RegGetValueW(folder->root, SHELL_FOLDERS, folder->value, RRF_RT_REG_SZ, NULL, wide, &size) ==
               ERROR_SUCCESS &&
           wide[0] != L'\0' && wide[1] == L':' && win32_path_back(wide, path) == 0;
}

static BOOL CALLBACK folder_ask(PINIT_ONCE init, PVOID argument, PVOID *context)
{
    struct folder *folder = argument;
    char path[PORT_PATH_MAX];

    (void)init;
    (void)context;
    if ((ask_registry(folder, path) || ask_shell(folder, path)) &&
        strlen(path) + sizeof "/shmq/" <= sizeof folder->path)
        snprintf(folder->path, sizeof folder->path, "%.*s/shmq/", PORT_PATH_MAX - 8, path);
    return TRUE;
}

int shm_folder(enum port_scope scope, char folder[PORT_PATH_MAX])
{
    struct folder *known = &folders[scope];

    InitOnceExecuteOnce(&known->once, folder_ask, known, NULL);
    if (known->path[0] == '\0')
        return -ENOENT;
    memcpy(folder, known->path, strlen(known->path) + 1);
    return 0;
}

int shm_folder_make(enum port_scope scope)
{
    const struct port_permissions all = {.mode = scope == PORT_GLOBAL ? 0444 : 0};
    char path[PORT_PATH_MAX];
    wchar_t wide[WIN32_PATH_MAX];
    SECURITY_ATTRIBUTES attributes = {.nLength = sizeof attributes};
    int rc = shm_folder(scope, path);

    if (rc == 0)
        rc = win32_path(path, wide);
    if (rc == 0)
        rc = security_descriptor(&all, scope, true, &attributes.lpSecurityDescriptor);
    if (rc != 0)
        return rc;
    DWORD error = CreateDirectoryW(wide, &attributes) ? ERROR_SUCCESS : GetLastError();

    LocalFree(attributes.lpSecurityDescriptor);
    if (error != ERROR_SUCCESS && error != ERROR_ALREADY_EXISTS)
        return win32_failure(error);
    /* Whose folder it is, may delete what is in it. */
    HANDLE folder = CreateFileW(wide, READ_CONTROL, WIN32_SHARE_ALL, NULL, OPEN_EXISTING,
                                FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);

    if (folder == INVALID_HANDLE_VALUE)
        return win32_failure(GetLastError());
    rc = security_owner_fits(folder, scope) ? 0 : -EACCES;
    CloseHandle(folder);
    return rc;
}

int shm_name_check(const char *name)
{
    size_t length = strspn(name, NAME_CHARACTERS);

    if (length == 0 || name[length] != '\0')
        return -EINVAL;
    return length > SHM_NAME_MAX ? -ENAMETOOLONG : 0;
}

void shm_name_encode(const char *name, char encoded[2 * SHM_NAME_MAX + 1])
{
    for (const char *c = name; *c != '\0'; c++) {
        bool capital = *c >= 'A' && *c <= 'Z';
        bool end_dot = *c == '.' && (c == name || c[1] == '\0');

        if (capital || end_dot)
            *encoded++ = '+';
        *encoded++ = capital ? (char)(*c - 'A' + 'a') : end_dot ? '0' : *c;
    }
    *encoded = '\0';
}

int shm_name_decode(const char *encoded, size_t length, char name[SHM_NAME_MAX + 1])
{
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        char c = encoded[i];

        if (c == '+') {
            if (++i == length || ((encoded[i] < 'a' || encoded[i] > 'z') && encoded[i] != '0'))
                return -EINVAL;
            c = encoded[i] == '0' ? '.' : (char)(encoded[i] - 'a' + 'A');
        } else if ((c >= 'A' && c <= 'Z') || (c == '.' && (i == 0 || i + 1 == length))) {
            return -EINVAL;
        }
        if (used == SHM_NAME_MAX)
            return -EINVAL;
        name[used++] = c;
    }
    name[used] = '\0';
    return shm_name_check(name);
}

int port_shm_path(const char *path, struct port_place *place)
{
    if (path[0] == '\0')
        return -EINVAL;
    /* "C:file" is from the current folder of that drive: nothing may go in front of it. */
    bool has_folder = strpbrk(path, "/\\") != NULL || path[1] == ':';
    size_t length = strlen(path) + (has_folder ? 0 : 2);

    if (length >= sizeof place->path)
        return -ENAMETOOLONG;
    place->scope = PORT_PATH;
    snprintf(place->path, sizeof place->path, "%s%s", has_folder ? "" : "./", path);
    for (char *c = place->path; *c != '\0'; c++) {
        if (*c == '\\')
            *c = '/';
    }
    return 0;
}

int port_shm_place(const char *name, struct port_place *place)
{
    static const char local[] = "Local\\";
    static const char global[] = "Global\\";
    enum port_scope scope = PORT_LOCAL;
    char folder[PORT_PATH_MAX];
    char encoded[2 * SHM_NAME_MAX + 1];

    if (strncmp(name, local, sizeof local - 1) == 0) {
        name += sizeof local - 1;
    } else if (strncmp(name, global, sizeof global - 1) == 0) {
        name += sizeof global - 1;
        scope = PORT_GLOBAL;
    } else if (strpbrk(name, "/\\") != NULL) {
        return port_shm_path(name, place);
    }
    int rc = shm_name_check(name);

    if (rc == 0)
        rc = shm_folder(scope, folder);
    if (rc != 0)
        return rc;
    shm_name_encode(name, encoded);
    place->scope = scope;
    int length = snprintf(place->path, sizeof place->path, "%s%s", folder, encoded);

    return length >= PORT_PATH_MAX ? -ENAMETOOLONG : 0;
}

int port_shm_may_create(const struct port_place *place)
{
    struct security_self *self = security_self();

    return place->scope == PORT_GLOBAL && (self == NULL || !self->is_administrator) ? -EPERM : 0;
}
