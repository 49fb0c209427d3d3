#include "run.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIPPED 77

void *run_share(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return memory;
}

static _Noreturn void work_on(struct run *run, unsigned cpu, void (*work)(void *arg), void *arg)
{
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    (void)sched_setaffinity(0, sizeof one, &one);
    run->random = run->seed + cpu;
    work(arg);
    fflush(stdout);
    _exit(0);
}

void run_team(struct run *run, void (*work)(void *arg), void *arg)
{
    cpu_set_t allowed;
    int status = 0;

    CPU_ZERO(&allowed);
    (void)sched_getaffinity(0, sizeof allowed, &allowed);
    fflush(stdout);
    run->shared->next_task = 0;
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        pid_t process = CPU_ISSET(cpu, &allowed) ? fork() : getpid();

        if (process < 0) {
            perror("fork");
            exit(1);
        }
        if (process == 0)
            work_on(run, cpu, work, arg);
    }
    while (wait(&status) > 0 || errno == EINTR) {
        if (status != 0)
            run_complain(run, "a process of the team ended with status %#x", (unsigned)status);
        status = 0;
    }
}

uint64_t run_next_task(struct run *run, uint64_t count, double keep_s)
{
    if (run_left_s(run) <= keep_s || run_is_decided(run))
        return UINT64_MAX;
    uint64_t task = run->shared->next_task++;

    return task < count ? task : UINT64_MAX;
}

void run_place(char *path, size_t size, const char *word)
{
    snprintf(path, size, "/dev/shm/shmq-%s.%d", word, (int)getpid());
}

void run_skip(void)
{
    puts("skipped: ptrace is not permitted here, so no process can be stopped at an instruction");
    exit(SKIPPED);
}
