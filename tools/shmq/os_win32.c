#include "os_win32.h"

#include "os.h"
#include "utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <shellapi.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Ctrl-Break is how a program is asked to end that has no window. */
enum { SIGNAL_CTRL_C = 2, SIGNAL_CLOSE = 1, SIGNAL_BREAK = 15, SIGNAL_PIPE = 13 };

static volatile LONG signal_caught;
static volatile LONG signals_seen; /* a bit for each */
static HANDLE signal_event;        /* set as soon as there was one */
static HANDLE main_thread;
static UINT console_before; /* the code page of its output */

int win32_errno(DWORD error)
{
    switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
    case ERROR_INVALID_DRIVE:
    case ERROR_BAD_PATHNAME:
    case ERROR_BAD_NETPATH:
    case ERROR_BAD_NET_NAME:
        return ENOENT;
    case ERROR_ALREADY_EXISTS:
    case ERROR_FILE_EXISTS:
        return EEXIST;
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
        return ENOSPC;
    case ERROR_BROKEN_PIPE:
    case ERROR_NO_DATA:
    case ERROR_PIPE_NOT_CONNECTED:
        return EPIPE;
    case ERROR_OPERATION_ABORTED:
        return EINTR;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
        return ENOMEM;
    case ERROR_TOO_MANY_OPEN_FILES:
        return EMFILE;
    case ERROR_INVALID_HANDLE:
        return EBADF;
    case ERROR_BAD_EXE_FORMAT:
    case ERROR_EXE_MACHINE_TYPE_MISMATCH:
        return ENOEXEC;
    case ERROR_ACCESS_DENIED:
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
    case ERROR_WRITE_PROTECT:
        return EACCES;
    default:
        return EIO;
    }
}

wchar_t *win32_wide(const char *text)
{
    int length = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
    wchar_t *wide = length > 0 ? malloc((size_t)length * sizeof *wide) : NULL;
    if (wide != NULL) {
        MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, length);
    }
    return wide;
}

wchar_t *win32_wide_path(const char *path)
{
    wchar_t *wide = win32_wide(path);
    for (wchar_t *c = wide; c != NULL && *c != L'\0'; c++) {
        *c = *c == L'/' ? L'\\' : *c;
    }
    return wide;
}

char *win32_narrow(const wchar_t *text)
{
    int length = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    char *narrow = length > 0 ? malloc((size_t)length) : NULL;
    if (narrow != NULL) {
        WideCharToMultiByte(CP_UTF8, 0, text, -1, narrow, length, NULL, NULL);
    }
    return narrow;
}

HANDLE win32_handle(int descriptor)
{
    return (HANDLE)_get_osfhandle(descriptor); /* NOLINT(performance-no-int-to-ptr): that is what a handle is */
}

bool win32_is_console(HANDLE handle)
{
    DWORD mode;
    return GetConsoleMode(handle, &mode) != 0;
}

/* main's own arguments have lost what the code page of this machine does not have. */
void os_arguments(int *argc, char ***argv)
{
    int count = 0;
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), &count);
    char **all = wide != NULL ? calloc((size_t)count + 1, sizeof *all) : NULL;
    bool whole = all != NULL;
    for (int i = 0; whole && i < count; i++) {
        all[i] = win32_narrow(wide[i]);
        whole = all[i] != NULL;
    }
    LocalFree(wide);
    if (whole) {
        *argc = count;
        *argv = all;
    }
}

static void console_restore(void)
{
    SetConsoleOutputCP(console_before);
}

