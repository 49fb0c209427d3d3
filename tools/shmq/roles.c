#include "roles.h"

#include "holders.h"
#include "os.h"
#include "table.h"
#include "units.h"

#include <stdio.h>
#include <string.h>

static const struct column role_columns[] = {
    {"ROLE", false}, {"PID", true}, {"STATE", false}, {"SINCE", true}, {"SO FAR", true}, {"PROCESS", false},
};
enum { ROLE_COLUMNS = 6 };

/* One who has, or had, a role. */
struct role {
    char what[24];
    struct holder holder;
    bool known;
    int64_t since_ns; /* 0: not known */
    uint64_t count;   /* of those who had it; 0: not known */
};

static struct role role_of_consumer(const struct shmq_info *info)
{
    return (struct role){
        .what = "consumer",
        .holder = holder_of_consumer(info),
        .known = info->consumer_presence != SHMQ_ABSENT,
        .since_ns = info->consumer_since_ns,
        .count = info->consumer_count,
    };
}

static struct role role_of_lane(const struct shmq_lane_info *lane)
{
    struct role role = {
        .holder = holder_of_lane(lane),
        .known = lane->presence != SHMQ_ABSENT,
        .since_ns = lane->since_ns,
        .count = lane->attach_count,
    };
    snprintf(role.what, sizeof role.what, "producer %u", lane->lane);
    return role;
}

static struct role role_of_reporter(const struct shmq_status *status)
{
    struct role role = {.what = "reporter", .holder = {.state = "-"}};
    struct os_process process;
    if (status->presence == SHMQ_ABSENT) {
        return role;
    }
    role.known = true;
    role.holder.pid = status->pid;
    role.holder.state = status->presence == SHMQ_DIED ? "died" : "alive";
    if (status->presence == SHMQ_PRESENT && os_process_look(status->pid, os_realtime_ns(), &process)) {
        role.holder.state = process.paused ? "paused" : "alive";
        snprintf(role.holder.name, sizeof role.holder.name, "%s", process.name);
    }
    return role;
}

static json_t *role_object(const struct role *role)
{
    const char *state = strcmp(role->holder.state, "-") == 0 ? "absent" : role->holder.state;
    json_t *process = role->holder.name[0] != '\0' ? json_string(role->holder.name) : NULL;
    return json_pack("{ss so ss so sI so}", "role", role->what, "pid",
                     role->known ? json_integer(role->holder.pid) : json_null(), "state", state, "since_ns",
                     role->known && role->since_ns != 0 ? json_integer((json_int_t)role->since_ns) : json_null(),
                     "so_far", (json_int_t)role->count, "process", process != NULL ? process : json_null());
}

json_t *roles_look(const struct snapshot *snapshot, const struct shmq_status *status)
{
    json_t *roles = json_array();
    struct role role = role_of_consumer(&snapshot->info);
    json_array_append_new(roles, role_object(&role));
    role = role_of_reporter(status);
    json_array_append_new(roles, role_object(&role));
    /* Of 256 lanes most may never have been used. */
    for (uint32_t i = 0; i < snapshot->info.lane_count; i++) {
        role = role_of_lane(&snapshot->lanes[i]);
        if (role.count != 0) {
            json_array_append_new(roles, role_object(&role));
        }
    }
    return roles;
}

char *roles_note(const char *name, const struct snapshot *snapshot, const struct shmq_status *status)
{
    char host[65];
    os_host_name(host);
    json_t *name_text = json_string(name), *host_text = json_string(host);
    json_t *note = json_pack("{so so so}", "name", name_text != NULL ? name_text : json_null(), "host",
                             host_text != NULL ? host_text : json_null(), "roles", roles_look(snapshot, status));
    char *text = note != NULL ? json_dumps(note, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    json_decref(note);
    return text;
}

static bool is_role(const json_t *role)
{
    const char *what, *state;
    json_t *pid, *since, *process;
    json_int_t so_far;
    return json_unpack((json_t *)(uintptr_t)role, "{s:s s:o s:s s:o s:I s:o}", "role", &what, "pid", &pid, "state",
                       &state, "since_ns", &since, "so_far", &so_far, "process", &process) == 0 &&
           (json_is_integer(pid) || json_is_null(pid)) && (json_is_integer(since) || json_is_null(since)) &&
           (json_is_string(process) || json_is_null(process));
}

json_t *roles_of_dump(struct shmq *q, char host[65])
{
    const void *note = NULL;
    size_t size = 0;
    host[0] = '\0';
    json_t *all = shmq_dump_note(q, &note, &size) == 0 && size > 0 ? json_loadb(note, size, 0, NULL) : NULL;
    json_t *roles = json_object_get(all, "roles");
    bool good = json_is_array(roles);
    for (size_t i = 0; good && i < json_array_size(roles); i++) {
        good = is_role(json_array_get(roles, i));
    }
    const char *name = json_string_value(json_object_get(all, "host"));
    if (good) {
        json_incref(roles);
        snprintf(host, 65, "%s", name != NULL ? name : "");
    }
    json_decref(all);
    return good ? roles : NULL;
}

/* Text of a file may hold anything. */
static const char *plain(const json_t *value)
{
    static char text[80];
    snprintf(text, sizeof text, "%s", json_is_string(value) ? json_string_value(value) : "");
    for (char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            *c = '?';
        }
    }
    return text;
}

static bool role_row(struct table *table, const json_t *role, int64_t now_ns)
{
    char pid[UNITS_TEXT] = "-", since[UNITS_TEXT] = "-", count[UNITS_TEXT] = "-";
    const json_t *value = json_object_get(role, "pid");
    const char *state = json_string_value(json_object_get(role, "state"));
    if (json_is_integer(value)) {
        snprintf(pid, sizeof pid, "%ju", (uintmax_t)json_integer_value(value));
    }
    value = json_object_get(role, "since_ns");
    if (json_is_integer(value)) {
        units_age(since, now_ns - (int64_t)json_integer_value(value));
    }
    json_int_t so_far = json_integer_value(json_object_get(role, "so_far"));
    if (so_far != 0) {
        snprintf(count, sizeof count, "%ju", (uintmax_t)so_far);
    }
    return table_add(table, "%s", plain(json_object_get(role, "role"))) && table_add(table, "%s", pid) &&
           table_add(table, "%s", strcmp(state, "absent") == 0 ? "-" : plain(json_object_get(role, "state"))) &&
           table_add(table, "%s", since) && table_add(table, "%s", count) &&
           table_add(table, "%s", plain(json_object_get(role, "process")));
}

int roles_print(const json_t *roles, int64_t now_ns)
{
    struct table table = {.columns = role_columns, .column_count = ROLE_COLUMNS};
    bool added = true;
    for (size_t i = 0; added && i < json_array_size(roles); i++) {
        added = role_row(&table, json_array_get(roles, i), now_ns);
    }
    if (added) {
        putchar('\n');
        table_print(&table, true);
    }
    table_free(&table);
    return added ? 0 : -ENOMEM;
}
