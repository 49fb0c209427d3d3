/* With a place for names of its own: shmq_clean is for all that the user has, and what is left behind can be counted. */
#include "peers.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define MS INT64_C(1000000)

static char bytes[4096];

static const char *transient_made(const char *word, uint32_t lane_count)
{
    struct shmq_create_options o = queue_options(4096, lane_count, SHMQ_LANES);
    const char *name = test_name(word);

    o.transient = 1;
    assert_int_equal(shmq_create(name, &o), 0);
    return name;
}

static int fill(struct shmq *p)
{
    int rc;

    while ((rc = shmq_send(p, bytes, 1000, 0, 0)) == 0)
        ;
    return rc;
}

static void a_queue_in_use_is_not_removed_unless_forced(void **state)
{
    const char *name = queue_made("used", 4096, 2, SHMQ_LANES);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *o = queue_opened(name, SHMQ_OBSERVER);

    (void)state;
    assert_int_equal(shmq_remove(name, 2), -EINVAL);
    assert_int_equal(shmq_remove(name, 0), -EBUSY);
    shmq_close(c);
    assert_int_equal(shmq_remove(name, 0), -EBUSY);
    assert_int_equal(queue_try(name, SHMQ_CONSUMER), 0); /* the roles are as free as before */
    assert_int_equal(queue_try(name, SHMQ_PRODUCER), 0);
    assert_int_equal(queue_info(o).removed, 0);
    c = queue_opened(name, SHMQ_CONSUMER);
    assert_int_equal(shmq_remove(name, SHMQ_REMOVE_USED), 0);
    assert_int_equal(shmq_remove(name, SHMQ_REMOVE_USED), -ENOENT);
    assert_int_equal(shmq_remove(name, 0), -ENOENT);
    assert_int_equal(queue_info(o).removed, 1);
    assert_int_equal(queue_info(p).removed, 1);
    assert_int_equal(queue_try(name, SHMQ_OBSERVER), -ENOENT);
    assert_int_equal(test_names_with(""), 0);
    assert_int_equal(shmq_create(name, NULL), 0); /* another one */
    assert_int_equal(shmq_remove(name, 0), 0);    /* whom its name's former users do not disturb */
    shmq_close(o);
    shmq_close(p);
    shmq_close(c);
    name = queue_made("watched", 4096, 1, SHMQ_LANES);
    o = queue_opened(name, SHMQ_OBSERVER); /* who only looks does not count */
    assert_int_equal(shmq_remove(name, 0), 0);
    shmq_close(o);
}

static void users_of_a_removed_queue_finish_and_learn_of_it(void **state)
{
    const char *name = queue_made("stale", 4096, 2, SHMQ_LANES);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq_message m;

    (void)state;
    assert_int_equal(shmq_send(p, "one", 3, 0, 0), 0);
    assert_int_equal(shmq_remove(name, SHMQ_REMOVE_USED), 0);
    assert_int_equal(shmq_send(p, "two", 3, 0, 0), 0); /* they go on with each other */
    for (int i = 0; i < 2; i++)
        assert_int_equal(shmq_recv(c, bytes, sizeof bytes, &m), 0);
    assert_int_equal(shmq_wait(c, 2 * MS), -ETIMEDOUT);
    assert_int_equal(shmq_wait(p, 0), 0);
    shmq_close(p);
    assert_int_equal(shmq_peek(c, &m), -EPIPE);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(shmq_peek(c, &m), -ESTALE);
        assert_int_equal(shmq_wait(c, -1), -ESTALE);
        assert_int_equal(shmq_recv_wait(c, bytes, sizeof bytes, -1, &m), -ESTALE);
    }
    shmq_close(c);

    name = queue_made("stale-p", 4096, 1, SHMQ_LANES);
    p = queue_opened(name, SHMQ_PRODUCER);
    assert_int_equal(fill(p), -EAGAIN);
    assert_int_equal(shmq_remove(name, SHMQ_REMOVE_USED), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(shmq_send_wait(p, bytes, 1000, 0, 0, -1), -ESTALE);
    shmq_close(p);
}

