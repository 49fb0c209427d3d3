#include "run.h"
#include "peers/peers.h"
#include "ticks.h"
#include "watch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The part of a run's time that the warm-up takes before it. */
#define WARM_UP 0.1

/* A run that takes longer than its time and this hangs. */
#define WATCHDOG_SECONDS 100

#define CALIBRATION_NS 20000000

static uint64_t length_ns(const struct run *run)
{
    return (uint64_t)(run->settings->seconds * 1e9);
}

int run_meet(struct run *run)
{
    int rc = pair_meet(&run->pair);

    run->meet_ns = ticks_ns();
    run->meet_cpu_ns = ticks_cpu_ns();
    run->start_ns = 0;
    run->next_ns = ticks_ns() + (uint64_t)((double)length_ns(run) * WARM_UP);
    if (run->watch != NULL) {
        __atomic_store_n(&run->watch->counting, true, __ATOMIC_RELEASE);
    }
    return rc;
}

bool run_lap(struct run *run, uint64_t sent)
{
    uint64_t now = ticks_ns();

    if (now < run->next_ns) {
        return true;
    }
    if (run->start_ns != 0) {
        return false;
    }
    run->start_ns = now;
    run->start_sent = sent;
    run->next_ns = now + length_ns(run);
    return true;
}

/* Other processes, and sleeping in a pipe, keep a side away from its work. */
static double away(const struct run *run)
{
    double time = (double)(ticks_ns() - run->meet_ns);
    double cpu_time = (double)(ticks_cpu_ns() - run->meet_cpu_ns);

    return time > cpu_time ? 1 - cpu_time / time : 0;
}

void run_account(struct run *run, struct payload_account account)
{
    if (run->watch != NULL) {
        __atomic_store_n(&run->watch->counting, false, __ATOMIC_RELEASE);
        run->pair.shared->memory = watch_memory();
    }
    run->pair.shared->account = account;
    run->pair.shared->away = away(run);
    pair_store(&run->pair.shared->end_ns, ticks_ns());
}

static bool exits(const struct point *point)
{
    return point->peer != NULL && point->peer->exits;
}

static int consumer_side(void *argument)
{
    struct run *run = argument;
    int rc;

    pair_distance_answer(&run->pair);
    rc = run->point->transport->consume(run);
    if (rc == 0) {
        rc = pair_meet(&run->pair);
    }
    if (rc == 0) {
        pair_distance_answer(&run->pair);
    }
    if (rc == 0 && exits(run->point)) {
        exit(EXIT_SUCCESS);
    }
    return rc;
}

/* What the consumer says against what was sent. */
static const char *verdict(const struct run *run, struct figure *figure)
{
    const struct pair_shared *shared = run->pair.shared;
    const struct payload_account *account = &shared->account;

    if (account->received + 1 != shared->finished.word) {
        return "messages are missing";
    }
    if (account->wrong != 0) {
        return "messages came out of order";
    }
    if (account->sum != payload_sum(&run->payload, account->received)) {
        return "payload was changed on its way";
    }
    figure->producer_cpu = 1 - figure->away;
    figure->consumer_cpu = 1 - shared->away;
    figure->away = figure->away > shared->away ? figure->away : shared->away;
    figure->messages = account->received - run->start_sent;
    figure->seconds = (double)(shared->end_ns - run->start_ns) * 1e-9;
    figure->observed = (double)shared->observed / ((double)(shared->end_ns - run->meet_ns) * 1e-9);
    return figure->messages == 0 || figure->seconds <= 0 ? "nothing was sent" : NULL;
}

static const char *both_sides(struct run *run, struct figure *figure)
{
    int rc = pair_start(&run->pair, run->settings->cores.consumer, consumer_side, run);
    const char *error = NULL;

    if (rc != 0) {
        return "cannot start the consumer's process";
    }
    rc = pair_distance_measure(&run->pair, &figure->before);
    if (rc == 0) {
        rc = run->point->transport->produce(run);
        figure->away = away(run);
        figure->memory = run->watch != NULL ? (double)watch_memory() : 0;
    }
    if (rc == 0) {
        rc = pair_meet(&run->pair);
    }
    if (rc == 0) {
        rc = pair_distance_measure(&run->pair, &figure->after);
    }
    if (!pair_end(&run->pair, rc != 0)) {
        error = run->pair.shared->error != 0 ? "the consumer failed" : "a side failed or waited in vain";
        fprintf(stderr, "%s: producer %d, consumer %d (negative errno)\n", run->point->name, rc,
                run->pair.shared->error);
    } else {
        error = verdict(run, figure);
    }
    if (error == NULL) {
        figure->times = hist_summarise(run->hist, 1 / run->ticks_per_ns);
        figure->memory += (double)run->pair.shared->memory - (double)run->memory;
        figure->calls = (double)run->pair.shared->account.received; /* divided by whoever has counted */
    }
    munmap(run->pair.shared, sizeof *run->pair.shared);
    return error;
}

