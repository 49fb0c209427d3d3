#include "command.h"
#include "options.h"
#include "os.h"
#include "report.h"
#include "snapshot.h"
#include "table.h"
#include "units.h"

#include <jansson.h>
#include <shmq/shmq.h>
#include <stdio.h>

enum { OPTION_JSON = OPTION_LONG, ID_TEXT = 2 * 16 + 1 };

static const struct option_row options[] = {
    {'b', "bytes", NULL, "Sizes in bytes."},
    {OPTION_JSON, "json", NULL, "A JSON object, with all sizes in bytes."},
    {0},
};

static const struct column columns[] = {
    {"LANE", true},    {"PRODUCER", true}, {"PRODUCERS SO FAR", true}, {"SENT", true}, {"RECEIVED", true},
    {"WAITING", true}, {"USED", true},     {"TIMES FULL", true},
};

static void id_text(char text[ID_TEXT], const uint8_t id[16])
{
    for (size_t i = 0; i < 16; i++) {
        snprintf(text + 2 * i, 3, "%02x", id[i]);
    }
}

static void size_line(const char *label, uint64_t bytes, bool exact, const char *more)
{
    char text[UNITS_TEXT];
    units_size(text, bytes, exact);
    printf("%-15s %s%s\n", label, text, more);
}

static void info_print(const char *name, const struct shmq_info *info, bool exact)
{
    char id[ID_TEXT], date[32], age[UNITS_TEXT], share[64];
    id_text(id, info->id);
    os_date(date, info->created_ns);
    units_age(age, os_realtime_ns() - info->created_ns);
    snprintf(share, sizeof share, " (%.0f%% of all lanes)",
             100.0 * (double)info->used / (double)info->capacity / (double)info->lane_count);

    printf("%-15s %s\n", "name", name);
    printf("%-15s %s\n", "id", id);
    printf("%-15s %u\n", "format", info->format);
    printf("%-15s %s, %s ago, by process %u of user %u\n", "created", date, age, info->creator_pid,
           info->creator_uid);
    size_line("mapping", info->mapping_size, exact, "");
    size_line("capacity", info->capacity, exact, " a lane");
    size_line("largest record", info->record_max, exact, "");
    printf("%-15s %u, %u open\n", "lanes", info->lane_count, info->lanes_open);
    if (info->consumer_presence == SHMQ_PRESENT) {
        printf("%-15s process %u\n", "consumer", info->consumer_pid);
    } else if (info->consumer_presence == SHMQ_DIED) {
        printf("%-15s none; process %u died\n", "consumer", info->consumer_pid);
    } else {
        printf("%-15s none\n", "consumer");
    }
    printf("%-15s %ju records\n", "sent", (uintmax_t)info->sent);
    printf("%-15s %ju records\n", "received", (uintmax_t)info->received);
    printf("%-15s %ju records\n", "waiting", (uintmax_t)snapshot_waiting(info->sent, info->received));
    size_line("used", info->used, exact, share);
    printf("%-15s %ju times\n", "full", (uintmax_t)info->full_count);
}

static bool lane_row(struct table *table, const struct shmq_lane_info *lane, bool exact)
{
    char used[UNITS_TEXT], producer[UNITS_TEXT] = "-";
    units_size(used, lane->used, exact);
    if (lane->presence != SHMQ_ABSENT) {
        snprintf(producer, sizeof producer, "%u%s", lane->producer_pid, lane->presence == SHMQ_DIED ? " died" : "");
    }
    return table_add(table, "%u", lane->lane) && table_add(table, "%s", producer) &&
           table_add(table, "%ju", (uintmax_t)lane->attach_count) && table_add(table, "%ju", (uintmax_t)lane->sent) &&
           table_add(table, "%ju", (uintmax_t)lane->received) &&
           table_add(table, "%ju", (uintmax_t)snapshot_waiting(lane->sent, lane->received)) &&
           table_add(table, "%s", used) && table_add(table, "%ju", (uintmax_t)lane->full_count);
}

