#include "doctor.h"
#include "units.h"

#include <dirent.h>
#include <shmq/shmq.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>

#define QUEUE_BYTES (SHMQ_CAPACITY_DEFAULT + 8192)

/* What a queue takes whose owner polls it: its file, and three for shmq_fd. */
enum { DESCRIPTORS_A_QUEUE = 4, DESCRIPTORS_FEW = 256, DESCRIPTORS_TOO_FEW = 16 };

static bool limit_get(int which, uint64_t *soft, uint64_t *hard)
{
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)which, &limit) != 0) {
        return false;
    }
    *soft = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : (uint64_t)limit.rlim_cur;
    *hard = limit.rlim_max == RLIM_INFINITY ? UINT64_MAX : (uint64_t)limit.rlim_max;
    return true;
}

static unsigned descriptors_open(void)
{
    DIR *folder = opendir("/proc/self/fd");
    unsigned count = 0;
    while (folder != NULL && readdir(folder) != NULL) {
        count++;
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return count > 3 ? count - 3 : 0; /* "." and "..", and the folder's own */
}

static void descriptors_find(struct doctor *d)
{
    uint64_t soft, hard;
    if (!limit_get(RLIMIT_NOFILE, &soft, &hard)) {
        return;
    }
    unsigned open = descriptors_open();
    uint64_t left = soft > open ? soft - open : 0;
    if (left < DESCRIPTORS_FEW) {
        doctor_find(d, left < DESCRIPTORS_TOO_FEW ? DOCTOR_PROBLEM : DOCTOR_WARNING, "descriptors",
                    "%ju are left of the %ju that a process may have: a queue takes one, one that is polled %d",
                    (uintmax_t)left, (uintmax_t)soft, DESCRIPTORS_A_QUEUE);
        doctor_advise(d, "ulimit -n %ju, or LimitNOFILE= of its service", (uintmax_t)(hard < 1024 ? hard : 1024));
    } else {
        doctor_find(d, DOCTOR_OK, "descriptors", "%ju a process", (uintmax_t)soft);
    }
}

static void file_size_find(struct doctor *d)
{
    uint64_t soft, hard;
    char text[UNITS_TEXT];
    if (!limit_get(RLIMIT_FSIZE, &soft, &hard) || soft == UINT64_MAX) {
        return;
    }
    units_size(text, soft, false);
    doctor_find(d, soft < QUEUE_BYTES ? DOCTOR_PROBLEM : DOCTOR_WARNING, "file size",
                "a file may have %s: creating a larger queue ends the process (SIGXFSZ)", text);
    doctor_advise(d, "ulimit -f unlimited, or LimitFSIZE=infinity of its service");
    /* A trial of ours is then refused, and does not end us. */
    signal(SIGXFSZ, SIG_IGN);
}

static void address_space_find(struct doctor *d)
{
    uint64_t soft, hard;
    char text[UNITS_TEXT];
    if (!limit_get(RLIMIT_AS, &soft, &hard) || soft == UINT64_MAX) {
        return;
    }
    units_size(text, soft, false);
    doctor_find(d, DOCTOR_WARNING, "address space",
                "a process may have %s: opening a queue that does not fit fails for want of memory", text);
    doctor_advise(d, "ulimit -v unlimited");
}

static void memory_lock_find(struct doctor *d)
{
    uint64_t soft, hard;
    char text[UNITS_TEXT];
    if (!limit_get(RLIMIT_MEMLOCK, &soft, &hard)) {
        return;
    }
    units_size(text, soft, false);
    if (soft == UINT64_MAX) {
        doctor_find(d, DOCTOR_OK, "memory lock", "not limited");
    } else if (soft < QUEUE_BYTES) {
        doctor_find(
            d, DOCTOR_WARNING, "memory lock",
            "a process may lock %s: one that locks its memory (mlockall) can open no queue of the default size",
            text);
        doctor_advise(d, "where programs lock their memory: ulimit -l unlimited, or LimitMEMLOCK=infinity");
    } else {
        doctor_find(d, DOCTOR_OK, "memory lock", "a process may lock %s", text);
    }
}

void doctor_limits(struct doctor *d)
{
    descriptors_find(d);
    file_size_find(d);
    address_space_find(d);
    memory_lock_find(d);
}
