#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

/* Where this program begins, wherever it was loaded. */
extern IMAGE_DOS_HEADER __ImageBase;

#define PART L"--peer" /* PROGRAM --peer DISTANCE TOLD TELLS BYTES, all of them hexadecimal */

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "%s: error %lu\n", what, GetLastError());
    exit(1);
}

/* They die with the last one that holds this, and that is us. */
static HANDLE our_job(void)
{
    static HANDLE job;
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {.BasicLimitInformation.LimitFlags =
                                                       JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE};

    if (job == NULL) {
        job = CreateJobObjectW(NULL, NULL);
        SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
    }
    return job;
}

/* The end that it gets is the one that can be inherited. */
static void make_pipe(HANDLE *reads, HANDLE *writes, HANDLE *its)
{
    if (!CreatePipe(reads, writes, NULL, 1 << 16) ||
        !SetHandleInformation(*its, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT))
        give_up("CreatePipe");
}

static wchar_t *command_line(uintptr_t distance, HANDLE told, HANDLE tells, const uint8_t *bytes, size_t size)
{
    wchar_t program[MAX_PATH];
    size_t length = MAX_PATH + 128 + 2 * size;
    wchar_t *line = malloc(length * sizeof *line);

    if (line == NULL || GetModuleFileNameW(NULL, program, MAX_PATH) == 0)
        give_up("GetModuleFileName");
    int at = swprintf(line, length, L"\"%ls\" " PART L" %llx %llx %llx ", program, (unsigned long long)distance,
                      (unsigned long long)(uintptr_t)told, (unsigned long long)(uintptr_t)tells);

    for (size_t i = 0; i < size; i++, at += 2)
        swprintf(line + at, length - (size_t)at, L"%02x", bytes[i]);
    return line;
}

struct peer peer_start_with(peer_work *work, const void *arg, size_t size)
{
    STARTUPINFOW start = {.cb = sizeof start,
                          .dwFlags = STARTF_USESTDHANDLES,
                          .hStdInput = GetStdHandle(STD_INPUT_HANDLE),
                          .hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE),
                          .hStdError = GetStdHandle(STD_ERROR_HANDLE)};
    PROCESS_INFORMATION made;
    HANDLE told, its_tells, its_told, tells;

    fflush(NULL);
    make_pipe(&told, &its_tells, &its_tells);
    make_pipe(&its_told, &tells, &its_told);
    wchar_t *line = command_line((uintptr_t)work - (uintptr_t)&__ImageBase, its_told, its_tells, arg, size);

    if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, NULL, &start, &made))
        give_up("CreateProcess");
    AssignProcessToJobObject(our_job(), made.hProcess);
    ResumeThread(made.hThread);
    CloseHandle(made.hThread);
    CloseHandle(its_told);
    CloseHandle(its_tells);
    free(line);
    return (struct peer){made.dwProcessId, (intptr_t)made.hProcess, (intptr_t)told, (intptr_t)tells};
}

static size_t bytes_of(const wchar_t *text, uint8_t *bytes)
{
    size_t size = wcslen(text) / 2;

    for (size_t i = 0; i < size; i++) {
        wchar_t digits[3] = {text[2 * i], text[2 * i + 1], L'\0'};

        bytes[i] = (uint8_t)wcstoul(digits, NULL, 16);
    }
    return size;
}

/* In front of main: one that was started to play a part does that, and no more. */
__attribute__((constructor)) static void play_part(void)
{
    uintptr_t numbers[3];
    wchar_t *text = wcsstr(GetCommandLineW(), L"\" " PART L" ");

    if (text == NULL)
        return;
    text += wcslen(L"\" " PART L" ");
    for (int i = 0; i < 3; i++)
        numbers[i] = (uintptr_t)wcstoull(text, &text, 16);
    text += *text == L' ';
    void *arg = malloc(wcslen(text) / 2 + 1);
    struct peer self = {
        .pid = (uint32_t)GetCurrentProcessId(), .told = (intptr_t)numbers[1], .tells = (intptr_t)numbers[2]};

    if (arg == NULL)
        give_up("malloc");
    peer_work *work = (peer_work *)((uintptr_t)&__ImageBase + numbers[0]);
    int status = work(&self, bytes_of(text, arg) != 0 ? arg : NULL);

    fflush(NULL);
    _exit(status);
}

void peer_die(void)
{
    TerminateProcess(GetCurrentProcess(), PEER_KILLED);
    abort();
}

bool peer_tell(struct peer *peer, const void *data, size_t size)
{
    DWORD done;

    return WriteFile((HANDLE)peer->tells, data, (DWORD)size, &done, NULL) && done == size;
}

bool peer_hear(struct peer *peer, void *data, size_t size)
{
    DWORD got;

    for (size_t done = 0; done < size; done += got) {
        if (!ReadFile((HANDLE)peer->told, (char *)data + done, (DWORD)(size - done), &got, NULL) || got == 0)
            return false;
    }
    return true;
}

void peer_strike(struct peer *peer)
{
    TerminateProcess((HANDLE)peer->process, PEER_KILLED);
}

/* The only calls that stop a process as a whole; no header has them. */
LONG NTAPI NtSuspendProcess(HANDLE process);
LONG NTAPI NtResumeProcess(HANDLE process);

void peer_stop(struct peer *peer)
{
    NtSuspendProcess((HANDLE)peer->process);
}

void peer_continue(struct peer *peer)
{
    NtResumeProcess((HANDLE)peer->process);
}

bool peer_has_ended(struct peer *peer)
{
    return WaitForSingleObject((HANDLE)peer->process, 0) == WAIT_OBJECT_0;
}

int peer_end(struct peer *peer)
{
    DWORD status = 1;

    WaitForSingleObject((HANDLE)peer->process, INFINITE);
    GetExitCodeProcess((HANDLE)peer->process, &status);
    CloseHandle((HANDLE)peer->process);
    CloseHandle((HANDLE)peer->told);
    CloseHandle((HANDLE)peer->tells);
    return status == STATUS_ACCESS_VIOLATION ? PEER_FAULTED : (int)status;
}
