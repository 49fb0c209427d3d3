/* Blobs: memories of their own that go with a record; whose they are when somebody dies; that none is left over. */
#include "films.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void blobs_arrive_in_place(void **state)
{
    const uint64_t sizes[] = {1, 10, 4095, 4096, 4097, 100000, 10, 1 << 20, 0};
    const uint32_t kinds[] = {SHMQ_LANES, SHMQ_TOTAL_ORDER};

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        const char *name = films_made(k == 0 ? "one" : "two", OPTIONS(.kind = kinds[k]));
        struct shmq *q = queue_opened(name, SHMQ_PRODUCER);
        struct shmq *consumer = queue_opened(name, SHMQ_CONSUMER);

        for (uint64_t i = 0; i < 300; i++) {
            uint64_t size = sizes[i % (sizeof sizes / sizeof *sizes)];
            struct shmq_blob image;

            assert_int_equal(send_film(q, i, size), 0);
            assert_int_equal(take_film(consumer, &image), i);
            assert_int_equal(image.size, size);
            assert_true((image.data == NULL) == (size == 0));
            shmq_release(consumer);
            assert_true(is_filled(image.data, i, size)); /* it stays after the release */
            shmq_blob_drop(consumer, &image);
            assert_null(image.data);
            shmq_blob_drop(consumer, &image);
        }
        assert_true(blobs_of(name) <= 3); /* used again and again */
        assert_int_equal(test_mode(test_place(name)), 0600);
        shmq_close(q);
        shmq_close(consumer);
        assert_int_equal(blobs_of(name), 0);
    }
}

/* What the consumer has open is its own, whatever comes behind it. */
static void an_open_blob_is_never_overwritten(void **state)
{
    const char *name = films_made("held", OPTIONS(.blob_count = 16));
    struct shmq *q = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *consumer = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_blob held[6];

    (void)state;
    for (uint64_t i = 0; i < 6; i++) {
        assert_int_equal(send_film(q, i, 5000), 0);
        assert_int_equal(take_film(consumer, &held[i]), i);
        shmq_release(consumer);
    }
    for (uint64_t i = 10; i < 200; i++) {
        struct shmq_blob image;

        assert_int_equal(send_film(q, i, 5000 + i * 10), 0);
        assert_int_equal(take_film(consumer, &image), i);
        shmq_blob_drop(consumer, &image);
        shmq_release(consumer);
    }
    for (uint64_t i = 0; i < 6; i++)
        assert_true(is_filled(held[i].data, i, 5000));
    shmq_close(q); /* it leaves what is held */
    assert_int_equal(blobs_of(name), 6);
    for (uint64_t i = 0; i < 6; i++) {
        assert_true(is_filled(held[i].data, i, 5000));
        shmq_blob_drop(consumer, &held[i]);
        assert_int_equal(blobs_of(name), 5 - i);
    }
    shmq_close(consumer);
}

static void when_all_are_in_use_there_is_no_room(void **state)
{
    const char *name = films_made("full", OPTIONS(.blob_count = 4));
    struct shmq *q = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *consumer = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_blob images[2];
    struct shmq_info info = {.struct_size = sizeof info};

    (void)state;
    assert_int_equal(send_film(q, 1, 100), 0);
    assert_int_equal(send_film(q, 2, 100), 0);
    assert_int_equal(send_film(q, 3, 100), -EAGAIN);
    assert_int_equal(shmq_wait(q, 0), -ETIMEDOUT);
    assert_int_equal(send_film(q, 3, 0), 0); /* a ring has room */
    assert_int_equal(take_film(consumer, &images[0]), 1);
    shmq_release(consumer);
    assert_int_equal(send_film(q, 4, 100), -EAGAIN); /* one of two has come back */
    shmq_blob_drop(consumer, &images[0]);
    assert_int_equal(send_film(q, 4, 100), 0);
    assert_int_equal(take_film(consumer, &images[0]), 2);
    assert_int_equal(take_film(consumer, &images[1]), 3);
    shmq_blob_drop(consumer, &images[0]);
    assert_int_equal(send_film(q, 5, 100), -EAGAIN); /* dropped, and not released */
    shmq_release(consumer);
    assert_int_equal(send_film(q, 5, 100), 0);
    shmq_info(q, &info);
    assert_int_equal(info.sent, 5);
    shmq_close(q);
    shmq_close(consumer);
    assert_int_equal(blobs_of(name), 4); /* two films are still to be received */
    consumer = queue_opened(name, SHMQ_CONSUMER);
    assert_int_equal(take_film(consumer, &images[0]), 4);
    assert_int_equal(take_film(consumer, &images[1]), 5);
    shmq_release(consumer);
    shmq_close(consumer);
    assert_int_equal(blobs_of(name), 0);
}

