#include "doctor.h"
#include "os_win32.h"
#include "units.h"

#include <shmq/shmq.h>
#include <stdint.h>
#include <stdlib.h>

/* A queue of the default size, with its header. */
#define QUEUE_BYTES (SHMQ_CAPACITY_DEFAULT + 8192)

static const char advice_space[] = "remove what nobody uses (shmq clean --remove), or make room on that disk";

/* Where queues without a path of their own are. */
static void folder_find(struct doctor *d, const wchar_t *variable, const char *whose)
{
    wchar_t folder[MAX_PATH + 1];
    ULARGE_INTEGER available;
    char text[UNITS_TEXT];
    DWORD length = GetEnvironmentVariableW(variable, folder, MAX_PATH + 1);
    char *name = length > 0 && length <= MAX_PATH ? win32_narrow(folder) : NULL;
    if (name == NULL) {
        doctor_find(d, DOCTOR_PROBLEM, "space", "%%%ls%% is not set: there is no place for %s", variable, whose);
        doctor_advise(d, "set it to a folder of a local disk");
        return;
    }
    if (!GetDiskFreeSpaceExW(folder, &available, NULL, NULL)) {
        doctor_find(d, DOCTOR_PROBLEM, "space", "%s: cannot be looked at: no place for %s", name, whose);
        doctor_advise(d, "see that the folder is there, and that its disk is");
    } else if (GetDriveTypeW(folder[1] == L':' ? (const wchar_t[]){folder[0], L':', L'\\', 0} : folder) ==
               DRIVE_REMOTE) {
        doctor_find(d, DOCTOR_WARNING, "space", "%s is on another machine: its memory is not shared with this one",
                    name);
        doctor_advise(d, "let %%%ls%% be on a local disk", variable);
    } else {
        units_size(text, available.QuadPart, false);
        bool full = available.QuadPart < QUEUE_BYTES;
        doctor_find(d,
                    full                                    ? DOCTOR_PROBLEM
                    : available.QuadPart < QUEUE_BYTES * 64 ? DOCTOR_WARNING
                                                            : DOCTOR_OK,
                    "space", "%s: %s free for %s", name, text, whose);
        if (available.QuadPart < QUEUE_BYTES * 64) {
            doctor_advise(d, "%s", advice_space);
        }
    }
    free(name);
}

static void memory_find(struct doctor *d)
{
    MEMORYSTATUSEX memory = {.dwLength = sizeof memory};
    char text[UNITS_TEXT];
    if (!GlobalMemoryStatusEx(&memory)) {
        return;
    }
    units_size(text, memory.ullAvailPhys, false);
    if (memory.ullAvailPhys < QUEUE_BYTES * 64) {
        doctor_find(d, DOCTOR_WARNING, "memory", "only %s are available", text);
        doctor_advise(d, "end what takes it: queues that are not in memory are read from the disk again");
    } else {
        doctor_find(d, DOCTOR_OK, "memory", "%s available", text);
    }
}

void doctor_memory(struct doctor *d)
{
    folder_find(d, L"LOCALAPPDATA", "the queues of this user");
    folder_find(d, L"ProgramData", "those of all users (Global\\NAME)");
    memory_find(d);
}
