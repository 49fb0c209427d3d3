/* Sleeping on a word of shared memory, and being woken by another process that has it elsewhere. */
#include "scratch.h"

#include "base/atomic.h"
#include "peer/peer.h"
#include "port/clock.h"
#include "port/sleep.h"

#define LONG_NS INT64_C(60000000000)
#define OFFSET 4096u
#define ROUNDS 200

static struct port_place place;
static port_file file;
static uint32_t *word;

static int map_word(void **state)
{
    (void)state;
    place = scratch_name("sleeps");
    file = scratch_published(&place);
    word = (uint32_t *)(void *)(scratch_mapped(file, PORT_READ_WRITE) + OFFSET);
    return 0;
}

static int unmap_word(void **state)
{
    (void)state;
    assert_int_equal(port_shm_unmap((char *)(void *)word - OFFSET, SCRATCH_SIZE), 0);
    port_shm_close(file);
    return port_shm_unlink(&place);
}

static void sleep_on_another_value_ends_at_once(void **state)
{
    (void)state;
    atomic_store_u32(word, 1);
    assert_int_equal(port_sleep(word, 2, LONG_NS), 0);
}

static void sleep_ends_when_its_time_is_over(void **state)
{
    (void)state;
    atomic_store_u32(word, 1);
    int64_t start_ns = port_clock_monotonic_ns();
    int rc;

    while ((rc = port_sleep(word, 1, 3000000)) == 0) /* it may be for nothing */
        continue;
    assert_int_equal(rc, -ETIMEDOUT);
    assert_true(port_clock_monotonic_ns() - start_ns >= 2000000);
}

/* Adds one to the word, from another address, each time it has become even. */
static int answer(struct peer *self, void *path)
{
    struct port_place its = {.scope = PORT_BESIDE};
    port_file opened;
    void *first;
    void *second;

    (void)self;
    snprintf(its.path, sizeof its.path, "%s", (const char *)path);
    if (port_shm_open(&its, PORT_READ_WRITE, false, &opened) != 0 ||
        port_shm_map(opened, PORT_READ_WRITE, 0, SCRATCH_SIZE, &first) != 0 ||
        port_shm_map(opened, PORT_READ_WRITE, 0, SCRATCH_SIZE, &second) != 0)
        return 1;
    uint32_t *its_word = (uint32_t *)(void *)((char *)second + OFFSET);
    uint32_t value = atomic_load_u32(its_word);

    while (value < 2 * ROUNDS) {
        if (value % 2 == 0) {
            atomic_store_u32(its_word, value + 1);
            atomic_fence();
            port_wake(its_word);
        } else {
            (void)port_sleep(its_word, value, LONG_NS);
        }
        value = atomic_load_acquire_u32(its_word);
    }
    return 0;
}

/* Each side sleeps a minute where the other does not wake it: so a lost one is seen by the time limit of the test. */
static void two_processes_wake_each_other_again_and_again(void **state)
{
    (void)state;
    atomic_store_u32(word, 1);
    struct peer peer = peer_start(answer, place.path);
    uint32_t value = 1;

    while (value < 2 * ROUNDS) {
        if (value % 2 == 1) {
            atomic_store_u32(word, value + 1);
            atomic_fence();
            port_wake(word);
        } else {
            (void)port_sleep(word, value, LONG_NS);
        }
        value = atomic_load_acquire_u32(word);
    }
    assert_int_equal(peer_end(&peer), 0);
}

static void wake_where_nobody_sleeps_is_nothing(void **state)
{
    (void)state;
    uint32_t own = 0;

    port_wake(word);
    port_wake(&own);
    atomic_store_u32(word, 1);
    assert_int_equal(port_sleep(word, 1, 1000), -ETIMEDOUT);
}

static void clocks_go_on(void **state)
{
    (void)state;
    int64_t monotonic_ns = port_clock_monotonic_ns();
    int64_t real_ns = port_clock_real_ns();

    assert_int_equal(port_clock_sleep(3000000), 0);
    assert_true(port_clock_monotonic_ns() - monotonic_ns >= 2900000);
    assert_true(port_clock_real_ns() > INT64_C(1700000000) * 1000000000); /* 2023 */
    int64_t apart_ns = port_clock_real_ns() - port_clock_coarse_ns();

    assert_true(apart_ns > -INT64_C(1000000000) && apart_ns < INT64_C(60000000000));
    assert_true(port_clock_real_ns() - real_ns < INT64_C(60000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sleep_on_another_value_ends_at_once),
        cmocka_unit_test(sleep_ends_when_its_time_is_over),
        cmocka_unit_test(two_processes_wake_each_other_again_and_again),
        cmocka_unit_test(wake_where_nobody_sleeps_is_nothing),
        cmocka_unit_test(clocks_go_on),
    };

    return cmocka_run_group_tests(tests, map_word, unmap_word);
}