/* All of them are written at the same time, and read at the same time. */
static void a_record_can_have_very_many(void **state)
{
    const char *name = films_made("album", OPTIONS(.blob_count = ALBUM_PARTS));
    struct shmq *q = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *consumer = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_blob blobs[ALBUM_PARTS];
    void *memory[ALBUM_PARTS];

    (void)state;
    for (int round = 0; round < 3; round++) {
        struct shmq_message message;
        struct album *smo = NULL;
        const struct album *seen = NULL;

        assert_int_equal(album_reserve(q, &smo), 0);
        for (size_t i = 0; i < ALBUM_PARTS; i++)
            assert_int_equal(shmq_blob_room(q, &smo->parts[i].data, 100, &memory[i]), 0);
        for (size_t i = 0; i < ALBUM_PARTS; i++)
            fill(memory[i], i, 100);
        assert_int_equal(album_commit(q, 0), 0);
        assert_int_equal(album_peek(consumer, &message, &seen), 0);
        for (size_t i = 0; i < ALBUM_PARTS; i++)
            assert_int_equal(shmq_blob_open(consumer, &message, &seen->parts[i].data, &blobs[i]), 0);
        for (size_t i = 0; i < ALBUM_PARTS; i++)
            assert_true(is_filled(blobs[i].data, i, 100));
        shmq_release(consumer);
        for (size_t i = 0; i < ALBUM_PARTS; i++)
            shmq_blob_drop(consumer, &blobs[i]);
    }
    shmq_close(q);
    shmq_close(consumer);
    assert_int_equal(blobs_of(name), 0);
}

static int consume_all(struct peer *self, void *arg)
{
    struct shmq *consumer = NULL;
    struct shmq_message message;
    const struct film *smo;
    uint64_t count = 0;
    int rc;

    (void)self;
    CHILD_CHECK(shmq_open(arg, SHMQ_CONSUMER, NULL, &consumer) == 0);
    while ((rc = film_peek_wait(consumer, -1, &message, &smo)) == 0) {
        struct shmq_blob image;

        CHILD_CHECK(smo->number == count++);
        CHILD_CHECK(shmq_blob_open(consumer, &message, &smo->image, &image) == 0);
        CHILD_CHECK(is_filled(image.data, smo->number, image.size));
        shmq_release(consumer);
        shmq_blob_drop(consumer, &image);
    }
    shmq_close(consumer);
    return rc == -EPIPE && count == 3000 ? 0 : 1;
}

/* Two processes, fewer blobs than records: the producer waits for them. */
static void a_waiting_producer_gets_the_next_blob(void **state)
{
    const char *name = films_made("wait", OPTIONS(.blob_count = 4));
    struct shmq_open_options o = {.struct_size = sizeof o, .policy = SHMQ_WAIT};
    struct shmq *q = NULL;

    (void)state;
    struct peer peer = peer_start(consume_all, name);

    assert_int_equal(shmq_open(name, SHMQ_PRODUCER, &o, &q), 0);
    for (uint64_t i = 0; i < 3000; i++) {
        int rc;

        while ((rc = send_film(q, i, 100 + i % 7 * 100)) == -EAGAIN) /* all are open at the consumer's */
            sched_yield();
        assert_int_equal(rc, 0);
    }
    shmq_close(q);
    assert_int_equal(peer_end(&peer), 0);
    assert_int_equal(blobs_of(name), 0);
}

static void what_is_aborted_was_never_there(void **state)
{
    const char *name = films_made("abort", OPTIONS(.blob_count = 2));
    struct shmq *q = queue_opened(name, SHMQ_PRODUCER);
    struct shmq_sm_blob elsewhere = {0};
    struct film *smo = NULL;
    void *data;

    (void)state;
    assert_int_equal(shmq_blob_room(q, &elsewhere, 8, &data), -EINVAL);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(film_reserve(q, &smo), 0);
        assert_int_equal(shmq_blob_put(q, &smo->image, "12345678", 8), 0);
        assert_int_equal(shmq_blob_put(q, &smo->image, "12345678", 8), -EINVAL);
        assert_int_equal(shmq_blob_put(q, &smo->sound.data, "1", 1), 0);
        if (i % 2 == 0)
            film_abort(q);
    }
    assert_int_equal(shmq_blob_room(q, &elsewhere, 8, &data), -EINVAL);
    assert_int_equal(shmq_blob_room(q, (struct shmq_sm_blob *)(void *)&smo->number, 8, &data), -EINVAL);
    film_abort(q);
    assert_int_equal(shmq_blob_room(q, &smo->image, 8, &data), -EINVAL);
    assert_int_equal(film_reserve(q, &smo), 0);
    assert_int_equal(shmq_blob_put(q, &smo->image, NULL, 0), 0);
    assert_int_equal(shmq_blob_room(q, &smo->image, UINT64_MAX, &data), -ENOSPC);
    assert_int_equal(film_commit(q, 0), 0);
    assert_int_equal(blobs_of(name), 2);
    shmq_close(q);
    assert_int_equal(blobs_of(name), 0);
}

