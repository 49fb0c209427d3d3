/* Names that come and go under those who use them, in a /dev/shm of its own. */
#include "peers.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MS INT64_C(1000000)

static unsigned files_left(void)
{
    unsigned count = 0;
    DIR *folder = opendir("/dev/shm");

    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(folder);
    return count;
}

struct crowd {
    const char *name;
    unsigned seed;
    uint32_t transient;
    int rounds;
    bool removes;
};

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

        switch (rand_r(&seed) % 6) {
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
            rc = crowd->removes ? shmq_remove(crowd->name, rand_r(&seed) % 2) : 0;
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
        peers[i] = peer_start(come_and_go, &crowds[i]);
        assert_true(peer_await(&peers[i]));
    }
    for (int i = 0; i < PEERS; i++)
        peer_go(&peers[i]);
    for (int i = 0; i < kills; i++) {
        int who = i % PEERS;

        usleep(1000);
        (void)kill(peers[who].pid, SIGKILL);
        int status = peer_end(&peers[who]);

        assert_true(status == 0 || status == 128 + SIGKILL);
        crowds[who].seed += PEERS;
        peers[who] = peer_start(come_and_go, &crowds[who]);
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
    assert_int_equal(files_left(), 0);
}

static void names_come_and_go_under_those_who_use_them(void **state)
{
    struct crowd crowd = {.name = test_name("crowd"), .rounds = 3000, .removes = true};

    (void)state;
    run_crowd(crowd, 0);
    take_away(crowd.name);
}

static void and_under_those_who_are_killed_meanwhile(void **state)
{
    struct crowd crowd = {.name = test_name("killed"), .rounds = 2000, .removes = true};

    (void)state;
    run_crowd(crowd, 200);
    take_away(crowd.name);
}

static void transient_queues_come_and_go(void **state)
{
    struct crowd crowd = {.name = test_name("transient"), .rounds = 3000, .transient = 1};

    (void)state;
    run_crowd(crowd, 0);
    take_away(crowd.name);
}

/* Both are in it at once, and leave it together: one of them is the last, and takes the name away. */
struct couple {
    const char *name;
    uint32_t *rounds; /* shared: the round that is to be left */
    uint32_t count;
};

static int leave_together(struct peer *self, void *arg)
{
    const struct couple *couple = arg;

    for (uint32_t round = 1; round <= couple->count; round++) {
        struct shmq *q = NULL;

        peer_pause(self);
        CHILD_CHECK(shmq_open(couple->name, SHMQ_PRODUCER, NULL, &q) == 0);
        peer_pause(self);
        while (__atomic_load_n(couple->rounds, __ATOMIC_ACQUIRE) < round)
            ;
        shmq_close(q);
    }
    peer_pause(self);
    return 0;
}

static void last_of_two_who_leave_together_takes_the_name_away(void **state)
{
    struct shmq_create_options o = queue_options(4096, 2, SHMQ_LANES);
    struct couple couple = {.name = test_name("together"), .count = 3000};
    struct peer peers[2];

    (void)state;
    couple.rounds = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(couple.rounds, MAP_FAILED);
    o.transient = 1;
    for (int i = 0; i < 2; i++) {
        peers[i] = peer_start(leave_together, &couple);
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
        __atomic_store_n(couple.rounds, round, __ATOMIC_RELEASE);
        for (int i = 0; i < 2; i++)
            assert_true(peer_await(&peers[i]));
        assert_int_equal(files_left(), 0);
    }
    for (int i = 0; i < 2; i++) {
        peer_go(&peers[i]);
        assert_int_equal(peer_end(&peers[i]), 0);
    }
    assert_int_equal(munmap(couple.rounds, 4096), 0);
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
    for (int i = 0; i < 20000; i++)
        assert_int_equal(shmq_clean(SHMQ_CLEAN_REMOVE, NULL, NULL), 0);
    assert_int_equal(kill(peer.pid, 0), 0);
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

    if (!test_private_shm(16384))
        return SKIP_STATUS;
    /* What is cleaned away here is our own, and nobody's else. */
    if (!test_private_shm(256 * 1024))
        return 77;
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
