/* shmq-bench: how fast the queue is, beside a pipe and beside the cache lines that have to move. */
#include "machine.h"
#include "peers/peers.h"
#include "points.h"
#include "results.h"
#include "shim.h"

#include <errno.h>
#include <getopt.h>
#include <regex.h>
#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX 1000

/* How often a point is measured when its processors do not stay where they are. */
#define TRIES 3

static const char usage[] =
    "Usage: shmq-bench [OPTION]...\n"
    "Measure messages per second and round trips between two processes on two cores.\n"
    "\n"
    "  -r, --rounds N       measure everything N times, round after round (7)\n"
    "  -s, --seconds S      of one measurement (0.1)\n"
    "  -c, --cores A,B      the producer's and the consumer's processor (the first two cores)\n"
    "  -f, --filter REGEX   only what matches (extended regular expression)\n"
    "  -j, --json FILE      every single run, as Google Benchmark's JSON\n"
    "  -l, --list           print the names and measure nothing\n"
    "  -h, --help           print this\n"
    "\n"
    "Exit status: 0 measured, 1 a measurement failed, 2 usage, 77 there are no two processors to measure on.\n";

struct bench {
    struct settings settings;
    struct shim_plan plan;
    bool list;
    bool filtered;
    regex_t filter;
    struct points points;
    struct results *results;
};

static struct bench bench = {
    .settings = {.cores = {-1, -1}, .seconds = 0.1},
    .plan = {.rounds = 7},
};

/* Whether the processors were, all the time, where they were for the first figure. */
static bool is_placed(const struct figure *figure)
{
    static bool known;
    static enum distance_placement usual;
    enum distance_placement before = distance_placement(figure->before.bare_ns);

    if (before != distance_placement(figure->after.bare_ns)) {
        return false;
    }
    if (!known) {
        known = true;
        usual = before;
    }
    return before == usual;
}

/* Again where the machine has moved the processors meanwhile; the last try counts, wherever they are then. */
static const char *measure_placed(const struct point *point, struct figure *figure, unsigned *tries)
{
    const char *error;

    *tries = 0;
    do {
        error = run_measure(point, &bench.settings, figure);
    } while (error == NULL && !is_placed(figure) && ++*tries < TRIES);
    return error;
}

/* Google Benchmark calls this once a round for each point. */
static void measure(struct shim_state *state, void *context)
{
    const struct point *point = context;
    struct figure figure;
    unsigned tries;
    const char *error = measure_placed(point, &figure, &tries);

    if (error != NULL) {
        shim_error(state, error);
        return;
    }
    results_add(bench.results, point, &figure);
    shim_item(state, figure.seconds / (double)figure.messages, point->size);
    shim_counter(state, "rtt_before_ns", figure.before.with_pause_ns);
    shim_counter(state, "rtt_after_ns", figure.after.with_pause_ns);
    shim_counter(state, "rtt_bare_before_ns", figure.before.bare_ns);
    shim_counter(state, "rtt_bare_after_ns", figure.after.bare_ns);
    shim_counter(state, "moved", tries);
    shim_counter(state, "away_percent", figure.away * 100);
    shim_counter(state, "producer_cpu_percent", figure.producer_cpu * 100);
    shim_counter(state, "consumer_cpu_percent", figure.consumer_cpu * 100);
    if (point->watched) {
        shim_counter(state, "system_calls_per_message", figure.calls);
        shim_counter(state, "memory_bytes", figure.memory);
    }
    if (point->observer != OBSERVER_NONE) {
        shim_counter(state, "observed_per_second", figure.observed);
    }
    shim_counter(state, "messages", (double)figure.messages);
    if (figure.times.count > 0) {
        shim_counter(state, "least_ns", figure.times.least);
        shim_counter(state, "mean_ns", figure.times.mean);
        shim_counter(state, "p50_ns", figure.times.p50);
        shim_counter(state, "p90_ns", figure.times.p90);
        shim_counter(state, "p99_ns", figure.times.p99);
        shim_counter(state, "p999_ns", figure.times.p999);
        shim_counter(state, "p9999_ns", figure.times.p9999);
        shim_counter(state, "max_ns", figure.times.most);
    }
}

static bool parse_option(int option, const char *text)
{
    char *end = NULL;

    switch (option) {
    case 'r': {
        long rounds = strtol(text, &end, 10);

        bench.plan.rounds = (unsigned)rounds;
        return *text != '\0' && *end == '\0' && rounds >= 1 && rounds <= ROUNDS_MAX;
    }
    case 's':
        bench.settings.seconds = strtod(text, &end);
        return *text != '\0' && *end == '\0' && bench.settings.seconds >= 0.0001 && bench.settings.seconds <= 60;
    case 'c': {
        char rest;

        return sscanf(text, "%d,%d%c", &bench.settings.cores.producer, &bench.settings.cores.consumer, &rest) == 2 &&
               bench.settings.cores.producer != bench.settings.cores.consumer;
    }
    case 'f':
        if (bench.filtered) {
            regfree(&bench.filter);
        }
        bench.filtered = regcomp(&bench.filter, text, REG_EXTENDED | REG_NOSUB) == 0;
        return bench.filtered;
    case 'j':
        bench.plan.json_path = text;
        return true;
    case 'l':
        bench.list = true;
        return true;
    default:
        return false;
    }
}