static void *remove_when_it_sleeps(void *arg)
{
    const char *name = arg;

    if (strstr(name, "sleep-c") != NULL)
        await_consumer_sleep(name, 0);
    else
        await_producer_sleep(name, 0, 0);
    return (void *)(intptr_t)shmq_remove(name, SHMQ_REMOVE_USED);
}

static void removal_wakes_who_sleeps(void **state)
{
    const char *names[] = {queue_made("sleep-c", 4096, 1, SHMQ_LANES), queue_made("sleep-p", 4096, 1, SHMQ_LANES)};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct shmq *q = queue_opened(names[i], i == 0 ? SHMQ_CONSUMER : SHMQ_PRODUCER);
        pthread_t thread;
        void *rc;

        if (i == 1)
            assert_int_equal(fill(q), -EAGAIN);
        assert_int_equal(pthread_create(&thread, NULL, remove_when_it_sleeps, (void *)(uintptr_t)names[i]), 0);
        assert_int_equal(shmq_wait(q, -1), -ESTALE);
        assert_int_equal(pthread_join(thread, &rc), 0);
        assert_int_equal((intptr_t)rc, 0);
        shmq_close(q);
    }
}

static int die_in_role(struct peer *self, void *arg)
{
    const char *what = arg; /* p or c, and the name */
    struct shmq *q = NULL;

    (void)self;
    CHILD_CHECK(shmq_open(what + 1, what[0] == 'p' ? SHMQ_PRODUCER : SHMQ_CONSUMER, NULL, &q) == 0);
    if (what[0] == 'p')
        CHILD_CHECK(shmq_send(q, "never", 5, 0, 0) == 0);
    peer_die();
}

static void die_in(const char *name, const char *role)
{
    char what[512];

    snprintf(what, sizeof what, "%c%s", role[0], name);
    assert_int_equal(test_child(die_in_role, what), PEER_KILLED);
}

struct seen {
    char names[8][80];
    struct shmq_unused queues[8];
    int count;
    int rc;
};

static int see(const struct shmq_unused *queue, void *arg)
{
    struct seen *seen = arg;

    assert_true(seen->count < 8);
    seen->queues[seen->count] = *queue;
    snprintf(seen->names[seen->count++], sizeof seen->names[0], "%s", queue->name);
    return seen->rc;
}

static void clean_finds_those_that_died_and_removes_them_when_told(void **state)
{
    const char *died = queue_made("a-died", 4096, 1, SHMQ_LANES);
    const char *idle = queue_made("b-idle", 4096, 1, SHMQ_LANES);
    const char *used = queue_made("c-used", 4096, 1, SHMQ_LANES);
    const char *half = queue_made("d-half", 4096, 1, SHMQ_LANES);
    struct shmq *p = queue_opened(used, SHMQ_PRODUCER);
    struct shmq *c = queue_opened(half, SHMQ_CONSUMER);
    const char *unrelated = test_stranger("unrelated");
    struct seen seen = {.count = 0};

    (void)state;
    die_in(died, "producer");
    die_in(half, "producer"); /* but its consumer lives */
    die_in(used, "consumer");
    assert_int_equal(queue_try(idle, SHMQ_PRODUCER), 0);
    test_file(unrelated, "not ours");
    assert_int_equal(shmq_clean(4, see, &seen), -EINVAL);

    for (int dry = 0; dry < 2; dry++) {
        seen.count = 0;
        assert_int_equal(shmq_clean(0, see, &seen), 1);
        assert_int_equal(seen.count, 1);
        assert_string_equal(seen.names[0], died);
        assert_int_equal(seen.queues[0].rc, 0);
        assert_int_equal(seen.queues[0].died, 1);
        assert_int_equal(seen.queues[0].waiting, 1);
        assert_int_equal(seen.queues[0].size, test_length(test_place(died)));
    }
    seen.count = 0;
    assert_int_equal(shmq_clean(SHMQ_CLEAN_IDLE, see, &seen), 2);
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.names[1], idle);
    assert_int_equal(seen.queues[1].died, 0);
    seen.count = 0;
    seen.rc = 1; /* enough */
    assert_int_equal(shmq_clean(SHMQ_CLEAN_IDLE, see, &seen), 1);
    assert_int_equal(seen.count, 1);
    seen.rc = -7;
    assert_int_equal(shmq_clean(SHMQ_CLEAN_IDLE, see, &seen), -7);
    assert_int_equal(queue_try(died, SHMQ_OBSERVER), 0); /* all that was dry */

    assert_int_equal(shmq_clean(SHMQ_CLEAN_REMOVE, NULL, NULL), 1);
    assert_int_equal(queue_try(died, SHMQ_OBSERVER), -ENOENT);
    assert_int_equal(queue_try(idle, SHMQ_OBSERVER), 0);
    assert_int_equal(shmq_clean(SHMQ_CLEAN_REMOVE | SHMQ_CLEAN_IDLE, NULL, NULL), 1);
    assert_int_equal(queue_try(idle, SHMQ_OBSERVER), -ENOENT);
    assert_int_equal(queue_try(used, SHMQ_OBSERVER), 0);
    shmq_close(c);
    shmq_close(p);
    assert_int_equal(shmq_clean(SHMQ_CLEAN_REMOVE, NULL, NULL), 2); /* each had one that died */
    assert_int_equal(test_length(unrelated), 8);
    assert_int_equal(unlink(unrelated), 0);
    assert_int_equal(test_names_with(""), 0);
}

