/* Blobs whose processes are killed at an instruction, whose memory is full, and whose files somebody else has spoilt. */
#include "films.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The file is cut off, is gone, is something else. */
static void blob_whose_file_is_no_more_what_it_was_is_refused(void **state)
{
    const char *name = films_made("files", OPTIONS(.blob_count = 8));
    struct shmq *q = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *consumer = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_info info = queue_info(q);
    struct shmq_message message;
    const struct film *smo = NULL;
    struct shmq_blob opened = {.data = &opened};
    char path[300];

    (void)state;
    assert_int_equal(send_film(q, 1, 100), 0);
    assert_int_equal(send_film(q, 2, 100), 0);
    assert_int_equal(film_peek(consumer, &message, &smo), 0);
    struct shmq_sm_blob blob = smo->image;
    int used = snprintf(path, sizeof path, "%s~", test_place(name));

    for (int i = 0; i < 8; i++)
        used += snprintf(path + used, sizeof path - (size_t)used, "%02x", info.id[i]);
    snprintf(path + used, sizeof path - (size_t)used, ".0.0");
    assert_int_equal(test_mode(path), 0600);
    assert_int_equal(truncate(path, 50), 0);
    assert_int_equal(shmq_blob_open(consumer, &message, &blob, &opened), -EBADMSG);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(shmq_blob_open(consumer, &message, &blob, &opened), -EBADMSG);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(shmq_blob_open(consumer, &message, &blob, &opened), -EBADMSG);
    rmdir(path);
    assert_int_equal(symlink("/dev/zero", path), 0);
    assert_int_not_equal(shmq_blob_open(consumer, &message, &blob, &opened), 0);
    unlink(path);
    shmq_release(consumer);
    assert_int_equal(take_film(consumer, &opened), 2);
    shmq_release(consumer);
    shmq_close(q);
    shmq_close(consumer);
    assert_int_equal(blobs_of(name), 0);
}

static int full_shm(struct peer *self, void *arg)
{
    (void)self;
    (void)arg;
    if (!test_private_names(512))
        return SKIP_STATUS;
    struct shmq *q = NULL;
    struct shmq *consumer = NULL;
    struct shmq_blob image;

    CHILD_CHECK(films_create("films", OPTIONS(.blob_count = 8)) == 0);
    CHILD_CHECK(shmq_open("films", SHMQ_PRODUCER, NULL, &q) == 0);
    CHILD_CHECK(shmq_open("films", SHMQ_CONSUMER, NULL, &consumer) == 0);
    for (uint64_t i = 0; i < 50; i++) {
        CHILD_CHECK(send_film(q, i, 600 << 10) == -ENOSPC);
        CHILD_CHECK(send_film(q, i, 300 << 10) == 0);
        CHILD_CHECK(send_film(q, i, 300 << 10) == -ENOSPC);
        CHILD_CHECK(take_film(consumer, &image) == (int64_t)i);
        shmq_release(consumer);
        shmq_blob_drop(consumer, &image);
    }
    shmq_close(q);
    shmq_close(consumer);
    CHILD_CHECK(blobs_of("films") == 0);
    return 0;
}

static void full_shared_memory_is_told(void **state)
{
    (void)state;
    int status = test_child(full_shm, NULL);

    if (status == SKIP_STATUS)
        skip();
    assert_int_equal(status, 0);
}

/* ---- death ---- */

static const char *stage;

/* The part of a child's work that it is killed in begins and ends with a stop. */
static int send_and_close(void)
{
    struct shmq *q = NULL;

    if (shmq_open(stage, SHMQ_PRODUCER, NULL, &q) != 0 || shmq_sm_type(q, &film_sm) < 0)
        return 1;
    raise(SIGSTOP);
    if (send_film(q, 1, 64) != 0 || send_film(q, 2, 64) != 0)
        return 1;
    shmq_close(q);
    raise(SIGSTOP);
    return 0;
}

static int take_and_close(void)
{
    struct shmq *q = NULL;
    struct shmq_blob image;

    if (shmq_open(stage, SHMQ_CONSUMER, NULL, &q) != 0 || shmq_sm_type(q, &film_sm) < 0)
        return 1;
    raise(SIGSTOP);
    if (take_film(q, &image) != 1)
        return 1;
    shmq_release(q);
    shmq_blob_drop(q, &image);
    if (take_film(q, &image) != 2)
        return 1;
    shmq_blob_drop(q, &image);
    shmq_release(q);
    shmq_close(q);
    raise(SIGSTOP);
    return 0;
}

/* Who takes over cleans up, and may die of it. */
static int take_over(void)
{
    struct shmq *q = NULL;

    raise(SIGSTOP);
    if (shmq_open(stage, SHMQ_PRODUCER, NULL, &q) != 0)
        return 1;
    shmq_close(q);
    raise(SIGSTOP);
    return 0;
}

/* Run the work for so many instructions and kill it. How many it took: fewer, where it had ended before. */
static unsigned long kill_after(int (*work)(void), unsigned long steps)
{
    fflush(NULL);
    pid_t child = fork();
    unsigned long done = 0;
    int status = 0;

    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        _exit(work());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    for (; done < steps; done++) {
        ptrace(PTRACE_SINGLESTEP, child, NULL, NULL);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSTOPPED(status));
        if (WSTOPSIG(status) == SIGSTOP)
            break;
    }
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    return done;
}

