/* Names that come and go under those who use them, in a place of their own. */
#include "peers.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define MS INT64_C(1000000)

struct crowd {
    char name[64];
    unsigned seed;
    uint32_t transient;
    int rounds;
    bool removes;
};

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1103515245 + 12345;
    return *seed >> 16 & 0x7fff;
}

/* What open may say while others create, take roles and remove. */
static bool is_fair(int rc)
{
    return rc == 0 || rc == -ENOENT || rc == -EBUSY;
}

/* Whoever has a role in a queue either can be found under its name, or is told that it was removed. */
static int check_found(struct shmq *q, const char *name)
{
    struct shmq_info mine = {.struct_size = sizeof mine};
    struct shmq_info named = {.struct_size = sizeof named};
    struct shmq *o = NULL;
    int rc = shmq_open(name, SHMQ_OBSERVER, NULL, &o);

    CHILD_CHECK(rc == 0 || rc == -ENOENT);
    CHILD_CHECK(rc != 0 || shmq_info(o, &named) == 0);
    shmq_close(o);
    CHILD_CHECK(shmq_info(q, &mine) == 0);
    CHILD_CHECK(mine.removed || (rc == 0 && memcmp(mine.id, named.id, sizeof mine.id) == 0));
    return 0;
}

static int use_once(const struct crowd *crowd, enum shmq_role role)
{
    struct shmq_message m;
    struct shmq *q = NULL;
    int rc = shmq_open(crowd->name, role, NULL, &q);

    CHILD_CHECK(is_fair(rc));
    if (rc != 0)
        return 0;
    CHILD_CHECK(check_found(q, crowd->name) == 0);
    if (role == SHMQ_PRODUCER) {
        CHILD_CHECK(shmq_send(q, "x", 1, 0, 0) == 0 || shmq_wait(q, 0) != 0);
    } else {
        rc = shmq_recv_wait(q, &(char){0}, 1, MS / 10, &m);
        CHILD_CHECK(rc == 0 || rc == -ETIMEDOUT || rc == -EPIPE || rc == -ESTALE);
    }
    shmq_close(q);
    return 0;
}

static int come_and_go(struct peer *self, void *arg)
{
    const struct crowd *crowd = arg;
    struct shmq_create_options o = queue_options(4096, 2, SHMQ_LANES);
    unsigned seed = crowd->seed;

    o.transient = crowd->transient;
    peer_pause(self);
    for (int i = 0; i < crowd->rounds; i++) {
        int rc;

        switch (next_random(&seed) % 6) {
        case 0:
        case 1:
            rc = shmq_create(crowd->name, &o);
            CHILD_CHECK(rc == 0 || rc == 1);
            break;
        case 2:
        case 3:
            CHILD_CHECK(use_once(crowd, SHMQ_PRODUCER) == 0);
            break;
        case 4:
            CHILD_CHECK(use_once(crowd, SHMQ_CONSUMER) == 0);
            break;
        default:
            rc = crowd->removes ? shmq_remove(crowd->name, next_random(&seed) % 2) : 0;
            CHILD_CHECK(is_fair(rc));
        }
    }
    return 0;
}

static void run_crowd(struct crowd crowd, int kills)
{
    enum { PEERS = 8 };
    struct crowd crowds[PEERS];
    struct peer peers[PEERS];

    for (int i = 0; i < PEERS; i++) {
        crowds[i] = crowd;
        crowds[i].seed = (unsigned)(i + 1);
        peers[i] = peer_start_with(come_and_go, &crowds[i], sizeof crowds[0]);
        assert_true(peer_await(&peers[i]));
    }
    for (int i = 0; i < PEERS; i++)
        peer_go(&peers[i]);
    for (int i = 0; i < kills; i++) {
        int who = i % PEERS;

        usleep(1000);
        peer_strike(&peers[who]);
        int status = peer_end(&peers[who]);

        assert_true(status == 0 || status == PEER_KILLED);
        crowds[who].seed += PEERS;
        peers[who] = peer_start_with(come_and_go, &crowds[who], sizeof crowds[0]);
        assert_true(peer_await(&peers[who]));
        peer_go(&peers[who]);
    }
    for (int i = 0; i < PEERS; i++)
        assert_int_equal(peer_end(&peers[i]), 0);
}

/* Nobody has a role in it now: whatever was left can be removed, and nothing is left after that. */
static void take_away(const char *name)
{
    int rc = shmq_remove(name, 0);

    assert_true(rc == 0 || rc == -ENOENT);
    assert_int_equal(test_names_with(""), 0);
}

static void names_come_and_go_under_those_who_use_them(void **state)
{
    struct crowd crowd = {.rounds = (int)test_rounds(3000), .removes = true};

    (void)state;
    snprintf(crowd.name, sizeof crowd.name, "%s", test_name("crowd"));
    run_crowd(crowd, 0);
    take_away(crowd.name);
}

