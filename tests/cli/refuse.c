/*
 * refuse CALL... -- COMMAND ARGUMENT...
 *
 * Runs a command to which these system calls are refused with EPERM, as in a container with a strict profile. Exit code
 * 77 where the kernel does not do that.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct call {
    const char *name;
    unsigned number;
} calls[] = {
    {"membarrier", SYS_membarrier},
    {"futex", SYS_futex},
    {"inotify_init1", SYS_inotify_init1},
};

static bool refuse(const char *name)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (strcmp(calls[i].name, name) == 0) {
            struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].number, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
            };
            const struct sock_fprog filter = {.len = sizeof code / sizeof *code, .filter = code};
            return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                   prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0 && i + 1 < argc) {
            execvp(argv[i + 1], argv + i + 1);
            perror(argv[i + 1]);
            return 127;
        }
        if (!refuse(argv[i])) {
            fprintf(stderr, "refuse: cannot refuse %s\n", argv[i]);
            return 77;
        }
    }
    fprintf(stderr, "usage: refuse CALL... -- COMMAND ARGUMENT...\n");
    return 2;
}