static void other_roles_and_kinds_have_none(void **state)
{
    const char *name = films_made("roles", OPTIONS(.lane_count = 1));
    struct shmq *q = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *consumer = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *observer = queue_opened(name, SHMQ_OBSERVER);
    struct shmq_sm_blob blob = {8, 1, 0};
    struct shmq_message message = {.size = 64, .ticket = 72};
    struct shmq_blob opened;
    void *data;

    (void)state;
    assert_int_equal(films_create(test_name("flight"), OPTIONS(.kind = SHMQ_RECORDER)), -EINVAL);
    assert_int_equal(films_create(test_name("many"), OPTIONS(.blob_count = 1025)), -EINVAL);
    assert_int_equal(shmq_blob_open(q, &message, &blob, &opened), -EINVAL);
    assert_int_equal(shmq_blob_open(observer, &message, &blob, &opened), -EINVAL);
    assert_int_equal(shmq_blob_room(consumer, &blob, 8, &data), -EINVAL);
    assert_int_equal(shmq_blob_open(consumer, &message, &blob, &opened), -EBADMSG);
    shmq_close(q);
    shmq_close(consumer);
    shmq_close(observer);
}

/* What a hostile producer may say of a blob. */
static void blobs_that_are_not_of_the_record_are_refused(void **state)
{
    const char *name = films_made("hostile", OPTIONS(.blob_count = 8));
    struct shmq *q = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *consumer = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_message message;
    const struct film *smo = NULL;
    struct shmq_blob opened = {.data = &opened};

    (void)state;
    assert_int_equal(send_film(q, 1, 100), 0);
    assert_int_equal(send_film(q, 2, 100), 0);
    assert_int_equal(film_peek(consumer, &message, &smo), 0);
    struct shmq_sm_blob blob = smo->image;
    const struct shmq_sm_blob bad[] = {
        {100, 0, 0},        {0, 1, 0},   {100, 9, 0}, {100, UINT32_MAX, 0}, {shmq_mapping_granularity() + 1, 1, 0},
        {UINT64_MAX, 1, 0}, {100, 3, 0},
    };

    assert_int_equal(blob.slot, 1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(shmq_blob_open(consumer, &message, &bad[i], &opened), -EBADMSG);
    assert_ptr_equal(opened.data, &opened);
    message.lane = 5;
    assert_int_equal(shmq_blob_open(consumer, &message, &blob, &opened), -EBADMSG);
    message.lane = 0;

    shmq_release(consumer);
    assert_int_equal(take_film(consumer, &opened), 2);
    shmq_release(consumer);
    shmq_close(q);
    shmq_close(consumer);
    assert_int_equal(blobs_of(name), 0);
}

/* Somebody who knows nothing of blobs receives the records. */
static void a_consumer_of_bytes_leaves_none(void **state)
{
    const char *name = films_made("bytes", OPTIONS(.blob_count = 4));
    struct shmq *q = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *consumer = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_message message;
    char buffer[256];

    (void)state;
    for (uint64_t i = 0; i < 100; i++) {
        assert_int_equal(send_film(q, i, 100), 0);
        assert_int_equal(shmq_recv(consumer, buffer, sizeof buffer, &message), 0);
    }
    assert_true(blobs_of(name) <= 4);
    assert_int_equal(send_film(q, 100, 100), 0);
    shmq_close(q);
    assert_int_equal(blobs_of(name), 2);
    assert_int_equal(shmq_recv(consumer, buffer, sizeof buffer, &message), 0);
    assert_int_equal(shmq_peek(consumer, &message), -EPIPE);
    assert_int_equal(shmq_peek(consumer, &message), -EAGAIN); /* the end is taken note of */
    assert_int_equal(blobs_of(name), 0);
    shmq_close(consumer);
}

static void removing_a_queue_removes_its_blobs(void **state)
{
    const char *name = films_made("remove", OPTIONS(.blob_count = 4));
    struct shmq *q = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *consumer = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_blob image;

    (void)state;
    assert_int_equal(send_film(q, 1, 100), 0);
    assert_int_equal(send_film(q, 2, 100), 0);
    assert_int_equal(take_film(consumer, &image), 1);
    assert_int_equal(shmq_remove(name, SHMQ_REMOVE_USED), 0);
    assert_int_equal(blobs_of(name), 0);
    assert_true(is_filled(image.data, 1, 100));
    struct shmq_blob other;

    assert_int_equal(take_film(consumer, &other), -ESTALE);
    shmq_release(consumer);
    shmq_blob_drop(consumer, &image);
    assert_int_equal(send_film(q, 3, 100000), -ESTALE);
    shmq_close(q);
    shmq_close(consumer);
    assert_int_equal(blobs_of(name), 0);

    assert_int_equal(films_create(name, OPTIONS(.transient = 1)), 0);
    q = queue_opened(name, SHMQ_PRODUCER);
    assert_int_equal(send_film(q, 1, 100), 0);
    assert_int_equal(blobs_of(name), 2);
    shmq_close(q);
    assert_int_equal(blobs_of(name), 0);
    assert_int_equal(test_length(test_place(name)), UINT64_MAX);
}

/* A queue in a file of the user's has its blobs there too, whatever name leads to it, and wherever we have gone. */
static void blobs_lie_beside_the_file_of_their_queue(void **state)
{
    char *path = strdup(test_path("films"));
    const char *name = test_name("alias");
    char here[4096];
    struct shmq_blob image;

    (void)state;
    assert_int_equal(films_create(name, OPTIONS(.path = path)), 0);
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(test_path(".")), 0);
    struct shmq *q = queue_opened("./films", SHMQ_PRODUCER);
    struct shmq *consumer = queue_opened(name, SHMQ_CONSUMER);

    assert_int_equal(chdir(here), 0);
    unsigned names = test_names();

    assert_int_equal(send_film(q, 1, 100), 0);
    assert_int_equal(test_names(), names + 2);
    assert_int_equal(blobs_of(name), 0);
    assert_int_equal(take_film(consumer, &image), 1);
    shmq_release(consumer);
    shmq_close(consumer);
    shmq_close(q);
    assert_int_equal(test_names(), names);
    free(path);
}

