#include "distance.h"
#include "doctor.h"
#include "os.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of more processors only the first is measured against the others. */
enum { ALL_PAIRS_MAX = 12 };

/* A pair whose processors have nothing else to do takes about a millisecond. */
#define PAIR_TIME_NS INT64_C(150000000)
/* Farther than any two processors are: they did not run at the same time. */
#define BUSY_NS 5000.0

/* Lines of their own: processors fetch lines in twos. */
struct words {
    _Alignas(128) uint64_t ping;
    _Alignas(128) uint64_t pong;
};

struct measurement {
    struct words *words;
    pid_t child;
    int64_t until_ns;
};

struct distances {
    unsigned measured;
    unsigned busy;
    double near_ns, far_ns;
    int near[2], far[2];
};

static bool pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0;
}

static bool worth_waiting(void *arg)
{
    const struct measurement *m = arg;
    return os_monotonic_ns() < m->until_ns && waitpid(m->child, NULL, WNOHANG) == 0;
}

/* The time that a line takes from one to the other and back; 0 where they had other things to do. */
static double pair_measure(struct measurement *m, int a, int b)
{
    double ns = 0;
    pid_t parent = getpid();
    memset(m->words, 0, sizeof *m->words);
    m->until_ns = os_monotonic_ns() + PAIR_TIME_NS;
    fflush(stdout);
    m->child = fork();
    if (m->child < 0) {
        return 0;
    }
    if (m->child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent && pin(b)) {
            distance_answer(&m->words->ping, &m->words->pong, false);
        }
        _exit(0);
    }
    int rc = pin(a) ? distance_measure(&m->words->ping, &m->words->pong, false, worth_waiting, m, &ns) : -EINVAL;
    kill(m->child, SIGKILL);
    while (waitpid(m->child, NULL, 0) < 0 && errno == EINTR) {
    }
    return rc == 0 && ns < BUSY_NS ? ns : 0;
}

static void pair_note(struct doctor *d, struct distances *all, int a, int b, double ns)
{
    if (ns <= 0) {
        all->busy++;
        return;
    }
    if (all->measured == 0 || ns < all->near_ns) {
        all->near_ns = ns;
        all->near[0] = a;
        all->near[1] = b;
    }
    if (all->measured == 0 || ns > all->far_ns) {
        all->far_ns = ns;
        all->far[0] = a;
        all->far[1] = b;
    }
    all->measured++;
    json_array_append_new(d->pairs, json_pack("{s[ii] sf ss}", "processors", a, b, "round_trip_ns", ns, "placement",
                                              distance_placement_name(distance_placement(ns))));
}

static void distances_find(struct doctor *d, const struct distances *all, int count)
{
    if (all->measured == 0) {
        doctor_find(d, DOCTOR_WARNING, "placement", "%d processors, too busy to measure how far apart they are",
                    count);
        doctor_advise(d, "run it again when less runs: who shares a processor waits for its turn of milliseconds");
        return;
    }
    const char *near = distance_placement_name(distance_placement(all->near_ns));
    const char *far = distance_placement_name(distance_placement(all->far_ns));
    if (strcmp(near, far) == 0) {
        doctor_find(d, DOCTOR_OK, "placement",
                    "%d processors; a cache line goes from %d to %d and back in %.0f ns (%s)", count, all->near[0],
                    all->near[1], all->near_ns, near);
        return;
    }
    doctor_find(
        d, DOCTOR_OK, "placement",
        "%d processors; a cache line goes from %d to %d and back in %.0f ns (%s), from %d to %d in %.0f ns (%s)",
        count, all->near[0], all->near[1], all->near_ns, near, all->far[0], all->far[1], all->far_ns, far);
    if (distance_placement(all->near_ns) == DISTANCE_SMT_SIBLINGS) {
        doctor_advise(d, "who spins runs best on cores of one L3, and not on two threads of one core: taskset -c");
    } else {
        doctor_advise(d, "let producer and consumer run near each other: taskset -c %d,%d", all->near[0],
                      all->near[1]);
    }
}

static void measure_all(struct doctor *d, const int *cpus, int count)
{
    struct distances all = {0};
    struct measurement m = {
        .words =
            mmap(NULL, sizeof *m.words, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0),
    };
    if (m.words == MAP_FAILED) {
        return;
    }
    for (int i = 0; i < (count <= ALL_PAIRS_MAX ? count - 1 : 1); i++) {
        for (int j = i + 1; j < count; j++) {
            double ns = pair_measure(&m, cpus[i], cpus[j]);
            pair_note(d, &all, cpus[i], cpus[j], ns);
        }
    }
    munmap(m.words, sizeof *m.words);
    distances_find(d, &all, count);
}

struct share {
    bool limited;
    double cpus;
};

/* "max 100000", or "50000 100000": so many microseconds of so many. */
static void share_note(const char *line, void *arg)
{
    struct share *share = arg;
    double quota, period;
    if (sscanf(line, "%lf %lf", &quota, &period) == 2 && period > 0 &&
        (!share->limited || quota / period < share->cpus)) {
        *share = (struct share){true, quota / period};
    }
}

void doctor_placement(struct doctor *d)
{
    cpu_set_t set;
    int cpus[CPU_SETSIZE];
    int count = 0;
    struct share share = {0};
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return; /* more than a set of the usual size holds */
    }
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &set)) {
            cpus[count++] = cpu;
        }
    }
    doctor_cgroup("cpu", "cpu.max", NULL, share_note, &share);
    if (share.limited && share.cpus < 2) {
        doctor_find(d, DOCTOR_WARNING, "processors",
                    "the control group allows the time of %.1f processors: who spins is stopped for milliseconds",
                    share.cpus);
        doctor_advise(d, "allow more (cpu.max, docker run --cpus), or wait by sleeping and not by polling");
    }
    if (count < 2) {
        doctor_find(d, DOCTOR_WARNING, "placement",
                    "this process may use one processor only: two sides take turns on it, each some milliseconds");
        doctor_advise(d, "allow more (taskset, cpuset), and wait by sleeping, not by polling");
        return;
    }
    measure_all(d, cpus, count);
    sched_setaffinity(0, sizeof set, &set);
}
