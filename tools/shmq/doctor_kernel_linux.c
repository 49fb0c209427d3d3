#include "doctor.h"
#include "os.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { BATCHES = 5, CALLS = 200 };

/* The best of some batches, in nanoseconds a call: others may run meanwhile. */
static double cost_ns(void (*call)(void))
{
    double best = 1e18;
    for (int batch = 0; batch < BATCHES; batch++) {
        int64_t start = os_monotonic_ns();
        for (int i = 0; i < CALLS; i++) {
            call();
        }
        double each = (double)(os_monotonic_ns() - start) / CALLS;
        best = each < best ? each : best;
    }
    return best;
}

static void barrier_call(void)
{
    (void)syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0);
}

static void membarrier_find(struct doctor *d)
{
    const long needed = MEMBARRIER_CMD_GLOBAL_EXPEDITED | MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED;
    long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
    bool refused = commands < 0 && errno != ENOSYS;
    if (commands >= 0 && (commands & needed) == needed &&
        syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0) {
        doctor_find(d, DOCTOR_OK, "membarrier", "works, %.1f us a call", cost_ns(barrier_call) / 1000);
        return;
    }
    doctor_find(d, DOCTOR_WARNING, "membarrier",
                "%s: whoever sleeps looks every millisecond by itself, which costs processor time, and up to a "
                "millisecond of delay",
                refused ? "refused" : "the kernel does not have it");
    doctor_advise(d, refused ? "allow the system call membarrier, for instance in the container's seccomp profile"
                             : "use Linux 4.16 or later; and see that no seccomp profile hides membarrier");
}

static void futex_find(struct doctor *d)
{
    uint32_t word = 0;
    long rc = syscall(SYS_futex, &word, FUTEX_WAIT, 1, NULL, NULL, 0);
    /* It says that the word has another value than the one to sleep on. */
    if (rc == -1 && errno == EAGAIN) {
        doctor_find(d, DOCTOR_OK, "futex", "works");
        return;
    }
    doctor_find(d, DOCTOR_PROBLEM, "futex", "%s: nobody can sleep, every wait fails or takes all of a processor",
                rc == -1 ? strerror(errno) : "answers wrongly");
    doctor_advise(d, "allow the system call futex, for instance in the container's seccomp profile");
}

static void process_names_find(struct doctor *d)
{
    struct os_process process;
    if (os_process_look((uint32_t)getpid(), INT64_MAX / 2, &process)) {
        doctor_find(d, DOCTOR_OK, "processes", "/proc tells their names");
    } else {
        doctor_find(d, DOCTOR_WARNING, "processes",
                    "/proc does not tell who is who: names of processes, and whether they are paused, stay unknown");
        doctor_advise(d, "mount -t proc proc /proc");
    }
}

/* The chosen one of "always within_size [advise] never". */
static bool chosen(const char *path, char *word, size_t size)
{
    char line[256];
    if (!doctor_line(path, line, sizeof line)) {
        return false;
    }
    char *from = strchr(line, '[');
    char *to = from != NULL ? strchr(from, ']') : NULL;
    if (to == NULL) {
        return false;
    }
    *to = '\0';
    snprintf(word, size, "%s", from + 1);
    return true;
}

static void huge_pages_find(struct doctor *d)
{
    char word[64];
    if (!chosen("/sys/kernel/mm/transparent_hugepage/shmem_enabled", word, sizeof word)) {
        doctor_find(d, DOCTOR_OK, "huge pages", "none for shared memory; rings of up to 8M gain nothing from them");
    } else if (strcmp(word, "force") == 0 || strcmp(word, "always") == 0) {
        doctor_find(d, DOCTOR_WARNING, "huge pages", "'%s' for shared memory: a small queue may take up 2M or more",
                    word);
        doctor_advise(d, "echo within_size > /sys/kernel/mm/transparent_hugepage/shmem_enabled");
    } else {
        doctor_find(d, DOCTOR_OK, "huge pages", "'%s' for shared memory; rings of up to 8M gain nothing from them",
                    word);
    }
}

static void clock_call(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
}

static void clock_find(struct doctor *d)
{
    const int64_t year_2020_ns = INT64_C(1577836800) * 1000000000;
    const double slow_ns = 300;
    char source[64] = "unknown";
    struct timespec step = {0};
    double cost = cost_ns(clock_call);
    (void)doctor_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", source, sizeof source);
    clock_getres(CLOCK_MONOTONIC, &step);
    if (os_realtime_ns() < year_2020_ns) {
        doctor_find(d, DOCTOR_WARNING, "clock", "it says that it is before 2020: ages and dates of queues are wrong");
        doctor_advise(d, "set the clock, or let it be set (chrony, systemd-timesyncd)");
    } else if (step.tv_sec > 0 || step.tv_nsec > 1000) {
        doctor_find(d, DOCTOR_WARNING, "clock",
                    "source '%s' goes in steps of %ld us: waits last longer than asked for", source,
                    step.tv_sec * 1000000 + step.tv_nsec / 1000);
        doctor_advise(d, "use a kernel with high-resolution timers");
    } else if (cost > slow_ns) {
        doctor_find(d, DOCTOR_WARNING, "clock",
                    "source '%s' takes %.0f ns a look: every wait and every timestamp pays for it", source, cost);
        doctor_advise(d, "on x86 choose tsc: echo tsc > "
                         "/sys/devices/system/clocksource/clocksource0/current_clocksource");
    } else {
        doctor_find(d, DOCTOR_OK, "clock", "source '%s', %.0f ns a look", source, cost);
    }
}

void doctor_kernel(struct doctor *d)
{
    membarrier_find(d);
    futex_find(d);
    process_names_find(d);
    huge_pages_find(d);
    clock_find(d);
}
