/* Many processes that make and remove the same name at the same time. */
#include "support.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE shmq_mapping_granularity()
#define RACERS 4
#define ROUNDS 300

struct race {
    char name[64];
    const char *path; /* NULL: memory */
    int gates[RACERS][2];
    int results[2];
};

static int race_run(const struct race *race, int gate)
{
    struct shmq_mapping_options options = test_sized(PAGE);
    char go;
    int8_t rc;
    options.path = race->path;
    for (int round = 0; round < ROUNDS; round++) {
        CHILD_CHECK(read(gate, &go, 1) == 1);
        rc = (int8_t)test_create(race->name, options);
        CHILD_CHECK(write(race->results[1], &rc, 1) == 1);
    }
    return 0;
}

/* Open the gates to all at once, round after round; 0 when each round had one winner and the others came second. */
static int race_hold(const struct race *race)
{
    for (int round = 0; round < ROUNDS; round++) {
        int winners = 0;
        int seconds = 0;
        for (int i = 0; i < RACERS; i++) {
            CHILD_CHECK(write(race->gates[i][1], "", 1) == 1);
        }
        for (int i = 0; i < RACERS; i++) {
            int8_t rc;
            CHILD_CHECK(read(race->results[0], &rc, 1) == 1);
            winners += rc == 0;
            seconds += rc == 1;
        }
        CHILD_CHECK(winners == 1 && seconds == RACERS - 1);
        CHILD_CHECK(shmq_mapping_remove(race->name) == 0);
        CHILD_CHECK(race->path == NULL || unlink(race->path) == 0);
    }
    return 0;
}

static int race_all(void *arg)
{
    struct race *race = arg;
    pid_t racers[RACERS];
    CHILD_CHECK(pipe(race->results) == 0);
    for (int i = 0; i < RACERS; i++) {
        CHILD_CHECK(pipe(race->gates[i]) == 0);
        racers[i] = fork();
        if (racers[i] == 0) {
            _exit(race_run(race, race->gates[i][0]));
        }
        CHILD_CHECK(racers[i] > 0);
    }
    int failed = race_hold(race);
    for (int i = 0; i < RACERS; i++) {
        int status;
        if (failed) {
            kill(racers[i], SIGKILL);
        }
        CHILD_CHECK(waitpid(racers[i], &status, 0) == racers[i]);
        CHILD_CHECK(failed || status == 0);
    }
    return failed;
}

static void of_racing_creators_exactly_one_has_created(void **state)
{
    (void)state;
    struct race race = {0};
    snprintf(race.name, sizeof race.name, "%s", test_name("race"));
    assert_int_equal(test_child(race_all, &race), 0);
    race.path = test_path("race");
    assert_int_equal(test_child(race_all, &race), 0);
    race.path = NULL;
    snprintf(race.name, sizeof race.name, "%.60s", test_path("raced"));
    assert_int_equal(test_child(race_all, &race), 0);
}

static int create_and_remove(void *arg)
{
    for (int round = 0; round < 2000; round++) {
        int rc = test_create(arg, test_sized(PAGE));
        CHILD_CHECK(rc == 0 || rc == 1);
        rc = shmq_mapping_remove(arg);
        CHILD_CHECK(rc == 0 || rc == -ENOENT);
        rc = test_open(arg, SHMQ_READ_WRITE);
        CHILD_CHECK(rc == 0 || rc == -ENOENT);
    }
    return 0;
}

static int churn(void *arg)
{
    pid_t other = fork();
    if (other == 0) {
        _exit(create_and_remove(arg));
    }
    int rc = create_and_remove(arg);
    int status = -1;
    CHILD_CHECK(other > 0 && waitpid(other, &status, 0) == other);
    CHILD_CHECK(status == 0);
    return rc;
}

static void name_that_comes_and_goes_is_there_or_not(void **state)
{
    (void)state;
    char name[64];
    snprintf(name, sizeof name, "%s", test_name("churn"));
    assert_int_equal(test_child(churn, name), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_racing_creators_exactly_one_has_created),
        cmocka_unit_test(name_that_comes_and_goes_is_there_or_not),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
