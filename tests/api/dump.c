#include "peers.h"

#include <errno.h>
#include <shmq/shmq.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *dump_path(const char *word)
{
    static char path[256];

    snprintf(path, sizeof path, "%s", test_path(word));
    return path;
}

static void send_number(struct shmq *p, uint64_t number)
{
    uint64_t words[13];

    for (int i = 0; i < 13; i++)
        words[i] = number;
    assert_true(shmq_send(p, words, sizeof words, 7, 0) >= 0);
}

static bool is_whole(const struct shmq_message *m, uint64_t number)
{
    uint64_t words[13];

    for (int i = 0; i < 13; i++)
        words[i] = number;
    return m->size == sizeof words && m->type == 7 && memcmp(m->data, words, sizeof words) == 0;
}

/* Whoever is in the queue, and what it holds, is in the dump as it was, whatever becomes of the queue. */
static void dump_holds_what_was_and_who_was_there(void **state)
{
    static const uint32_t kinds[] = {SHMQ_LANES, SHMQ_TOTAL_ORDER, SHMQ_RECORDER};

    (void)state;
    for (int k = 0; k < 3; k++) {
        const char *name = queue_made(k == 0 ? "who0" : k == 1 ? "who1" : "who2", 65536, 3, kinds[k]);
        const char *path = dump_path(k == 0 ? "who0" : k == 1 ? "who1" : "who2");
        struct shmq *p = queue_opened_lane(name, SHMQ_PRODUCER, 1);
        struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
        struct shmq *d = NULL;
        struct shmq_message m;
        const void *note;
        size_t size;

        for (uint64_t i = 0; i < 30; i++)
            send_number(p, i);
        for (uint64_t i = 0; i < 10; i++) {
            assert_int_equal(shmq_peek(c, &m), 0);
            assert_int_equal(shmq_release(c), 0);
        }
        assert_int_equal(shmq_dump_note(c, &note, &size), -ENOENT);
        assert_int_equal(shmq_dump(c, path, "note", 4), 0);
        assert_int_equal(shmq_dump(c, path, NULL, 0), -EEXIST);
        struct shmq_info was = queue_info(c);

        for (uint64_t i = 30; i < 60; i++)
            send_number(p, i);
        shmq_close(p);
        shmq_close(c);
        assert_int_equal(shmq_remove(name, 0), 0);

        assert_int_equal(queue_try(path, SHMQ_CONSUMER), -EACCES);
        assert_int_equal(queue_try(path, SHMQ_PRODUCER), -EACCES);
        assert_int_equal(queue_try(path, SHMQ_REPORTER), -EACCES);
        assert_int_equal(shmq_open(path, SHMQ_OBSERVER, NULL, &d), 0);
        assert_int_equal(shmq_dump_note(d, &note, &size), 0);
        assert_int_equal(size, 4);
        assert_memory_equal(note, "note", 4);
        struct shmq_info is = queue_info(d);

        assert_true(is.dumped_ns > is.created_ns);
        assert_int_equal(is.consumer_presence, SHMQ_PRESENT);
        assert_int_equal(is.consumer_pid, getpid());
        assert_int_equal(queue_lane(d, 0).presence, SHMQ_ABSENT);
        assert_int_equal(queue_lane(d, 1).presence, SHMQ_PRESENT);
        is.dumped_ns = 0;
        assert_memory_equal(&is, &was, sizeof is);
        for (uint32_t from = SHMQ_FROM_WAITING; from <= SHMQ_FROM_OLDEST; from++) {
            struct shmq_cursor_options o = {.struct_size = sizeof o, .from = from};
            struct shmq_seen seen = {.struct_size = sizeof seen};
            struct shmq_cursor *cursor;

            assert_int_equal(shmq_cursor_open(d, &o, &cursor), 0);
            for (uint64_t i = from == SHMQ_FROM_WAITING ? 10 : 0; i < 30; i++) {
                assert_int_equal(shmq_cursor_next(cursor, &seen), 0);
                assert_int_equal(seen.number, i);
                assert_true(is_whole(&seen.message, i));
                assert_int_equal(seen.is_released, i < 10);
            }
            assert_int_equal(shmq_cursor_next(cursor, &seen), -ESTALE);
            shmq_cursor_close(cursor);
        }
        shmq_close(d);
        assert_int_equal(unlink(path), 0);
    }
}

static int pass_for_ever(struct peer *self, void *name)
{
    struct shmq *p = NULL;
    struct shmq *c = NULL;
    struct shmq_message m;

    CHILD_CHECK(shmq_open(name, SHMQ_PRODUCER, NULL, &p) == 0);
    CHILD_CHECK(shmq_open(name, SHMQ_CONSUMER, NULL, &c) == 0);
    peer_pause(self);
    for (uint64_t number = 0;; number++) {
        uint64_t words[13];

        for (int i = 0; i < 13; i++)
            words[i] = number;
        CHILD_CHECK(shmq_send(p, words, sizeof words, 7, 0) == 0);
        if (number % 8 == 7) {
            for (int i = 0; i < 7; i++)
                CHILD_CHECK(shmq_peek(c, &m) >= 0);
            CHILD_CHECK(shmq_peek(c, &m) >= 0 && shmq_release(c) == 0);
        }
    }
}

/* Also where the producer writes over what is being copied. */
static void records_of_a_dump_are_whole_while_they_pass(void **state)
{
    static const uint32_t kinds[] = {SHMQ_LANES, SHMQ_TOTAL_ORDER, SHMQ_RECORDER};
    uint64_t seen_ever = 0;

    (void)state;
    for (int k = 0; k < 3; k++) {
        const char *name = queue_made(k == 0 ? "run0" : k == 1 ? "run1" : "run2", 16384, 1, kinds[k]);
        struct peer peer = peer_start(pass_for_ever, name);
        struct shmq *o = queue_opened(name, SHMQ_OBSERVER);

        assert_true(peer_await(&peer));
        peer_go(&peer);
        for (int i = 0; i < 100; i++) {
            const char *path = dump_path("run");
            struct shmq_cursor_options options = {.struct_size = sizeof options, .from = SHMQ_FROM_OLDEST};
            struct shmq_seen seen = {.struct_size = sizeof seen};
            struct shmq_cursor *cursor;
            struct shmq *d = NULL;
            uint64_t last = UINT64_MAX;
            int rc;

            assert_in_range(shmq_dump(o, path, NULL, 0), 0, 1);
            assert_int_equal(shmq_open(path, SHMQ_OBSERVER, NULL, &d), 0);
            assert_int_equal(shmq_cursor_open(d, &options, &cursor), 0);
            while ((rc = shmq_cursor_next(cursor, &seen)) == 0) {
                uint64_t number = *(uint64_t *)seen.message.data;

                assert_true(is_whole(&seen.message, number));
                assert_true(last == UINT64_MAX || number == last + 1);
                last = number;
                seen_ever++;
            }
            assert_int_equal(rc, -ESTALE);
            shmq_cursor_close(cursor);
            shmq_close(d);
            assert_int_equal(unlink(path), 0);
        }
        peer_kill(&peer);
        shmq_close(o);
    }
    assert_true(seen_ever > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dump_holds_what_was_and_who_was_there),
        cmocka_unit_test(records_of_a_dump_are_whole_while_they_pass),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
