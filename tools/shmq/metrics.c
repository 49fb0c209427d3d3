#include "metrics.h"

#include "os.h"
#include "snapshot.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

/* In the order in which a row of the table reads best. NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
struct family {
    const char *name; /* without _total */
    bool counter;
    const char *unit; /* the end of name; NULL: none */
    const char *help;
    enum { OF_QUEUE, OF_LANE } level;
    size_t offset; /* of an uint64_t in shmq_info or shmq_lane_info; where value is NULL */
    uint64_t (*value)(const struct watched *one, const struct shmq_lane_info *lane);
};

static uint64_t queue_lanes(const struct watched *one, const struct shmq_lane_info *lane)
{
    (void)lane;
    return one->info.lane_count;
}

static uint64_t queue_lanes_open(const struct watched *one, const struct shmq_lane_info *lane)
{
    (void)lane;
    return one->info.lanes_open;
}

static uint64_t lane_waiting(const struct watched *one, const struct shmq_lane_info *lane)
{
    (void)one;
    return snapshot_lane_waiting(lane);
}

#define QUEUE_FIELD(field) .level = OF_QUEUE, .offset = offsetof(struct shmq_info, field)
#define LANE_FIELD(field) .level = OF_LANE, .offset = offsetof(struct shmq_lane_info, field)

static const struct family families[] = {
    {"shmq_mapping_bytes", false, "bytes", "Shared memory that the queue takes.", QUEUE_FIELD(mapping_size)},
    {"shmq_capacity_bytes", false, "bytes", "Size of one lane's ring.", QUEUE_FIELD(capacity)},
    {"shmq_lanes", false, NULL, "Producers that there can be at a time.", OF_QUEUE, .value = queue_lanes},
    {"shmq_lanes_open", false, NULL, "Lanes with a producer, or with one whose end the consumer has not seen yet.",
     OF_QUEUE, .value = queue_lanes_open},
    {"shmq_consumers", true, NULL, "Consumers that the queue has had.", QUEUE_FIELD(consumer_count)},
    {"shmq_consumer_sleeps", true, NULL, "Times that a consumer slept for want of records.",
     QUEUE_FIELD(consumer_waits)},
    {"shmq_sent_records", true, "records", "Records that were published.", LANE_FIELD(sent)},
    {"shmq_received_records", true, "records", "Records that were released by a consumer.", LANE_FIELD(received)},
    {"shmq_sent_bytes", true, "bytes", "Bytes of published records, with headers and padding.", LANE_FIELD(head)},
    {"shmq_received_bytes", true, "bytes", "Bytes of released records, with headers and padding.",
     LANE_FIELD(released)},
    {"shmq_waiting_records", false, "records", "Records that nobody has released yet.", OF_LANE,
     .value = lane_waiting},
    {"shmq_used_bytes", false, "bytes", "Bytes of a lane's ring that hold records not yet released.",
     LANE_FIELD(used)},
    {"shmq_full", true, NULL, "Times that a producer found no room.", LANE_FIELD(full_count)},
    {"shmq_producer_sleeps", true, NULL, "Times that a producer slept for want of room.", LANE_FIELD(wait_count)},
    {"shmq_dropped_records", true, "records", "Records that a producer dropped for want of room.",
     LANE_FIELD(dropped)},
    {"shmq_missed_records", true, "records", "Records of a recorder that were overwritten before they were received.",
     LANE_FIELD(missed)},
    {"shmq_producers", true, NULL, "Producers that a lane has had.", LANE_FIELD(attach_count)},
};

struct page {
    FILE *out;
    const struct watch *w;
    enum metrics_format format;
};

static void family_begin(const struct page *page, const char *name, bool counter, const char *unit, const char *help)
{
    bool open = page->format == METRICS_OPENMETRICS;
    const char *suffix = counter && !open ? "_total" : "";
    fprintf(page->out, "# HELP %s%s %s\n", name, suffix, help);
    fprintf(page->out, "# TYPE %s%s %s\n", name, suffix, counter ? "counter" : "gauge");
    if (open && unit != NULL) {
        fprintf(page->out, "# UNIT %s %s\n", name, unit);
    }
}

