#include "attach.h"

#include "holders.h"
#include "os.h"
#include "report.h"

#include <string.h>

static const int64_t ms_ns = 1000000;

static int lane_refused(const struct attachment *a, const struct snapshot *snapshot)
{
    uint32_t count = snapshot->info.lane_count;
    if (count == 1) {
        report_text(a->command, a->name, "no lane %u: it has lane 0 only", a->open.lane);
    } else {
        report_text(a->command, a->name, "no lane %u: it has lanes 0 to %u", a->open.lane, count - 1);
    }
    return EXIT_CODE_USAGE;
}

static int consumer_busy(const struct attachment *a, const struct snapshot *snapshot)
{
    char who[128] = "another process";
    if (snapshot->info.consumer_presence == SHMQ_PRESENT && snapshot->info.consumer_pid != 0) {
        struct holder holder = holder_of_consumer(&snapshot->info);
        holder_text(who, sizeof who, &holder);
        report_text(a->command, a->name, "process %s receives from it already (take over from it with --wait)", who);
    } else {
        report_text(a->command, a->name, "somebody receives from it already (take over with --wait)");
    }
    return EXIT_CODE_ERROR;
}

static int lanes_busy(const struct attachment *a, struct snapshot *snapshot)
{
    char who[512];
    if (a->open.has_lane != 0 && a->open.lane < snapshot->info.lane_count) {
        struct holder holder = holder_of_lane(&snapshot->lanes[a->open.lane]);
        holder_text(who, sizeof who, &holder);
        report_text(a->command, a->name, "lane %u has a producer: %s (wait for it with --wait)", a->open.lane, who);
        return EXIT_CODE_FULL_OR_EMPTY;
    }
    holders_list(who, sizeof who, snapshot, HOLDERS_PRODUCERS);
    if (snapshot->info.lane_count == 1) {
        report_text(a->command, a->name,
                    "its only lane has a producer: %s (wait for it with --wait; more lanes: shmq create --lanes)",
                    who);
    } else {
        report_text(a->command, a->name,
                    "all %u lanes have a producer: %s (wait for one with --wait; more lanes: shmq create --lanes)",
                    snapshot->info.lane_count, who);
    }
    return EXIT_CODE_FULL_OR_EMPTY;
}

static int busy(const struct attachment *a)
{
    struct snapshot snapshot;
    int rc = snapshot_take(a->name, &snapshot);
    int code = rc != 0                    ? report(a->command, a->name, rc)
               : a->role == SHMQ_CONSUMER ? consumer_busy(a, &snapshot)
                                          : lanes_busy(a, &snapshot);
    snapshot_free(&snapshot);
    return code;
}

static int invalid(const struct attachment *a)
{
    struct snapshot snapshot;
    int rc = a->open.has_lane != 0 ? snapshot_take(a->name, &snapshot) : -EINVAL;
    if (rc != 0) {
        return report(a->command, a->name, rc);
    }
    int code = lane_refused(a, &snapshot);
    snapshot_free(&snapshot);
    return code;
}

static int refused(const struct attachment *a, int rc)
{
    switch (rc) {
    case -EBUSY:
        return busy(a);
    case -EINVAL:
        return invalid(a);
    default:
        return report(a->command, a->name, rc);
    }
}

static const char *wanted(const struct attachment *a, int rc)
{
    return rc == -ENOENT ? "the queue" : a->role == SHMQ_CONSUMER ? "the other consumer to end" : "a free lane";
}

static int open_once(struct attachment *a)
{
    int rc = a->create ? shmq_create(a->name, NULL) : 0;
    return rc < 0 ? rc : shmq_open(a->name, a->role, &a->open, &a->q);
}

/* Whoever is missing, or in the way, has no means to wake us: look now and then. */
static int open_wait(struct attachment *a)
{
    int64_t start_ns = os_monotonic_ns();
    int64_t tell_ns = a->quiet || !os_is_terminal(2) ? INT64_MAX : start_ns + 2000 * ms_ns;
    int64_t pause_ns = ms_ns;
    for (;;) {
        int rc = open_once(a);
        if ((rc != -ENOENT && rc != -EBUSY) || !a->wait) {
            return rc;
        }
        int64_t now_ns = os_monotonic_ns();
        int64_t left_ns = a->timeout_ns < 0 ? INT64_MAX : a->timeout_ns - (now_ns - start_ns);
        if (left_ns <= 0) {
            report_text(a->command, a->name, "timed out: waiting for %s", wanted(a, rc));
            return -ETIMEDOUT;
        }
        if (now_ns > tell_ns) {
            report_text(a->command, a->name, "waiting for %s (Ctrl-C ends)", wanted(a, rc));
            tell_ns = INT64_MAX;
        }
        os_sleep(pause_ns < left_ns ? pause_ns : left_ns);
        pause_ns = pause_ns < 100 * ms_ns ? pause_ns * 2 : pause_ns;
        if (os_signal_caught() != 0) {
            return -EINTR;
        }
    }
}

int attach(struct attachment *a)
{
    a->open.struct_size = sizeof a->open;
    a->info.struct_size = sizeof a->info;
    int rc = open_wait(a);
    if (rc == 0) {
        rc = shmq_info(a->q, &a->info);
    } else if (rc == -ETIMEDOUT) {
        return EXIT_CODE_TIMED_OUT;
    } else if (rc == -EINTR) {
        return EXIT_CODE_ERROR;
    }
    if (rc == 0 && a->info.transient != 0) {
        rc = shmq_open(a->name, SHMQ_OBSERVER, NULL, &a->observer);
    }
    return rc != 0 ? refused(a, rc) : EXIT_CODE_OK;
}

void attach_again(struct attachment *a)
{
    shmq_close(a->q);
    a->q = NULL;
    if (shmq_open(a->name, a->role, &a->open, &a->q) != 0) {
        return;
    }
    struct shmq_info info = {.struct_size = sizeof info};
    if (shmq_info(a->q, &info) != 0 || memcmp(info.id, a->info.id, sizeof info.id) != 0) {
        shmq_close(a->q);
        a->q = NULL;
    }
}

int detach(struct attachment *a)
{
    shmq_close(a->q);
    a->q = NULL;
    struct shmq_info info = {.struct_size = sizeof info};
    uint64_t lost = 0;
    if (a->observer != NULL && shmq_info(a->observer, &info) == 0 && info.removed != 0 &&
        info.consumer_presence != SHMQ_PRESENT) {
        lost = snapshot_waiting(&info);
    }
    shmq_close(a->observer);
    a->observer = NULL;
    if (lost == 0) {
        return EXIT_CODE_OK;
    }
    report_text(a->command, a->name, "it was transient and went with its last user, and %ju record%s with it",
                (uintmax_t)lost, lost == 1 ? "" : "s");
    return EXIT_CODE_FULL_OR_EMPTY;
}
