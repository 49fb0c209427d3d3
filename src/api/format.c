/*
 * Printing a record, in JSON or as a list
 *
 * The record is checked before; what is printed is loaded once more all the same, and stays within the record even
 * where somebody changes it meanwhile.
 */
#include <shmq/schema.h>

#include "api/handle.h"
#include "api/typed.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Pieces are collected to about this size. */
#define PIECE_MAX 512

struct printer {
    int (*write)(void *arg, const char *text, size_t size);
    void *arg;
    int rc;
    size_t used;
    char piece[PIECE_MAX];
    const struct schema_table *table;
    const uint8_t *record;
    size_t size;
    uint32_t fixed;
    uint32_t depth; /* of the path */
    struct {
        const struct schema_field *field;
        uint32_t element;
    } path[SCHEMA_DEPTH_MAX]; /* a list: the nested types that we are in */
};

static void flush(struct printer *p)
{
    if (p->rc == 0 && p->used > 0)
        p->rc = p->write(p->arg, p->piece, p->used);
    p->used = 0;
}

static void put(struct printer *p, const char *text, size_t size)
{
    if (size > sizeof p->piece - p->used)
        flush(p);
    memcpy(p->piece + p->used, text, size);
    p->used += size;
}

/* At most PIECE_MAX long. */
static void put_text(struct printer *p, const char *text)
{
    put(p, text, strlen(text));
}

