#include "command.h"
#include "holders.h"
#include "options.h"
#include "os.h"
#include "report.h"
#include "snapshot.h"
#include "stat_json.h"
#include "stat_rates.h"
#include "table.h"
#include "units.h"

#include <shmq/shmq.h>
#include <stdio.h>
#include <string.h>

enum { OPTION_JSON = OPTION_LONG, OPTION_NO_HEADINGS };

static const struct option_row options[] = {
    {'b', "bytes", NULL, "Sizes in bytes."},
    {'l', "lanes", NULL, "Also the lanes that have never had a producer; with INTERVAL, a line for each lane."},
    {OPTION_JSON, "json", NULL, "A JSON object, with all sizes in bytes; with INTERVAL, one a line."},
    {OPTION_NO_HEADINGS, "no-headings", NULL, "With INTERVAL: without the line of headings."},
    {0},
};

/* What a recorder never has, full lanes, and what only a recorder has, missed records, stand in the same place. */
static const struct column columns[] = {
    {"LANE", true},     {"PRODUCER", true}, {"STATE", false},   {"SINCE", true}, {"SENT", true},
    {"RECEIVED", true}, {"WAITING", true},  {"USED", true},     {"FULL", true},  {"SLEPT", true},
    {"DROPPED", true},  {"SO FAR", true},   {"PROCESS", false},
};
static const struct column recorder_columns[] = {
    {"LANE", true},    {"PRODUCER", true}, {"STATE", false}, {"SINCE", true},  {"SENT", true},     {"RECEIVED", true},
    {"WAITING", true}, {"USED", true},     {"MISSED", true}, {"SO FAR", true}, {"PROCESS", false},
};

static const char *kind_text(const struct shmq_info *info)
{
    return info->kind == SHMQ_TOTAL_ORDER ? "total order" : info->kind == SHMQ_RECORDER ? "flight recorder" : "queue";
}

static void size_line(const char *label, uint64_t bytes, bool exact, const char *more)
{
    char text[UNITS_TEXT];
    units_size(text, bytes, exact);
    printf("%-15s %s%s\n", label, text, more);
}

static void consumer_print(const struct shmq_info *info)
{
    struct holder holder = holder_of_consumer(info);
    char who[128], age[UNITS_TEXT];
    units_age(age, units_between(info->consumer_since_ns, os_realtime_ns()));
    holder_text(who, sizeof who, &holder);
    if (info->consumer_presence == SHMQ_DIED) {
        printf("%-15s none; process %u died, it had come %s ago\n", "consumer", info->consumer_pid, age);
    } else if (info->consumer_presence == SHMQ_PRESENT) {
        bool paused = strcmp(holder.state, "paused") == 0;
        printf("%-15s process %s, %ssince %s\n", "consumer", who, paused ? "" : "alive, ", age);
    } else {
        printf("%-15s none\n", "consumer");
    }
    printf("%-15s %ju, slept %ju times\n", "consumers", (uintmax_t)info->consumer_count,
           (uintmax_t)info->consumer_waits);
}

static void info_print(const char *name, const struct shmq_info *info, bool exact)
{
    char id[SNAPSHOT_ID_TEXT], date[32], age[UNITS_TEXT], share[64];
    snapshot_id(id, info);
    os_date(date, info->created_ns);
    units_age(age, units_between(info->created_ns, os_realtime_ns()));
    snprintf(share, sizeof share, " (%.0f%% of all lanes)",
             100.0 * (double)info->used / (double)info->capacity / (double)info->lane_count);

    printf("%-15s %s\n", "name", name);
    printf("%-15s %s%s\n", "kind", kind_text(info), info->transient != 0 ? ", transient" : "");
    printf("%-15s %s\n", "id", id);
    printf("%-15s %u\n", "format", info->format);
    printf("%-15s %s, %s ago, by process %u of user %u\n", "created", date, age, info->creator_pid,
           info->creator_uid);
    if (info->dumped_ns != 0) {
        os_date(date, info->dumped_ns);
        printf("%-15s %s; what follows is as of then\n", "dumped", date);
    }
    size_line("mapping", info->mapping_size, exact, "");
    size_line("capacity", info->capacity, exact, " a lane");
    size_line("largest record", info->record_max, exact, "");
    printf("%-15s %u, %u open\n", "lanes", info->lane_count, info->lanes_open);
    consumer_print(info);
    printf("%-15s %ju records\n", "sent", (uintmax_t)info->sent);
    printf("%-15s %ju records\n", "received", (uintmax_t)info->received);
    printf("%-15s %ju records\n", "waiting", (uintmax_t)snapshot_waiting(info));
    size_line("used", info->used, exact, share);
    if (info->kind == SHMQ_RECORDER) {
        printf("%-15s %ju records\n", "missed", (uintmax_t)info->missed);
    } else {
        printf("%-15s %ju times\n", "full", (uintmax_t)info->full_count);
        printf("%-15s %ju records\n", "dropped", (uintmax_t)info->dropped);
    }
}

