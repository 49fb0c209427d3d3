#include "peers.h"

#include <errno.h>
#include <shmq/layout.h>
#include <shmq/shmq.h>
#include <string.h>

enum { RING = 4096 };

static const uint32_t kinds[] = {SHMQ_LANES, SHMQ_TOTAL_ORDER, SHMQ_RECORDER};
enum { KINDS = sizeof kinds / sizeof *kinds };

static uint64_t mixed(uint64_t number, uint64_t i)
{
    return (number + 1) * UINT64_C(0x9e3779b97f4a7c15) + i;
}

/* 1 .. 60 words, so that a ring ends in padding of all sizes. */
static size_t words_of(uint64_t number)
{
    return 1 + mixed(number, 0) / 3 % 60;
}

static size_t fill(uint64_t *words, uint64_t number)
{
    for (size_t i = 0; i < words_of(number); i++)
        words[i] = mixed(number, i);
    words[0] = number;
    return words_of(number) * 8;
}

static int send_one(struct shmq *p, uint64_t number, unsigned flags)
{
    uint64_t words[64];
    size_t size = fill(words, number);

    return shmq_send(p, words, size, (uint16_t)number, flags);
}

static bool is_whole(const struct shmq_message *m, uint64_t number)
{
    uint64_t words[64];

    return m->size == fill(words, number) && m->type == (uint16_t)number && memcmp(m->data, words, m->size) == 0;
}

static struct shmq_cursor *placed(struct shmq *q, uint32_t from)
{
    struct shmq_cursor_options o = {.struct_size = sizeof o, .from = from};
    struct shmq_cursor *cursor = NULL;

    assert_int_equal(shmq_cursor_open(q, &o, &cursor), 0);
    return cursor;
}

static struct shmq_cursor *placed_in(struct shmq *q, uint32_t from, uint32_t lane)
{
    struct shmq_cursor_options o = {.struct_size = sizeof o, .from = from, .has_lane = 1, .lane = lane};
    struct shmq_cursor *cursor = NULL;

    assert_int_equal(shmq_cursor_open(q, &o, &cursor), 0);
    return cursor;
}

static int next(struct shmq_cursor *cursor, struct shmq_seen *seen)
{
    seen->struct_size = sizeof *seen;
    return shmq_cursor_next(cursor, seen);
}

static void expect(struct shmq_cursor *cursor, uint64_t number)
{
    struct shmq_seen seen;

    assert_int_equal(next(cursor, &seen), 0);
    assert_true(is_whole(&seen.message, number));
    assert_int_equal(seen.number, number);
    assert_int_equal(seen.missed, 0);
    assert_int_equal(seen.missed_bytes, 0);
}

static void expect_nothing(struct shmq_cursor *cursor)
{
    struct shmq_seen seen;

    assert_int_equal(next(cursor, &seen), -EAGAIN);
}

static void receive_one(struct shmq *c, uint64_t number)
{
    struct shmq_message m;

    assert_int_equal(shmq_peek(c, &m), 0);
    assert_true(is_whole(&m, number));
    assert_int_equal(shmq_release(c), 0);
}

static void what_waits_is_seen_and_stays(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        const char *name = queue_made(k == 0 ? "stays0" : k == 1 ? "stays1" : "stays2", 65536, 1, kinds[k]);
        struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
        struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
        struct shmq *o = queue_opened(name, SHMQ_OBSERVER);
        struct shmq_cursor *cursor;

        for (uint64_t i = 0; i < 20; i++)
            assert_int_equal(send_one(p, i, 0), 0);
        for (uint64_t i = 0; i < 7; i++)
            receive_one(c, i);
        for (int round = 0; round < 2; round++) {
            cursor = placed(o, SHMQ_FROM_WAITING);
            for (uint64_t i = 7; i < 20; i++)
                expect(cursor, i);
            expect_nothing(cursor);
            shmq_cursor_close(cursor);
        }
        for (uint64_t i = 7; i < 20; i++)
            receive_one(c, i);
        cursor = placed(c, SHMQ_FROM_WAITING); /* any role can */
        expect_nothing(cursor);
        shmq_cursor_close(cursor);
        shmq_close(p);
        shmq_close(c);
        shmq_close(o);
    }
}