/* How long the UTF-8 character at `text` is; 0 where there is none. */
static int utf8_length(const unsigned char *text)
{
    unsigned char first = text[0], second_min = 0x80, second_max = 0xbf;
    int length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if ((first >= 0x80 && first < 0xc2) || first > 0xf4) {
        return 0;
    }
    /* No second way to write a shorter one, no halves of pairs, nothing beyond the last. */
    second_min = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : second_min;
    second_max = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : second_max;
    for (int i = 1; i < length; i++) {
        if (text[i] < (i == 1 ? second_min : 0x80) || text[i] > (i == 1 ? second_max : 0xbf)) {
            return 0;
        }
    }
    return length;
}

/* A path may hold anything; a label holds UTF-8. */
static void label_write(FILE *out, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0';) {
        int length = utf8_length(p);
        if (length == 0) {
            fputc('?', out);
        } else if (*p == '\n') {
            fputs("\\n", out);
        } else if (*p == '"' || *p == '\\') {
            fprintf(out, "\\%c", *p);
        } else {
            fwrite(p, 1, (size_t)length, out);
        }
        p += length == 0 ? 1 : length;
    }
}

static void sample_begin(const struct page *page, const char *name, bool counter, const char *queue)
{
    fprintf(page->out, "%s%s{queue=\"", name, counter ? "_total" : "");
    label_write(page->out, queue);
    fputc('"', page->out);
}

static uint64_t field(const void *base, size_t offset)
{
    uint64_t value;
    memcpy(&value, (const char *)base + offset, sizeof value);
    return value;
}

/* Of lanes that nobody has ever used there is nothing to tell. */
static bool lane_counts(const struct shmq_lane_info *lane)
{
    return lane->attach_count != 0;
}

static void family_write(const struct page *page, const struct family *family)
{
    family_begin(page, family->name, family->counter, family->unit, family->help);
    for (size_t i = 0; i < page->w->count; i++) {
        const struct watched *one = page->w->all[i];
        if (one->error != 0) {
            continue;
        }
        if (family->level == OF_QUEUE) {
            uint64_t value = family->value != NULL ? family->value(one, NULL) : field(&one->info, family->offset);
            sample_begin(page, family->name, family->counter, one->name);
            fprintf(page->out, "} %" PRIu64 "\n", value);
            continue;
        }
        for (uint32_t j = 0; j < one->info.lane_count; j++) {
            const struct shmq_lane_info *lane = &one->lanes[j];
            if (lane_counts(lane)) {
                uint64_t value = family->value != NULL ? family->value(one, lane) : field(lane, family->offset);
                sample_begin(page, family->name, family->counter, one->name);
                fprintf(page->out, ",lane=\"%u\"} %" PRIu64 "\n", j, value);
            }
        }
    }
}

static void identity_write(const struct page *page)
{
    family_begin(page, "shmq_readable", false, NULL, "1: the queue could be looked at; 0: it could not.");
    for (size_t i = 0; i < page->w->count; i++) {
        sample_begin(page, "shmq_readable", false, page->w->all[i]->name);
        fprintf(page->out, "} %d\n", page->w->all[i]->error == 0);
    }
    family_begin(page, "shmq_queue_info", false, NULL, "What the queue is; always 1.");
    for (size_t i = 0; i < page->w->count; i++) {
        const struct watched *one = page->w->all[i];
        if (one->error == 0) {
            char id[SNAPSHOT_ID_TEXT];
            snapshot_id(id, &one->info);
            sample_begin(page, "shmq_queue_info", false, one->name);
            fprintf(page->out, ",kind=\"%s\",id=\"%s\",format=\"%u\"} 1\n", snapshot_kind(&one->info), id,
                    one->info.format);
        }
    }
    family_begin(page, "shmq_created_timestamp_seconds", false, "seconds", "When the queue was created, since 1970.");
    for (size_t i = 0; i < page->w->count; i++) {
        const struct watched *one = page->w->all[i];
        if (one->error == 0) {
            sample_begin(page, "shmq_created_timestamp_seconds", false, one->name);
            fprintf(page->out, "} %.3f\n", (double)one->info.created_ns / 1e9);
        }
    }
}