/* The bytes of one UTF-8 character, or 0 where there is none (cut off, overlong, a surrogate, too large). */
static size_t utf8_size(const uint8_t *at, size_t left)
{
    static const struct {
        uint8_t mask, lead;
        uint32_t least;
    } sizes[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

    for (size_t n = 1; n <= 4 && n <= left; n++) {
        if ((at[0] & sizes[n - 1].mask) != sizes[n - 1].lead)
            continue;
        uint32_t code = at[0] & (uint8_t)~sizes[n - 1].mask;

        for (size_t i = 1; i < n; i++) {
            if ((at[i] & 0xc0) != 0x80)
                return 0;
            code = code << 6 | (at[i] & 0x3f);
        }
        return code >= sizes[n - 1].least && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? n : 0;
    }
    return 0;
}

static void put_escaped(struct printer *p, uint8_t c)
{
    static const char with_letter[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    const char *found = strchr(with_letter, c);
    char text[8];

    if (c != 0 && found != NULL)
        snprintf(text, sizeof text, "\\%c", letters[found - with_letter]);
    else
        snprintf(text, sizeof text, "\\u%04x", c);
    put_text(p, text);
}

/* Each character goes by a copy of its bytes. */
static void put_string(struct printer *p, const uint8_t *text, size_t size)
{
    put(p, "\"", 1);
    for (size_t i = 0; i < size && p->rc == 0;) {
        uint8_t c[4] = {0};
        size_t left = size - i < sizeof c ? size - i : sizeof c;

        for (size_t k = 0; k < left; k++)
            c[k] = *(const volatile uint8_t *)(text + i + k);
        if (c[0] == 0)
            break;
        size_t n = utf8_size(c, left);

        if (n == 0)
            put(p, "\xef\xbf\xbd", 3);
        else if (n == 1 && (c[0] < 0x20 || c[0] == '"' || c[0] == '\\' || c[0] == 0x7f))
            put_escaped(p, c[0]);
        else
            put(p, (const char *)c, n);
        i += n == 0 ? 1 : n;
    }
    put(p, "\"", 1);
}

static void put_hexadecimal(struct printer *p, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";

    put(p, "\"", 1);
    for (size_t i = 0; i < size && p->rc == 0; i++) {
        uint8_t byte = *(const volatile uint8_t *)(bytes + i);
        const char two[] = {digits[byte >> 4], digits[byte & 15]};

        put(p, two, sizeof two);
    }
    put(p, "\"", 1);
}

/* The shortest that reads back as the same, with a point whatever the locale. */
static void put_float(struct printer *p, double value, bool is_single)
{
    char text[40];

    if (isnan(value) || isinf(value)) {
        put_text(p, isnan(value) ? "\"nan\"" : value < 0 ? "\"-inf\"" : "\"inf\"");
        return;
    }
    for (int precision = is_single ? 6 : 15; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, value);
        double back = strtod(text, NULL);

        if (is_single ? (float)back == (float)value : back == value)
            break;
    }
    for (char *c = text; *c != '\0'; c++) {
        if (strchr("0123456789+-e", *c) == NULL)
            *c = '.';
    }
    put_text(p, text);
}

static void put_number(struct printer *p, uint32_t kind, const uint8_t *at)
{
    char text[32];
    union {
        uint8_t bytes[8];
        uint8_t u8;
        uint16_t u16;
        uint32_t u32;
        uint64_t u64;
        int8_t i8;
        int16_t i16;
        int32_t i32;
        int64_t i64;
        float f32;
        double f64;
    } v;
    size_t size = kind == SHMQ_FIELD_U64 || kind == SHMQ_FIELD_I64 || kind == SHMQ_FIELD_F64   ? 8
                  : kind == SHMQ_FIELD_U32 || kind == SHMQ_FIELD_I32 || kind == SHMQ_FIELD_F32 ? 4
                  : kind == SHMQ_FIELD_U16 || kind == SHMQ_FIELD_I16                           ? 2
                                                                                               : 1;

    memcpy(v.bytes, at, size);
    switch (kind) {
    case SHMQ_FIELD_F32:
        put_float(p, (double)v.f32, true);
        return;
    case SHMQ_FIELD_F64:
        put_float(p, v.f64, false);
        return;
    case SHMQ_FIELD_BOOL:
        put_text(p, v.u8 != 0 ? "true" : "false");
        return;
    case SHMQ_FIELD_I8:
    case SHMQ_FIELD_I16:
    case SHMQ_FIELD_I32:
    case SHMQ_FIELD_I64:
        snprintf(text, sizeof text, "%" PRId64, size == 1 ? v.i8 : size == 2 ? v.i16 : size == 4 ? v.i32 : v.i64);
        break;
    default:
        snprintf(text, sizeof text, "%" PRIu64, size == 1 ? v.u8 : size == 2 ? v.u16 : size == 4 ? v.u32 : v.u64);
    }
    put_text(p, text);
}

static void put_blob(struct printer *p, const struct shmq_sm_blob *blob)
{
    char text[80];
    uint32_t slot = atomic_load_u32(&blob->slot);

    if (slot == 0)
        snprintf(text, sizeof text, "null");
    else
        snprintf(text, sizeof text, "{\"blob\":%" PRIu32 ",\"size\":%" PRIu64 "}", slot,
                 atomic_load_u64(&blob->size));
    put_text(p, text);
}

static void put_type(struct printer *p, uint32_t index, const uint8_t *at);

static void put_element(struct printer *p, const struct schema_field *field, const uint8_t *at)
{
    if (field->kind == SHMQ_FIELD_NESTED)
        put_type(p, field->nested, at);
    else if (field->kind == SHMQ_FIELD_BLOB)
        put_blob(p, (const struct shmq_sm_blob *)(const void *)at);
    else
        put_number(p, field->kind, at);
}

static void put_elements(struct printer *p, const struct schema_field *field, const uint8_t *at, uint32_t count)
{
    put(p, "[", 1);
    for (uint32_t i = 0; i < count && p->rc == 0; i++) {
        if (i > 0)
            put(p, ",", 1);
        put_element(p, field, at + (uint64_t)field->element * i);
    }
    put(p, "]", 1);
}

static void put_field(struct printer *p, const struct schema_field *field, const uint8_t *at)
{
    uint32_t size = field->kind == SHMQ_FIELD_NESTED ? 0 : field->count * field->element;

    if (field->shape == SHMQ_SHAPE_ONE) {
        put_element(p, field, at);
        return;
    }
    if (field->shape == SHMQ_SHAPE_SPAN &&
        !schema_span(field, (const struct shmq_sm_span *)(const void *)at, p->fixed, p->record, p->size, &at, &size))
        size = 0; /* it was sound a moment ago */
    if (field->kind == SHMQ_FIELD_TEXT)
        put_string(p, at, size);
    else if (field->kind == SHMQ_FIELD_BYTE)
        put_hexadecimal(p, at, size);
    else
        put_elements(p, field, at, field->shape == SHMQ_SHAPE_SPAN ? size / field->element : field->count);
}

static void put_type(struct printer *p, uint32_t index, const uint8_t *at)
{
    const struct schema_type *type = &p->table->types[index];

    put(p, "{", 1);
    for (uint32_t i = 0; i < type->field_count && p->rc == 0; i++) {
        put_text(p, i > 0 ? ",\"" : "\"");
        put_text(p, type->fields[i].name);
        put_text(p, "\":");
        put_field(p, &type->fields[i], at + type->fields[i].offset);
    }
    put(p, "}", 1);
}

static void put_path(struct printer *p, const struct schema_field *last)
{
    char index[16];

    for (uint32_t i = 0; i < p->depth; i++) {
        put_text(p, p->path[i].field->name);
        if (p->path[i].field->shape == SHMQ_SHAPE_ARRAY) {
            snprintf(index, sizeof index, "[%" PRIu32 "]", p->path[i].element);
            put_text(p, index);
        }
        put_text(p, ".");
    }
    put_text(p, last->name);
    put_text(p, "=");
}

static void list_type(struct printer *p, uint32_t index, const uint8_t *at);

static void list_nested(struct printer *p, const struct schema_field *field, const uint8_t *at)
{
    uint32_t depth = p->depth++;

    for (uint32_t i = 0; i < field->count && p->rc == 0; i++) {
        p->path[depth].field = field;
        p->path[depth].element = i;
        list_type(p, field->nested, at + (uint64_t)field->element * i);
    }
    p->depth = depth;
}

static void list_type(struct printer *p, uint32_t index, const uint8_t *at)
{
    const struct schema_type *type = &p->table->types[index];

    for (uint32_t i = 0; i < type->field_count && p->rc == 0; i++) {
        const struct schema_field *field = &type->fields[i];

        if (field->kind == SHMQ_FIELD_NESTED) {
            list_nested(p, field, at + field->offset);
            continue;
        }
        put_path(p, field);
        put_field(p, field, at + field->offset);
        put(p, "\n", 1);
    }
}

/* The whole record, by put_type or list_type. */
static int print(struct shmq *q, const struct shmq_message *message,
                 int (*write)(void *arg, const char *text, size_t size), void *arg,
                 void (*print_type)(struct printer *p, uint32_t index, const uint8_t *at))
{
    struct typed *typed;
    int rc = typed_get(q, &typed);

    if (rc != 0)
        return rc;
    int index = schema_find(&typed->table, message->type);

    if (index < 0)
        return index;
    if ((uintptr_t)message->data % 8 != 0)
        return -EINVAL;
    if (!schema_is_sound(&typed->table, (uint32_t)index, message->data, message->size))
        return -EBADMSG;
    struct printer printer = {
        .write = write,
        .arg = arg,
        .table = &typed->table,
        .record = message->data,
        .size = message->size,
        .fixed = typed->table.types[index].size,
    };

    print_type(&printer, (uint32_t)index, message->data);
    flush(&printer);
    return printer.rc;
}

int shmq_schema_format(struct shmq *q, const struct shmq_message *message,
                       int (*write)(void *arg, const char *text, size_t size), void *arg)
{
    return print(q, message, write, arg, put_type);
}

int shmq_schema_list(struct shmq *q, const struct shmq_message *message,
                     int (*write)(void *arg, const char *text, size_t size), void *arg)
{
    return print(q, message, write, arg, list_type);
}
