/* What the Windows files of the command have in common. */
#ifndef SHMQ_OS_WIN32_H
#define SHMQ_OS_WIN32_H

#define WIN32_LEAN_AND_MEAN
#include <stdbool.h>
#include <windows.h>

/** The errno of an error of Windows. */
int win32_errno(DWORD error);

/** A text in UTF-16, a path with '\' for '/'; to be freed. NULL where there is no memory. */
wchar_t *win32_wide(const char *text);
wchar_t *win32_wide_path(const char *path);

/** And back; to be freed. */
char *win32_narrow(const wchar_t *text);

/** What a descriptor of C stands for. */
HANDLE win32_handle(int descriptor);
bool win32_is_console(HANDLE handle);

/** Nobody will read from that descriptor any more. */
void win32_input_close(int descriptor);

/** An event that is set as soon as there was a signal; NULL where none is caught. */
HANDLE win32_signal_event(void);

/** Wait until a signal comes, or so long. */
void win32_signal_await(DWORD ms);

#endif
