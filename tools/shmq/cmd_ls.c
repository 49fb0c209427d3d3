#include "command.h"
#include "holders.h"
#include "options.h"
#include "os.h"
#include "report.h"
#include "snapshot.h"
#include "table.h"
#include "task.h"
#include "units.h"

#include <jansson.h>
#include <shmq/shmq.h>
#include <stdio.h>
#include <string.h>

enum { OPTION_JSON = OPTION_LONG, OPTION_NO_HEADINGS };

static const struct option_row options[] = {
    {'b', "bytes", NULL, "Sizes in bytes."},
    {OPTION_JSON, "json", NULL, "A JSON array with one object for each."},
    {OPTION_NO_HEADINGS, "no-headings", NULL, "Without the line of headings."},
    {0},
};

static const struct column columns[] = {
    {"NAME", false},   {"KIND", false},      {"CAPACITY", true},  {"LANES", true}, {"USED", true},
    {"WAITING", true}, {"PRODUCERS", false}, {"CONSUMER", false}, {"AGE", true},   {"NOTE", false},
};

struct listing {
    struct table table;
    json_t *array; /* NULL where a table is wanted */
    bool bytes;
    unsigned stale;
    int64_t now_ns;
};

/* Up to three, so that a line stays a line. */
static void producers_text(char *text, size_t size, const struct snapshot *snapshot)
{
    unsigned count = 0;
    size_t end = 0;
    snprintf(text, size, "-");
    for (uint32_t i = 0; i < snapshot->info.lane_count; i++) {
        uint32_t pid = snapshot->lanes[i].producer_pid;
        if (snapshot->lanes[i].presence == SHMQ_PRESENT && count++ < 3) {
            end += (size_t)snprintf(text + end, size - end, "%s%u", count > 1 ? "," : "", pid);
        }
    }
    if (count > 3) {
        snprintf(text + end, size - end, "+%u", count - 3);
    }
}

/* How far a task is that is reported there; empty: there was none. */
static void state_text(char *text, size_t size, const struct snapshot *snapshot)
{
    const struct task task = {.status = snapshot->status};
    const struct shmq_status *s = &snapshot->status;
    text[0] = '\0';
    if (s->struct_size == 0 || s->run == 0) {
        return;
    }
    snprintf(text, size, "%s", task_state(&task));
    if (s->state == SHMQ_RUNNING && s->total > 0) {
        double share = (double)s->done / (double)s->total;
        size_t end = strlen(text);
        snprintf(text + end, size - end, " %.0f%%", 100 * (share < 1 ? share : 1));
    }
}

static void queue_note(char *text, size_t size, const struct snapshot *snapshot)
{
    char died[512], state[64];
    const char *mark = snapshot->info.transient != 0 ? "transient" : "";
    state_text(state, sizeof state, snapshot);
    snprintf(text, size, "%s%s%s%s", state[0] != '\0' ? "task " : "", state,
             state[0] != '\0' && mark[0] != '\0' ? ", " : "", mark);
    if (holders_are_gone(snapshot)) {
        holders_died(died, sizeof died, snapshot);
        size_t end = strlen(text);
        snprintf(text + end, size - end, "%sstale: %s died", end > 0 ? ", " : "", died);
    }
}

static bool queue_row(struct listing *listing, const char *name, const struct snapshot *snapshot)
{
    struct table *t = &listing->table;
    const struct shmq_info *info = &snapshot->info;
    char capacity[UNITS_TEXT], used[UNITS_TEXT], age[UNITS_TEXT], producers[96], consumer[UNITS_TEXT] = "-";
    char note[700];
    units_size(capacity, info->capacity, listing->bytes);
    units_size(used, info->used, listing->bytes);
    units_age(age, units_between(info->created_ns, listing->now_ns));
    producers_text(producers, sizeof producers, snapshot);
    queue_note(note, sizeof note, snapshot);
    if (info->consumer_presence == SHMQ_PRESENT) {
        snprintf(consumer, sizeof consumer, "%u", info->consumer_pid);
    }
    listing->stale += holders_are_gone(snapshot);
    return table_add(t, "%s", name) && table_add(t, "%s", snapshot_kind(info)) && table_add(t, "%s", capacity) &&
           table_add(t, "%u", info->lane_count) && table_add(t, "%s", used) &&
           table_add(t, "%ju", (uintmax_t)snapshot_waiting(info)) && table_add(t, "%s", producers) &&
           table_add(t, "%s", consumer) && table_add(t, "%s", age) && table_add(t, "%s", note);
}

/* Neither a queue that can be read, nor silence about it. */
static const char *kind_of(const struct snapshot *snapshot)
{
    if (snapshot->is_queue) {
        return "queue";
    }
    return snapshot->error == -EPROTO || snapshot->error == -EBADMSG ? "mapping" : "?";
}

static void note_of(char *text, size_t size, const char *name, const struct snapshot *snapshot)
{
    text[0] = '\0';
    if (snapshot->error != 0 && strcmp(kind_of(snapshot), "mapping") != 0) {
        report_meaning(text, size, name, snapshot->error);
        text[strcspn(text, "(")] = '\0';
    }
    size_t length = strlen(text);
    if (length > 0 && text[length - 1] == ' ') {
        text[length - 1] = '\0';
    }
}