/* Consoles show UTF-8 and colours where they are asked to. */
static void console_prepare(void)
{
    bool any = false;
    for (int descriptor = 1; descriptor <= 2; descriptor++) {
        HANDLE handle = win32_handle(descriptor);
        DWORD mode;
        if (GetConsoleMode(handle, &mode)) {
            any = true;
            SetConsoleMode(handle, mode | ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
        }
    }
    if (any) {
        console_before = GetConsoleOutputCP();
        SetConsoleOutputCP(CP_UTF8);
        atexit(console_restore);
    }
}

void os_standard_streams(void)
{
    for (int descriptor = 0; descriptor <= 2; descriptor++) {
        if (win32_handle(descriptor) == INVALID_HANDLE_VALUE || _get_osfhandle(descriptor) == -2) {
            int opened = _open("NUL", descriptor == 0 ? _O_WRONLY : _O_RDONLY);
            if (opened != descriptor) {
                _dup2(opened, descriptor);
                _close(opened);
            }
        }
        /* Records are bytes. */
        _setmode(descriptor, _O_BINARY);
    }
    console_prepare();
}

const char *os_error_text(void)
{
    return strerror(errno);
}

static int signal_of(DWORD event)
{
    return event == CTRL_C_EVENT ? SIGNAL_CTRL_C : event == CTRL_BREAK_EVENT ? SIGNAL_BREAK : SIGNAL_CLOSE;
}

/* Runs in a thread of its own. What the main thread waits for comes back, as system calls do elsewhere. */
static BOOL WINAPI signal_note(DWORD event)
{
    enum { tries = 100, pause_ms = 20 };
    int number = signal_of(event);
    if ((InterlockedOr(&signals_seen, 1L << number) & 1L << number) != 0) {
        TerminateProcess(GetCurrentProcess(), 128u + (unsigned)number);
    }
    signal_caught = number;
    SetEvent(signal_event);
    /* It may have been about to read; and when this returns from the end of its window, the process ends. */
    for (int i = 0; i < tries || number == SIGNAL_CLOSE; i++) {
        CancelSynchronousIo(main_thread);
        Sleep(pause_ms);
    }
    return TRUE;
}

void os_signals_catch(void)
{
    if (signal_event == NULL) {
        signal_event = CreateEventW(NULL, TRUE, FALSE, NULL);
        DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &main_thread, 0, FALSE,
                        DUPLICATE_SAME_ACCESS);
        SetConsoleCtrlHandler(signal_note, TRUE);
    }
}

void os_signals_again(void)
{
    signal_caught = 0;
    ResetEvent(signal_event);
    signals_seen = 0;
}

int os_signal_caught(void)
{
    return (int)signal_caught;
}

/* Programs that are started have a group of their own: the terminal gives it to us alone. */
bool os_signal_is_of_terminal(void)
{
    return false;
}

const char *os_signal_text(int number)
{
    switch (number) {
    case SIGNAL_CTRL_C:
        return "Ctrl-C";
    case SIGNAL_BREAK:
        return "Ctrl-Break";
    case SIGNAL_CLOSE:
        return "Closed";
    case SIGFPE:
        return "Division by zero";
    case SIGILL:
        return "Illegal instruction";
    case SIGSEGV:
        return "Access violation";
    case 9:
        return "Killed";
    default:
        return "Aborted";
    }
}

void os_signal_die(int number)
{
    fflush(NULL);
    ExitProcess(128u + (unsigned)number);
}

int os_signal_pipe(void)
{
    return SIGNAL_PIPE;
}

bool os_is_terminal(int descriptor)
{
    return win32_is_console(win32_handle(descriptor));
}

int os_terminal_width(int descriptor)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    if (!GetConsoleScreenBufferInfo(win32_handle(descriptor), &info)) {
        return 80;
    }
    int width = info.srWindow.Right - info.srWindow.Left + 1;
    return width > 0 ? width : 80;
}

int64_t os_monotonic_ns(void)
{
    const int64_t second_ns = 1000000000;
    LARGE_INTEGER count, frequency;
    QueryPerformanceCounter(&count);
    QueryPerformanceFrequency(&frequency);
    int64_t whole = count.QuadPart / frequency.QuadPart, rest = count.QuadPart % frequency.QuadPart;
    return whole * second_ns + rest * second_ns / frequency.QuadPart;
}

