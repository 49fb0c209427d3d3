#include "watch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSTEM_CALL (SIGTRAP | 0x80)

int watch_me(void)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) {
        return -errno;
    }
    return raise(SIGSTOP) == 0 ? 0 : -errno;
}

/* waitid is the harness's own: so it learns that the other side lives. */
static bool enters_call(pid_t process)
{
    struct __ptrace_syscall_info info;
    long size = ptrace(PTRACE_GET_SYSCALL_INFO, process, sizeof info, &info);

    return size > 0 && info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr != SYS_waitid;
}

/* The signal to go on with. */
static int look(pid_t process, int status, struct watch *watch)
{
    int number = WSTOPSIG(status);

    if (number == SYSTEM_CALL) {
        if (__atomic_load_n(&watch->counting, __ATOMIC_ACQUIRE) && enters_call(process)) {
            watch->calls++;
        }
        return 0;
    }
    /* An event, as the birth of a process, and the stop with which a new one begins. */
    return status >> 16 != 0 || number == SIGSTOP || number == SIGTRAP ? 0 : number;
}

int watch_over(pid_t process, struct watch *watch, int *status)
{
    const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
    pid_t who = waitpid(process, status, __WALL);

    if (who != process || !WIFSTOPPED(*status)) {
        return -EPERM;
    }
    if (ptrace(PTRACE_SETOPTIONS, process, NULL, options) != 0) {
        return -errno;
    }
    ptrace(PTRACE_SYSCALL, process, NULL, NULL);
    for (;;) {
        who = waitpid(-1, status, __WALL);
        if (who < 0 && errno != EINTR) {
            return -errno;
        }
        if (who == process && !WIFSTOPPED(*status)) {
            return 0;
        }
        if (who > 0 && WIFSTOPPED(*status)) {
            ptrace(PTRACE_SYSCALL, who, NULL, (long)look(who, *status, watch));
        }
    }
}

uint64_t watch_memory(void)
{
    FILE *file = fopen("/proc/self/smaps_rollup", "re");
    unsigned long kib = 0;
    char line[160];

    if (file == NULL) {
        return 0;
    }
    while (fgets(line, sizeof line, file) != NULL && sscanf(line, "Pss: %lu", &kib) != 1) {
    }
    fclose(file);
    return (uint64_t)kib * 1024;
}
