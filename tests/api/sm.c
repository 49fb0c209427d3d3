/* Typed records through the public calls: declared, sent, received, refused, and printed by who never saw the type. */
#include "support.h"

#include <errno.h>
#include <locale.h>
#include <shmq/layout.h>
#include <shmq/sm.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MUTATIONS 100000

#define POINT(F) F(u16, x) F(i64, y)
SHMQ_SM(point, 3, POINT)

/* clang-format off */
#define TRADE(F)                                                                                                     \
    F(u64, id)                                                                                                       \
    F(f64, price)                                                                                                    \
    F(text, symbol, 8)                                                                                               \
    F(bool, open)                                                                                                    \
    F(nesteds, legs, point, 2) F(array, parts, i32, 3) F(span, raw, 64) F(string, note, 32) F(list, values, f32, 5)
/* clang-format on */
SHMQ_SM(trade, 1, TRADE)

#define PLAIN(F) F(u64, a) F(u64, b) F(u64, c)
SHMQ_SM(plain, 1, PLAIN)

/* Few enough checks to be a list of bytes, and more than that. */
#define FLAG(F) F(u32, number) F(bool, set)
SHMQ_SM(flag, 1, FLAG)

#define FLAGS(F) F(text, name, 4) F(array, open, bool, 3) F(nesteds, more, flag, 2) F(nested, last, flag)
SHMQ_SM(flags, 1, FLAGS)

#define MANY(F) F(text, name, 4) F(nesteds, flags, flag, 20) F(array, open, bool, 3)
SHMQ_SM(many, 1, MANY)

static struct shmq *open_as(const char *name, enum shmq_role role)
{
    struct shmq *q = NULL;

    assert_int_equal(shmq_open(name, role, NULL, &q), 0);
    return q;
}

static const struct shmq_sm *const types[] = {&trade_sm, &plain_sm, &flags_sm, &many_sm};

static const char *make_kind(const char *word, uint32_t kind, uint64_t capacity)
{
    const char *name = test_name(word);
    struct shmq_create_options o = {
        .struct_size = sizeof o, .capacity = capacity, .kind = kind, .types = types, .type_count = 4};

    assert_int_equal(shmq_create(name, &o), 0);
    return name;
}

static const char *make(const char *word)
{
    return make_kind(word, SHMQ_LANES, 4096);
}

/* A business object: pointers, sizes, and nothing that could travel. */
struct deal {
    uint64_t id;
    double price;
    const char *symbol;
    const char *note;
    float *values;
    size_t value_count;
};

static int trade_from_deal(struct shmq *q, struct trade *smo, const struct deal *deal)
{
    smo->id = deal->id;
    smo->price = deal->price;
    smo->open = 1;
    smo->legs[1] = (struct point){.x = 7, .y = -8};
    smo->parts[2] = -3;
    int rc = shmq_text_set(smo->symbol, sizeof smo->symbol, deal->symbol);

    if (rc == 0)
        rc = shmq_string_put(q, &smo->note, deal->note);
    if (rc == 0)
        rc = shmq_span_put(q, &smo->values, deal->values, deal->value_count * sizeof *deal->values);
    return rc;
}

static int deal_from_trade(struct shmq *q, const struct shmq_message *message, const struct trade *smo,
                           struct deal *deal)
{
    const void *values;
    const char *note;
    size_t size;

    (void)q;
    int rc = shmq_string_get(message, &smo->note, &note);

    if (rc == 0)
        rc = shmq_span_get(message, &smo->values, &values, &size);
    if (rc != 0)
        return rc;
    *deal = (struct deal){
        .id = smo->id,
        .price = smo->price,
        .symbol = strdup(smo->symbol),
        .note = strdup(note),
        .values = malloc(size + 1),
        .value_count = size / sizeof(float),
    };
    if (size > 0)
        memcpy(deal->values, values, size);
    return deal->id == 13 ? -ENOMEM : 0; /* out of memory, as it were */
}

static void free_deal(struct deal *deal)
{
    free((void *)(uintptr_t)deal->symbol);
    free((void *)(uintptr_t)deal->note);
    free(deal->values);
}

SHMQ_SM_BO(trade, struct deal, trade_from_deal, deal_from_trade)