static int orphans(struct peer *self, void *arg)
{
    (void)self;
    (void)arg;
    if (!test_private_names(4096))
        return SKIP_STATUS;
    struct shmq *q = NULL;

    test_file(test_place("gone~0123456789abcdef.0.0"), "a queue that is gone");
    test_file(test_place("gone~backup"), "something of somebody's");
    CHILD_CHECK(films_create("films", OPTIONS(.blob_count = 8)) == 0);
    test_file(test_place("films~0123456789abcdef.3.5"), "another queue of that name");
    CHILD_CHECK(shmq_open("films", SHMQ_PRODUCER, NULL, &q) == 0);
    CHILD_CHECK(send_film(q, 1, 100) == 0);
    CHILD_CHECK(blobs_of("films") == 3 && blobs_of("gone") == 2);
    CHILD_CHECK(shmq_clean(0, NULL, NULL) == 2);
    CHILD_CHECK(blobs_of("films") == 3 && blobs_of("gone") == 2);
    CHILD_CHECK(shmq_clean(SHMQ_CLEAN_REMOVE, NULL, NULL) == 2);
    CHILD_CHECK(blobs_of("films") == 2 && blobs_of("gone") == 1);
    CHILD_CHECK(shmq_clean(SHMQ_CLEAN_REMOVE, NULL, NULL) == 0);
    shmq_close(q);
    CHILD_CHECK(blobs_of("films") == 2);
    CHILD_CHECK(shmq_remove("films", 0) == 0);
    CHILD_CHECK(blobs_of("films") == 0);
    CHILD_CHECK(unlink(test_place("gone~backup")) == 0);
    return 0;
}

static void blobs_without_a_queue_are_cleaned(void **state)
{
    (void)state;
    int status = test_child(orphans, NULL);

    if (status == SKIP_STATUS)
        skip();
    assert_int_equal(status, 0);
}

/* Producers and consumers killed at any time while both are at it: what is received is whole and in order. */
struct part_of_storm {
    char name[64];
    uint64_t first;
};

