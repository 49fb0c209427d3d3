#include "bench.h"

#include "chart.h"
#include "machine.h"
#include "measured.h"
#include "os.h"
#include "report.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

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

int bench_run(const struct bench *bench)
{
    struct measured measured = {.cores = {bench->producer, bench->consumer}};
    const char *error = measured_run(&measured, bench->seconds, bench->quiet ? NULL : progress_show);
    if (error != NULL) {
        report_line("bench: %s", error);
        return EXIT_CODE_ERROR;
    }
    if (bench->json) {
        json_print(&measured);
    } else {
        tables_print(&measured);
    }
    return EXIT_CODE_OK;
}