static float two_values[] = {1.5f, -2.25f};
static const struct deal a_deal = {7, 99.5, "ACME", "grüße", two_values, 2};

static void objects_arrive_as_they_were_sent(void **state)
{
    const uint32_t kinds[] = {SHMQ_LANES, SHMQ_TOTAL_ORDER, SHMQ_RECORDER};

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        const char *name = make_kind(k == 0 ? "one" : k == 1 ? "two" : "three", kinds[k], 4096);
        struct shmq *producer = open_as(name, SHMQ_PRODUCER);
        struct shmq *consumer = open_as(name, SHMQ_CONSUMER);

        for (uint64_t i = 20; i < 200; i++) { /* round the ring several times */
            struct deal deal = a_deal;
            struct deal got = {0};

            deal.id = i;
            deal.value_count = i % 3;
            assert_int_equal(trade_send(producer, &deal), 0);
            assert_int_equal(trade_recv(consumer, &got), 0);
            assert_int_equal(got.id, i);
            assert_true(got.price == 99.5);
            assert_string_equal(got.symbol, "ACME");
            assert_string_equal(got.note, "grüße");
            assert_int_equal(got.value_count, i % 3);
            assert_true(i % 3 < 2 || got.values[1] == -2.25f);
            free_deal(&got);
            assert_int_equal(trade_recv(consumer, &got), -EAGAIN);
        }
        shmq_close(producer);
        shmq_close(consumer);
    }
}

static void a_slot_is_all_zero(void **state)
{
    static const struct trade zero;
    const char *name = make("zero");
    struct shmq *q = open_as(name, SHMQ_PRODUCER);
    struct shmq *consumer = open_as(name, SHMQ_CONSUMER);
    struct shmq_message message;
    const struct trade *seen = NULL;
    const char *text;
    const void *data;
    size_t size;

    (void)state;
    for (int i = 0; i < 50; i++) {
        struct trade *smo = NULL;

        assert_int_equal(trade_reserve(q, &smo), 0);
        assert_memory_equal(smo, &zero, sizeof zero);
        memset(smo, 0xff, sizeof *smo);
        trade_abort(q);
        assert_int_equal(trade_commit(q, 0), -EINVAL);
        assert_int_equal(trade_reserve(q, &smo), 0);
        assert_int_equal(trade_commit(q, 0), 0);
        assert_int_equal(trade_peek(consumer, &message, &seen), 0);
        assert_ptr_equal(seen, message.data);
        assert_int_equal(message.size, sizeof zero);
        assert_int_equal(shmq_string_get(&message, &seen->note, &text), 0);
        assert_string_equal(text, "");
        assert_int_equal(shmq_span_get(&message, &seen->raw, &data, &size), 0);
        assert_true(data == NULL && size == 0);
        shmq_release(consumer);
    }
    shmq_close(q);
    shmq_close(consumer);
}

static void what_does_not_fit_is_refused_and_never_cut(void **state)
{
    char long_note[33];
    float values[6] = {0};
    struct shmq *q = open_as(make("fit"), SHMQ_PRODUCER);
    struct shmq_info info = {.struct_size = sizeof info};
    struct deal deal = a_deal;
    struct trade *smo = NULL;
    void *room;

    (void)state;
    memset(long_note, 'x', 32);
    long_note[32] = '\0';
    deal.note = long_note;
    assert_int_equal(trade_send(q, &deal), -EMSGSIZE);
    deal.note = long_note + 1;
    deal.symbol = "eight888";
    assert_int_equal(trade_send(q, &deal), -EMSGSIZE);
    deal.symbol = "seven77";
    deal.values = values;
    deal.value_count = 6;
    assert_int_equal(trade_send(q, &deal), -EMSGSIZE);
    shmq_info(q, &info);
    assert_int_equal(info.sent, 0);
    deal.value_count = 5;
    assert_int_equal(trade_send(q, &deal), 0);

    assert_int_equal(trade_reserve_room(q, 16, &smo), 0);
    assert_int_equal(shmq_span_put(q, &smo->raw, values, 9), 0);
    assert_int_equal(shmq_span_put(q, &smo->raw, values, 8), -EINVAL); /* it has its data */
    assert_int_equal(shmq_span_put(q, &smo->values, values, 4), -EMSGSIZE);
    assert_int_equal(shmq_span_put(q, &smo->values, values, 3), -EINVAL);
    assert_int_equal(shmq_string_put(q, &smo->raw, ""), -EINVAL);
    assert_int_equal(shmq_span_put(q, &smo->note, "ab", 2), -EINVAL); /* a text without its NUL */
    assert_int_equal(shmq_span_room(q, (struct shmq_sm_span *)(void *)&smo->id, 1, &room), -EINVAL);
    assert_int_equal(shmq_span_room(q, (struct shmq_sm_span *)(void *)(smo + 1), 1, &room), -EINVAL);
    assert_int_equal(shmq_span_room(q, (struct shmq_sm_span *)(void *)(smo - 1), 1, &room), -EINVAL);
    trade_abort(q);
    assert_int_equal(shmq_span_put(q, &smo->values, values, 4), -EINVAL);
    assert_int_equal(trade_reserve_room(q, SIZE_MAX - 1, &smo), -EMSGSIZE);
    shmq_close(q);
}