static void and_under_those_who_are_killed_meanwhile(void **state)
{
    struct crowd crowd = {.rounds = (int)test_rounds(2000), .removes = true};

    (void)state;
    snprintf(crowd.name, sizeof crowd.name, "%s", test_name("killed"));
    run_crowd(crowd, (int)test_rounds(200));
    take_away(crowd.name);
}

static void transient_queues_come_and_go(void **state)
{
    struct crowd crowd = {.rounds = (int)test_rounds(3000), .transient = 1};

    (void)state;
    snprintf(crowd.name, sizeof crowd.name, "%s", test_name("crowd"));
    run_crowd(crowd, 0);
    take_away(crowd.name);
}

/* Both are in it at once, and leave it together: one of them is the last, and takes the name away. */
struct couple {
    char name[64];
    char rounds[64]; /* a memory with the round that is to be left */
    uint32_t count;
};

static uint32_t *rounds_of(const struct couple *couple)
{
    struct shmq_mapping_options options = test_sized(sizeof(uint32_t));
    struct shmq_mapping *mapping = NULL;
    struct shmq_view view = {NULL, 0};

    options.path = couple->rounds;
    if (shmq_mapping_create(NULL, &options, &mapping) < 0 ||
        shmq_mapping_view(mapping, SHMQ_READ_WRITE, 0, 0, &view) != 0)
        return NULL;
    shmq_mapping_close(mapping);
    return view.base;
}

static int leave_together(struct peer *self, void *arg)
{
    const struct couple *couple = arg;
    const uint32_t *rounds = rounds_of(couple);

    CHILD_CHECK(rounds != NULL);
    for (uint32_t round = 1; round <= couple->count; round++) {
        struct shmq *q = NULL;

        peer_pause(self);
        CHILD_CHECK(shmq_open(couple->name, SHMQ_PRODUCER, NULL, &q) == 0);
        peer_pause(self);
        while (__atomic_load_n(rounds, __ATOMIC_ACQUIRE) < round)
            ;
        shmq_close(q);
    }
    peer_pause(self);
    return 0;
}

static void last_of_two_who_leave_together_takes_the_name_away(void **state)
{
    struct shmq_create_options o = queue_options(4096, 2, SHMQ_LANES);
    struct couple couple = {.count = (uint32_t)test_rounds(3000)};
    struct peer peers[2];

    (void)state;
    snprintf(couple.name, sizeof couple.name, "%s", test_name("together"));
    snprintf(couple.rounds, sizeof couple.rounds, "%s", test_path("rounds"));
    uint32_t *rounds = rounds_of(&couple);

    assert_non_null(rounds);
    o.transient = 1;
    for (int i = 0; i < 2; i++) {
        peers[i] = peer_start_with(leave_together, &couple, sizeof couple);
        assert_true(peer_await(&peers[i]));
    }
    for (uint32_t round = 1; round <= couple.count; round++) {
        assert_int_equal(shmq_create(couple.name, &o), 0);
        for (int i = 0; i < 2; i++) {
            peer_go(&peers[i]);
            assert_true(peer_await(&peers[i]));
        }
        for (int i = 0; i < 2; i++)
            peer_go(&peers[i]);
        __atomic_store_n(rounds, round, __ATOMIC_RELEASE);
        for (int i = 0; i < 2; i++)
            assert_true(peer_await(&peers[i]));
        assert_int_equal(test_names_with(""), 0);
    }
    for (int i = 0; i < 2; i++) {
        peer_go(&peers[i]);
        assert_int_equal(peer_end(&peers[i]), 0);
    }
}

static int use_for_ever(struct peer *self, void *name)
{
    peer_pause(self);
    for (;;) {
        struct shmq *q = NULL;
        int rc = shmq_open(name, SHMQ_PRODUCER, NULL, &q);

        if (rc == -EBUSY)
            continue;
        CHILD_CHECK(rc == 0);
        shmq_close(q);
    }
}

/* It is closed properly each time: nobody ever died with a role in it. */
static void what_is_only_ever_closed_is_never_cleaned(void **state)
{
    const char *name = queue_made("proper", 4096, 1, SHMQ_LANES);
    struct peer peer = peer_start(use_for_ever, name);

    (void)state;
    assert_true(peer_await(&peer));
    peer_go(&peer);
    for (uint64_t i = test_rounds(20000); i > 0; i--)
        assert_int_equal(shmq_clean(SHMQ_CLEAN_REMOVE, NULL, NULL), 0);
    assert_false(peer_has_ended(&peer));
    peer_kill(&peer);
    assert_int_equal(shmq_remove(name, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_come_and_go_under_those_who_use_them),
        cmocka_unit_test(and_under_those_who_are_killed_meanwhile),
        cmocka_unit_test(transient_queues_come_and_go),
        cmocka_unit_test(last_of_two_who_leave_together_takes_the_name_away),
        cmocka_unit_test(what_is_only_ever_closed_is_never_cleaned),
    };

    /* What is cleaned away here is our own, and nobody's else. */
    if (!test_private_names(16384))
        return SKIP_STATUS;
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