static double ticks_per_ns(void)
{
    static double found;

    if (found == 0) {
        uint64_t start = ticks();
        uint64_t start_ns = ticks_ns();

        while (ticks_ns() - start_ns < CALIBRATION_NS) {
        }
        found = (double)(ticks() - start) / (double)(ticks_ns() - start_ns);
    }
    return found;
}

static const char *measure(const struct point *point, const struct settings *settings, struct watch *watch,
                           struct figure *figure)
{
    struct run run = {.point = point, .settings = settings, .ticks_per_ns = ticks_per_ns()};
    const char *error = "cannot set up the transport";

    run.watch = point->watched ? watch : NULL;
    run.memory = point->watched ? watch_memory() : 0;
    /* A pipe whose reader has died is an error of this figure and not our end. */
    signal(SIGPIPE, SIG_IGN);
    *figure = (struct figure){.seconds = 0};
    run.hist = mmap(NULL, sizeof *run.hist, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (run.hist == MAP_FAILED || payload_open(&run.payload, point->size) != 0) {
        return "out of memory";
    }
    if (point->transport->prepare(&run) == 0) {
        error = both_sides(&run, figure);
        point->transport->clean(&run);
    }
    munmap(run.hist, sizeof *run.hist);
    payload_close(&run.payload);
    return error;
}

/* What the process of a run tells the one that asked for it. */
struct outcome {
    struct figure figure;
    struct watch watch;
    bool over;
    char error[RUN_ERROR_TEXT];
};

/* The producer's process: nothing that a library has done there lasts longer than the run. */
static void be_producer(const struct point *point, const struct settings *settings, struct outcome *outcome,
                        pid_t parent)
{
    const char *error;
    sigset_t ends;

    /* Whatever ends the one that asked, this run comes to its own end and takes away what has a name. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) {
        _exit(EXIT_FAILURE);
    }
    alarm(WATCHDOG_SECONDS + (unsigned)settings->seconds);
    error = point->watched && watch_me() != 0 ? "cannot be traced" : NULL;
    if (error == NULL) {
        error = measure(point, settings, &outcome->watch, &outcome->figure);
    }
    snprintf(outcome->error, sizeof outcome->error, "%s", error == NULL ? "" : error);
    outcome->over = true;
    if (exits(point)) {
        exit(EXIT_SUCCESS);
    }
    _exit(EXIT_SUCCESS);
}

const char *run_measure(const struct point *point, const struct settings *settings, struct figure *figure)
{
    static char text[RUN_ERROR_TEXT];
    pid_t parent = getpid();
    struct outcome *outcome;
    int status = 0;
    pid_t child;

    ticks_per_ns();
    outcome = mmap(NULL, sizeof *outcome, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (outcome == MAP_FAILED) {
        return "out of memory";
    }
    fflush(NULL);
    child = fork();
    if (child == 0) {
        be_producer(point, settings, outcome, parent);
    }
    if (child > 0 && (!point->watched || watch_over(child, &outcome->watch, &status) != 0)) {
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
    }
    *figure = outcome->figure;
    figure->calls = figure->calls > 0 ? (double)outcome->watch.calls / figure->calls : 0;
    snprintf(text, sizeof text, "%s", outcome->error);
    if (child < 0) {
        snprintf(text, sizeof text, "cannot start a process");
    } else if (WIFSIGNALED(status)) {
        snprintf(text, sizeof text, "the producer died of signal %d", WTERMSIG(status));
    } else if (!outcome->over) {
        snprintf(text, sizeof text, "the producer gave up");
    }
    munmap(outcome, sizeof *outcome);
    return text[0] == '\0' ? NULL : text;
}