static bool lane_row(struct table *table, const struct shmq_lane_info *lane, bool exact, bool recorder)
{
    char used[UNITS_TEXT], producer[UNITS_TEXT] = "-", since[UNITS_TEXT] = "-";
    struct holder holder = holder_of_lane(lane);
    units_size(used, lane->used, exact);
    if (lane->presence != SHMQ_ABSENT) {
        snprintf(producer, sizeof producer, "%u", lane->producer_pid);
        units_age(since, units_between(lane->since_ns, os_realtime_ns()));
    }
    bool added = table_add(table, "%u", lane->lane) && table_add(table, "%s", producer) &&
                 table_add(table, "%s", holder.state) && table_add(table, "%s", since) &&
                 table_add(table, "%ju", (uintmax_t)lane->sent) &&
                 table_add(table, "%ju", (uintmax_t)lane->received) &&
                 table_add(table, "%ju", (uintmax_t)snapshot_lane_waiting(lane)) && table_add(table, "%s", used);
    if (recorder) {
        added = added && table_add(table, "%ju", (uintmax_t)lane->missed);
    } else {
        added = added && table_add(table, "%ju", (uintmax_t)lane->full_count) &&
                table_add(table, "%ju", (uintmax_t)lane->wait_count) &&
                table_add(table, "%ju", (uintmax_t)lane->dropped);
    }
    return added && table_add(table, "%ju", (uintmax_t)lane->attach_count) && table_add(table, "%s", holder.name);
}

static int lanes_print(const struct snapshot *snapshot, bool exact, bool all)
{
    bool recorder = snapshot->info.kind == SHMQ_RECORDER;
    struct table table = {
        .columns = recorder ? recorder_columns : columns,
        .column_count =
            recorder ? sizeof recorder_columns / sizeof *recorder_columns : sizeof columns / sizeof *columns,
    };
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < snapshot->info.lane_count; i++) {
        /* Of 256 lanes most may never have been used. */
        if (all || snapshot->lanes[i].attach_count != 0) {
            rc = lane_row(&table, &snapshot->lanes[i], exact, recorder) ? 0 : -ENOMEM;
        }
    }
    if (rc == 0 && table.cell_count > 0) {
        putchar('\n');
        table_print(&table, true);
    }
    table_free(&table);
    return rc;
}

/* INTERVAL and COUNT. */
static void rates_parse(struct options *o, struct stat_rates *rates)
{
    if (!units_parse_time(o->operands[1], &rates->interval_ns) || rates->interval_ns <= 0) {
        options_wrong(o, "INTERVAL: '%.64s' is not a time: say seconds, or 500ms, 2s, 1m", o->operands[1]);
    } else if (o->operand_count > 2 &&
               (!units_parse_number(o->operands[2], 10, &rates->count) || rates->count == 0)) {
        options_wrong(o, "COUNT: '%.64s' is not a number", o->operands[2]);
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    struct stat_rates rates = {.count = UINT64_MAX, .headings = true};
    bool json = false, exact = false, all = false;
    for (int letter; (letter = options_next(&o)) != 0;) {
        json = json || letter == OPTION_JSON;
        exact = exact || letter == 'b';
        all = all || letter == 'l';
        rates.headings = rates.headings && letter != OPTION_NO_HEADINGS;
    }
    if (!o.over && o.operand_count > 1) {
        rates_parse(&o, &rates);
    }
    if (o.over) {
        return o.code;
    }
    if (o.operand_count > 1) {
        rates.name = o.operands[0];
        rates.json = json;
        rates.lanes = all;
        rates.quiet = o.quiet;
        return stat_rates(&rates);
    }
    const char *name = o.operands[0];
    struct snapshot snapshot;
    int rc = snapshot_take(name, &snapshot);
    if (rc == 0 && json) {
        rc = stat_json(name, &snapshot);
    } else if (rc == 0) {
        info_print(name, &snapshot.info, exact);
        rc = lanes_print(&snapshot, exact, all);
    }
    snapshot_free(&snapshot);
    return rc != 0 ? report("stat", name, rc) : EXIT_CODE_OK;
}

const struct command command_stat = {
    .name = "stat",
    .operands = "NAME [INTERVAL [COUNT]]",
    .operands_min = 1,
    .operands_max = 3,
    .summary = "Show all that a queue measures about itself.",
    .description =
        "Looking disturbs nobody, and needs read permission only.\n"
        "A line for each lane that has had a producer: its process id; STATE, which is alive, paused (stopped, and "
        "keeps its lane), died, or - where it has ended; SINCE when it is there; records SENT, RECEIVED and WAITING; "
        "bytes USED; how often the lane was FULL, how often the producer SLEPT for room, records that it DROPPED; in "
        "a "
        "recorder records MISSED, which were overwritten before they were received; how many producers there were SO "
        "FAR. Who is alive is known from the kernel, whatever number or name a process has.\n"
        "With INTERVAL a line after each such time, COUNT times or until the queue is removed: what a second brought "
        "of "
        "records sent, received, dropped and missed, of times that there was no room and that anybody slept; and "
        "what "
        "waits, how much of the rings is used, how many producers there are, and whether there is a consumer.",
    .examples = "shmq stat jobs\n"
                "shmq stat jobs 200ms 3\n"
                "shmq stat jobs --json | jq .waiting\n"
                "shmq stat jobs --json | jq '.lanes[] | select(.state == \"died\").producer'\n",
    .options = options,
    .run = run,
};
