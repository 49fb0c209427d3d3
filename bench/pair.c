#include "pair.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* No figure takes that long: a consumer that is still there has lost a message and waits for it. */
#define WATCHDOG_SECONDS 120

/* Whether two processors are threads of one core, as far as the kernel tells. */
static bool same_core(int a, int b)
{
    char path[96];
    char line[256];
    bool same = false;
    FILE *file;

    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", a);
    file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    if (fgets(line, sizeof line, file) != NULL) {
        for (char *at = line; *at != '\0' && *at != '\n';) {
            char *end;
            long first = strtol(at, &end, 10);
            long last = *end == '-' ? strtol(end + 1, &end, 10) : first;

            same = same || (first <= b && b <= last);
            at = *end == ',' ? end + 1 : end + strlen(end);
        }
    }
    fclose(file);
    return same;
}

int pair_cores_pick(struct pair_cores *cores)
{
    cpu_set_t set;
    int first = -1;
    int sibling = -1;

    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return -errno;
    }
    for (int core = 0; core < CPU_SETSIZE; core++) {
        if (!CPU_ISSET(core, &set)) {
            continue;
        }
        if (first < 0) {
            first = core;
        } else if (!same_core(first, core)) {
            *cores = (struct pair_cores){.producer = first, .consumer = core};
            return 0;
        } else if (sibling < 0) {
            sibling = core;
        }
    }
    if (sibling < 0) {
        return -ENODEV;
    }
    *cores = (struct pair_cores){.producer = first, .consumer = sibling};
    return 0;
}

int pair_pin(int core)
{
    cpu_set_t set;

    if (core < 0 || core >= CPU_SETSIZE) {
        return -EINVAL;
    }
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0 ? 0 : -errno;
}

int pair_start(struct pair *pair, int core, int (*side)(void *), void *argument)
{
    struct pair_shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    pid_t parent = getpid();
    pid_t child;

    if (shared == MAP_FAILED) {
        return -errno;
    }
    *pair = (struct pair){.shared = shared};
    child = fork();
    if (child < 0) {
        int rc = -errno;

        munmap(shared, sizeof *shared);
        return rc;
    }
    if (child == 0) {
        int rc;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) {
            _exit(EXIT_FAILURE);
        }
        alarm(WATCHDOG_SECONDS);
        rc = pair_pin(core);
        shared->error = rc == 0 ? side(argument) : rc;
        _exit(shared->error == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    pair->child = child;
    return 0;
}

bool pair_end(struct pair *pair, bool kill_it)
{
    int status = 0;

    if (kill_it) {
        kill(pair->child, SIGKILL);
    }
    while (waitpid(pair->child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

/* The consumer need not ask whether its parent lives: the kernel kills it with it. */
bool pair_worth_waiting(const struct pair *pair)
{
    siginfo_t info = {.si_pid = 0};

    if (pair->child == 0) {
        return !pair_finished(pair);
    }
    return waitid(P_PID, (id_t)pair->child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

int pair_meet(struct pair *pair)
{
    struct pair_shared *shared = pair->shared;
    uint64_t *mine = pair->child == 0 ? &shared->consumer_meets.word : &shared->producer_meets.word;
    const uint64_t *other = pair->child == 0 ? &shared->producer_meets.word : &shared->consumer_meets.word;
    uint64_t meeting = *mine + 1;

    pair_store(mine, meeting);
    while (pair_load(other) < meeting) {
        if (!pair_wait(pair) && pair->child != 0) {
            return -ECHILD;
        }
    }
    return 0;
}

static bool worth_waiting(void *pair)
{
    return pair_worth_waiting(pair);
}

int pair_distance_measure(struct pair *pair, struct pair_distance *distance)
{
    uint64_t *ping = &pair->shared->ping.word;
    const uint64_t *pong = &pair->shared->pong.word;
    int rc = distance_measure(ping, pong, true, worth_waiting, pair, &distance->with_pause_ns);

    return rc != 0 ? rc : distance_measure(ping, pong, false, worth_waiting, pair, &distance->bare_ns);
}

void pair_distance_answer(struct pair *pair)
{
    distance_answer(&pair->shared->ping.word, &pair->shared->pong.word, true);
    distance_answer(&pair->shared->ping.word, &pair->shared->pong.word, false);
}