static void who_died_and_has_an_heir_is_no_reason_to_clean(void **state)
{
    const char *name = queue_made("heir", 4096, 1, SHMQ_LANES);

    (void)state;
    die_in(name, "producer");
    die_in(name, "consumer");
    assert_int_equal(queue_try(name, SHMQ_PRODUCER), 0);
    assert_int_equal(shmq_clean(0, NULL, NULL), 1); /* the consumer has none */
    assert_int_equal(queue_try(name, SHMQ_CONSUMER), 0);
    assert_int_equal(shmq_clean(0, NULL, NULL), 0);
    assert_int_equal(shmq_remove(name, 0), 0);
}

static void transient_queue_goes_with_its_last_user(void **state)
{
    const char *name = transient_made("transient", 2);
    struct shmq *o = queue_opened(name, SHMQ_OBSERVER);

    (void)state;
    assert_int_equal(queue_info(o).transient, 1);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);

    shmq_close(p);
    assert_int_equal(queue_try(name, SHMQ_PRODUCER), 0);
    assert_int_equal(queue_try(name, SHMQ_CONSUMER), -EBUSY);
    assert_int_equal(queue_info(o).removed, 0);
    shmq_close(c);
    assert_int_equal(queue_info(o).removed, 1);
    assert_int_equal(queue_try(name, SHMQ_PRODUCER), -ENOENT);
    assert_int_equal(test_names_with(""), 0);
    shmq_close(o);
    name = transient_made("unused", 1); /* one that nobody has used yet stays */
    assert_int_equal(queue_try(name, SHMQ_OBSERVER), 0);
    assert_int_equal(shmq_clean(SHMQ_CLEAN_REMOVE, NULL, NULL), 0);
    assert_int_equal(shmq_create(name, NULL), 1);
    assert_int_equal(shmq_remove(name, 0), 0);
}

static void transient_queue_of_the_killed_is_gone_for_whoever_looks(void **state)
{
    struct shmq_create_options o = queue_options(8192, 3, SHMQ_LANES);

    (void)state;
    for (int who = 0; who < 4; who++) {
        const char *name = transient_made("left", 1);

        die_in(name, who % 2 == 0 ? "producer" : "consumer");
        switch (who) {
        case 0:
            assert_int_equal(queue_try(name, SHMQ_CONSUMER), -ENOENT);
            break;
        case 1:
            assert_int_equal(shmq_create(name, &o), 0); /* a new one, not what was left */
            struct shmq *q = queue_opened(name, SHMQ_PRODUCER);

            assert_int_equal(queue_info(q).lane_count, 3);
            shmq_close(q);
            assert_int_equal(shmq_remove(name, 0), 0);
            break;
        case 2:
            assert_int_equal(shmq_clean(0, NULL, NULL), 1);
            assert_int_equal(shmq_clean(SHMQ_CLEAN_REMOVE, NULL, NULL), 1);
            break;
        default:
            assert_int_equal(shmq_remove(name, 0), 0);
        }
        assert_int_equal(test_names_with(""), 0);
    }
}