static int storm_producer(struct peer *self, void *arg)
{
    const struct part_of_storm *part = arg;
    struct shmq_open_options o = {.struct_size = sizeof o, .policy = SHMQ_WAIT};
    struct shmq *q = NULL;

    (void)self;
    while (shmq_open(part->name, SHMQ_PRODUCER, &o, &q) != 0)
        sched_yield();
    for (uint64_t i = part->first;; i++) {
        int rc;

        while ((rc = send_film(q, i, 64 + i % 5 * 3000)) == -EAGAIN || rc == -EOWNERDEAD)
            sched_yield();
        if (rc != 0)
            return -rc;
    }
}

/* Tells each number that it has received. */
static int storm_consumer(struct peer *self, void *name)
{
    struct shmq *q = NULL;
    int64_t number;

    while (shmq_open(name, SHMQ_CONSUMER, NULL, &q) != 0)
        sched_yield();
    for (;;) {
        struct shmq_blob image;

        number = take_film(q, &image);
        if (number < 0 && number != -EAGAIN && number != -EPIPE)
            return (int)-number;
        if (number < 0)
            continue;
        CHILD_CHECK(peer_tell(self, &number, sizeof number));
        shmq_release(q);
        shmq_blob_drop(q, &image);
    }
}

static struct peer producer_started(const char *name, uint64_t first)
{
    struct part_of_storm part = {.first = first};

    snprintf(part.name, sizeof part.name, "%s", name);
    return peer_start_with(storm_producer, &part, sizeof part);
}

/* The next `limit` numbers that a consumer tells, or all before it died: how many. */
static uint64_t heard_in_order(struct peer *consumer, int64_t *last, uint64_t limit)
{
    uint64_t received = 0;
    int64_t number;

    while (received < limit && peer_hear(consumer, &number, sizeof number)) {
        assert_true(number >= *last); /* again, where a consumer died before its release */
        assert_true(number <= *last + 1 || number >> 32 > *last >> 32);
        *last = number;
        received++;
    }
    return received;
}

static void a_storm_of_kills_tears_and_leaks_nothing(void **state)
{
    const char *name = films_made("storm", OPTIONS(.blob_count = 6));
    int64_t last = -1;
    uint64_t received = 0;

    (void)state;
    srand((unsigned)time(NULL));
    struct peer producer = producer_started(name, 0);
    struct peer consumer = peer_start(storm_consumer, name);

    for (uint64_t round = 1; round <= test_rounds(200); round++) {
        struct peer *victim = round % 2 == 0 ? &producer : &consumer;

        if (round % 4 == 1) /* some live at least until they have received some, however slow all is */
            received += heard_in_order(&consumer, &last, 5);
        usleep((useconds_t)test_moment_us((uint64_t)(rand() % 3000)));
        peer_strike(victim);
        if (victim == &consumer)
            received += heard_in_order(&consumer, &last, UINT64_MAX);
        assert_int_equal(peer_end(victim), PEER_KILLED); /* or it found something torn */
        if (victim == &producer)
            producer = producer_started(name, round << 32);
        else
            consumer = peer_start(storm_consumer, name);
    }
    peer_kill(&producer);
    peer_strike(&consumer);
    received += heard_in_order(&consumer, &last, UINT64_MAX);
    assert_int_equal(peer_end(&consumer), PEER_KILLED);
    print_message("%llu received\n", (unsigned long long)received);
    assert_true(received > test_rounds(200));
    struct shmq *heir = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_message message;

    while (shmq_peek(heir, &message) == 0)
        shmq_release(heir);
    shmq_close(heir);
    assert_int_equal(blobs_of(name), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blobs_arrive_in_place),
        cmocka_unit_test(an_open_blob_is_never_overwritten),
        cmocka_unit_test(when_all_are_in_use_there_is_no_room),
        cmocka_unit_test(a_record_can_have_very_many),
        cmocka_unit_test(a_waiting_producer_gets_the_next_blob),
        cmocka_unit_test(what_is_aborted_was_never_there),
        cmocka_unit_test(other_roles_and_kinds_have_none),
        cmocka_unit_test(blobs_that_are_not_of_the_record_are_refused),
        cmocka_unit_test(a_consumer_of_bytes_leaves_none),
        cmocka_unit_test(removing_a_queue_removes_its_blobs),
        cmocka_unit_test(blobs_lie_beside_the_file_of_their_queue),
        cmocka_unit_test(blobs_without_a_queue_are_cleaned),
        cmocka_unit_test(a_storm_of_kills_tears_and_leaks_nothing),
    };

    /* What is cleaned away here is our own, and nobody's else. */
    if (!test_private_names(256 * 1024))
        return SKIP_STATUS;
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