int64_t os_realtime_ns(void)
{
    const int64_t ticks_to_1970 = 116444736000000000; /* of 100 ns, from 1601 */
    FILETIME now;
    GetSystemTimePreciseAsFileTime(&now);
    return (((int64_t)now.dwHighDateTime << 32 | now.dwLowDateTime) - ticks_to_1970) * 100;
}

void os_date(char text[32], int64_t since_1970_ns)
{
    time_t seconds = (time_t)(since_1970_ns / 1000000000);
    struct tm parts;
    if (gmtime_s(&parts, &seconds) != 0 || strftime(text, 32, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0) {
        snprintf(text, 32, "unknown");
    }
}

void os_date_exact(char text[40], int64_t since_1970_ns)
{
    time_t seconds = (time_t)(since_1970_ns / 1000000000);
    char date[32];
    struct tm parts;
    if (gmtime_s(&parts, &seconds) != 0 || strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts) == 0) {
        snprintf(date, sizeof date, "0000-00-00T00:00:00");
    }
    snprintf(text, 40, "%.24s.%09uZ", date, (unsigned)(since_1970_ns % 1000000000) % 1000000000);
}

void os_clock(char text[16])
{
    SYSTEMTIME now;
    GetLocalTime(&now);
    snprintf(text, 16, "%02u:%02u:%02u", now.wHour % 100u, now.wMinute % 100u, now.wSecond % 100u);
}

bool os_utf8(void)
{
    return true;
}

/* Those that take no column, and those that take two; the rest takes one. */
static int columns_of(uint32_t character)
{
    static const struct {
        uint32_t first, last;
        int columns;
    } ranges[] = {
        {0x0300, 0x036f, 0},   {0x0483, 0x0489, 0},   {0x0591, 0x05bd, 0},   {0x0610, 0x061a, 0},
        {0x064b, 0x065f, 0},   {0x1100, 0x115f, 2},   {0x1ab0, 0x1aff, 0},   {0x1dc0, 0x1dff, 0},
        {0x200b, 0x200f, 0},   {0x20d0, 0x20ff, 0},   {0x2e80, 0x303e, 2},   {0x3041, 0xa4cf, 2},
        {0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},   {0xfe00, 0xfe0f, 0},   {0xfe20, 0xfe2f, 0},
        {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2},   {0x1f300, 0x1f64f, 2},
        {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2}, {0xe0100, 0xe01ef, 0},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (character >= ranges[i].first && character <= ranges[i].last) {
            return ranges[i].columns;
        }
    }
    return character < ' ' || (character >= 0x7f && character < 0xa0) ? -1 : 1;
}

size_t os_character(const char *text, int *columns)
{
    uint32_t character = 0;
    size_t size = utf8_character(text, &character);
    *columns = size > 0 ? columns_of(character) : -1;
    return size > 0 ? size : 1;
}

void os_host_name(char text[65])
{
    wchar_t name[256];
    DWORD size = sizeof name / sizeof name[0];
    char *narrow = GetComputerNameExW(ComputerNameDnsHostname, name, &size) ? win32_narrow(name) : NULL;
    snprintf(text, 65, "%s", narrow != NULL ? narrow : "");
    free(narrow);
}

HANDLE win32_signal_event(void)
{
    return signal_event;
}

void win32_signal_await(DWORD ms)
{
    if (signal_event == NULL || WaitForSingleObject(signal_event, ms) == WAIT_FAILED) {
        Sleep(ms);
    }
}

void os_sleep(int64_t ns)
{
    const int64_t ms_ns = 1000000, most_ms = 1000000000;
    int64_t ms = ns / ms_ns + (ns % ms_ns > 0);
    win32_signal_await((DWORD)(ms < 0 ? 0 : ms < most_ms ? ms : most_ms));
}

/* Who may open a file is told by names of users and groups of users, and not by a group's number. */
bool os_group(const char *name, uint32_t *group)
{
    (void)name;
    (void)group;
    return false;
}