#define OLD_TRADE(F) F(u64, id)
#define OTHER_TRADE(F) F(u64, id) F(f64, cost)
static const struct shmq_sm_field old_fields[] = {OLD_TRADE(SHMQ_SM_FIELD)};
static const struct shmq_sm_field other_fields[] = {OTHER_TRADE(SHMQ_SM_FIELD)};
static const struct shmq_sm trade_2_sm = {SHMQ_SM_FORMAT, 2, 8, 1, "trade", old_fields};
static const struct shmq_sm trade_other_sm = {SHMQ_SM_FORMAT, 1, 16, 2, "trade", other_fields};

static void both_versions_are_named(void **state)
{
    struct shmq *q = open_as(make("version"), SHMQ_PRODUCER);
    struct shmq *untyped;
    const char *name = test_name("untyped");
    char line[120];
    void *slot;

    (void)state;
    assert_int_equal(shmq_sm_type(q, &trade_sm), 0x8001);
    assert_int_equal(shmq_sm_type(q, &plain_sm), 0x8002);
    assert_int_equal(shmq_sm_difference(q, &trade_sm, line, sizeof line), 0);
    assert_string_equal(line, "");
    assert_int_equal(shmq_sm_type(q, &trade_2_sm), -EPROTO);
    assert_int_equal(shmq_sm_reserve(q, &trade_2_sm, 0, &slot), -EPROTO);
    assert_int_equal(shmq_sm_difference(q, &trade_2_sm, line, sizeof line), -EPROTO);
    assert_string_equal(line, "trade: the queue has version 1, this program version 2");
    assert_int_equal(shmq_sm_difference(q, &trade_2_sm, line, 8), -EPROTO);
    assert_string_equal(line, "trade: ");
    assert_int_equal(shmq_sm_difference(q, &trade_other_sm, line, sizeof line), -EPROTO);
    assert_string_equal(line, "trade: the queue's has another field in the place of cost, and the same version");
    assert_int_equal(shmq_sm_difference(q, &point_sm, line, sizeof line), -EPROTO);
    assert_string_equal(line, "point: the queue has no records of this type");
    assert_int_equal(shmq_sm_type(q, NULL), -EINVAL);
    shmq_close(q);

    assert_int_equal(shmq_create(name, NULL), 0);
    untyped = open_as(name, SHMQ_OBSERVER);
    assert_int_equal(shmq_sm_type(untyped, &trade_sm), -EPROTO);
    assert_int_equal(shmq_schema_count(untyped), 0);
    assert_int_equal(shmq_schema_find(untyped, 0), -ENOENT);
    shmq_close(untyped);
}

static void types_that_cannot_be_are_refused_at_creation(void **state)
{
    const char *name = test_name("refused");
    const struct shmq_sm *twice[] = {&trade_sm, &trade_2_sm};
    static const struct shmq_sm_field large_field[] = {{"a", SHMQ_FIELD_U8, SHMQ_SHAPE_ARRAY, 4096, NULL}};
    static const struct shmq_sm large = {SHMQ_SM_FORMAT, 1, 4096, 1, "large", large_field};
    const struct shmq_sm *larges[] = {&large};
    struct shmq_create_options o = {.struct_size = sizeof o, .types = twice, .type_count = 2};
    struct shmq *q = NULL;

    (void)state;
    assert_int_equal(shmq_create(name, &o), -EINVAL);
    o.types = NULL;
    assert_int_equal(shmq_create(name, &o), -EINVAL);
    o = (struct shmq_create_options){.struct_size = sizeof o, .capacity = 4096, .types = larges, .type_count = 1};
    assert_int_equal(shmq_create(name, &o), -EMSGSIZE);
    assert_int_equal(shmq_open(name, SHMQ_OBSERVER, NULL, &q), -ENOENT);
    o.capacity = 16384;
    assert_int_equal(shmq_create(name, &o), 0);
}

