/*
 * What a run asks of the kernel
 *
 * The process that started a run traces it, and all processes and threads that the run starts, and counts their system
 * calls while the run says so. Tracing makes system calls slow; so this tells how many they are, and not how fast.
 */
#ifndef BENCH_WATCH_H
#define BENCH_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* In memory of all. */
struct watch {
    bool counting;
    uint64_t calls;
};

/* In the run's process, first of all: stop until somebody watches. -EPERM or another errno. */
int watch_me(void);

/* Until the process has ended; its status is as that of waitpid. -EPERM or another errno: it cannot be watched. */
int watch_over(pid_t process, struct watch *watch, int *status);

/* What this process occupies; of what it shares with others, its share. 0 where the kernel does not tell. */
uint64_t watch_memory(void);

#endif
