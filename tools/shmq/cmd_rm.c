#include "command.h"
#include "holders.h"
#include "options.h"
#include "report.h"
#include "snapshot.h"

#include <limits.h>
#include <shmq/shmq.h>

static const struct option_row options[] = {
    {'f', "force", NULL, "Also a queue that somebody uses; and one that does not exist is no error."},
    {0},
};

/* The library leaves alone what it cannot open. What starts as a queue does is ours to remove, damaged or not. */
static int damaged_remove(const char *name)
{
    struct shmq_identity identity;
    return snapshot_identity(name, &identity) ? shmq_mapping_remove(name) : -EPROTO;
}

static void used_tell(const char *name)
{
    struct snapshot snapshot;
    char who[512];
    unsigned count = snapshot_take(name, &snapshot) == 0 ? holders_list(who, sizeof who, &snapshot, HOLDERS_ALL) : 0;
    snapshot_free(&snapshot);
    report_text("rm", name, "in use: %s (remove it all the same with: shmq rm --force)",
                count > 0 ? who : "somebody has just come or gone");
}

static int remove_one(const char *name, bool force)
{
    int rc = shmq_remove(name, force ? SHMQ_REMOVE_USED : 0);
    if (rc == -EPROTO) {
        rc = damaged_remove(name);
    }
    switch (rc) {
    case 0:
        return EXIT_CODE_OK;
    case -ENOENT:
        if (force) {
            return EXIT_CODE_OK;
        }
        report_text("rm", name, "no such queue (see: shmq ls)");
        return report_code(rc);
    case -EBUSY:
        used_tell(name);
        return EXIT_CODE_ERROR;
    case -EACCES:
        report_text("rm", name, "no permission (it needs that to read and write it, and is for its owner to give)");
        return report_code(rc);
    case -EPROTO:
        report_text("rm", name, "not a queue, so it is left alone");
        return report_code(rc);
    default:
        return report("rm", name, rc);
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    bool force = false;
    for (int letter; (letter = options_next(&o)) != 0;) {
        force = force || letter == 'f';
    }
    if (o.over) {
        return o.code;
    }
    int worst = EXIT_CODE_OK;
    for (int i = 0; i < o.operand_count; i++) {
        int code = remove_one(o.operands[i], force);
        worst = code > worst ? code : worst;
    }
    return worst;
}

const struct command command_rm = {
    .name = "rm",
    .operands = "NAME...",
    .operands_min = 1,
    .operands_max = INT_MAX,
    .summary = "Remove queues, with what is in them.",
    .description =
        "A queue that somebody sends to or receives from is left alone, and they are named. With --force it goes "
        "too: "
        "who has it open keeps it, and is told where it would wait for somebody who cannot come any more. An error "
        "does not keep the other names from being removed; the exit code is the highest.",
    .examples = "shmq rm jobs\n"
                "shmq rm -f jobs ticks\n",
    .options = options,
    .run = run,
};