static void records_of_other_types_are_told_apart(void **state)
{
    const char *name = make("mixed");
    struct shmq *q = open_as(name, SHMQ_PRODUCER);
    struct shmq *consumer = open_as(name, SHMQ_CONSUMER);
    struct shmq_message message;
    const struct trade *trade = NULL;
    const struct plain *plain = NULL;
    struct plain *smo = NULL;
    char bytes[64] __attribute__((aligned(8)));

    (void)state;
    assert_int_equal(plain_reserve(q, &smo), 0);
    smo->b = 5;
    assert_int_equal(plain_commit(q, SHMQ_MORE), 0);
    assert_int_equal(shmq_send(q, "raw", 3, 1, 0), 0);
    assert_int_equal(shmq_send(q, "torn", 4, 0x8002, 0), 0);
    assert_int_equal(trade_peek(consumer, &message, &trade), -ENOMSG);
    assert_int_equal(plain_view(consumer, &message, &plain), 0);
    assert_int_equal(plain->b, 5);
    assert_int_equal(plain_peek(consumer, &message, &plain), -ENOMSG);
    assert_int_equal(message.type, 1);
    assert_int_equal(plain_peek_wait(consumer, -1, &message, &plain), -EBADMSG);
    assert_int_equal(shmq_release(consumer), 0);
    assert_int_equal(plain_peek(consumer, &message, &plain), -EAGAIN);
    assert_int_equal(plain_peek_wait(consumer, 0, &message, &plain), -ETIMEDOUT);

    assert_int_equal(plain_reserve(q, &smo), 0);
    assert_int_equal(plain_commit(q, 0), 0);
    assert_int_equal(shmq_recv(consumer, bytes, sizeof bytes, &message), 0);
    assert_int_equal(plain_view(consumer, &message, &plain), 0);
    message.data = bytes + 1;
    assert_int_equal(plain_view(consumer, &message, &plain), -EINVAL);
    assert_int_equal(plain_reserve(consumer, &smo), -EINVAL);
    assert_int_equal(plain_commit(consumer, 0), -EINVAL);
    assert_int_equal(plain_peek(q, &message, &plain), -EINVAL);
    shmq_close(q);
    shmq_close(consumer);
}

static void a_whole_structure_is_sent_in_one_call(void **state)
{
    const uint32_t kinds[] = {SHMQ_LANES, SHMQ_TOTAL_ORDER, SHMQ_RECORDER};

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        const char *name = make_kind(k == 0 ? "lanes" : k == 1 ? "order" : "recorder", kinds[k], 4096);
        struct shmq *q = open_as(name, SHMQ_PRODUCER);
        struct shmq *consumer = open_as(name, SHMQ_CONSUMER);
        struct shmq_message message;
        const struct plain *plain = NULL;
        const struct many *many = NULL;

        for (uint64_t i = 0; i < 300; i++) {
            assert_int_equal(plain_put(q, &(struct plain){i, 2, ~i}, SHMQ_MORE), 0);
            assert_int_equal(many_put(q, &(struct many){.flags[19].number = (uint32_t)i}, 0), 0);
            assert_int_equal(plain_peek(consumer, &message, &plain), 0);
            assert_int_equal(message.size, sizeof *plain);
            assert_true(plain->a == i && plain->b == 2 && plain->c == ~i);
            assert_int_equal(many_peek(consumer, &message, &many), 0);
            assert_int_equal(many->flags[19].number, i);
            shmq_release(consumer);
        }
        shmq_close(q);
        shmq_close(consumer);
    }
}

