#include "command.h"
#include "options.h"
#include "os.h"
#include "report.h"
#include "roles.h"
#include "snapshot.h"
#include "table.h"
#include "types.h"
#include "units.h"

#include <jansson.h>
#include <shmq/shmq.h>
#include <stdio.h>
#include <string.h>

enum { OPTION_JSON = OPTION_LONG };

static const struct option_row options[] = {
    {'b', "bytes", NULL, "Sizes in bytes."},
    {OPTION_JSON, "json", NULL, "A JSON object, with all sizes in bytes."},
    {0},
};

static const struct column field_columns[] = {
    {"OFFSET", true},
    {"FIELD", false},
    {"KIND", false},
    {"COUNT", true},
};
enum { FIELD_COLUMNS = 4 };

struct look {
    const char *name;
    struct snapshot snapshot;
    struct shmq_identity identity;
    struct shmq_status status;
    struct shmq *q;
    json_t *roles;
    char host[65]; /* of a dump */
    bool exact;
};

static bool field_row(struct table *table, struct shmq *q, const struct shmq_field *field)
{
    char count[UNITS_TEXT];
    snprintf(count, sizeof count, "%s%u", field->shape == SHMQ_SHAPE_SPAN ? "up to " : "", field->count);
    return table_add(table, "%u", field->offset) && table_add(table, "%s", field->name) &&
           table_add(table, "%s", types_kind(q, field)) && table_add(table, "%s", count);
}

static int schema_print(const struct look *look, uint32_t index)
{
    struct table table = {.columns = field_columns, .column_count = FIELD_COLUMNS};
    struct shmq_schema schema = {.struct_size = sizeof schema};
    struct shmq_field field = {.struct_size = sizeof field};
    int rc = shmq_schema_get(look->q, index, &schema);
    if (rc != 0) {
        return rc;
    }
    printf("\n%s  version %u, %u bytes, ", schema.name, schema.version, schema.size);
    printf(schema.record_type != 0 ? "records of type %u\n" : "nested in others\n", schema.record_type);
    for (uint32_t i = 0; rc == 0 && i < schema.field_count; i++) {
        rc = shmq_schema_field(look->q, index, i, &field);
        rc = rc == 0 && !field_row(&table, look->q, &field) ? -ENOMEM : rc;
    }
    if (rc == 0) {
        table_print(&table, true);
    }
    table_free(&table);
    return rc;
}

static void number_line(const char *label, uint64_t bytes, bool exact, const char *more)
{
    char text[UNITS_TEXT];
    units_size(text, bytes, exact);
    printf("%-15s %s%s\n", label, text, more);
}

static void place_line(const char *label, uint64_t offset, uint64_t size, const char *what)
{
    char text[UNITS_TEXT];
    units_size(text, size, false);
    printf("  %-13s %#10jx  %s%s\n", label, (uintmax_t)offset, text, what);
}

static void layout_print(const struct look *look)
{
    const struct shmq_identity *id = &look->identity;
    char lanes[64];
    printf("layout\n");
    place_line("header", 0, sizeof(struct shmq_header), "");
    if (id->schemas_size != 0) {
        place_line("schemas", id->schemas_offset, id->schemas_size, "");
    }
    snprintf(lanes, sizeof lanes, " for each of %u", id->lane_count);
    place_line("lanes", id->lanes_offset, id->lane_size, lanes);
    if (id->blob_count != 0) {
        snprintf(lanes, sizeof lanes, " for each of %u, %u blobs", id->lane_count, id->blob_count);
        place_line("blobs", id->blobs_offset, id->blob_count * sizeof(struct shmq_blob_slot), lanes);
        snprintf(lanes, sizeof lanes, " for each of %u", id->lane_count);
    }
    place_line("rings", id->rings_offset, id->capacity, lanes);
}

static void identity_print(const struct look *look)
{
    const struct shmq_info *info = &look->snapshot.info;
    const struct shmq_identity *identity = &look->identity;
    char id[SNAPSHOT_ID_TEXT], date[32], age[UNITS_TEXT];
    snapshot_id(id, info);
    os_date(date, info->created_ns);
    units_age(age, os_realtime_ns() - info->created_ns);
    printf("%-15s %s%s\n", "name", look->name, info->removed != 0 ? " (removed)" : "");
    printf("%-15s %s%s\n", "kind", snapshot_kind(info), info->transient != 0 ? ", transient" : "");
    printf("%-15s %s\n", "id", id);
    printf("%-15s %u, made by version %u.%u.%u\n", "format", info->format, identity->library_version >> 16,
           identity->library_version >> 8 & 255, identity->library_version & 255);
    printf("%-15s %s, %s ago, by process %u of user %u\n", "created", date, age, info->creator_pid,
           info->creator_uid);
    if (info->dumped_ns != 0) {
        os_date(date, info->dumped_ns);
        units_age(age, os_realtime_ns() - info->dumped_ns);
        printf("%-15s %s, %s ago%s%s; what follows is as of then\n", "dumped", date, age,
               look->host[0] != '\0' ? ", on " : "", look->host);
    }
    printf("%-15s %u, %u open\n", "lanes", info->lane_count, info->lanes_open);
    number_line("capacity", info->capacity, look->exact, " a lane");
    number_line("largest record", info->record_max, look->exact, "");
    number_line("mapping", info->mapping_size, look->exact, "");
    layout_print(look);
}

