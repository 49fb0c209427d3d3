#include "bench.h"
#include "command.h"
#include "options.h"

#include <stdio.h>

enum { OPTION_JSON = OPTION_LONG, OPTION_CORES, SECONDS_DEFAULT = 20, SECONDS_MAX = 600 };

static const struct option_row options[] = {
    {'t', "time", "TIME", "How long to measure, all together; 20 s unless something else is said."},
    {OPTION_CORES, "cores", "A,B",
     "The processors to measure on; the first two cores unless something else is said."},
    {OPTION_JSON, "json", NULL, "A JSON array with one object for each measurement."},
    {0},
};

static void cores_set(struct options *o, struct bench *bench)
{
    char rest;
    int count = sscanf(options_text(o), "%d,%d%c", &bench->producer, &bench->consumer, &rest);
    if (count != 2 || bench->producer < 0 || bench->consumer < 0 || bench->producer == bench->consumer) {
        options_wrong(o, "--cores: '%s' is not two processors, as 0,1", options_text(o));
    }
}

static void time_set(struct options *o, struct bench *bench)
{
    int64_t time_ns = options_time(o);
    if (!o->over && (time_ns < 100000000 || time_ns > SECONDS_MAX * INT64_C(1000000000))) {
        options_wrong(o, "--time: '%s' is not within 0.1s .. %ds", options_text(o), SECONDS_MAX);
    }
    bench->seconds = (double)time_ns / 1e9;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    struct bench bench = {.seconds = SECONDS_DEFAULT, .producer = -1, .consumer = -1};
    for (int letter; (letter = options_next(&o)) != 0;) {
        if (letter == 't') {
            time_set(&o, &bench);
        } else if (letter == OPTION_CORES) {
            cores_set(&o, &bench);
        }
        bench.json = bench.json || letter == OPTION_JSON;
    }
    bench.quiet = o.quiet;
    return o.over ? o.code : bench_run(&bench);
}

const struct command command_bench = {
    .name = "bench",
    .operands = "",
    .operands_min = 0,
    .operands_max = 0,
    .summary = "Measure how fast this machine is with queues, pipes, sockets and POSIX queues.",
    .description =
        "Two processes, each on a processor of its own, send each other messages through each of them in turn, some "
        "rounds long; all that arrives is checked. What it shows are medians. Nothing else should be running.\n"
        "How far apart the two processors are decides much of it: the time that a cache line takes there and back "
        "tells it. Objects of --json have a transport, a size and a mode; single, batched, arrays and in place "
        "those of throughput, polling and sleeping those of round trips.",
    .examples = "shmq bench\n"
                "shmq bench --time 2s --json | jq '.[] | [.transport, .size, .times_pipe]'\n",
    .options = options,
    .run = run,
};
