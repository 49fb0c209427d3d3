#include "command.h"
#include "options.h"
#include "report.h"

#include <shmq/shmq.h>

static const struct option_row options[] = {
    {0},
};

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    while (options_next(&o) != 0) {
    }
    if (o.over) {
        return o.code;
    }
    const char *name = o.operands[0];
    struct shmq *q = NULL;
    int rc = shmq_open(name, SHMQ_REPORTER, NULL, &q);
    if (rc == 0) {
        rc = shmq_request_cancel(q);
    }
    shmq_close(q);
    if (rc == 1) {
        report_text("cancel", name, "no task is running");
        return EXIT_CODE_FULL_OR_EMPTY;
    }
    return rc < 0 ? report("cancel", name, rc) : EXIT_CODE_OK;
}

const struct command command_cancel = {
    .name = "cancel",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "Ask for the end of the task that is running.",
    .description =
        "Whoever works looks whether it was asked, with shmq_cancel_requested or shmq report --check-cancel, and "
        "stops "
        "where it can. This does not wait for that: see shmq status --wait. Exit code 4: no task is running.",
    .examples = "shmq cancel packing && shmq status --wait packing\n",
    .options = options,
    .run = run,
};