static void what_cannot_be_put_is_refused(void **state)
{
    const char *name = make("put");
    struct shmq *q = open_as(name, SHMQ_PRODUCER);
    struct shmq *consumer = open_as(name, SHMQ_CONSUMER);
    static const struct trade trade;
    static const struct plain plain;
    struct plain *smo = NULL;
    int count = 0;
    int rc;

    (void)state;
    assert_int_equal(trade_put(q, &trade, 0), -EINVAL); /* it has spans */
    assert_int_equal(plain_put(consumer, &plain, 0), -EINVAL);
    assert_int_equal(shmq_sm_put(q, &trade_2_sm, &trade, 0), -EPROTO);
    assert_int_equal(plain_put(q, &plain, 2), -EINVAL);
    for (unsigned flags = 0; flags <= 2; flags += 2) {
        assert_int_equal(plain_reserve(q, &smo), 0);
        assert_int_equal(plain_put(q, &plain, flags), flags == 0 ? 0 : -EINVAL);
        assert_int_equal(plain_commit(q, 0), -EINVAL); /* the slot was forgotten */
    }
    while ((rc = plain_put(q, &plain, 0)) == 0)
        count++;
    assert_int_equal(rc, -EAGAIN);
    assert_int_equal(count, 4096 / 32 - 1);
    assert_int_equal(plain_reserve(q, &smo), -EAGAIN);
    assert_int_equal(plain_commit(q, 0), -EINVAL);
    shmq_close(q);
    shmq_close(consumer);
}

/*
 * One byte of a record is bad: is that told? The slow way looks whether there is a record, and takes the first of several;
 * what it has seen behind that is taken by the fast way.
 */
static void check_byte(struct shmq *q, struct shmq *consumer, const struct shmq_sm *type, size_t at, bool is_checked)
{
    uint8_t bytes[3][sizeof(struct many)] __attribute__((aligned(8))) = {{0}};
    struct shmq_message message;
    const void *smo = NULL;

    bytes[0][at] = bytes[1][at] = 2;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(shmq_sm_put(q, type, bytes[i], 0), 0);
    for (size_t i = 0; i < 3; i++) {
        int wanted = is_checked && i < 2 ? -EBADMSG : 0;

        assert_int_equal(shmq_sm_peek(consumer, type, &message, &smo), wanted);
        assert_int_equal(((uint8_t *)message.data)[at], bytes[i][at]);
        assert_int_equal(shmq_sm_view(consumer, type, &message, &smo), wanted);
    }
    shmq_release(consumer);
}

static bool is_flag(size_t at, size_t first, size_t count)
{
    return at >= first && at < first + count * sizeof(struct flag) &&
           (at - first) % sizeof(struct flag) == offsetof(struct flag, set);
}

static void each_byte_that_can_be_wrong_is_looked_at(void **state)
{
    const char *name = make("bytes");
    struct shmq *q = open_as(name, SHMQ_PRODUCER);
    struct shmq *consumer = open_as(name, SHMQ_CONSUMER);

    (void)state;
    for (size_t at = 0; at < sizeof(struct flags); at++) {
        check_byte(q, consumer, &flags_sm, at,
                   at == 3 || (at >= offsetof(struct flags, open) && at < offsetof(struct flags, open) + 3) ||
                       is_flag(at, offsetof(struct flags, more), 2) || is_flag(at, offsetof(struct flags, last), 1));
    }
    for (size_t at = 0; at < sizeof(struct many); at++) {
        check_byte(q, consumer, &many_sm, at,
                   at == 3 || is_flag(at, offsetof(struct many, flags), 20) ||
                       (at >= offsetof(struct many, open) && at < offsetof(struct many, open) + 3));
    }
    for (size_t at = 0; at < sizeof(struct plain); at++)
        check_byte(q, consumer, &plain_sm, at, false);
    shmq_close(q);
    shmq_close(consumer);
}