static int parse(int argc, char **argv)
{
    static const struct option options[] = {
        {"rounds", required_argument, NULL, 'r'}, {"seconds", required_argument, NULL, 's'},
        {"cores", required_argument, NULL, 'c'},  {"filter", required_argument, NULL, 'f'},
        {"json", required_argument, NULL, 'j'},   {"list", no_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "r:s:c:f:j:lh", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            exit(EXIT_SUCCESS);
        }
        if (!parse_option(option, optarg)) {
            if (option != '?') {
                fprintf(stderr, "shmq-bench: bad value for -%c: %s\n", option, optarg);
            }
            return -EINVAL;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "shmq-bench: unexpected argument: %s\n", argv[optind]);
        return -EINVAL;
    }
    return 0;
}

/* Returns the exit status when there is no place to measure, -1 when there is. */
static int place(void)
{
    struct pair_cores *cores = &bench.settings.cores;
    char text[MACHINE_TEXT];

    if (cores->producer < 0 && pair_cores_pick(cores) != 0) {
        fprintf(stderr, "shmq-bench: this needs two processors, and this process may use one only\n");
        return 77;
    }
    if (pair_pin(cores->consumer) != 0 || pair_pin(cores->producer) != 0) {
        fprintf(stderr, "shmq-bench: cannot run on processors %d and %d\n", cores->producer, cores->consumer);
        return 2;
    }
    snprintf(text, sizeof text, "producer %d, consumer %d", cores->producer, cores->consumer);
    shim_describe("processors", text);
    machine_processor(text);
    shim_describe("processor", text);
    machine_system(text);
    shim_describe("system", text);
    shim_describe("compiler", machine_compiler());
    snprintf(text, sizeof text, "shmq %d.%d.%d", SHMQ_VERSION_MAJOR, SHMQ_VERSION_MINOR, SHMQ_VERSION_PATCH);
    shim_describe("library", text);
    snprintf(text, sizeof text, "%u rounds of %g s", bench.plan.rounds, bench.settings.seconds);
    shim_describe("measured", text);
    return -1;
}

static bool is_measured(const struct peer *peer)
{
    for (size_t i = 0; i < bench.points.count; i++) {
        if (bench.points.all[i].peer == peer) {
            return true;
        }
    }
    return false;
}

/* The daemons of those that are measured. */
static void start_peers(void)
{
    for (size_t i = 0; peers[i] != NULL; i++) {
        if (peers[i]->start != NULL && is_measured(peers[i]) && peers[i]->start() != 0) {
            fprintf(stderr, "shmq-bench: cannot start what %s needs\n", peers[i]->name);
        }
    }
}

static void stop_peers(void)
{
    for (size_t i = 0; peers[i] != NULL; i++) {
        if (peers[i]->stop != NULL) {
            peers[i]->stop();
        }
    }
}

static int run_all(void)
{
    size_t figures = bench.points.count * bench.plan.rounds;
    int rc;

    bench.results = results_open(bench.points.all, bench.points.count, bench.plan.rounds);
    if (bench.results == NULL) {
        fprintf(stderr, "shmq-bench: out of memory\n");
        return 1;
    }
    start_peers();
    for (size_t i = 0; i < bench.points.count; i++) {
        shim_register(bench.points.all[i].name, measure, &bench.points.all[i]);
    }
    rc = shim_run(&bench.plan);
    stop_peers();
    if (rc != 0) {
        fprintf(stderr, "shmq-bench: %s: %s\n", bench.plan.json_path, strerror(-rc));
    } else {
        results_print(bench.results);
        if (results_count(bench.results) != figures) {
            fprintf(stderr, "shmq-bench: %zu of %zu measurements failed\n", figures - results_count(bench.results),
                    figures);
        }
    }
    rc = rc == 0 && results_count(bench.results) == figures ? 0 : 1;
    results_close(bench.results);
    return rc;
}

static int list_all(void)
{
    for (size_t i = 0; i < bench.points.count; i++) {
        puts(bench.points.all[i].name);
    }
    return 0;
}

int main(int argc, char **argv)
{
    int status;

    if (parse(argc, argv) != 0) {
        fputs("Try 'shmq-bench --help'.\n", stderr);
        return 2;
    }
    points_add_all(&bench.points, bench.filtered ? &bench.filter : NULL);
    bench.plan.program = argv[0];
    if (bench.points.count == 0) {
        fprintf(stderr, "shmq-bench: nothing matches the filter\n");
        status = 2;
    } else {
        status = bench.list ? list_all() : place();
    }
    if (status < 0) {
        status = run_all();
    }
    if (bench.filtered) {
        regfree(&bench.filter);
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "shmq-bench: cannot write to standard output\n");
        return 1;
    }
    return status;
}