static void record_without_payload_is_seen(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        const char *name = queue_made(k == 0 ? "empty0" : k == 1 ? "empty1" : "empty2", 4096, 1, kinds[k]);
        struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
        struct shmq_cursor *cursor = placed(p, SHMQ_FROM_WAITING);
        struct shmq_seen seen;

        assert_int_equal(shmq_send(p, NULL, 0, 7, 0), 0);
        assert_int_equal(next(cursor, &seen), 0);
        assert_int_equal(seen.message.size, 0);
        assert_int_equal(seen.message.type, 7);
        expect_nothing(cursor);
        shmq_cursor_close(cursor);
        shmq_close(p);
    }
}

static void newest_is_what_comes_from_now_on(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        const char *name = queue_made(k == 0 ? "new0" : k == 1 ? "new1" : "new2", 65536, 1, kinds[k]);
        struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
        struct shmq *o = queue_opened(name, SHMQ_OBSERVER);
        struct shmq_seen seen;

        for (uint64_t i = 0; i < 5; i++)
            assert_int_equal(send_one(p, i, 0), 0);
        struct shmq_cursor *cursor = placed(o, SHMQ_FROM_NEWEST);

        expect_nothing(cursor);
        assert_int_equal(send_one(p, 5, SHMQ_MORE), 0); /* not published */
        expect_nothing(cursor);
        assert_int_equal(shmq_flush(p), 0);
        assert_int_equal(next(cursor, &seen), 0);
        assert_int_equal(seen.number, 5);
        assert_int_equal(seen.is_released, 0);
        assert_true(is_whole(&seen.message, 5));
        expect_nothing(cursor);
        shmq_cursor_close(cursor);
        shmq_close(p);
        shmq_close(o);
    }
}

/* After each of many steps: released records come one behind the other, whole, and most of the ring is found. */
static void released_records_are_found_until_they_are_overwritten(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        const char *name = queue_made(k == 0 ? "old0" : k == 1 ? "old1" : "old2", RING, 1, kinds[k]);
        struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
        struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
        struct shmq *o = queue_opened(name, SHMQ_OBSERVER);
        uint64_t least = UINT64_MAX;

        for (uint64_t sent = 0; sent < 2000; sent++) {
            assert_int_equal(send_one(p, sent, 0), 0);
            receive_one(c, sent);
            struct shmq_cursor *cursor = placed(o, SHMQ_FROM_OLDEST);
            struct shmq_seen seen;
            uint64_t first = UINT64_MAX;
            uint64_t bytes = 0;

            for (uint64_t number = 0; next(cursor, &seen) == 0; number++) {
                if (first == UINT64_MAX)
                    first = number = seen.number;
                assert_int_equal(seen.number, number);
                assert_true(is_whole(&seen.message, number));
                assert_int_equal(seen.is_released, 1);
                bytes += 8 + seen.message.size;
            }
            assert_int_equal(seen.number, sent);
            if (sent > 200 && bytes < least)
                least = bytes;
            shmq_cursor_close(cursor);
        }
        /* Less than an eighth is claimed, a record before a mark, an eighth in front of it, and padding. */
        assert_true(least >= RING / 2);
        shmq_close(p);
        shmq_close(c);
        shmq_close(o);
    }
}

/* What a producer fills in before it commits is nobody's to see, also where it goes round the end of the ring. */
static void slot_that_is_being_written_tears_nothing(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        const char *name = queue_made(k == 0 ? "slot0" : "slot1", RING, 1, kinds[k]);
        struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
        struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
        struct shmq *o = queue_opened(name, SHMQ_OBSERVER);
        size_t largest = queue_info(o).record_max;
        struct shmq_message m;

        for (uint64_t sent = 0; sent < 500; sent++) {
            assert_int_equal(send_one(p, sent, sent % 3 == 0 ? SHMQ_MORE : 0), 0);
            void *slot;
            uint64_t size = sent % 7 == 0 ? largest : mixed(sent, 5) % largest;
            struct shmq_seen seen;

            while (shmq_peek(c, &m) == 0)
                assert_int_equal(shmq_release(c), 0);
            if (shmq_reserve(p, size, &slot) == 0)
                memset(slot, 0xee, size);
            struct shmq_cursor *cursor = placed(o, SHMQ_FROM_OLDEST);

            while (next(cursor, &seen) == 0)
                assert_true(is_whole(&seen.message, seen.number));
            shmq_cursor_close(cursor);
        }
        shmq_close(p);
        shmq_close(c);
        shmq_close(o);
    }
}

