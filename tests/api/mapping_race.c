/* Many processes that make and remove the same name at the same time. */
#include "peers.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PAGE shmq_mapping_granularity()
#define RACERS 4

struct race {
    char name[256];
    char path[256]; /* empty: memory */
    uint64_t rounds;
};

static int race_run(struct peer *self, void *arg)
{
    const struct race *race = arg;
    struct shmq_mapping_options options = test_sized(PAGE);
    if (race->path[0] != '\0') {
        options.path = race->path;
    }
    for (uint64_t round = 0; round < race->rounds; round++) {
        peer_pause(self);
        int8_t rc = (int8_t)test_create(race->name, options);
        CHILD_CHECK(peer_tell(self, &rc, 1));
    }
    return 0;
}

/* All go on at once, round after round: each round has one winner, and the others come second. */
static void race_all(const struct race *race)
{
    struct peer racers[RACERS];
    for (int i = 0; i < RACERS; i++) {
        racers[i] = peer_start_with(race_run, race, sizeof *race);
    }
    for (uint64_t round = 0; round < race->rounds; round++) {
        int winners = 0;
        int seconds = 0;
        for (int i = 0; i < RACERS; i++) {
            assert_true(peer_await(&racers[i]));
        }
        for (int i = 0; i < RACERS; i++) {
            peer_go(&racers[i]);
        }
        for (int i = 0; i < RACERS; i++) {
            int8_t rc;
            assert_true(peer_hear(&racers[i], &rc, 1));
            winners += rc == 0;
            seconds += rc == 1;
        }
        assert_int_equal(winners, 1);
        assert_int_equal(seconds, RACERS - 1);
        assert_int_equal(shmq_mapping_remove(race->name), 0);
        assert_true(race->path[0] == '\0' || unlink(race->path) == 0);
    }
    for (int i = 0; i < RACERS; i++) {
        assert_int_equal(peer_end(&racers[i]), 0);
    }
}

static void of_racing_creators_exactly_one_has_created(void **state)
{
    (void)state;
    struct race race = {.rounds = test_rounds(300)};
    snprintf(race.name, sizeof race.name, "%s", test_name("race"));
    race_all(&race);
    snprintf(race.path, sizeof race.path, "%s", test_path("race"));
    race_all(&race);
    race.path[0] = '\0';
    snprintf(race.name, sizeof race.name, "%s", test_path("raced"));
    race_all(&race);
}

static int create_and_remove(struct peer *self, void *name)
{
    (void)self;
    for (uint64_t round = test_rounds(2000); round > 0; round--) {
        int rc = test_create(name, test_sized(PAGE));
        CHILD_CHECK(rc == 0 || rc == 1);
        rc = shmq_mapping_remove(name);
        CHILD_CHECK(rc == 0 || rc == -ENOENT);
        rc = test_open(name, SHMQ_READ_WRITE);
        CHILD_CHECK(rc == 0 || rc == -ENOENT);
    }
    return 0;
}

static void name_that_comes_and_goes_is_there_or_not(void **state)
{
    (void)state;
    const char *name = test_name("churn");
    struct peer one = peer_start(create_and_remove, name);
    struct peer two = peer_start(create_and_remove, name);
    assert_int_equal(peer_end(&one), 0);
    assert_int_equal(peer_end(&two), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_racing_creators_exactly_one_has_created),
        cmocka_unit_test(name_that_comes_and_goes_is_there_or_not),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
