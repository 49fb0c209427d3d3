/* Schemas on plain memory: their bytes, what is refused, and what hostile ones and hostile records can do: nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aligned.h"
#include "core/schema.h"

#include <errno.h>
#include <shmq/sm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MUTATIONS 200000

#define POINT(F) F(u16, x) F(i64, y)
SHMQ_SM(point, 3, POINT)

#define LEG(F) F(bool, open) F(nested, from, point) F(text, name, 5)
SHMQ_SM(leg, 1, LEG)

/* clang-format off */
#define ALL(F)                                                                                                       \
    F(u8, a)                                                                                                         \
    F(u16, b)                                                                                                        \
    F(u32, c)                                                                                                        \
    F(u64, d)                                                                                                        \
    F(i8, e)                                                                                                         \
    F(i16, f) F(i32, g) F(i64, h) F(f32, i) F(f64, j) F(bool, k) F(text, l, 7) F(array, m, u32, 3)                   \
        F(array, n, bool, 2) F(nested, o, point) F(nesteds, p, leg, 3) F(span, q, 100) F(string, r, 40)              \
            F(list, s, f64, 10) F(list, t, bool, 9) F(blob, u)
/* clang-format on */
SHMQ_SM(all, 7, ALL)

#define PLAIN(F) F(u32, a) F(array, b, u16, 2)
SHMQ_SM(plain, 0, PLAIN)

static uint64_t random_state;

