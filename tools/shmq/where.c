#include "where.h"

#include "units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char wrong[256];

const char *where_add(struct where *where, const char *expression)
{
    size_t length = strcspn(expression, "=!<>~");
    char op = expression[length];
    if (where->count == WHERE_MAX) {
        return "too many conditions";
    }
    if (length == 0 || op == '\0' || (op == '!' && expression[length + 1] != '=')) {
        return "not a condition: say FIELD=VALUE, or !=, <, <=, >, >=, or ~ for what has VALUE in it";
    }
    char *copy = strdup(expression);
    if (copy == NULL) {
        return "out of memory";
    }
    bool is_long = expression[length + 1] == '=' && op != '~';
    copy[length] = '\0';
    /* "==" is "=". */
    where->conditions[where->count++] = (struct where_condition){
        .field = copy,
        .value = copy + length + (is_long ? 2 : 1),
        .op = (char)(op == '<' && is_long   ? '['
                     : op == '>' && is_long ? ']'
                                            : op),
    };
    return NULL;
}

void where_free(struct where *where)
{
    for (size_t i = 0; i < where->count; i++) {
        free(where->conditions[i].field);
    }
    where->count = 0;
}

/* The field that the path begins with, in a type. -1: it has none. */
static int field_find(struct shmq *q, uint32_t index, const char *path, size_t length, struct shmq_field *field)
{
    *field = (struct shmq_field){.struct_size = sizeof *field};
    for (uint32_t i = 0; shmq_schema_field(q, index, i, field) == 0; i++) {
        if (strlen(field->name) == length && strncmp(field->name, path, length) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool path_leads(struct shmq *q, uint32_t index, const char *path)
{
    for (;;) {
        struct shmq_field field;
        size_t length = strcspn(path, ".");
        if (field_find(q, index, path, length, &field) < 0) {
            return false;
        }
        path += length;
        bool indexed =
            field.shape != SHMQ_SHAPE_ONE && field.kind != SHMQ_FIELD_TEXT && field.kind != SHMQ_FIELD_BYTE;
        if (indexed && *path == '.') {
            size_t digits = strspn(path + 1, "0123456789");
            path += digits > 0 ? digits + 1 : 0;
        }
        if (*path == '\0' || field.kind == SHMQ_FIELD_BLOB) {
            return true;
        }
        if (field.kind != SHMQ_FIELD_NESTED) {
            return false;
        }
        path++;
        index = field.nested;
    }
}

static const char *type_bind(struct where *where, struct shmq *q)
{
    uint64_t number = 0;
    if (where->type == NULL) {
        where->any_type = true;
        return NULL;
    }
    where->any_type = false;
    if (units_parse_number(where->type, 10, &number) && number <= UINT16_MAX) {
        where->record_type = (uint32_t)number;
        return NULL;
    }
    struct shmq_schema schema = {.struct_size = sizeof schema};
    for (uint32_t i = 0; shmq_schema_get(q, i, &schema) == 0; i++) {
        if (schema.record_type != 0 && strcmp(schema.name, where->type) == 0) {
            where->record_type = schema.record_type;
            return NULL;
        }
    }
    snprintf(wrong, sizeof wrong, "it has no records of a type '%.64s'", where->type);
    return wrong;
}

const char *where_bind(struct where *where, struct shmq *q)
{
    const char *bad = type_bind(where, q);
    for (size_t i = 0; bad == NULL && i < where->count; i++) {
        struct shmq_schema schema = {.struct_size = sizeof schema};
        bool found = false;
        for (uint32_t k = 0; !found && shmq_schema_get(q, k, &schema) == 0; k++) {
            found = schema.record_type != 0 && path_leads(q, k, where->conditions[i].field);
        }
        if (!found) {
            snprintf(wrong, sizeof wrong, "none of its types has a field '%.64s' (see: shmq info)",
                     where->conditions[i].field);
            bad = wrong;
        }
    }
    return bad;
}

static const json_t *value_find(const json_t *value, const char *path)
{
    while (value != NULL && *path != '\0') {
        size_t length = strcspn(path, ".");
        char word[64];
        snprintf(word, sizeof word, "%.*s", (int)length, path);
        value = json_is_array(value) ? json_array_get(value, strtoul(word, NULL, 10)) : json_object_get(value, word);
        path += length + (path[length] == '.');
    }
    return value;
}

static bool compare_holds(char op, int compared)
{
    switch (op) {
    case '=':
        return compared == 0;
    case '!':
        return compared != 0;
    case '<':
        return compared < 0;
    case '>':
        return compared > 0;
    case '[':
        return compared <= 0;
    default:
        return compared >= 0;
    }
}

static bool number_holds(char op, const json_t *value, const char *wanted)
{
    char *end = NULL;
    long long whole = strtoll(wanted, &end, 10);
    if (json_is_integer(value) && *end == '\0') {
        json_int_t is = json_integer_value(value);
        return compare_holds(op, is < whole ? -1 : is > whole);
    }
    double is = json_number_value(value);
    double number = strtod(wanted, &end);
    return end != wanted && *end == '\0' && compare_holds(op, is < number ? -1 : is > number);
}

static bool condition_holds(const struct where_condition *c, const json_t *fields)
{
    const json_t *value = value_find(fields, c->field);
    if (value == NULL || json_is_object(value) || json_is_array(value)) {
        return false;
    }
    if (json_is_number(value) && c->op != '~') {
        return number_holds(c->op, value, c->value);
    }
    if (json_is_string(value)) {
        const char *text = json_string_value(value);
        return c->op == '~' ? strstr(text, c->value) != NULL : compare_holds(c->op, strcmp(text, c->value));
    }
    const char *word = json_is_true(value)    ? "true"
                       : json_is_false(value) ? "false"
                       : json_is_null(value)  ? "null"
                                              : "";
    return c->op != '~' && compare_holds(c->op, strcmp(word, c->value));
}

bool where_holds(const struct where *where, const struct shmq_message *message, const json_t *fields)
{
    if (!where->any_type && message->type != where->record_type) {
        return false;
    }
    for (size_t i = 0; i < where->count; i++) {
        if (fields == NULL || !condition_holds(&where->conditions[i], fields)) {
            return false;
        }
    }
    return true;
}