/* The handle remembers the last type: whatever comes between goes by its own. */
static void types_take_turns(void **state)
{
    const char *name = make("turns");
    struct shmq *q = open_as(name, SHMQ_PRODUCER);
    struct shmq *consumer = open_as(name, SHMQ_CONSUMER);
    struct shmq_message message;
    const struct plain *plain = NULL;
    const struct flags *flags = NULL;
    struct trade *trade = NULL;
    struct plain *smo = NULL;
    struct deal deal = a_deal;
    struct deal got = {0};

    (void)state;
    for (uint64_t i = 100; i < 300; i++) {
        deal.id = i;
        assert_int_equal(plain_reserve(q, &smo), 0);
        assert_int_equal(trade_reserve(q, &trade), 0); /* instead of it */
        assert_int_equal(trade_reserve_room(q, 0, &trade), 0);
        assert_int_equal(shmq_string_put(q, &trade->note, "x"), -EMSGSIZE);
        assert_int_equal(trade_send(q, &deal), 0);
        assert_int_equal(plain_commit(q, 0), -EINVAL);
        assert_int_equal(plain_reserve(q, &smo), 0);
        smo->c = i;
        assert_int_equal(plain_commit(q, 0), 0);
        assert_int_equal(flags_put(q, &(struct flags){.more[1].number = 7}, 0), 0);
        assert_int_equal(plain_peek(consumer, &message, &plain), -ENOMSG);
        assert_int_equal(message.size, sizeof(struct trade) + 8 + sizeof two_values);
        assert_int_equal(plain_peek(consumer, &message, &plain), 0);
        assert_int_equal(plain->c, i);
        assert_int_equal(flags_peek(consumer, &message, &flags), 0);
        assert_int_equal(flags->more[1].number, 7);
        shmq_release(consumer);
        assert_int_equal(trade_send(q, &deal), 0);
        assert_int_equal(trade_recv(consumer, &got), 0);
        assert_int_equal(got.id, i);
        free_deal(&got);
    }
    shmq_close(q);
    shmq_close(consumer);
}

/* A conversion that fails does not lose the record to the next consumer. */
static void an_object_that_cannot_be_made_is_kept(void **state)
{
    const char *name = make("kept");
    struct shmq *q = open_as(name, SHMQ_PRODUCER);
    struct shmq *consumer = open_as(name, SHMQ_CONSUMER);
    struct deal deal = a_deal;
    struct deal got = {0};

    (void)state;
    deal.id = 13;
    assert_int_equal(trade_send(q, &deal), 0);
    assert_int_equal(trade_recv(consumer, &got), -ENOMEM);
    free_deal(&got);
    shmq_close(consumer);
    consumer = open_as(name, SHMQ_CONSUMER);
    assert_int_equal(trade_recv(consumer, &got), -ENOMEM);
    free_deal(&got);
    assert_int_equal(shmq_release(consumer), 0);
    assert_int_equal(trade_recv(consumer, &got), -EAGAIN);
    shmq_close(q);
    shmq_close(consumer);
}

struct text {
    char buffer[4096];
    size_t size;
};

static int append(void *arg, const char *piece, size_t size)
{
    struct text *text = arg;

    if (size >= sizeof text->buffer - text->size)
        return -ENOSPC;
    memcpy(text->buffer + text->size, piece, size);
    text->size += size;
    text->buffer[text->size] = '\0';
    return 0;
}

static int refuse(void *arg, const char *piece, size_t size)
{
    (void)arg, (void)piece, (void)size;
    return 42;
}

