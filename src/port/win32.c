#include "port/win32.h"

#include <errno.h>
#include <wchar.h>

static const wchar_t long_prefix[] = L"\\\\?\\";
static const wchar_t unc_prefix[] = L"\\\\?\\UNC\\";

#define PART_MAX 255
#define LENGTH(literal) (sizeof literal / sizeof *literal - 1)

int win32_failure(DWORD error)
{
    switch (error) {
    case ERROR_SUCCESS:
        return 0;
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_DRIVE:
    case ERROR_BAD_PATHNAME:
    case ERROR_BAD_NETPATH:
    case ERROR_BAD_NET_NAME:
        return -ENOENT;
    case ERROR_ALREADY_EXISTS:
    case ERROR_FILE_EXISTS:
        return -EEXIST;
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
    case ERROR_NOT_ENOUGH_QUOTA:
    case ERROR_FILE_TOO_LARGE:
        return -ENOSPC;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_COMMITMENT_LIMIT:
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_WORKING_SET_QUOTA:
        return -ENOMEM;
    case ERROR_TOO_MANY_OPEN_FILES:
        return -EMFILE;
    case ERROR_FILENAME_EXCED_RANGE:
        return -ENAMETOOLONG;
    case ERROR_LOCK_VIOLATION:
        return -EBUSY;
    case ERROR_INVALID_NAME:
    case ERROR_INVALID_HANDLE:
    case ERROR_INVALID_PARAMETER:
    case ERROR_FILE_INVALID:
        return -EINVAL;
    default:
        return -EACCES;
    }
}

/* What lies between two of its separators may be long only as far as file systems allow it. */
static bool has_long_part(const wchar_t *path)
{
    for (; *path != L'\0'; path += wcsspn(path, L"\\")) {
        size_t length = wcscspn(path, L"\\");

        if (length > PART_MAX)
            return true;
        path += length;
    }
    return false;
}

int win32_path(const char *path, wchar_t wide[WIN32_PATH_MAX])
{
    wchar_t given[PORT_PATH_MAX];
    wchar_t full[PORT_PATH_MAX];

    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, given, PORT_PATH_MAX) == 0)
        return GetLastError() == ERROR_INSUFFICIENT_BUFFER ? -ENAMETOOLONG : -EINVAL;
    for (wchar_t *c = given; *c != L'\0'; c++) {
        if (*c == L'/')
            *c = L'\\';
    }
    /* What is absolute goes as it is: to make it "full" would make a device of a file that is named like one. */
    bool absolute = given[0] != L'\0' && given[1] == L':' && given[2] == L'\\' && wcsstr(given, L"\\.") == NULL;
    DWORD length = absolute ? (DWORD)wcslen(given) : GetFullPathNameW(given, PORT_PATH_MAX, full, NULL);

    if (length == 0)
        return win32_failure(GetLastError());
    const wchar_t *whole = absolute ? given : full;

    if (length >= PORT_PATH_MAX || has_long_part(whole))
        return -ENAMETOOLONG;

    if (wcsncmp(whole, L"\\\\.\\", 4) == 0 || wcsncmp(whole, long_prefix, LENGTH(long_prefix)) == 0) {
        wmemcpy(wide, whole, length + 1);
    } else if (wcsncmp(whole, L"\\\\", 2) == 0) {
        wmemcpy(wide, unc_prefix, LENGTH(unc_prefix));
        wmemcpy(wide + LENGTH(unc_prefix), whole + 2, length - 1);
    } else {
        wmemcpy(wide, long_prefix, LENGTH(long_prefix));
        wmemcpy(wide + LENGTH(long_prefix), whole, length + 1);
    }
    return 0;
}

int win32_path_back(const wchar_t *wide, char path[PORT_PATH_MAX])
{
    bool unc = wcsncmp(wide, unc_prefix, LENGTH(unc_prefix)) == 0;

    if (unc)
        wide += LENGTH(unc_prefix);
    else if (wcsncmp(wide, long_prefix, LENGTH(long_prefix)) == 0)
        wide += LENGTH(long_prefix);
    int at = unc ? 2 : 0;

    if (unc)
        path[0] = path[1] = '/';
    if (WideCharToMultiByte(CP_UTF8, 0, wide, -1, path + at, PORT_PATH_MAX - at, NULL, NULL) == 0)
        return -ENAMETOOLONG;
    for (char *c = path; *c != '\0'; c++) {
        if (*c == '\\')
            *c = '/';
    }
    return 0;
}