static int lanes_print(const struct snapshot *snapshot, bool exact)
{
    struct table table = {.columns = columns, .column_count = sizeof columns / sizeof columns[0]};
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < snapshot->info.lane_count; i++) {
        /* Of 256 lanes most may never have been used. */
        if (snapshot->lanes[i].attach_count != 0) {
            rc = lane_row(&table, &snapshot->lanes[i], exact) ? 0 : -ENOMEM;
        }
    }
    if (rc == 0 && table.cell_count > 0) {
        putchar('\n');
        table_print(&table, true);
    }
    table_free(&table);
    return rc;
}

static json_t *lane_object(const struct shmq_lane_info *lane)
{
    return json_pack("{si so sI sI sI sI sI sI sI sI}", "lane", (int)lane->lane, "producer",
                     lane->presence == SHMQ_PRESENT ? json_integer(lane->producer_pid) : json_null(),
                     "producers_so_far", (json_int_t)lane->attach_count, "sent", (json_int_t)lane->sent, "received",
                     (json_int_t)lane->received, "waiting", (json_int_t)snapshot_waiting(lane->sent, lane->received),
                     "used", (json_int_t)lane->used, "full_count", (json_int_t)lane->full_count, "head",
                     (json_int_t)lane->head, "released", (json_int_t)lane->released);
}

static int json_print(const char *name, const struct snapshot *snapshot)
{
    const struct shmq_info *info = &snapshot->info;
    char id[ID_TEXT];
    id_text(id, info->id);
    json_t *lanes = json_array();
    for (uint32_t i = 0; i < info->lane_count; i++) {
        json_array_append_new(lanes, lane_object(&snapshot->lanes[i]));
    }
    /* A path need not be UTF-8, as JSON must be. */
    json_t *text = json_string(name);
    json_t *object = json_pack(
        "{so ss si sI sI sI sI sI sI si si so sI sI sI sI sI so}", "name", text != NULL ? text : json_null(), "id",
        id, "format", (int)info->format, "created_ns", (json_int_t)info->created_ns, "creator_pid",
        (json_int_t)info->creator_pid, "creator_uid", (json_int_t)info->creator_uid, "mapping_size",
        (json_int_t)info->mapping_size, "capacity", (json_int_t)info->capacity, "record_max",
        (json_int_t)info->record_max, "lane_count", (int)info->lane_count, "lanes_open", (int)info->lanes_open,
        "consumer", info->consumer_presence == SHMQ_PRESENT ? json_integer(info->consumer_pid) : json_null(), "sent",
        (json_int_t)info->sent, "received", (json_int_t)info->received, "waiting",
        (json_int_t)snapshot_waiting(info->sent, info->received), "used", (json_int_t)info->used, "full_count",
        (json_int_t)info->full_count, "lanes", lanes);
    if (object == NULL) {
        return -ENOMEM;
    }
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
    return 0;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    bool json = false, exact = false;
    for (int letter; (letter = options_next(&o)) != 0;) {
        json = json || letter == OPTION_JSON;
        exact = exact || letter == 'b';
    }
    if (o.over) {
        return o.code;
    }
    const char *name = o.operands[0];
    struct snapshot snapshot;
    int rc = snapshot_take(name, &snapshot);
    if (rc == 0 && json) {
        rc = json_print(name, &snapshot);
    } else if (rc == 0) {
        info_print(name, &snapshot.info, exact);
        rc = lanes_print(&snapshot, exact);
    }
    snapshot_free(&snapshot);
    return rc != 0 ? report("stat", name, rc) : EXIT_CODE_OK;
}

const struct command command_stat = {
    .name = "stat",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "Show all that a queue measures about itself.",
    .description = "Looking disturbs nobody. Lanes that never had a producer are left out, but not with --json.",
    .examples = "shmq stat jobs\n"
                "shmq stat jobs --json | jq .waiting\n",
    .options = options,
    .run = run,
};