/* By an observer, who knows the queue's name and nothing else. */
static void any_program_can_print_a_record(void **state)
{
    const char *name = make("print");
    struct shmq *q = open_as(name, SHMQ_PRODUCER);
    struct shmq *consumer = open_as(name, SHMQ_CONSUMER);
    struct shmq *observer = open_as(name, SHMQ_OBSERVER);
    struct shmq_message message;
    struct text text = {.size = 0};
    struct trade *smo = NULL;

    (void)state;
    (void)setlocale(LC_ALL, "de_DE.UTF-8"); /* where it is installed, a comma stands for the point */
    assert_int_equal(trade_reserve(q, &smo), 0);
    smo->id = UINT64_MAX;
    smo->price = 0.1;
    smo->open = 1;
    smo->legs[0] = (struct point){65535, INT64_MIN};
    smo->parts[0] = INT32_MIN;
    assert_int_equal(shmq_text_set(smo->symbol, sizeof smo->symbol, "a\"\\\n\x01\xc3"), 0);
    assert_int_equal(shmq_span_put(q, &smo->raw, "\x00\xff\x10", 3), 0);
    assert_int_equal(shmq_string_put(q, &smo->note, "€ \xed\xa0\x80 \xf0\x9f\x90\x9a"), 0);
    const float values[] = {0.1f, -1e30f, __builtin_nanf(""), -__builtin_inff(), 16777216.0f};

    assert_int_equal(shmq_span_put(q, &smo->values, values, sizeof values), 0);
    assert_int_equal(trade_commit(q, 0), 0);
    assert_int_equal(shmq_peek(consumer, &message), 0);
    assert_int_equal(shmq_schema_format(observer, &message, append, &text), 0);
    assert_string_equal(text.buffer,
                        "{\"id\":18446744073709551615,\"price\":0.1,\"symbol\":\"a\\\"\\\\\\n\\u0001\xef\xbf\xbd\","
                        "\"open\":true,\"legs\":[{\"x\":65535,\"y\":-9223372036854775808},{\"x\":0,\"y\":0}],"
                        "\"parts\":[-2147483648,0,0],\"raw\":\"00ff10\","
                        "\"note\":\"€ \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xf0\x9f\x90\x9a\","
                        "\"values\":[0.1,-1e+30,\"nan\",\"-inf\",16777216]}");
    text.size = 0;
    assert_int_equal(shmq_schema_list(observer, &message, append, &text), 0);
    assert_string_equal(text.buffer,
                        "id=18446744073709551615\nprice=0.1\nsymbol=\"a\\\"\\\\\\n\\u0001\xef\xbf\xbd\"\nopen=true\n"
                        "legs[0].x=65535\nlegs[0].y=-9223372036854775808\nlegs[1].x=0\nlegs[1].y=0\n"
                        "parts=[-2147483648,0,0]\nraw=\"00ff10\"\n"
                        "note=\"€ \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xf0\x9f\x90\x9a\"\n"
                        "values=[0.1,-1e+30,\"nan\",\"-inf\",16777216]\n");
    assert_int_equal(shmq_schema_format(observer, &message, refuse, NULL), 42);
    assert_int_equal(shmq_schema_list(observer, &message, refuse, NULL), 42);
    ((struct trade *)message.data)->open = 2;
    assert_int_equal(shmq_schema_format(observer, &message, refuse, NULL), -EBADMSG);
    message.type = 5;
    assert_int_equal(shmq_schema_format(observer, &message, refuse, NULL), -ENOENT);
    (void)setlocale(LC_ALL, "C");
    shmq_close(q);
    shmq_close(consumer);
    shmq_close(observer);
}

static void fields_can_be_gone_through(void **state)
{
    struct shmq *q = open_as(make("fields"), SHMQ_OBSERVER);
    struct shmq_schema schema = {.struct_size = sizeof schema};
    struct shmq_field field = {.struct_size = sizeof field};

    (void)state;
    assert_int_equal(shmq_schema_count(q), 6);
    assert_int_equal(shmq_schema_find(q, 0x8001), 1);
    assert_int_equal(shmq_schema_find(q, 0x8000), -ENOENT);
    assert_int_equal(shmq_schema_get(q, 1, &schema), 0);
    assert_string_equal(schema.name, "trade");
    assert_int_equal(schema.version, 1);
    assert_int_equal(schema.size, sizeof(struct trade));
    assert_int_equal(schema.field_count, 9);
    assert_int_equal(schema.record_type, 0x8001);
    assert_int_equal(shmq_schema_field(q, 1, 4, &field), 0);
    assert_string_equal(field.name, "legs");
    assert_int_equal(field.kind, SHMQ_FIELD_NESTED);
    assert_int_equal(field.shape, SHMQ_SHAPE_ARRAY);
    assert_int_equal(field.offset, offsetof(struct trade, legs));
    assert_int_equal(field.count, 2);
    assert_int_equal(shmq_schema_get(q, field.nested, &schema), 0);
    assert_string_equal(schema.name, "point");
    assert_int_equal(schema.record_type, 0);
    assert_int_equal(shmq_schema_field(q, 1, 9, &field), -ERANGE);
    assert_int_equal(shmq_schema_get(q, 6, &schema), -ERANGE);
    schema.struct_size = 1;
    assert_int_equal(shmq_schema_get(q, 0, &schema), -EINVAL);
    shmq_close(q);
}

static uint64_t random_state;