/* One sample for each state that there can be, as of a state set: 1 for the one that it is. */
static void states_write(const struct page *page, const char *name, const char *queue, int lane, uint32_t is,
                         const char *const *states, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        sample_begin(page, name, false, queue);
        if (lane >= 0) {
            fprintf(page->out, ",lane=\"%d\"", lane);
        }
        fprintf(page->out, ",state=\"%s\"} %d\n", states[i], i == is);
    }
}

static void presence_write(const struct page *page)
{
    static const char *const states[] = {"absent", "present", "died"}; /* enum shmq_presence */
    family_begin(page, "shmq_consumer_state", false, NULL, "Who receives: 1 for what is so.");
    for (size_t i = 0; i < page->w->count; i++) {
        const struct watched *one = page->w->all[i];
        if (one->error == 0) {
            states_write(page, "shmq_consumer_state", one->name, -1, one->info.consumer_presence, states, 3);
        }
    }
    family_begin(page, "shmq_producer_state", false, NULL, "Who sends through a lane: 1 for what is so.");
    for (size_t i = 0; i < page->w->count; i++) {
        const struct watched *one = page->w->all[i];
        for (uint32_t j = 0; one->error == 0 && j < one->info.lane_count; j++) {
            if (lane_counts(&one->lanes[j])) {
                states_write(page, "shmq_producer_state", one->name, (int)j, one->lanes[j].presence, states, 3);
            }
        }
    }
}

static bool has_task(const struct watched *one)
{
    return one->error == 0 && one->status.struct_size != 0 && one->status.run != 0;
}

static void task_number_write(const struct page *page, const char *name, bool counter, const char *help,
                              size_t offset)
{
    family_begin(page, name, counter, NULL, help);
    for (size_t i = 0; i < page->w->count; i++) {
        const struct watched *one = page->w->all[i];
        if (has_task(one)) {
            sample_begin(page, name, counter, one->name);
            uint64_t value = counter ? one->status.run : field(&one->status, offset);
            fprintf(page->out, "} %" PRIu64 "\n", value);
        }
    }
}

static void status_write(const struct page *page)
{
    /* enum shmq_state, and one that nobody says of himself */
    static const char *const states[] = {"idle", "running", "done", "failed", "cancelled", "died"};
    const uint32_t died = 5;
    task_number_write(page, "shmq_tasks", true, "Tasks that were begun, as the status says.", 0);
    task_number_write(page, "shmq_task_done", false, "How much of the last task is done, in units of its own.",
                      offsetof(struct shmq_status, done));
    task_number_write(page, "shmq_task_size", false, "How much the last task is, in units of its own; 0: not known.",
                      offsetof(struct shmq_status, total));
    family_begin(page, "shmq_task_state", false, NULL, "How the last task is: 1 for what is so.");
    for (size_t i = 0; i < page->w->count; i++) {
        const struct watched *one = page->w->all[i];
        if (has_task(one)) {
            bool gone = one->status.state == SHMQ_RUNNING && one->status.presence == SHMQ_DIED;
            states_write(page, "shmq_task_state", one->name, -1, gone ? died : one->status.state, states, 6);
        }
    }
}

const char *metrics_content_type(enum metrics_format format)
{
    return format == METRICS_OPENMETRICS ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                         : "text/plain; version=0.0.4; charset=utf-8";
}

void metrics_write(FILE *out, const struct watch *w, enum metrics_format format)
{
    const struct page page = {out, w, format};
    uint64_t space;
    family_begin(&page, "shmq_build_info", false, NULL, "The version of the command that tells this; always 1.");
    fprintf(out, "shmq_build_info{version=\"%d.%d.%d\"} 1\n", SHMQ_VERSION_MAJOR, SHMQ_VERSION_MINOR,
            SHMQ_VERSION_PATCH);
    if (os_space(NULL, &space)) {
        family_begin(&page, "shmq_space_free_bytes", false, "bytes", "Room for more in the shared memory.");
        fprintf(out, "shmq_space_free_bytes %" PRIu64 "\n", space);
    }
    identity_write(&page);
    presence_write(&page);
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        family_write(&page, &families[i]);
    }
    status_write(&page);
    if (format == METRICS_OPENMETRICS) {
        fputs("# EOF\n", out);
    }
}
