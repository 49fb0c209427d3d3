/*
 * Reading from pipes and consoles
 *
 * Nothing tells when a pipe has something, and nothing but a key tells of a console; a read that sleeps sleeps through
 * signals. So a thread reads ahead, and events tell when there is something.
 */
#include "os.h"
#include "os_win32.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { AHEAD_SIZE = 65536, CONSOLE_CHARACTERS = 4096, CTRL_Z = 26 };

static struct reader {
    int descriptor;
    bool console;
    HANDLE handle; /* NULL: none reads */
    HANDLE thread;
    HANDLE full;    /* set while there is something to take */
    HANDLE emptied; /* wakes the thread */
    volatile bool stop;
    int64_t rc; /* what was read, or 0 at the end, or a negative errno */
    size_t taken;
    char memory[AHEAD_SIZE];
} reader;

/* A line that was typed: as UTF-8, which consoles do not give otherwise, with a newline at its end. */
static int64_t console_read(HANDLE handle, char *memory, size_t size)
{
    wchar_t typed[CONSOLE_CHARACTERS];
    DWORD count = 0, kept = 0;
    /* A character of UTF-16 has up to three bytes. */
    DWORD room = (DWORD)(size / 3 < CONSOLE_CHARACTERS ? size / 3 : CONSOLE_CHARACTERS);
    if (!ReadConsoleW(handle, typed, room, &count, NULL)) {
        return -win32_errno(GetLastError());
    }
    if (count == 0) {
        return -EINTR; /* Ctrl-C ends a line too */
    }
    for (DWORD i = 0; i < count; i++) {
        if (typed[i] != L'\r') {
            typed[kept++] = typed[i];
        }
    }
    if (typed[0] == CTRL_Z) {
        return 0;
    }
    return WideCharToMultiByte(CP_UTF8, 0, typed, (int)kept, memory, (int)size, NULL, NULL);
}

/* What a descriptor is, asked once: asking takes as long as reading. */
static struct input_kind {
    HANDLE handle; /* NULL: not asked yet */
    int descriptor;
    bool console;
    bool slow; /* files are there at once */
} kind;

static const struct input_kind *kind_of(int descriptor)
{
    if (kind.handle == NULL || kind.descriptor != descriptor) {
        kind.handle = win32_handle(descriptor);
        kind.descriptor = descriptor;
        kind.console = win32_is_console(kind.handle);
        kind.slow = kind.console || GetFileType(kind.handle) == FILE_TYPE_PIPE;
    }
    return &kind;
}

static int64_t handle_read(HANDLE handle, bool console, void *memory, size_t size)
{
    DWORD count = 0;
    if (console) {
        return console_read(handle, memory, size);
    }
    if (!ReadFile(handle, memory, (DWORD)(size < INT32_MAX ? size : INT32_MAX), &count, NULL)) {
        DWORD error = GetLastError();
        int rc = -win32_errno(error);
        return rc == -EPIPE || error == ERROR_HANDLE_EOF ? 0 : rc;
    }
    return count;
}

static DWORD WINAPI read_ahead(void *arg)
{
    (void)arg;
    do {
        WaitForSingleObject(reader.emptied, INFINITE);
        do {
            reader.rc = handle_read(reader.handle, reader.console, reader.memory, sizeof reader.memory);
        } while (reader.rc == -EINTR && !reader.stop);
        reader.taken = 0;
        SetEvent(reader.full);
    } while (reader.rc > 0 && !reader.stop);
    return 0;
}

static bool reader_start(const struct input_kind *input)
{
    if (reader.handle != NULL) {
        return reader.descriptor == input->descriptor;
    }
    reader.descriptor = input->descriptor;
    reader.console = input->console;
    reader.stop = false;
    reader.full = CreateEventW(NULL, TRUE, FALSE, NULL);
    reader.emptied = CreateEventW(NULL, FALSE, TRUE, NULL);
    reader.handle = input->handle;
    reader.thread = CreateThread(NULL, 0, read_ahead, NULL, 0, NULL);
    if (reader.thread == NULL) {
        reader.handle = NULL;
    }
    return reader.thread != NULL;
}

void win32_input_close(int descriptor)
{
    const DWORD pause_ms = 1;
    kind.handle = NULL;
    if (reader.handle == NULL || reader.descriptor != descriptor) {
        return;
    }
    reader.stop = true;
    /* It may be about to read, so more than once. */
    do {
        SetEvent(reader.emptied);
        CancelSynchronousIo(reader.thread);
    } while (WaitForSingleObject(reader.thread, pause_ms) == WAIT_TIMEOUT);
    CloseHandle(reader.thread);
    CloseHandle(reader.full);
    CloseHandle(reader.emptied);
    reader.handle = NULL;
}

int os_input_ready(int descriptor, int timeout_ms)
{
    const struct input_kind *input = kind_of(descriptor);
    if (!input->slow || !reader_start(input)) {
        return 1;
    }
    HANDLE events[2] = {reader.full, win32_signal_event()};
    DWORD count = events[1] != NULL ? 2 : 1;
    return WaitForMultipleObjects(count, events, FALSE, (DWORD)timeout_ms) == WAIT_OBJECT_0;
}

int64_t os_read(int descriptor, void *memory, size_t size)
{
    const struct input_kind *input = kind_of(descriptor);
    if (!input->slow || !reader_start(input)) {
        return handle_read(input->handle, input->console, memory, size);
    }
    HANDLE events[2] = {reader.full, win32_signal_event()};
    if (WaitForMultipleObjects(events[1] != NULL ? 2 : 1, events, FALSE, INFINITE) != WAIT_OBJECT_0) {
        return -EINTR;
    }
    if (reader.rc <= 0) {
        return reader.rc;
    }
    size_t left = (size_t)reader.rc - reader.taken;
    size_t part = left < size ? left : size;
    memcpy(memory, reader.memory + reader.taken, part);
    reader.taken += part;
    if (part == left) {
        ResetEvent(reader.full);
        SetEvent(reader.emptied);
    }
    return (int64_t)part;
}