static uint64_t random_word(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static int count_bytes(void *arg, const char *piece, size_t size)
{
    *(size_t *)arg += size;
    return memchr(piece, '\0', size) != NULL;
}

/* A copy of a good record of exactly its size, with some other bytes in it, is printed or refused. */
static void hostile_records_are_printed_or_refused(void **state)
{
    const char *name = make("hostile");
    struct shmq *q = open_as(name, SHMQ_PRODUCER);
    struct shmq *consumer = open_as(name, SHMQ_CONSUMER);
    struct shmq_message good;
    size_t printed = 0;
    int refused = 0;

    (void)state;
    random_state = getenv("SEED") != NULL ? strtoull(getenv("SEED"), NULL, 0) : (uint64_t)time(NULL);
    print_message("SEED=%llu\n", (unsigned long long)random_state);
    assert_int_equal(trade_send(q, &a_deal), 0);
    assert_int_equal(shmq_peek(consumer, &good), 0);
    for (int i = 0; i < MUTATIONS; i++) {
        struct shmq_message message = good;
        const struct trade *smo = NULL;

        message.size = random_word() % 16 == 0 ? (uint32_t)(random_word() % good.size) : good.size;
        message.data = malloc(message.size != 0 ? message.size : 1);
        memcpy(message.data, good.data, message.size);
        for (uint64_t n = random_word() % 4; n > 0 && message.size > 0; n--)
            ((uint8_t *)message.data)[random_word() % message.size] =
                (uint8_t)(random_word() % 2 == 0 ? random_word() : random_word() % 3);
        int rc = shmq_schema_format(consumer, &message, count_bytes, &printed);

        assert_int_equal(trade_view(consumer, &message, &smo), rc);
        assert_int_equal(shmq_schema_list(consumer, &message, count_bytes, &printed), rc);
        refused += rc == -EBADMSG;
        assert_true(rc == 0 || rc == -EBADMSG);
        if (rc == 0) {
            const void *data;
            size_t size;

            assert_int_equal(shmq_span_get(&message, &smo->raw, &data, &size), 0);
        }
        free(message.data);
    }
    print_message("%d of %d refused, %llu bytes printed\n", refused, MUTATIONS, (unsigned long long)printed);
    assert_true(refused > 0 && printed > 0);
    shmq_close(q);
    shmq_close(consumer);
}

/* Schemas that somebody has damaged are an error of the calls that want them, and no other. */
static void damaged_schemas_are_told(void **state)
{
    const char *name = make("damaged");
    struct shmq_mapping *mapping = NULL;
    struct shmq_view view;
    struct shmq *q;
    struct trade *smo = NULL;

    (void)state;
    assert_int_equal(shmq_mapping_open(name, SHMQ_READ_WRITE, 0, &mapping), 0);
    assert_int_equal(shmq_mapping_view(mapping, SHMQ_READ_WRITE, 0, 8192, &view), 0);
    ((struct shmq_schemas_head *)(void *)((uint8_t *)view.base + 4096))->count = 100;
    q = open_as(name, SHMQ_PRODUCER);
    assert_int_equal(shmq_schema_count(q), -EBADMSG);
    assert_int_equal(trade_reserve(q, &smo), -EBADMSG);
    assert_int_equal(shmq_send(q, "fine", 4, 0, 0), 0);
    shmq_close(q);
    shmq_mapping_unview(&view);
    shmq_mapping_close(mapping);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_arrive_as_they_were_sent),
        cmocka_unit_test(a_slot_is_all_zero),
        cmocka_unit_test(what_does_not_fit_is_refused_and_never_cut),
        cmocka_unit_test(both_versions_are_named),
        cmocka_unit_test(types_that_cannot_be_are_refused_at_creation),
        cmocka_unit_test(records_of_other_types_are_told_apart),
        cmocka_unit_test(a_whole_structure_is_sent_in_one_call),
        cmocka_unit_test(what_cannot_be_put_is_refused),
        cmocka_unit_test(each_byte_that_can_be_wrong_is_looked_at),
        cmocka_unit_test(types_take_turns),
        cmocka_unit_test(an_object_that_cannot_be_made_is_kept),
        cmocka_unit_test(any_program_can_print_a_record),
        cmocka_unit_test(fields_can_be_gone_through),
        cmocka_unit_test(hostile_records_are_printed_or_refused),
        cmocka_unit_test(damaged_schemas_are_told),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
