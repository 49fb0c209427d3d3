#include "chart.h"
#include "command.h"
#include "machine.h"
#include "measured.h"
#include "options.h"
#include "os.h"
#include "report.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { OPTION_JSON = OPTION_LONG, OPTION_CORES, SECONDS_DEFAULT = 20, SECONDS_MAX = 600 };

static const struct option_row options[] = {
    {'t', "time", "TIME", "How long to measure, all together; 20 s unless something else is said."},
    {OPTION_CORES, "cores", "A,B",
     "The processors to measure on; the first two cores unless something else is said."},
    {OPTION_JSON, "json", NULL, "A JSON array with one object for each measurement."},
    {0},
};

static bool parse_cores(struct options *o, struct pair_cores *cores)
{
    char rest;
    int count = sscanf(options_text(o), "%d,%d%c", &cores->producer, &cores->consumer, &rest);
    if (count == 2 && cores->producer >= 0 && cores->consumer >= 0 && cores->producer != cores->consumer) {
        return true;
    }
    options_wrong(o, "--cores: '%s' is not two processors, as 0,1", options_text(o));
    return false;
}

static void progress_show(size_t done, size_t count, const char *name)
{
    if (!os_is_terminal(2)) {
        return;
    }
    int width = os_terminal_width(2) - 1;
    char line[256];
    int length = snprintf(line, sizeof line, "bench: %zu of %zu  %s", done, count, name);
    length = length < width ? length : width;
    fprintf(stderr, "\r%.*s%*s", length, line, width - length, "");
    if (done == count) {
        fprintf(stderr, "\r%*s\r", width, "");
    }
}

static void head_print(const struct measured *measured)
{
    char text[MACHINE_TEXT];
    machine_processor(text);
    printf("Processor  %s\n", text);
    printf("Cores      %d and %d; a cache line goes there and back in %.0f ns: %s\n", measured->cores.producer,
           measured->cores.consumer, measured->line_ns,
           distance_placement_name(distance_placement(measured->line_ns)));
    if (measured->moved > 0) {
        printf("           the machine moved them during %u of %u measurements; those tell less\n", measured->moved,
               measured->count * measured->rounds);
    }
}

static void rate_text(char *text, size_t size, const struct measured_row *row)
{
    bool millions = row->messages_per_s >= 1e6;
    snprintf(text, size, "%6.1f %s/s %6.2f GB/s %5.*fx", row->messages_per_s / (millions ? 1e6 : 1e3),
             millions ? "M" : "k", row->bytes_per_s / 1e9, row->times_pipe < 9.95 ? 1 : 0, row->times_pipe);
}

static void throughput_print(const struct chart *chart, const struct measured *measured, size_t size)
{
    char title[80];
    double most = 0;
    for (unsigned i = 0; i < measured->count; i++) {
        const struct measured_row *row = &measured->rows[i];
        most = !row->is_trip && row->size == size && row->messages_per_s > most ? row->messages_per_s : most;
    }
    snprintf(title, sizeof title, "Messages of %zu bytes (x: times the pipe)", size);
    chart_title(chart, title);
    for (unsigned i = 0; i < measured->count; i++) {
        const struct measured_row *row = &measured->rows[i];
        char text[64];
        if (row->is_trip || row->size != size) {
            continue;
        }
        rate_text(text, sizeof text, row);
        chart_draw(
            chart,
            &(struct chart_bar){
                .label = row->label, .value = row->messages_per_s, .most = most, .text = text, .ours = row->ours});
    }
}

static void time_text(char *text, size_t size, double ns)
{
    if (ns < 9995) {
        snprintf(text, size, "%.0f ns", ns);
    } else {
        snprintf(text, size, "%.1f us", ns / 1e3);
    }
}

static void trips_print(const struct chart *chart, const struct measured *measured)
{
    printf("\n%s%-29s %9s %9s %9s%s\n", chart->colour ? "\033[1m" : "", "There and back, 64 bytes", "median", "99 %",
           "99.9 %", chart->colour ? "\033[0m" : "");
    for (unsigned i = 0; i < measured->count; i++) {
        const struct measured_row *row = &measured->rows[i];
        char p50[32];
        char p99[32];
        char p999[32];
        if (!row->is_trip) {
            continue;
        }
        time_text(p50, sizeof p50, row->p50_ns);
        time_text(p99, sizeof p99, row->p99_ns);
        time_text(p999, sizeof p999, row->p999_ns);
        printf("  %s%-27s %9s %9s %9s%s\n", chart->colour && row->ours ? "\033[32m" : "", row->label, p50, p99, p999,
               chart->colour && row->ours ? "\033[0m" : "");
    }
}

static void tables_print(const struct measured *measured)
{
    struct chart chart = chart_of_terminal();
    head_print(measured);
    for (size_t i = 0; measured_sizes[i] != 0; i++) {
        throughput_print(&chart, measured, measured_sizes[i]);
    }
    trips_print(&chart, measured);
    printf(
        "\nTwo processes, each on a processor of its own; every message is copied in, copied out and checked, and\n"
        "in place written and read in the ring. Medians of %u rounds in turn. Pipe and queue have room for 1 MiB\n"
        "each. Batched: 64 KiB a system call at both ends of the pipe; SHMQ_MORE for the queue.\n",
        measured->rounds);
}

static void json_print(const struct measured *measured)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < measured->count; i++) {
        const struct measured_row *row = &measured->rows[i];
        json_t *object = json_pack("{ss sI ss sf}", "transport", row->transport, "size", (json_int_t)row->size,
                                   "mode", row->mode, "line_rtt_ns", row->line_ns);
        if (row->is_trip) {
            json_object_set_new(object, "p50_ns", json_real(row->p50_ns));
            json_object_set_new(object, "p99_ns", json_real(row->p99_ns));
            json_object_set_new(object, "p999_ns", json_real(row->p999_ns));
        } else {
            json_object_set_new(object, "msgs_per_s", json_real(row->messages_per_s));
            json_object_set_new(object, "gb_per_s", json_real(row->bytes_per_s / 1e9));
            json_object_set_new(object, "times_pipe", json_real(row->times_pipe));
        }
        json_array_append_new(array, object);
    }
    json_dumpf(array, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(array);
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    struct measured measured = {.cores = {-1, -1}};
    int64_t time_ns = SECONDS_DEFAULT * INT64_C(1000000000);
    bool json = false;
    for (int letter; (letter = options_next(&o)) != 0;) {
        if (letter == 't') {
            time_ns = options_time(&o);
            if (!o.over && (time_ns < 100000000 || time_ns > SECONDS_MAX * INT64_C(1000000000))) {
                options_wrong(&o, "--time: '%s' is not within 0.1s .. %ds", options_text(&o), SECONDS_MAX);
            }
        } else if (letter == OPTION_CORES) {
            parse_cores(&o, &measured.cores);
        }
        json = json || letter == OPTION_JSON;
    }
    if (o.over) {
        return o.code;
    }
    const char *error = measured_run(&measured, (double)time_ns / 1e9, o.quiet ? NULL : progress_show);
    if (error != NULL) {
        report_line("bench: %s", error);
        return EXIT_CODE_ERROR;
    }
    if (json) {
        json_print(&measured);
    } else {
        tables_print(&measured);
    }
    return EXIT_CODE_OK;
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
