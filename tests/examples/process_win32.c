#include "process.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <string.h>
#include <windows.h>

#define LINE_MAX 4096
#define KILLED 9 /* whoever kills says with which code */

/* Lines end as they are written, as the scripts that read them expect it. */
__attribute__((constructor)) static void write_bytes(void)
{
    _setmode(_fileno(stdout), _O_BINARY);
    _setmode(_fileno(stderr), _O_BINARY);
}

/* UTF-8, as all arguments of a program here. No quote is in any of them, so quotes around each keep them apart. */
static bool command_line(char *command[], wchar_t *line)
{
    char text[LINE_MAX] = "";
    size_t used = 0;

    for (int i = 0; command[i] != NULL && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s\"%s\"", i > 0 ? " " : "", command[i]);
    return used < sizeof text && MultiByteToWideChar(CP_UTF8, 0, text, -1, line, LINE_MAX) > 0;
}

int process_start(struct process *process, char *command[])
{
    STARTUPINFOW start = {.cb = sizeof start};
    PROCESS_INFORMATION made;
    wchar_t line[LINE_MAX];
    char reason[256] = "its name is too long";

    if (command_line(command, line) && CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &made)) {
        CloseHandle(made.hThread);
        *process = (struct process){.id = (intptr_t)made.hProcess};
        return 0;
    }
    FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, GetLastError(), 0, reason,
                   sizeof reason, NULL);
    fprintf(stderr, "P: %s: %.*s\n", command[0], (int)strcspn(reason, "\r\n"), reason);
    return 1;
}

static bool ended_within(struct process *process, DWORD wait_ms)
{
    DWORD code = 1;

    if (!process->ended && WaitForSingleObject((HANDLE)process->id, wait_ms) == WAIT_OBJECT_0) {
        GetExitCodeProcess((HANDLE)process->id, &code);
        CloseHandle((HANDLE)process->id);
        process->end = (int)code;
        process->ended = true;
    }
    return process->ended;
}

bool process_has_ended(struct process *process)
{
    return ended_within(process, 0);
}

int process_wait(struct process *process, char *how, size_t size)
{
    ended_within(process, INFINITE);
    if (how != NULL && process->end < 0) /* the codes of the system's own are of this kind */
        snprintf(how, size, "was ended by exception 0x%08x", (unsigned)process->end);
    else if (how != NULL)
        snprintf(how, size, "has ended with code %d", process->end);
    return process->end == 0 ? 0 : 1;
}

int process_run(char *command[])
{
    struct process process;

    return process_start(&process, command) == 0 ? process_wait(&process, NULL, 0) : 1;
}

void process_die(void)
{
    TerminateProcess(GetCurrentProcess(), KILLED);
}

void process_kill_command(char *command, size_t size)
{
    snprintf(command, size, "taskkill /f /pid %lu", GetCurrentProcessId());
}
