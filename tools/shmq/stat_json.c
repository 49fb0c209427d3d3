#include "stat_json.h"

#include "holders.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* Names may be no UTF-8, as JSON must be. */
static json_t *text_or_null(const char *text)
{
    json_t *value = text[0] != '\0' ? json_string(text) : NULL;
    return value != NULL ? value : json_null();
}

static json_t *number_or_null(bool known, int64_t number)
{
    return known ? json_integer((json_int_t)number) : json_null();
}

static const char *state_text(const struct holder *holder)
{
    return strcmp(holder->state, "-") == 0 ? "absent" : holder->state;
}

static json_t *lane_object(const struct shmq_lane_info *lane)
{
    struct holder holder = holder_of_lane(lane);
    bool known = lane->presence != SHMQ_ABSENT;
    return json_pack("{si so ss so so sb sI sI sI sI sI sI sI sI sI sI sI}", "lane", (int)lane->lane, "producer",
                     number_or_null(known, lane->producer_pid), "state", state_text(&holder), "process",
                     text_or_null(holder.name), "since_ns", number_or_null(known, lane->since_ns), "open",
                     (int)lane->is_open, "producers_so_far", (json_int_t)lane->attach_count, "sent",
                     (json_int_t)lane->sent, "received", (json_int_t)lane->received, "waiting",
                     (json_int_t)snapshot_lane_waiting(lane), "used", (json_int_t)lane->used, "full_count",
                     (json_int_t)lane->full_count, "sleep_count", (json_int_t)lane->wait_count, "dropped",
                     (json_int_t)lane->dropped, "missed", (json_int_t)lane->missed, "head", (json_int_t)lane->head,
                     "released", (json_int_t)lane->released);
}

static json_t *identity_object(const char *name, const struct shmq_info *info)
{
    char id[SNAPSHOT_ID_TEXT];
    snapshot_id(id, info);
    return json_pack("{so ss ss sb sb sI si sI sI sI sI sI sI si si}", "name", text_or_null(name), "id", id, "kind",
                     snapshot_kind(info), "transient", (int)info->transient, "removed", (int)info->removed,
                     "dumped_ns", (json_int_t)info->dumped_ns, "format", (int)info->format, "created_ns",
                     (json_int_t)info->created_ns, "creator_pid", (json_int_t)info->creator_pid, "creator_uid",
                     (json_int_t)info->creator_uid, "mapping_size", (json_int_t)info->mapping_size, "capacity",
                     (json_int_t)info->capacity, "record_max", (json_int_t)info->record_max, "lane_count",
                     (int)info->lane_count, "lanes_open", (int)info->lanes_open);
}

static json_t *counts_object(const struct shmq_info *info)
{
    struct holder holder = holder_of_consumer(info);
    bool known = info->consumer_presence != SHMQ_ABSENT;
    return json_pack(
        "{so ss so so sI sI sI sI sI sI sI sI sI}", "consumer", number_or_null(known, info->consumer_pid),
        "consumer_state", state_text(&holder), "consumer_process", text_or_null(holder.name), "consumer_since_ns",
        number_or_null(known, info->consumer_since_ns), "consumers_so_far", (json_int_t)info->consumer_count,
        "consumer_sleep_count", (json_int_t)info->consumer_waits, "sent", (json_int_t)info->sent, "received",
        (json_int_t)info->received, "waiting", (json_int_t)snapshot_waiting(info), "used", (json_int_t)info->used,
        "full_count", (json_int_t)info->full_count, "dropped", (json_int_t)info->dropped, "missed",
        (json_int_t)info->missed);
}

int stat_json(const char *name, const struct snapshot *snapshot)
{
    json_t *lanes = json_array();
    for (uint32_t i = 0; i < snapshot->info.lane_count; i++) {
        json_array_append_new(lanes, lane_object(&snapshot->lanes[i]));
    }
    json_t *object = identity_object(name, &snapshot->info);
    json_t *counts = counts_object(&snapshot->info);
    bool whole = object != NULL && json_object_update_missing(object, counts) == 0 &&
                 json_object_set_new(object, "lanes", lanes) == 0;
    if (whole) {
        json_dumpf(object, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(counts);
    json_decref(object);
    return whole ? 0 : -ENOMEM;
}