/* Whoever comes next finds all that was sent, whole, and nothing is left when it has gone. */
static void check_heirs(const char *name)
{
    struct shmq *q = NULL;
    struct shmq *consumer = NULL;
    struct shmq_blob image;
    int64_t number;

    assert_int_equal(shmq_open(name, SHMQ_PRODUCER, NULL, &q), 0);
    assert_int_equal(send_film(q, 9, 6000), 0);
    assert_int_equal(shmq_open(name, SHMQ_CONSUMER, NULL, &consumer), 0);
    int64_t last = 0;

    while ((number = take_film(consumer, &image)) != 9) {
        assert_true(number > last && number <= 2);
        last = number;
        shmq_release(consumer);
        shmq_blob_drop(consumer, &image);
    }
    shmq_release(consumer);
    shmq_blob_drop(consumer, &image);
    shmq_close(q);
    shmq_close(consumer);
    assert_int_equal(blobs_of(name), 0);
    assert_int_equal(shmq_remove(name, 0), 0);
}

static void prepare_empty(void)
{
    assert_int_equal(films_create(stage, OPTIONS(.blob_count = 8)), 0);
}

static void prepare_two(void)
{
    struct shmq *q;

    prepare_empty();
    q = queue_opened(stage, SHMQ_PRODUCER);
    assert_int_equal(send_film(q, 1, 64), 0);
    assert_int_equal(send_film(q, 2, 64), 0);
    shmq_close(q);
}

static int die_with_blobs(struct peer *self, void *arg)
{
    struct shmq *q = NULL;
    struct film *smo;
    void *data;

    (void)self;
    (void)arg;
    if (shmq_open(stage, SHMQ_PRODUCER, NULL, &q) == 0 && send_film(q, 1, 64) == 0 && film_reserve(q, &smo) == 0 &&
        shmq_blob_room(q, &smo->image, 64, &data) == 0 && shmq_blob_room(q, &smo->sound.data, 64, &data) == 0)
        peer_die();
    return 1;
}

static void prepare_death(void)
{
    prepare_empty();
    assert_int_equal(test_child(die_with_blobs, NULL), PEER_KILLED);
    assert_int_equal(blobs_of(stage), 4);
}

/* At POINTS points in equal distances; POINTS=1000000 for each instruction. */
static void at_many_points(int (*work)(void), void (*prepare)(void), bool clean)
{
    const char *wanted = getenv("POINTS");

    prepare();
    unsigned long all = kill_after(work, ULONG_MAX);
    unsigned long step = all / (wanted != NULL ? strtoul(wanted, NULL, 0) : 20) + 1;
    unsigned long points = 0;

    shmq_remove(stage, SHMQ_REMOVE_USED);
    for (unsigned long at = 0; at <= all; at += step, points++) {
        prepare();
        (void)kill_after(work, at);
        if (clean) {
            shmq_clean(SHMQ_CLEAN_REMOVE | SHMQ_CLEAN_IDLE, NULL, NULL);
            assert_int_equal(blobs_of(stage), 0);
            assert_int_equal(shmq_remove(stage, 0), -ENOENT);
        } else {
            check_heirs(stage);
        }
    }
    print_message("killed at %lu of %lu instructions\n", points, all);
    assert_true(points > 10);
}

static void a_killed_producer_leaves_none(void **state)
{
    (void)state;
    stage = test_name("producer");
    at_many_points(send_and_close, prepare_empty, false);
}

static void a_killed_consumer_leaves_none(void **state)
{
    (void)state;
    stage = test_name("consumer");
    at_many_points(take_and_close, prepare_two, false);
}

static void a_killed_heir_leaves_none(void **state)
{
    (void)state;
    stage = test_name("heir");
    at_many_points(take_over, prepare_death, false);
}

static int work_of_cleaning(struct peer *self, void *arg)
{
    (void)self;
    (void)arg;
    if (!test_private_names(16384))
        return SKIP_STATUS;
    stage = "films";
    at_many_points(send_and_close, prepare_empty, true);
    at_many_points(take_and_close, prepare_two, true);
    return 0;
}

/* shmq_clean cleans for all of the user's queues, so it has a shared memory of its own here. */
static void cleaning_removes_what_the_dead_have_left(void **state)
{
    (void)state;
    int status = test_child(work_of_cleaning, NULL);

    if (status == SKIP_STATUS)
        skip();
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blob_whose_file_is_no_more_what_it_was_is_refused),
        cmocka_unit_test(full_shared_memory_is_told),
        cmocka_unit_test(a_killed_producer_leaves_none),
        cmocka_unit_test(a_killed_consumer_leaves_none),
        cmocka_unit_test(a_killed_heir_leaves_none),
        cmocka_unit_test(cleaning_removes_what_the_dead_have_left),
    };

    /* What is cleaned away here is our own, and nobody's else. */
    if (!test_private_names(256 * 1024))
        return SKIP_STATUS;
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
