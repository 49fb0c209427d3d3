#include "command.h"
#include "holders.h"
#include "options.h"
#include "report.h"
#include "snapshot.h"
#include "table.h"
#include "units.h"

#include <jansson.h>
#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_JSON = OPTION_LONG, OPTION_NO_HEADINGS };

static const struct option_row options[] = {
    {'r', "remove", NULL, "Remove them; without it nothing is removed."},
    {'y', "yes", NULL, "The same as --remove."},
    {'n', "dry-run", NULL, "Remove nothing, whatever else is said; only tell."},
    {'i', "idle", NULL, "Also queues that nobody uses though nobody died: closed properly, or never opened."},
    {'b', "bytes", NULL, "Sizes in bytes."},
    {OPTION_JSON, "json", NULL, "A JSON array with one object for each."},
    {OPTION_NO_HEADINGS, "no-headings", NULL, "Without the line of headings."},
    {0},
};

static const struct column columns[] = {
    {"NAME", false}, {"KIND", false}, {"SIZE", true}, {"WAITING", true}, {"WHY", false},
};

/* What was seen of a queue before it was removed. */
struct found {
    char name[SHMQ_NAME_MAX + sizeof "Global\\"];
    char kind[16];
    uint32_t pids[1 + SHMQ_LANES_MAX]; /* of who died */
    uint32_t pid_count;
    char died[512];
    bool transient;
    bool used; /* somebody has had a role in it */
    /* as shmq_unused has it */
    int rc;
    uint64_t size;
    uint64_t waiting;
    bool listed;
};

struct cleaning {
    struct found *all;
    size_t count;
    size_t room;
};

static struct found *found_add(struct cleaning *cleaning, const char *name)
{
    if (cleaning->count == cleaning->room) {
        size_t room = cleaning->room == 0 ? 16 : 2 * cleaning->room;
        struct found *all = realloc(cleaning->all, room * sizeof *all);
        if (all == NULL) {
            return NULL;
        }
        cleaning->all = all;
        cleaning->room = room;
    }
    struct found *found = &cleaning->all[cleaning->count++];
    *found = (struct found){.kind = "queue"};
    snprintf(found->name, sizeof found->name, "%s", name);
    return found;
}

static struct found *found_named(struct cleaning *cleaning, const char *name)
{
    for (size_t i = 0; i < cleaning->count; i++) {
        if (strcmp(cleaning->all[i].name, name) == 0) {
            return &cleaning->all[i];
        }
    }
    return found_add(cleaning, name);
}

static void dead_note(struct found *found, const struct snapshot *snapshot)
{
    const struct shmq_info *info = &snapshot->info;
    snprintf(found->kind, sizeof found->kind, "%s", snapshot_kind(info));
    found->transient = info->transient != 0;
    found->used = info->consumer_count != 0;
    holders_died(found->died, sizeof found->died, snapshot);
    if (info->consumer_presence == SHMQ_DIED) {
        found->pids[found->pid_count++] = info->consumer_pid;
    }
    for (uint32_t i = 0; i < info->lane_count; i++) {
        found->used = found->used || snapshot->lanes[i].attach_count != 0;
        if (snapshot->lanes[i].presence == SHMQ_DIED) {
            found->pids[found->pid_count++] = snapshot->lanes[i].producer_pid;
        }
    }
}

/* Called for what could be removed. */
static int look(const struct shmq_unused *unused, void *arg)
{
    struct found *found = found_add(arg, unused->name);
    if (found == NULL) {
        return -ENOMEM;
    }
    struct snapshot snapshot;
    if (snapshot_take(unused->name, &snapshot) == 0) {
        dead_note(found, &snapshot);
    }
    snapshot_free(&snapshot);
    found->size = unused->size;
    found->waiting = unused->waiting;
    found->listed = true;
    return 0;
}

/* Called for what was removed, or could not be. It may have come to be unused since the look. */
static int removed(const struct shmq_unused *unused, void *arg)
{
    struct found *found = found_named(arg, unused->name);
    if (found == NULL) {
        return -ENOMEM;
    }
    found->rc = unused->rc;
    found->size = unused->size;
    found->waiting = unused->waiting;
    found->listed = true;
    return 0;
}

static void why(char *text, size_t size, const struct found *found)
{
    if (found->died[0] != '\0') {
        snprintf(text, size, "%s died", found->died);
    } else if (found->transient && found->used) {
        snprintf(text, size, "transient, and its last user died");
    } else {
        snprintf(text, size, "%s", found->used ? "nobody uses it" : "nobody has ever used it");
    }
}

static bool row_add(struct table *table, const struct found *found, bool exact)
{
    char size[UNITS_TEXT], reason[600];
    units_size(size, found->size, exact);
    why(reason, sizeof reason, found);
    return table_add(table, "%s", found->name) && table_add(table, "%s", found->kind) &&
           table_add(table, "%s", size) && table_add(table, "%ju", (uintmax_t)found->waiting) &&
           table_add(table, "%s", reason);
}

