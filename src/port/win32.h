/* What the Windows files of port/ have in common: errors, and names as the wide calls want them. */
#ifndef SHMQ_PORT_WIN32_H
#define SHMQ_PORT_WIN32_H

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "port/shm.h"

#define WIN32_SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

/* A path of PORT_PATH_MAX bytes, and what goes in front of one that may be long. */
#define WIN32_PATH_MAX (PORT_PATH_MAX + 16)

/* The one negative errno of error.h that has the meaning of this error. */
int win32_failure(DWORD error);

/*
 * A path for the wide calls: absolute, and with the prefix that lets it be long and takes each name as it is, also one
 * like NUL. -EINVAL: not UTF-8. -ENAMETOOLONG.
 */
int win32_path(const char *path, wchar_t wide[WIN32_PATH_MAX]);

/* Back to UTF-8 and '/', without such a prefix. */
int win32_path_back(const wchar_t *wide, char path[PORT_PATH_MAX]);

static inline HANDLE win32_handle(port_file file)
{
    return (HANDLE)file; /* NOLINT(performance-no-int-to-ptr): that is what a handle is */
}

#endif