static bool other_row(struct listing *listing, const char *name, const struct snapshot *snapshot)
{
    struct table *t = &listing->table;
    char size[UNITS_TEXT] = "-", note[512];
    if (snapshot->mapping_size != 0) {
        units_size(size, snapshot->mapping_size, listing->bytes);
    }
    note_of(note, sizeof note, name, snapshot);
    bool added = table_add(t, "%s", name) && table_add(t, "%s", kind_of(snapshot)) && table_add(t, "%s", size);
    for (size_t i = 3; added && i < sizeof columns / sizeof columns[0] - 1; i++) {
        added = table_add(t, "-");
    }
    return added && table_add(t, "%s", note);
}

static json_t *queue_object(const char *name, const struct snapshot *snapshot, int64_t now_ns)
{
    const struct shmq_info *info = &snapshot->info;
    const struct task task = {.status = snapshot->status};
    bool has_task = snapshot->status.struct_size != 0 && snapshot->status.run != 0;
    json_t *producers = json_array();
    for (uint32_t i = 0; i < info->lane_count; i++) {
        if (snapshot->lanes[i].presence == SHMQ_PRESENT) {
            json_array_append_new(producers, json_integer(snapshot->lanes[i].producer_pid));
        }
    }
    return json_pack("{ss ss sb sb sI sI si sI sI so so so sf}", "name", name, "kind", snapshot_kind(info),
                     "transient", (int)info->transient, "stale", (int)holders_are_gone(snapshot), "mapping_size",
                     (json_int_t)info->mapping_size, "capacity", (json_int_t)info->capacity, "lanes",
                     (int)info->lane_count, "used", (json_int_t)info->used, "waiting",
                     (json_int_t)snapshot_waiting(info), "producers", producers, "consumer",
                     info->consumer_presence == SHMQ_PRESENT ? json_integer(info->consumer_pid) : json_null(),
                     "state", has_task ? json_string(task_state(&task)) : json_null(), "age_seconds",
                     (double)units_between(info->created_ns, now_ns) / 1e9);
}

static json_t *other_object(const char *name, const struct snapshot *snapshot)
{
    char note[512];
    note_of(note, sizeof note, name, snapshot);
    return json_pack("{ss ss sI so}", "name", name, "kind", kind_of(snapshot), "mapping_size",
                     (json_int_t)snapshot->mapping_size, "error", note[0] != '\0' ? json_string(note) : json_null());
}

static int add(const char *name, void *arg)
{
    struct listing *listing = arg;
    struct snapshot snapshot;
    int rc = snapshot_take(name, &snapshot);
    bool added = true;
    if (rc == -ENOENT) {
        /* It was removed since it was listed. */
    } else if (listing->array != NULL) {
        json_t *object = rc == 0 ? queue_object(name, &snapshot, listing->now_ns) : other_object(name, &snapshot);
        added = json_array_append_new(listing->array, object) == 0;
    } else {
        added = rc == 0 ? queue_row(listing, name, &snapshot) : other_row(listing, name, &snapshot);
    }
    snapshot_free(&snapshot);
    return added ? 0 : -ENOMEM;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    struct listing listing = {
        .table = {.columns = columns, .column_count = sizeof columns / sizeof columns[0]},
        .now_ns = os_realtime_ns(),
    };
    bool json = false, headings = true;
    for (int letter; (letter = options_next(&o)) != 0;) {
        listing.bytes = listing.bytes || letter == 'b';
        json = json || letter == OPTION_JSON;
        headings = headings && letter != OPTION_NO_HEADINGS;
    }
    if (o.over) {
        return o.code;
    }
    listing.array = json ? json_array() : NULL;
    int rc = shmq_mapping_list(add, &listing);
    if (rc != 0) {
        report_line("ls: %s", shmq_strerror(rc));
    } else if (json) {
        json_dumpf(listing.array, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
        putchar('\n');
    } else {
        table_print(&listing.table, headings);
        if (listing.stale > 0 && !o.quiet && os_is_terminal(2)) {
            report_line("ls: stale: %u (somebody died, and nobody is there; see: shmq clean)", listing.stale);
        }
    }
    json_decref(listing.array);
    table_free(&listing.table);
    return report_code(rc);
}

const struct command command_ls = {
    .name = "ls",
    .operands = "",
    .operands_min = 0,
    .operands_max = 0,
    .summary = "List the queues and other mappings.",
    .description =
        "The user's own and those of all users. KIND is queue, total (one order for all its producers), recorder, or "
        "mapping for shared memory that is no queue. CAPACITY is of one lane, USED the bytes of all lanes that hold "
        "records, WAITING the records in them; PRODUCERS and CONSUMER are process ids of who has it open now. NOTE "
        "says how far the task is that is reported there (see: shmq status), what is transient, what is stale "
        "(somebody died with it, and nobody has come after: see shmq clean), "
        "and "
        "what is damaged or cannot be read.",
    .examples = "shmq ls\n"
                "shmq ls --json | jq -r '.[] | select(.waiting > 0) | .name'\n",
    .options = options,
    .run = run,
};