static uint64_t random_word(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* The same again: SEED=number. */
static void seed(void)
{
    const char *given = getenv("SEED");

    random_state = given != NULL ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
    print_message("SEED=%llu\n", (unsigned long long)random_state);
}

static uint64_t bytes[SCHEMA_BYTES_MAX / sizeof(uint64_t)];
static struct schema_table table;

static uint32_t encode(const struct shmq_sm *type)
{
    uint32_t size;

    assert_int_equal(schema_encode(&type, 1, bytes, &size), 0);
    return size;
}

static int encodes(const struct shmq_sm *type)
{
    uint32_t size;

    return schema_encode(&type, 1, bytes, &size);
}

static void read_back(const struct shmq_sm *type)
{
    uint32_t size = encode(type);

    assert_int_equal(schema_read(&table, bytes, size), 0);
}

/* The format, byte for byte: whoever changes one of these changes the format. */
static void schemas_are_these_bytes(void **state)
{
    static const struct {
        const char *name;
        uint8_t rest[16];
    } entries[] = {
        {"", {0}}, /* the head, which is shorter */
        {"point", {3, 0, 0, 0, 16, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0}},
        {"x", {0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0}},
        {"y", {8, 0, 0, 0, 1, 0, 0, 0, 8, 0, 1, 0, 0, 0, 0, 0}},
        {"leg", {1, 0, 0, 0, 32, 0, 0, 0, 3, 0, 0, 0, 1, 0x80, 0, 0}},
        {"open", {0, 0, 0, 0, 1, 0, 0, 0, 11, 0, 1, 0, 0, 0, 0, 0}},
        {"from", {8, 0, 0, 0, 1, 0, 0, 0, 14, 0, 1, 0, 0, 0, 0, 0}},
        {"name", {24, 0, 0, 0, 5, 0, 0, 0, 12, 0, 2, 0, 0, 0, 0, 0}},
    };
    const uint8_t head[16] = {1, 0, 0, 0, 0xd0, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0};
    const uint8_t *at = (const uint8_t *)bytes;
    uint32_t size = encode(&leg_sm);

    (void)state;
    assert_int_equal(size, 0x1d0);
    assert_memory_equal(at, head, sizeof head);
    at += sizeof head;
    for (size_t i = 1; i < sizeof entries / sizeof *entries; i++, at += 64) {
        char name[48] = "";

        strcpy(name, entries[i].name);
        assert_memory_equal(at, name, sizeof name);
        assert_memory_equal(at + sizeof name, entries[i].rest, 16);
    }
    assert_int_equal(at - (const uint8_t *)bytes, size);
}

/* The rules of layout.h and the compiler say the same of each kind. */
static void fields_are_where_the_compiler_has_them(void **state)
{
    static const struct {
        size_t offset;
        uint32_t element;
        uint32_t count;
    } facts[] = {
#define FACT(kind, ...) FACT_OF(__VA_ARGS__, 0)
#define FACT_OF(field, ...) {offsetof(struct all, field), 0, 0},
        ALL(FACT)};

    (void)state;
    read_back(&all_sm);
    assert_int_equal(table.count, 3);
    const struct schema_type *type = &table.types[2];

    assert_string_equal(type->name, "all");
    assert_int_equal(type->size, sizeof(struct all));
    assert_int_equal(type->align, 8);
    assert_int_equal(type->depth, 3);
    assert_int_equal(type->record_type, SHMQ_SCHEMA_TYPE + 2);
    assert_int_equal(table.types[0].record_type, 0);
    assert_int_equal(type->span_room, 104 + 40 + 80 + 16);
    assert_true(type->has_blobs && type->has_spans && !table.types[1].has_spans && table.has_blobs);
    assert_int_equal(type->field_count, sizeof facts / sizeof *facts);
    for (uint32_t i = 0; i < type->field_count; i++)
        assert_int_equal(type->fields[i].offset, facts[i].offset);
    assert_int_equal(offsetof(struct all, d), 8);
    assert_int_equal(sizeof(struct point), 16);
    read_back(&plain_sm);
    assert_int_equal(table.types[0].check_count, 0);
    assert_false(table.has_blobs);
}

static struct shmq_sm with(const char *name, const struct shmq_sm_field *fields, uint32_t count, uint32_t size)
{
    return (struct shmq_sm){SHMQ_SM_FORMAT, 1, size, count, name, fields};
}

static void what_is_not_well_made_is_refused(void **state)
{
    struct shmq_sm itself = {0};
    struct shmq_sm_field good[2] = {{"a", SHMQ_FIELD_U32, SHMQ_SHAPE_ONE, 1, NULL},
                                    {"b", SHMQ_FIELD_U8, SHMQ_SHAPE_ONE, 1, NULL}};
    const struct shmq_sm_field bad[] = {
        {"a b", SHMQ_FIELD_U32, SHMQ_SHAPE_ONE, 1, NULL},
        {"", SHMQ_FIELD_U32, SHMQ_SHAPE_ONE, 1, NULL},
        {"1a", SHMQ_FIELD_U32, SHMQ_SHAPE_ONE, 1, NULL},
        {"a123456789a123456789a123456789a123456789a1234567", SHMQ_FIELD_U32, SHMQ_SHAPE_ONE, 1, NULL},
        {NULL, SHMQ_FIELD_U32, SHMQ_SHAPE_ONE, 1, NULL},
        {"a", 0, SHMQ_SHAPE_ONE, 1, NULL},
        {"a", 16, SHMQ_SHAPE_ONE, 1, NULL},
        {"a", SHMQ_FIELD_U32, 0, 1, NULL},
        {"a", SHMQ_FIELD_U32, 4, 1, NULL},
        {"a", SHMQ_FIELD_U32, SHMQ_SHAPE_ONE, 2, NULL},
        {"a", SHMQ_FIELD_U32, SHMQ_SHAPE_ARRAY, 0, NULL},
        {"a", SHMQ_FIELD_U32, SHMQ_SHAPE_ARRAY, 0x40000000, NULL},
        {"a", SHMQ_FIELD_TEXT, SHMQ_SHAPE_ONE, 1, NULL},
        {"a", SHMQ_FIELD_BYTE, SHMQ_SHAPE_ARRAY, 4, NULL},
        {"a", SHMQ_FIELD_BLOB, SHMQ_SHAPE_ARRAY, 1, NULL},
        {"a", SHMQ_FIELD_NESTED, SHMQ_SHAPE_SPAN, 1, &point_sm},
        {"a", SHMQ_FIELD_NESTED, SHMQ_SHAPE_ONE, 1, NULL},
        {"a", SHMQ_FIELD_NESTED, SHMQ_SHAPE_ONE, 1, &itself},
        {"a", SHMQ_FIELD_U64, SHMQ_SHAPE_SPAN, 0x20000000, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        itself = with("bad", &bad[i], 1, 4);
        assert_int_equal(encodes(&itself), -EINVAL);
    }
    struct shmq_sm one = with("good", good, 2, 8);

    assert_int_equal(encodes(&one), 0);
    one.size = 12;
    assert_int_equal(encodes(&one), -EINVAL);
    one = with("two words", good, 2, 8);
    assert_int_equal(encodes(&one), -EINVAL);
    one = with("none", good, 0, 0);
    assert_int_equal(encodes(&one), -EINVAL);
    one = with("future", good, 2, 8);
    one.format = 2;
    assert_int_equal(encodes(&one), -EINVAL);
    assert_int_equal(encodes(NULL), -EINVAL);
}

static void one_name_is_one_type(void **state)
{
    const struct shmq_sm_field field = {"x", SHMQ_FIELD_U16, SHMQ_SHAPE_ONE, 1, NULL};
    struct shmq_sm copy = point_sm;
    struct shmq_sm other = with("point", &field, 1, 2);
    const struct shmq_sm *twice[] = {&point_sm, &copy, &leg_sm};
    const struct shmq_sm *clash[] = {&leg_sm, &other};
    uint32_t size;

    (void)state;
    assert_int_equal(schema_encode(twice, 3, bytes, &size), 0);
    assert_int_equal(schema_read(&table, bytes, size), 0);
    assert_int_equal(table.count, 2);
    assert_int_equal(table.types[0].record_type, SHMQ_SCHEMA_TYPE); /* nested, and asked for */
    assert_int_equal(schema_find(&table, SHMQ_SCHEMA_TYPE + 1), 1);
    assert_int_equal(schema_find(&table, SHMQ_SCHEMA_TYPE + 2), -ENOENT);
    assert_int_equal(schema_find(&table, 0), -ENOENT);
    assert_int_equal(schema_encode(clash, 2, bytes, &size), -EINVAL);
}

/* Chains of types, the deepest that there may be and one more. */
static void nesting_has_an_end(void **state)
{
    static char names[SCHEMA_DEPTH_MAX + 1][8];
    static struct shmq_sm_field fields[SCHEMA_DEPTH_MAX + 1];
    static struct shmq_sm types[SCHEMA_DEPTH_MAX + 1];

    (void)state;
    for (uint32_t i = 0; i <= SCHEMA_DEPTH_MAX; i++) {
        snprintf(names[i], sizeof names[i], "t%u", i);
        fields[i] = (struct shmq_sm_field){"f", SHMQ_FIELD_U8, SHMQ_SHAPE_ONE, 1, NULL};
        if (i > 0)
            fields[i] = (struct shmq_sm_field){"f", SHMQ_FIELD_NESTED, SHMQ_SHAPE_ONE, 1, &types[i - 1]};
        types[i] = with(names[i], &fields[i], 1, 1);
    }
    read_back(&types[SCHEMA_DEPTH_MAX - 1]);
    assert_int_equal(table.types[table.count - 1].depth, SCHEMA_DEPTH_MAX);
    assert_int_equal(encodes(&types[SCHEMA_DEPTH_MAX]), -EINVAL);
}

static enum schema_difference_kind difference_of(const struct shmq_sm *type, const char **name, const char **field)
{
    struct schema_difference difference;
    int rc = schema_match(&table, type, &difference);

    assert_true((rc >= 0) == (difference.kind == SCHEMA_SAME));
    *name = difference.type;
    *field = difference.field;
    return difference.kind;
}

static void another_version_or_layout_is_told(void **state)
{
    struct shmq_sm_field point_fields[2];
    struct shmq_sm_field leg_fields[3];
    struct shmq_sm point = point_sm;
    struct shmq_sm leg = leg_sm;
    const char *name;
    const char *field;

    (void)state;
    memcpy(point_fields, point_sm.fields, sizeof point_fields);
    memcpy(leg_fields, leg_sm.fields, sizeof leg_fields);
    point.fields = point_fields;
    leg.fields = leg_fields;
    leg_fields[1].nested = &point;
    read_back(&leg_sm);
    assert_int_equal(difference_of(&leg, &name, &field), SCHEMA_SAME);
    assert_int_equal(difference_of(&point_sm, &name, &field), SCHEMA_UNKNOWN); /* it is only nested */
    assert_int_equal(difference_of(&plain_sm, &name, &field), SCHEMA_UNKNOWN);
    leg.version = 2;
    assert_int_equal(difference_of(&leg, &name, &field), SCHEMA_VERSION);
    leg.version = 1;
    leg.field_count = 2;
    assert_int_equal(difference_of(&leg, &name, &field), SCHEMA_FIELDS);
    assert_null(field);
    leg.field_count = 3;
    leg_fields[2].count = 6;
    assert_int_equal(difference_of(&leg, &name, &field), SCHEMA_FIELDS);
    assert_string_equal(field, "name");
    leg_fields[2].count = 5;
    point.version = 4;
    assert_int_equal(difference_of(&leg, &name, &field), SCHEMA_VERSION);
    assert_string_equal(name, "point");
    point.version = 3;
    point_fields[0].kind = SHMQ_FIELD_I16;
    assert_int_equal(difference_of(&leg, &name, &field), SCHEMA_FIELDS);
    assert_string_equal(name, "point");
    assert_string_equal(field, "x");
}

/* A sound record of `all`, in memory of exactly its size. */
static struct all *make_record(size_t *size)
{
    *size = sizeof(struct all) + 8 + 8 + 16 + 3;
    uint8_t *memory = calloc(1, *size);
    struct all *record = (struct all *)(void *)memory;

    assert_non_null(memory);
    record->k = 1;
    record->q = (struct shmq_sm_span){sizeof *record, 5};
    record->r = (struct shmq_sm_span){sizeof *record + 8, 3};
    record->s = (struct shmq_sm_span){sizeof *record + 16, 16};
    record->t = (struct shmq_sm_span){sizeof *record + 32, 3};
    record->u = (struct shmq_sm_blob){100, 1, 0};
    strcpy((char *)memory + sizeof *record + 8, "hi");
    return record;
}

static bool sound(const struct all *record, size_t size)
{
    return schema_is_sound(&table, 2, record, size);
}

#define UNSOUND(place, value)                                                                                        \
    do {                                                                                                             \
        __typeof__(place) before = (place);                                                                          \
        (place) = (value);                                                                                           \
        assert_false(sound(record, size));                                                                           \
        (place) = before;                                                                                            \
        assert_true(sound(record, size));                                                                            \
    } while (0)

static void unsound_records_are_found(void **state)
{
    size_t size;
    struct all *record = make_record(&size);

    (void)state;
    read_back(&all_sm);
    assert_true(sound(record, size));
    assert_false(sound(record, size - 1));
    assert_false(sound(record, sizeof *record - 1));
    assert_false(sound(record, 0));
    UNSOUND(record->k, 2);
    UNSOUND(record->l[6], 'x');
    UNSOUND(record->n[1], 255);
    UNSOUND(record->p[2].open, 2);
    UNSOUND(record->p[0].name[4], 'x');
    UNSOUND(record->q.offset, (uint32_t)size);
    UNSOUND(record->q.offset, sizeof *record - 8); /* in the fixed part */
    UNSOUND(record->q.offset, sizeof *record + 1); /* not aligned */
    UNSOUND(record->q.offset, UINT32_MAX - 7);
    UNSOUND(record->q.size, UINT32_MAX);
    UNSOUND(record->q.size, 101);
    UNSOUND(record->r.size, 2); /* no NUL there */
    UNSOUND(record->s.size, 12);
    UNSOUND(record->t.size, 10);
    UNSOUND(((uint8_t *)record)[sizeof *record + 33], 2);
    UNSOUND(record->u.slot, 0);
    UNSOUND(record->u.size, 0);
    free(record);
    read_back(&plain_sm);
    const uint64_t plain = ~UINT64_C(0);

    assert_true(schema_is_sound(&table, 0, &plain, 8));
    assert_false(schema_is_sound(&table, 0, &plain, 7));
    assert_false(schema_is_sound(&table, 0, &plain, 9));
}

static void fields_are_found_by_their_place(void **state)
{
    (void)state;
    read_back(&all_sm);
    assert_string_equal(schema_field_at(&table, 2, offsetof(struct all, q))->name, "q");
    assert_string_equal(schema_field_at(&table, 2, offsetof(struct all, p[1].from.y))->name, "y");
    assert_null(schema_field_at(&table, 2, offsetof(struct all, q) + 1));
    assert_null(schema_field_at(&table, 2, offsetof(struct all, a) + 1));
    assert_null(schema_field_at(&table, 2, sizeof(struct all)));
}

/* Look at everything that a table of unknown origin leads to. */
static void use_table(void)
{
    size_t size = random_word() % 512;
    uint8_t *record = malloc(size != 0 ? size : 1);

    assert_non_null(record);
    for (size_t i = 0; i < size; i++)
        record[i] = (uint8_t)(random_word() % 4);
    for (uint32_t i = 0; i < table.count; i++) {
        const struct schema_type *type = &table.types[i];

        assert_true(type->depth <= SCHEMA_DEPTH_MAX && strlen(type->name) < SHMQ_SCHEMA_NAME);
        for (uint32_t k = 0; k < type->field_count; k++)
            assert_true((uint64_t)type->fields[k].offset < type->size);
        (void)schema_is_sound(&table, i, record, size);
        (void)schema_field_at(&table, i, random_word() % 512);
    }
    struct schema_difference difference;

    (void)schema_match(&table, &all_sm, &difference);
    free(record);
}

/* Some random bytes of random memory become others; the memory is exactly as large as it says. */
static void hostile_schemas_do_no_harm(void **state)
{
    uint32_t size = encode(&all_sm);
    int good = 0;

    (void)state;
    seed();
    for (int i = 0; i < MUTATIONS; i++) {
        uint32_t cut = random_word() % 8 == 0 ? (uint32_t)(random_word() % (size / 8)) * 8 : size;
        uint8_t *copy = aligned_new(8, cut != 0 ? cut : 8);

        assert_non_null(copy);
        memcpy(copy, bytes, cut);
        for (uint64_t n = random_word() % 4; n > 0 && cut > 0; n--)
            copy[random_word() % cut] = (uint8_t)(random_word() % 2 == 0 ? random_word() : random_word() % 20);
        if (schema_read(&table, copy, cut) == 0) {
            use_table();
            good++;
        }
        aligned_delete(copy);
    }
    print_message("%d of %d could be read\n", good, MUTATIONS);
    assert_true(good > 0 && good < MUTATIONS);
}

static void hostile_records_do_no_harm(void **state)
{
    int good = 0;

    (void)state;
    seed();
    read_back(&all_sm);
    for (int i = 0; i < MUTATIONS; i++) {
        size_t size;
        struct all *record = make_record(&size);

        for (uint64_t n = 1 + random_word() % 3; n > 0; n--)
            ((uint8_t *)record)[random_word() % size] =
                (uint8_t)(random_word() % 2 == 0 ? random_word() : random_word() % 3);
        good += sound(record, size);
        free(record);
    }
    print_message("%d of %d were sound\n", good, MUTATIONS);
    assert_true(good > 0 && good < MUTATIONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schemas_are_these_bytes),
        cmocka_unit_test(fields_are_where_the_compiler_has_them),
        cmocka_unit_test(what_is_not_well_made_is_refused),
        cmocka_unit_test(one_name_is_one_type),
        cmocka_unit_test(nesting_has_an_end),
        cmocka_unit_test(another_version_or_layout_is_told),
        cmocka_unit_test(unsound_records_are_found),
        cmocka_unit_test(fields_are_found_by_their_place),
        cmocka_unit_test(hostile_schemas_do_no_harm),
        cmocka_unit_test(hostile_records_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
