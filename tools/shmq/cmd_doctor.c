#include "command.h"
#include "doctor.h"
#include "options.h"
#include "report.h"

#include <errno.h>
#include <jansson.h>
#include <shmq/shmq.h>
#include <stdio.h>

enum { OPTION_JSON = OPTION_LONG, OPTION_STRICT };

static const struct option_row options[] = {
    {'w', "warnings", NULL, "Show only what is not fine."},
    {OPTION_STRICT, "strict", NULL, "A warning is a problem: exit code 1."},
    {OPTION_JSON, "json", NULL, "A JSON object."},
    {0},
};

static void summary(const struct doctor *d)
{
    size_t problems = doctor_count(d, DOCTOR_PROBLEM);
    size_t warnings = doctor_count(d, DOCTOR_WARNING);
    fflush(stdout); /* where both go to the same place, the list comes first */
    if (problems == 0 && warnings == 0) {
        report_line("doctor: all is fine");
    } else {
        report_line("doctor: %zu problem%s, %zu warning%s", problems, problems == 1 ? "" : "s", warnings,
                    warnings == 1 ? "" : "s");
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    bool json = false, few = false, strict = false;
    for (int letter; (letter = options_next(&o)) != 0;) {
        json = json || letter == OPTION_JSON;
        few = few || letter == 'w';
        strict = strict || letter == OPTION_STRICT;
    }
    if (o.over) {
        return o.code;
    }
    struct doctor d = {.pairs = json_array()};
    doctor_memory(&d);
    doctor_limits(&d);
    doctor_kernel(&d);
    doctor_trial(&d);
    doctor_queues(&d);
    doctor_placement(&d);

    int code = EXIT_CODE_OK;
    if (doctor_count(&d, DOCTOR_PROBLEM) > 0 || (strict && doctor_count(&d, DOCTOR_WARNING) > 0)) {
        code = EXIT_CODE_ERROR;
    }
    int rc = d.no_memory ? -ENOMEM : 0;
    if (rc == 0 && json) {
        rc = doctor_json(&d);
    } else {
        doctor_print(&d, few);
    }
    if (rc != 0) {
        report_line("doctor: %s", shmq_strerror(rc));
        code = report_code(rc);
    } else if (!o.quiet && !json) {
        summary(&d);
    }
    doctor_free(&d);
    return code;
}

const struct command command_doctor = {
    .name = "doctor",
    .operands = "",
    .operands_min = 0,
    .operands_max = 0,
    .summary = "Examine this machine and its queues, and say what can be done.",
    .description =
        "Room and permissions of shared memory, limits of processes, what the kernel offers (membarrier, futex, "
        "inotify, huge pages, clocks), whether a queue works from end to end, queues that were left behind, are "
        "damaged or of another version, holders of roles that died or are paused, and how far apart the processors "
        "are: the time that a cache line takes from one to the other and back.\n"
        "A warning is what makes queues slower, or fail for somebody or later; a problem is what does not work now. "
        "Exit code 1 where there is a problem. It changes nothing: a small queue of its own comes and goes.",
    .examples = "shmq doctor\n"
                "shmq doctor --warnings\n"
                "shmq doctor --json | jq -r '.findings[] | select(.level != \"ok\") | .advice'\n",
    .options = options,
    .run = run,
};
