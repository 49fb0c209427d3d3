#include "command.h"
#include "metrics.h"
#include "metrics_serve.h"
#include "options.h"
#include "os.h"
#include "report.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_LISTEN = OPTION_LONG };

static const struct option_row options[] = {
    {OPTION_LISTEN, "listen", "ADDR:PORT",
     "Serve http://ADDR:PORT/metrics until ended; PORT alone is of the loopback address, 0 lets the system choose."},
    {'o', "output", "FILE", "Write this file, and let it appear as a whole: for a collector of text files."},
    {'f', "format", "FORMAT", "openmetrics, or prometheus for the text format 0.0.4."},
    {0},
};

struct request {
    const char *listen;
    const char *output;
    enum metrics_format format;
};

static enum metrics_format format_of(struct options *o)
{
    const char *word = options_text(o);
    if (strcmp(word, "openmetrics") != 0 && strcmp(word, "prometheus") != 0) {
        options_wrong(o, "--format: '%s' is not openmetrics or prometheus", word);
    }
    return strcmp(word, "prometheus") == 0 ? METRICS_PROMETHEUS : METRICS_OPENMETRICS;
}

/* Whoever reads the file finds the old one or the new one, both whole. */
static int file_write(const char *path, const struct watch *w, enum metrics_format format)
{
    char *draft = NULL;
    FILE *out = NULL;
    int code = EXIT_CODE_ERROR;
    const char *why = NULL;
    if (asprintf(&draft, "%s.%ld~", path, os_process_id()) < 0) {
        report_line("metrics: no memory");
        return code;
    }
    out = os_file_new(draft, OS_ALL_READ);
    if (out == NULL) {
        why = os_error_text();
    } else {
        metrics_write(out, w, format);
        bool whole = ferror(out) == 0;
        if (fclose(out) != 0 || !whole || !os_file_replace(draft, path)) {
            why = os_error_text();
            os_file_remove(draft);
        } else {
            code = EXIT_CODE_OK;
        }
    }
    if (why != NULL) {
        report_line("metrics: %s: %s", path, why);
    }
    free(draft);
    return code;
}

/* What was asked for by name and is not there. Returns an exit code. */
static int missing_report(const struct watch *w)
{
    int code = EXIT_CODE_OK;
    for (size_t i = 0; w->name_count > 0 && i < w->count; i++) {
        if (w->all[i]->error != 0) {
            code = report("metrics", w->all[i]->name, w->all[i]->error);
        }
    }
    return code;
}

static int once(struct watch *w, const struct request *request)
{
    int rc = watch_look(w);
    if (rc != 0) {
        report_line("metrics: %s", shmq_strerror(rc));
        return report_code(rc);
    }
    int code = EXIT_CODE_OK;
    if (request->output != NULL) {
        code = file_write(request->output, w, request->format);
    } else {
        metrics_write(stdout, w, request->format);
    }
    int missing = missing_report(w);
    return code != EXIT_CODE_OK ? code : missing;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    struct request request = {.format = METRICS_OPENMETRICS};
    for (int letter; (letter = options_next(&o)) != 0;) {
        if (letter == OPTION_LISTEN) {
            request.listen = options_text(&o);
        } else if (letter == 'o') {
            request.output = options_text(&o);
        } else if (letter == 'f') {
            request.format = format_of(&o);
        }
    }
    if (request.listen != NULL && request.output != NULL) {
        options_wrong(&o, "--listen and --output exclude each other");
    }
    if (o.over) {
        return o.code;
    }
    struct watch w = {.names = o.operands, .name_count = (size_t)o.operand_count};
    int code =
        request.listen != NULL ? metrics_serve(request.listen, &w, request.format, o.quiet) : once(&w, &request);
    watch_free(&w);
    if (os_signal_caught() != 0) {
        os_signal_die(os_signal_caught());
    }
    return code;
}

const struct command command_metrics = {
    .name = "metrics",
    .operands = "[NAME...]",
    .operands_min = 0,
    .operands_max = INT_MAX,
    .summary = "Tell a monitoring system what all queues measure, in OpenMetrics.",
    .description =
        "Counters (_total) of records and bytes sent and received, of full lanes, sleeps, drops and misses; what "
        "waits "
        "now; who is there, and who died; the task that the status tells of. Labels are queue and lane; a lane that "
        "nobody has ever used is left out. Looking disturbs nobody, and needs read permission only.\n"
        "Without an option it writes to standard output once. A queue that cannot be read has shmq_readable 0.\n"
        "With --listen it serves one scraper after the other, and a slow one holds up nobody. Anybody who can reach "
        "the "
        "address can read it: so it is the loopback address, unless another one is given.",
    .examples = "shmq metrics\n"
                "shmq metrics --output shmq.prom --format prometheus jobs\n"
                "shmq metrics --listen 9464\n",
    .options = options,
    .run = run,
};
