#include "command.h"
#include "options.h"
#include "os.h"
#include "report.h"
#include "roles.h"

#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_row options[] = {
    {0},
};

static int refused(const char *name, const char *path, int rc)
{
    switch (rc) {
    case -EEXIST:
        report_text("dump", name, "'%.512s' exists already", path);
        break;
    case -ENOSPC:
        report_text("dump", name, "no space left for '%.512s'", path);
        break;
    default:
        report_text("dump", name, "cannot write '%.512s': %s", path, shmq_strerror(rc));
    }
    return EXIT_CODE_ERROR;
}

static int dump(const char *name, const char *path)
{
    struct snapshot snapshot;
    struct shmq_status status = {.struct_size = sizeof status};
    struct shmq *q = NULL;
    int rc = snapshot_take(name, &snapshot);
    rc = rc == 0 ? shmq_open(name, SHMQ_OBSERVER, NULL, &q) : rc;
    if (rc != 0) {
        snapshot_free(&snapshot);
        return report("dump", name, rc);
    }
    if (shmq_status(q, &status) != 0) {
        status.presence = SHMQ_ABSENT;
    }
    char *note = roles_note(name, &snapshot, &status);
    rc = note == NULL ? -ENOMEM : shmq_dump(q, path, note, strlen(note));
    free(note);
    snapshot_free(&snapshot);
    shmq_close(q);
    if (rc < 0) {
        return refused(name, path, rc);
    }
    if (rc > 0) {
        report_text("dump", name, "%d lane%s without records: the producers were faster than the copying", rc,
                    rc == 1 ? "" : "s");
    }
    return EXIT_CODE_OK;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    while (options_next(&o) != 0) {
    }
    return o.over ? o.code : dump(o.operands[0], o.operands[1]);
}

const struct command command_dump = {
    .name = "dump",
    .operands = "NAME FILE",
    .operands_min = 2,
    .operands_max = 2,
    .summary = "Copy a queue to a file, to look at it later.",
    .description =
        "All of it: what waits, what was received and is not overwritten yet, the status, the counts, and who had "
        "which "
        "role, with the names of the processes. Nobody is disturbed; what is copied of a lane is of one moment, also "
        "while records pass.\n"
        "Commands that look at a queue look at the file as well, by its path, which has a '/' in it: shmq peek "
        "--history ./FILE shows the last records of a system that crashed. A queue outlives all its processes, so it "
        "can "
        "be dumped then, too.\n"
        "Blobs are memories of their own and are not copied.",
    .examples = "shmq dump jobs ./jobs.dump && shmq info ./jobs.dump\n",
    .options = options,
    .run = run,
};