static void lapped_cursor_tells_what_it_missed(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        const char *name = queue_made(k == 0 ? "lap0" : k == 1 ? "lap1" : "lap2", RING, 1, kinds[k]);
        struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
        struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
        struct shmq *o = queue_opened(name, SHMQ_OBSERVER);
        struct shmq_cursor *cursor = placed(o, SHMQ_FROM_WAITING);
        struct shmq_seen seen;
        uint64_t sent = 0;
        uint64_t expected = 0;
        uint64_t position = 0;

        for (int round = 0; round < 30; round++) {
            for (int i = 0; i < 1 + 13 * round; i++, sent++) {
                assert_int_equal(send_one(p, sent, 0), 0);
                receive_one(c, sent);
            }
            bool lapped = false;

            while (next(cursor, &seen) == 0) {
                expected += seen.missed;
                assert_int_equal(seen.number, expected);
                assert_true(is_whole(&seen.message, expected));
                uint64_t begins = seen.message.ticket - 8 - seen.message.size - (k == 0 ? 0 : 8);
                uint64_t padding = begins - position - seen.missed_bytes;

                assert_true(padding == 0 || begins % RING == 0);
                assert_true((seen.missed == 0) == (seen.missed_bytes == 0));
                lapped |= seen.missed != 0;
                position = seen.message.ticket;
                expected++;
            }
            assert_int_equal(expected, sent);
            assert_int_equal(position, queue_lane(o, 0).head);
            assert_true(lapped == (round > 2) || round == 2 || round == 1);
        }
        shmq_cursor_close(cursor);
        shmq_close(p);
        shmq_close(c);
        shmq_close(o);
    }
}