static int text_print(const struct look *look)
{
    identity_print(look);
    int64_t dumped_ns = look->snapshot.info.dumped_ns;
    int rc = roles_print(look->roles, dumped_ns != 0 ? dumped_ns : os_realtime_ns());
    int count = rc == 0 ? shmq_schema_count(look->q) : rc;
    for (int i = 0; rc == 0 && i < count; i++) {
        rc = schema_print(look, (uint32_t)i);
    }
    return count < 0 ? count : rc;
}

static int json_print(const struct look *look)
{
    const struct shmq_info *info = &look->snapshot.info;
    const struct shmq_identity *i = &look->identity;
    char id[SNAPSHOT_ID_TEXT];
    snapshot_id(id, info);
    int count = shmq_schema_count(look->q);
    json_t *schemas = count < 0 ? json_array() : types_describe(look->q);
    json_t *name = json_string(look->name);
    json_t *object =
        json_pack("{so ss ss sb sb sI si sI sI sI sI sI sI sI s{sI sI sI sI sI sI sI} so so}", "name",
                  name != NULL ? name : json_null(), "kind", snapshot_kind(info), "id", id, "transient",
                  (int)info->transient, "removed", (int)info->removed, "dumped_ns", (json_int_t)info->dumped_ns,
                  "format", (int)info->format, "library_version", (json_int_t)i->library_version, "created_ns",
                  (json_int_t)info->created_ns, "creator_pid", (json_int_t)info->creator_pid, "creator_uid",
                  (json_int_t)info->creator_uid, "lanes", (json_int_t)info->lane_count, "capacity",
                  (json_int_t)info->capacity, "record_max", (json_int_t)info->record_max, "layout", "mapping_size",
                  (json_int_t)info->mapping_size, "schemas_offset", (json_int_t)i->schemas_offset, "schemas_size",
                  (json_int_t)i->schemas_size, "lanes_offset", (json_int_t)i->lanes_offset, "blobs_offset",
                  (json_int_t)i->blobs_offset, "blob_count", (json_int_t)i->blob_count, "rings_offset",
                  (json_int_t)i->rings_offset, "roles", json_incref(look->roles), "schemas", schemas);
    if (object != NULL) {
        json_dumpf(object, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(object);
    return count < 0 ? count : object == NULL ? -ENOMEM : 0;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    struct look look = {.status = {.struct_size = sizeof look.status}};
    bool json = false;
    for (int letter; (letter = options_next(&o)) != 0;) {
        json = json || letter == OPTION_JSON;
        look.exact = look.exact || letter == 'b';
    }
    if (o.over) {
        return o.code;
    }
    look.name = o.operands[0];
    int rc = snapshot_take(look.name, &look.snapshot);
    rc = rc == 0 ? shmq_open(look.name, SHMQ_OBSERVER, NULL, &look.q) : rc;
    rc = rc == 0 && !snapshot_identity(look.name, &look.identity) ? -EPROTO : rc;
    if (rc == 0) {
        /* What the work says about itself is no reason to say nothing about the queue. */
        if (shmq_status(look.q, &look.status) != 0) {
            look.status.presence = SHMQ_ABSENT;
        }
        look.roles = look.snapshot.info.dumped_ns != 0 ? roles_of_dump(look.q, look.host) : NULL;
        if (look.roles == NULL) {
            look.roles = roles_look(&look.snapshot, &look.status);
        }
        rc = json ? json_print(&look) : text_print(&look);
        json_decref(look.roles);
    }
    shmq_close(look.q);
    snapshot_free(&look.snapshot);
    return rc != 0 ? report("info", look.name, rc) : EXIT_CODE_OK;
}

const struct command command_info = {
    .name = "info",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "Show what a queue is: layout, record types, and who has a role.",
    .description =
        "Looking disturbs nobody, and needs read permission only.\n"
        "First what it is and where things lie in its mapping; then a line for the consumer, the reporter and each "
        "producer that a lane had last: STATE is alive, paused, died, or - where nobody is; SO FAR how many had the "
        "role. Last the types of its records, where it was created with any, and their fields.\n"
        "What passes through it is shown by stat, what is in it by peek.",
    .examples = "shmq info jobs\n"
                "shmq info --json jobs | jq '.roles[] | select(.state == \"alive\").pid'\n",
    .options = options,
    .run = run,
};
