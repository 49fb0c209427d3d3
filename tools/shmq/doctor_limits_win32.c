#include "doctor.h"
#include "os_win32.h"
#include "units.h"

#include <shmq/shmq.h>

#define QUEUE_BYTES (SHMQ_CAPACITY_DEFAULT + 8192)

/* A job is what others call a control group. */
static void job_find(struct doctor *d)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {.ProcessMemoryLimit = 0};
    BOOL inside = FALSE;
    char text[UNITS_TEXT];
    if (!IsProcessInJob(GetCurrentProcess(), NULL, &inside) || !inside ||
        !QueryInformationJobObject(NULL, JobObjectExtendedLimitInformation, &limits, sizeof limits, NULL)) {
        doctor_find(d, DOCTOR_OK, "job", "this process is in none that limits it");
        return;
    }
    DWORD flags = limits.BasicLimitInformation.LimitFlags;
    if ((flags & JOB_OBJECT_LIMIT_PROCESS_MEMORY) != 0) {
        units_size(text, limits.ProcessMemoryLimit, false);
        doctor_find(d, limits.ProcessMemoryLimit < QUEUE_BYTES ? DOCTOR_PROBLEM : DOCTOR_WARNING, "job",
                    "the job of this process allows %s of memory", text);
        doctor_advise(d, "raise the limit of the job, or use smaller queues (shmq create --capacity)");
    } else {
        doctor_find(d, DOCTOR_OK, "job", "the job of this process does not limit its memory");
    }
}

static void handles_find(struct doctor *d)
{
    DWORD count = 0;
    if (GetProcessHandleCount(GetCurrentProcess(), &count)) {
        doctor_find(d, DOCTOR_OK, "handles", "%lu are open here, of the millions that a process may have", count);
    }
}

void doctor_limits(struct doctor *d)
{
    handles_find(d);
    job_find(d);
}