static void total_order_is_seen_across_lanes(void **state)
{
    const char *name = queue_made("order", 65536, 3, SHMQ_TOTAL_ORDER);
    struct shmq *o = queue_opened(name, SHMQ_OBSERVER);
    struct shmq *p[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        p[i] = queue_opened(name, SHMQ_PRODUCER);
    struct shmq_cursor *cursor = placed(o, SHMQ_FROM_WAITING);
    struct shmq_cursor *one = placed_in(o, SHMQ_FROM_WAITING, 1);

    for (uint64_t i = 0; i < 300; i++)
        assert_int_equal(send_one(p[mixed(i, 0) / 5 % 3], i, 0), 0);
    for (uint64_t i = 0; i < 300; i++)
        expect(cursor, i);
    expect_nothing(cursor);
    for (uint64_t i = 0; i < 300; i++) {
        if (mixed(i, 0) / 5 % 3 == 1)
            expect(one, i);
    }
    expect_nothing(one);
    shmq_cursor_close(cursor);
    shmq_cursor_close(one);
    for (int i = 0; i < 3; i++)
        shmq_close(p[i]);
    shmq_close(o);
}

static void lanes_come_in_turns_or_alone(void **state)
{
    const char *name = queue_made("lanes", 65536, 3, SHMQ_LANES);
    struct shmq *o = queue_opened(name, SHMQ_OBSERVER);
    struct shmq *p[3];
    uint64_t numbers[3] = {0};
    struct shmq_seen seen;

    (void)state;
    for (uint32_t i = 0; i < 3; i++)
        p[i] = queue_opened_lane(name, SHMQ_PRODUCER, i);
    for (uint64_t i = 0; i < 50; i++) {
        for (uint32_t k = 0; k < 3; k++)
            assert_int_equal(send_one(p[k], i, 0), 0);
    }
    struct shmq_cursor *cursor = placed(o, SHMQ_FROM_WAITING);

    while (next(cursor, &seen) == 0) {
        assert_int_equal(seen.number, numbers[seen.message.lane]);
        assert_true(is_whole(&seen.message, numbers[seen.message.lane]++));
    }
    for (int i = 0; i < 3; i++)
        assert_int_equal(numbers[i], 50);
    shmq_cursor_close(cursor);
    cursor = placed_in(o, SHMQ_FROM_WAITING, 2);
    for (uint64_t i = 0; i < 50; i++) {
        assert_int_equal(next(cursor, &seen), 0);
        assert_int_equal(seen.message.lane, 2);
        assert_int_equal(seen.number, i);
    }
    expect_nothing(cursor);
    shmq_cursor_close(cursor);
    for (int i = 0; i < 3; i++)
        shmq_close(p[i]);
    shmq_close(o);
}

static void removed_queue_ends_it_when_all_was_seen(void **state)
{
    const char *name = queue_made("gone", RING, 1, SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *o = queue_opened(name, SHMQ_OBSERVER);
    struct shmq_cursor *cursor = placed(o, SHMQ_FROM_WAITING);
    struct shmq_seen seen;

    (void)state;
    assert_int_equal(shmq_remove(name, 1), 0);
    expect_nothing(cursor); /* its producer goes on */
    assert_int_equal(send_one(p, 0, 0), 0);
    shmq_close(p);
    expect(cursor, 0);
    assert_int_equal(next(cursor, &seen), -ESTALE);
    shmq_cursor_close(cursor);
    shmq_close(o);
}

static void what_makes_no_sense_is_refused(void **state)
{
    const char *name = queue_made("refused", RING, 2, SHMQ_LANES);
    struct shmq *o = queue_opened(name, SHMQ_OBSERVER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq_cursor_options options = {.struct_size = sizeof options, .from = 3};
    struct shmq_seen seen = {.struct_size = 8};
    struct shmq_cursor *cursor = NULL;

    (void)state;
    assert_int_equal(shmq_cursor_open(o, &options, &cursor), -EINVAL);
    options = (struct shmq_cursor_options){.struct_size = sizeof options, .has_lane = 2};
    assert_int_equal(shmq_cursor_open(o, &options, &cursor), -EINVAL);
    options = (struct shmq_cursor_options){.struct_size = sizeof options, .has_lane = 1, .lane = 2};
    assert_int_equal(shmq_cursor_open(o, &options, &cursor), -ERANGE);
    options = (struct shmq_cursor_options){.struct_size = 4};
    assert_int_equal(shmq_cursor_open(o, &options, &cursor), -EINVAL);
    assert_null(cursor);
    shmq_cursor_close(NULL);
    assert_int_equal(shmq_cursor_open(o, NULL, &cursor), 0);
    assert_int_equal(send_one(p, 0, 0), 0);
    assert_int_equal(shmq_cursor_next(cursor, &seen), -EINVAL); /* and nothing is lost by it */
    expect(cursor, 0);
    shmq_cursor_close(cursor);
    shmq_close(p);
    shmq_close(o);
}

/* Words that no producer writes: each is told or survived, none leads into a loop or out of the ring. */
static void hostile_words_are_told_and_end(void **state)
{
    const uint64_t wild[] = {1, 7, 8, 4088, 4096, 1 << 20, UINT64_C(1) << 63, UINT64_MAX - 7, UINT64_MAX};
    enum { PLACES = 7, WILD = sizeof wild / sizeof *wild };

    (void)state;
    for (size_t w = 0; w < WILD * PLACES * KINDS; w++) {
        char word[16];

        snprintf(word, sizeof word, "wild%zu", w);
        const char *name = queue_made(word, RING, 1, kinds[w / WILD / PLACES]);
        struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
        struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
        struct shmq *o = queue_opened(name, SHMQ_OBSERVER);
        struct shmq_cursor *before = placed(o, SHMQ_FROM_WAITING);
        struct shmq_view view = test_memory(name);
        uint8_t *at = view.base;
        struct shmq_lane *lane = (struct shmq_lane *)(void *)(at + 4096);
        uint64_t value = wild[w % WILD];

        for (uint64_t i = 0; i < 50; i++) {
            assert_int_equal(send_one(p, i, 0), 0);
            receive_one(c, i);
        }
        uint64_t *places[] = {&lane->producer.head,     &lane->tail.tail,         &lane->producer.claimed,
                              &lane->released.released, &lane->marks[3].position, &lane->marks[5].number};

        if (w / WILD % PLACES < PLACES - 1)
            *places[w / WILD % PLACES] = value;
        for (size_t i = 0; w / WILD % PLACES == PLACES - 1 && i < RING / 8; i++) /* records, too */
            ((uint64_t *)(void *)(at + 8192))[i] = value;
        for (uint32_t from = 0; from <= SHMQ_FROM_NEWEST + 1; from++) {
            struct shmq_cursor_options options = {.struct_size = sizeof options, .from = from};
            struct shmq_cursor *cursor = before;
            struct shmq_seen seen;
            int rc = from <= SHMQ_FROM_NEWEST ? shmq_cursor_open(o, &options, &cursor) : 0;

            for (int i = 0; i <= RING / 8 && rc == 0; i++) {
                rc = next(cursor, &seen);
                assert_true(rc != 0 || seen.message.size <= RING - 8);
            }
            assert_true(rc == -EAGAIN || rc == -EBADMSG);
            if (from <= SHMQ_FROM_NEWEST && cursor != before)
                shmq_cursor_close(cursor);
        }
        shmq_cursor_close(before);
        shmq_mapping_unview(&view);
        shmq_close(p);
        shmq_close(c);
        shmq_close(o);
        assert_int_equal(shmq_remove(name, 1), 0);
    }
}

/* As fast as it can, until it is told that it is enough, or killed. Numbers go on where the last one stopped. */
static int send_for_ever(struct peer *self, void *arg)
{
    struct shmq_open_options o = {.struct_size = sizeof o, .policy = SHMQ_WAIT, .has_lane = 1};
    struct shmq *q = NULL;

    o.lane = (uint32_t)(((char *)arg)[0] - '0');
    CHILD_CHECK(shmq_open((char *)arg + 1, SHMQ_PRODUCER, &o, &q) == 0);
    struct shmq_lane_info info = {.struct_size = sizeof info};

    CHILD_CHECK(shmq_lane_info(q, o.lane, &info) == 0);
    peer_pause(self);
    for (uint64_t number = info.sent;; number++)
        CHILD_CHECK(send_one(q, number, number % 5 != 0 ? SHMQ_MORE : 0) >= 0);
}

static int receive_for_ever(struct peer *self, void *name)
{
    struct shmq *q = NULL;
    struct shmq_message m;

    CHILD_CHECK(shmq_open(name, SHMQ_CONSUMER, NULL, &q) == 0);
    peer_pause(self);
    for (;;) {
        int rc = shmq_peek_wait(q, -1, &m);

        CHILD_CHECK(rc >= 0 || rc == -EPIPE || rc == -EINTR);
        if (rc >= 0)
            CHILD_CHECK(shmq_release(q) == 0);
    }
}

struct watch {
    uint64_t expected[2]; /* number in the lane */
    uint64_t position[2];
    uint64_t order;
    uint64_t seen;
    uint64_t missed;
};

/* Numbers of a lane rise by one and what was missed, and so do its positions. */
static void check(struct watch *w, const struct shmq_seen *seen, uint32_t kind)
{
    uint32_t lane = seen->message.lane;
    uint64_t number = *(const uint64_t *)seen->message.data;
    uint64_t begins = seen->message.ticket - 8 - seen->message.size - (kind == SHMQ_LANES ? 0 : 8);

    assert_true(is_whole(&seen->message, number));
    if (kind == SHMQ_TOTAL_ORDER) { /* what both lanes have missed is told with whichever comes first */
        assert_true(seen->number >= w->order);
        assert_true(number >= w->expected[lane]);
        w->order = seen->number + 1;
    } else {
        assert_int_equal(number, seen->number);
        assert_int_equal(number, w->expected[lane] + seen->missed);
        uint64_t padding = begins - w->position[lane] - seen->missed_bytes;

        assert_true(padding < RING / 2 && (padding == 0 || seen->missed != 0 || begins % RING == 0));
    }
    w->expected[lane] = number + 1;
    w->position[lane] = seen->message.ticket;
    w->seen++;
    w->missed += seen->missed;
}

/* One more record in each lane, behind all that waits: what was missed at the end is told with it. */
static void send_last(const char *name, struct shmq *o, uint32_t lanes)
{
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_message m;

    for (uint32_t i = 0; i < lanes; i++) {
        struct shmq *p = queue_opened_lane(name, SHMQ_PRODUCER, i);

        while (shmq_peek(c, &m) >= 0)
            assert_int_equal(shmq_release(c), 0);
        assert_int_equal(send_one(p, queue_lane(o, i).sent, 0), 0);
        shmq_close(p);
    }
    shmq_close(c);
}

static void watch_storm(uint32_t kind, const char *word, uint32_t lanes)
{
    const char *name = queue_made(word, RING, lanes, kind);
    struct shmq *o = queue_opened(name, SHMQ_OBSERVER);
    struct shmq_cursor *cursor = placed(o, SHMQ_FROM_WAITING);
    struct watch w = {{0}, {0}, 0, 0, 0};
    char arg[2][128];

    for (int life = 0; life < 5; life++) {
        struct peer producers[2];
        struct peer consumer = peer_start(receive_for_ever, name);

        assert_true(peer_await(&consumer));
        for (uint32_t i = 0; i < lanes; i++) {
            snprintf(arg[i], sizeof arg[i], "%u%s", i, name);
            producers[i] = peer_start(send_for_ever, arg[i]);
            assert_true(peer_await(&producers[i]));
        }
        peer_go(&consumer);
        for (uint32_t i = 0; i < lanes; i++)
            peer_go(&producers[i]);
        for (uint64_t more = w.seen + test_rounds(4000); w.seen < more;) {
            struct shmq_seen seen;
            int rc = next(cursor, &seen);

            assert_true(rc == 0 || rc == -EAGAIN);
            if (rc == 0)
                check(&w, &seen, kind);
        }
        for (uint32_t i = 0; i < lanes; i++)
            peer_kill(&producers[i]);
        peer_kill(&consumer);
    }
    struct shmq_seen seen;

    while (next(cursor, &seen) == 0)
        check(&w, &seen, kind);
    send_last(name, o, lanes);
    while (next(cursor, &seen) == 0)
        check(&w, &seen, kind);
    uint64_t all = 0;

    for (uint32_t i = 0; i < lanes; i++) {
        assert_int_equal(w.position[i], queue_lane(o, i).head);
        all += w.expected[i];
    }
    /* Whoever is killed between two stores leaves a count that is ahead of what it published. */
    assert_int_equal(w.seen + w.missed, all);
    shmq_cursor_close(cursor);
    shmq_close(o);
}

static void fast_pairs_are_watched_whole_in_order_and_with_exact_gaps(void **state)
{
    (void)state;
    watch_storm(SHMQ_LANES, "storm0", 1);
    watch_storm(SHMQ_RECORDER, "storm1", 1);
    watch_storm(SHMQ_TOTAL_ORDER, "storm2", 2);
}

/* Larger than what a cursor copies at once. */
enum { LARGE_RING = 1 << 17, LARGE_WORDS = 5000 };

static int send_large_for_ever(struct peer *self, void *name)
{
    static uint64_t words[LARGE_WORDS];
    struct shmq_open_options o = {.struct_size = sizeof o, .policy = SHMQ_WAIT};
    struct shmq *q = NULL;

    CHILD_CHECK(shmq_open(name, SHMQ_PRODUCER, &o, &q) == 0);
    peer_pause(self);
    for (uint64_t number = 0;; number++) {
        for (uint64_t i = 0; i < LARGE_WORDS; i++)
            words[i] = number + i;
        CHILD_CHECK(shmq_send(q, words, sizeof words - number % 3 * 4096, 7, 0) == 0);
    }
}

static void records_larger_than_a_piece_are_whole_or_missed(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        const char *name =
            queue_made(k == 0 ? "large0" : "large1", LARGE_RING, 1, k == 0 ? SHMQ_RECORDER : SHMQ_LANES);
        struct shmq *o = queue_opened(name, SHMQ_OBSERVER);
        struct shmq_cursor *cursor = placed(o, SHMQ_FROM_WAITING);
        struct peer consumer = peer_start(receive_for_ever, (void *)(uintptr_t)name);
        struct peer producer = peer_start(send_large_for_ever, (void *)(uintptr_t)name);
        uint64_t expected = 0;

        assert_true(peer_await(&consumer) && peer_await(&producer));
        peer_go(&consumer);
        peer_go(&producer);
        for (int seen_count = 0; seen_count < 1000;) {
            struct shmq_seen seen;
            int rc = next(cursor, &seen);

            assert_true(rc == 0 || rc == -EAGAIN);
            if (rc != 0)
                continue;
            const uint64_t *words = seen.message.data;
            bool whole = true;

            for (uint64_t i = 0; i < seen.message.size / 8; i++)
                whole = whole && words[i] == words[0] + i;
            assert_true(whole);
            assert_int_equal(seen.message.size, LARGE_WORDS * 8 - words[0] % 3 * 4096);
            assert_int_equal(words[0], expected + seen.missed);
            expected = words[0] + 1;
            seen_count++;
        }
        peer_kill(&producer);
        peer_kill(&consumer);
        shmq_cursor_close(cursor);
        shmq_close(o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_is_seen_and_stays),
        cmocka_unit_test(record_without_payload_is_seen),
        cmocka_unit_test(newest_is_what_comes_from_now_on),
        cmocka_unit_test(released_records_are_found_until_they_are_overwritten),
        cmocka_unit_test(slot_that_is_being_written_tears_nothing),
        cmocka_unit_test(lapped_cursor_tells_what_it_missed),
        cmocka_unit_test(total_order_is_seen_across_lanes),
        cmocka_unit_test(lanes_come_in_turns_or_alone),
        cmocka_unit_test(removed_queue_ends_it_when_all_was_seen),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(hostile_words_are_told_and_end),
        cmocka_unit_test(records_larger_than_a_piece_are_whole_or_missed),
        cmocka_unit_test(fast_pairs_are_watched_whole_in_order_and_with_exact_gaps),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