static void name_of_a_queue_in_a_file_goes_alone(void **state)
{
    const char *name = test_name("filed");
    const char *path = test_path("file");
    struct shmq_create_options o = queue_options(4096, 1, SHMQ_LANES);

    (void)state;
    o.path = path;
    assert_int_equal(shmq_create(name, &o), 0);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);

    assert_int_equal(shmq_send(p, "kept", 4, 0, 0), 0);
    assert_int_equal(shmq_remove(name, 0), -EBUSY);
    assert_int_equal(shmq_remove(name, SHMQ_REMOVE_USED), 0);
    assert_int_equal(queue_info(p).removed, 0); /* it has its path */
    shmq_close(p);
    assert_int_equal(test_names_with(""), 0);
    assert_int_equal(shmq_create(name, &o), 1);
    die_in(path, "consumer");
    assert_int_equal(shmq_clean(SHMQ_CLEAN_REMOVE, NULL, NULL), 1); /* the name only */
    assert_int_equal(test_names_with(""), 0);
    assert_int_equal(queue_try(path, SHMQ_PRODUCER), 0);
    assert_int_equal(shmq_remove(path, 0), 0);
    assert_int_equal(queue_try(path, SHMQ_PRODUCER), -ENOENT);
}

static void name_that_leads_nowhere_can_be_removed(void **state)
{
    const char *name = test_name("nowhere");
    const char *one = test_path("one");
    const char *two = test_path("two");
    struct shmq_create_options o = queue_options(4096, 1, SHMQ_LANES);

    (void)state;
    o.path = one;
    assert_int_equal(shmq_create(name, &o), 0);
    assert_int_equal(shmq_remove(one, 0), 0);
    assert_int_equal(queue_try(name, SHMQ_PRODUCER), -ENOENT);
    assert_int_equal(shmq_remove(name, 0), 0);
    assert_int_equal(shmq_remove(name, 0), -ENOENT);
    assert_int_equal(test_names_with(""), 0);

    assert_int_equal(shmq_create(name, &o), 0);
    assert_int_equal(shmq_remove(one, 0), 0);
    o.path = two;
    assert_int_equal(shmq_create(name, &o), -EEXIST); /* it is taken, if not by a queue */
    assert_int_equal(queue_try(two, SHMQ_OBSERVER), -ENOENT);
    o.path = NULL;
    assert_int_equal(shmq_create(name, &o), -EEXIST);
    o.path = one;
    assert_int_equal(shmq_create(name, &o), 0); /* unless its file comes back */
    assert_int_equal(queue_try(name, SHMQ_PRODUCER), 0);
    assert_int_equal(shmq_remove(one, 0), 0);
    assert_int_equal(shmq_remove(name, 0), 0);
    assert_int_equal(test_names_with(""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_queue_in_use_is_not_removed_unless_forced),
        cmocka_unit_test(users_of_a_removed_queue_finish_and_learn_of_it),
        cmocka_unit_test(removal_wakes_who_sleeps),
        cmocka_unit_test(clean_finds_those_that_died_and_removes_them_when_told),
        cmocka_unit_test(who_died_and_has_an_heir_is_no_reason_to_clean),
        cmocka_unit_test(transient_queue_goes_with_its_last_user),
        cmocka_unit_test(transient_queue_of_the_killed_is_gone_for_whoever_looks),
        cmocka_unit_test(name_of_a_queue_in_a_file_goes_alone),
        cmocka_unit_test(name_that_leads_nowhere_can_be_removed),
    };

    /* What is cleaned away here is our own, and nobody's else. */
    if (!test_private_names(16384))
        return SKIP_STATUS;
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