static int table_show(const struct cleaning *cleaning, bool exact, bool headings)
{
    struct table table = {.columns = columns, .column_count = sizeof columns / sizeof columns[0]};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < cleaning->count; i++) {
        if (cleaning->all[i].listed) {
            rc = row_add(&table, &cleaning->all[i], exact) ? 0 : -ENOMEM;
        }
    }
    if (rc == 0 && table.cell_count > 0) {
        table_print(&table, headings);
    }
    table_free(&table);
    return rc;
}

static json_t *found_object(const struct found *found, bool remove)
{
    json_t *pids = json_array();
    for (uint32_t i = 0; i < found->pid_count; i++) {
        json_array_append_new(pids, json_integer(found->pids[i]));
    }
    return json_pack("{ss ss sb sI sI so sb so}", "name", found->name, "kind", found->kind, "transient",
                     (int)found->transient, "mapping_size", (json_int_t)found->size, "waiting",
                     (json_int_t)found->waiting, "died", pids, "removed", (int)(remove && found->rc == 0), "error",
                     found->rc != 0 ? json_string(shmq_strerror(found->rc)) : json_null());
}

static int json_show(const struct cleaning *cleaning, bool remove)
{
    json_t *array = json_array();
    int rc = 0;
    for (size_t i = 0; i < cleaning->count; i++) {
        if (cleaning->all[i].listed && json_array_append_new(array, found_object(&cleaning->all[i], remove)) != 0) {
            rc = -ENOMEM;
        }
    }
    if (rc == 0) {
        json_dumpf(array, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(array);
    return rc;
}

/* Tell what was done, or how it can be. Returns the exit code. */
static int summary(const struct cleaning *cleaning, bool remove, bool quiet)
{
    unsigned count = 0;
    uint64_t bytes = 0;
    int code = EXIT_CODE_OK;
    for (size_t i = 0; i < cleaning->count; i++) {
        const struct found *found = &cleaning->all[i];
        if (found->listed && found->rc != 0) {
            code = report("clean", found->name, found->rc);
        } else if (found->listed) {
            count++;
            bytes += found->size;
        }
    }
    char size[UNITS_TEXT];
    units_size(size, bytes, false);
    fflush(stdout); /* where both go to the same place, the list comes first */
    if (quiet) {
        return code;
    }
    if (remove) {
        report_line("clean: removed %u queue%s, %sB", count, count == 1 ? "" : "s", size);
    } else if (count > 0) {
        report_line("clean: nothing removed: run with --remove to free %sB", size);
    } else {
        report_line("clean: nothing to remove");
    }
    return code;
}

struct request {
    bool remove;
    bool dry;
    bool idle;
    bool json;
    bool exact;
    bool headings;
    bool quiet;
};

static int clean(struct cleaning *cleaning, const struct request *request)
{
    unsigned flags = request->idle ? SHMQ_CLEAN_IDLE : 0;
    bool remove = request->remove && !request->dry;
    int rc = shmq_clean(flags, look, cleaning);
    if (rc >= 0 && remove) {
        for (size_t i = 0; i < cleaning->count; i++) {
            cleaning->all[i].listed = false;
        }
        rc = shmq_clean(flags | SHMQ_CLEAN_REMOVE, removed, cleaning);
    }
    if (rc >= 0) {
        rc = request->json ? json_show(cleaning, remove) : table_show(cleaning, request->exact, request->headings);
    }
    if (rc < 0) {
        report_line("clean: %s", shmq_strerror(rc));
        return report_code(rc);
    }
    return summary(cleaning, remove, request->quiet);
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    struct request request = {.headings = true};
    for (int letter; (letter = options_next(&o)) != 0;) {
        request.remove = request.remove || letter == 'r' || letter == 'y';
        request.dry = request.dry || letter == 'n';
        request.idle = request.idle || letter == 'i';
        request.exact = request.exact || letter == 'b';
        request.json = request.json || letter == OPTION_JSON;
        request.headings = request.headings && letter != OPTION_NO_HEADINGS;
    }
    if (o.over) {
        return o.code;
    }
    request.quiet = o.quiet;
    struct cleaning cleaning = {0};
    int code = clean(&cleaning, &request);
    free(cleaning.all);
    return code;
}

const struct command command_clean = {
    .name = "clean",
    .operands = "",
    .operands_min = 0,
    .operands_max = 0,
    .summary = "Find queues that were left behind, and with --remove remove them.",
    .description =
        "A queue is left behind where somebody died with it, killed for instance, and nobody uses it now. Both are "
        "known for certain from the kernel, without any guess by time: a process that is paused is not dead. WAITING "
        "is the records that nobody has received; they would go with it. To save them: shmq recv -e NAME.\n"
        "Without --remove it only tells. What comes into use in between is left alone. Of a queue that was created "
        "with --file only the name goes, and the file stays.",
    .examples = "shmq clean\n"
                "shmq clean --remove\n"
                "shmq clean --json | jq '.[] | {name, died, waiting}'\n",
    .options = options,
    .run = run,
};
