/* Blobs: memories of their own that go with a record; whose they are when somebody dies; that none is left over. */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <shmq/layout.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PART(F) F(u32, id) F(blob, data)
SHMQ_SM(part, 1, PART)

#define FILM(F) F(u64, number) F(blob, image) F(nested, sound, part) F(string, title, 32)
SHMQ_SM(film, 1, FILM)

#define ALBUM_PARTS 70
#define ALBUM(F) F(nesteds, parts, part, ALBUM_PARTS)
SHMQ_SM(album, 1, ALBUM)

static const struct shmq_sm *const types[] = {&film_sm, &album_sm};

static struct shmq *open_as(const char *name, enum shmq_role role)
{
    struct shmq *q = NULL;

    assert_int_equal(shmq_open(name, role, NULL, &q), 0);
    return q;
}

static int create(const char *name, struct shmq_create_options o)
{
    o.struct_size = sizeof o;
    o.types = types;
    o.type_count = 2;
    return shmq_create(name, &o);
}

static const char *make(const char *word, struct shmq_create_options o)
{
    const char *name = test_name(word);

    assert_int_equal(create(name, o), 0);
    return name;
}

#define OPTIONS(...) ((struct shmq_create_options){.capacity = 4096, __VA_ARGS__})

/* Files of blobs beside the queue. */
static unsigned blobs_of(const char *name)
{
    char mark[128];
    unsigned count = 0;
    DIR *folder = opendir("/dev/shm");
    const struct dirent *file;

    snprintf(mark, sizeof mark, ".%s~", name);
    while (folder != NULL && (file = readdir(folder)) != NULL)
        count += strstr(file->d_name, mark) != NULL;
    if (folder != NULL)
        closedir(folder);
    return count;
}

static uint8_t pattern(uint64_t number, uint64_t at)
{
    return (uint8_t)(number * 31 + at * 7 + (at >> 8) + 1);
}

static void fill(uint8_t *data, uint64_t number, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++)
        data[i] = pattern(number, i);
}

static bool is_filled(const uint8_t *data, uint64_t number, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++) {
        if (data[i] != pattern(number, i))
            return false;
    }
    return true;
}

/* A film with an image of that size, and a sound of a tenth. */
static int send_film(struct shmq *q, uint64_t number, uint64_t size)
{
    struct film *smo = NULL;
    void *data;
    int rc = film_reserve(q, &smo);

    if (rc != 0)
        return rc;
    smo->number = number;
    rc = shmq_blob_room(q, &smo->image, size, &data);
    if (rc == 0) {
        fill(data, number, size);
        rc = shmq_blob_room(q, &smo->sound.data, size / 10, &data);
    }
    if (rc == 0) {
        fill(data, number + 1, size / 10);
        rc = shmq_string_put(q, &smo->title, "film");
    }
    if (rc == 0)
        return film_commit(q, 0);
    film_abort(q);
    return rc;
}

/* Peek a film, open its image; its sound is looked at and dropped. The number, or an error. */
static int64_t take_film(struct shmq *q, struct shmq_blob *image)
{
    const struct film *smo = NULL;
    struct shmq_message message;
    struct shmq_blob sound;
    int rc = film_peek(q, &message, &smo);

    if (rc == 0)
        rc = shmq_blob_open(q, &message, &smo->image, image);
    if (rc == 0)
        rc = shmq_blob_open(q, &message, &smo->sound.data, &sound);
    if (rc != 0)
        return rc;
    bool good = is_filled(image->data, smo->number, image->size) &&
                is_filled(sound.data, smo->number + 1, sound.size) && sound.size == image->size / 10;
    int64_t number = (int64_t)smo->number;

    shmq_blob_drop(q, &sound);
    return good ? number : -EILSEQ;
}

static void blobs_arrive_in_place(void **state)
{
    const uint64_t sizes[] = {1, 10, 4095, 4096, 4097, 100000, 10, 1 << 20, 0};
    const uint32_t kinds[] = {SHMQ_LANES, SHMQ_TOTAL_ORDER};

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        const char *name = make(k == 0 ? "one" : "two", OPTIONS(.kind = kinds[k]));
        struct shmq *q = open_as(name, SHMQ_PRODUCER);
        struct shmq *consumer = open_as(name, SHMQ_CONSUMER);

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
    const char *name = make("held", OPTIONS(.blob_count = 16));
    struct shmq *q = open_as(name, SHMQ_PRODUCER);
    struct shmq *consumer = open_as(name, SHMQ_CONSUMER);
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
    const char *name = make("full", OPTIONS(.blob_count = 4));
    struct shmq *q = open_as(name, SHMQ_PRODUCER);
    struct shmq *consumer = open_as(name, SHMQ_CONSUMER);
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
    consumer = open_as(name, SHMQ_CONSUMER);
    assert_int_equal(take_film(consumer, &images[0]), 4);
    assert_int_equal(take_film(consumer, &images[1]), 5);
    shmq_release(consumer);
    shmq_close(consumer);
    assert_int_equal(blobs_of(name), 0);
}

/* All of them are written at the same time, and read at the same time. */
static void a_record_can_have_very_many(void **state)
{
    const char *name = make("album", OPTIONS(.blob_count = ALBUM_PARTS));
    struct shmq *q = open_as(name, SHMQ_PRODUCER);
    struct shmq *consumer = open_as(name, SHMQ_CONSUMER);
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

static int consume_all(void *arg)
{
    struct shmq *consumer = NULL;
    struct shmq_message message;
    const struct film *smo;
    uint64_t count = 0;
    int rc;

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
    const char *name = make("wait", OPTIONS(.blob_count = 4));
    struct shmq_open_options o = {.struct_size = sizeof o, .policy = SHMQ_WAIT};
    struct shmq *q = NULL;
    int status;

    (void)state;
    fflush(NULL);
    pid_t child = fork();

    if (child == 0)
        _exit(consume_all((void *)(uintptr_t)name));
    assert_int_equal(shmq_open(name, SHMQ_PRODUCER, &o, &q), 0);
    for (uint64_t i = 0; i < 3000; i++) {
        int rc;

        while ((rc = send_film(q, i, 100 + i % 7 * 100)) == -EAGAIN) /* all are open at the consumer's */
            sched_yield();
        assert_int_equal(rc, 0);
    }
    shmq_close(q);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(blobs_of(name), 0);
}

static void what_is_aborted_was_never_there(void **state)
{
    const char *name = make("abort", OPTIONS(.blob_count = 2));
    struct shmq *q = open_as(name, SHMQ_PRODUCER);
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
    const char *name = make("roles", OPTIONS(.lane_count = 1));
    struct shmq *q = open_as(name, SHMQ_PRODUCER);
    struct shmq *consumer = open_as(name, SHMQ_CONSUMER);
    struct shmq *observer = open_as(name, SHMQ_OBSERVER);
    struct shmq_sm_blob blob = {8, 1, 0};
    struct shmq_message message = {.size = 64, .ticket = 72};
    struct shmq_blob opened;
    void *data;

    (void)state;
    assert_int_equal(create(test_name("flight"), OPTIONS(.kind = SHMQ_RECORDER)), -EINVAL);
    assert_int_equal(create(test_name("many"), OPTIONS(.blob_count = 1025)), -EINVAL);
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
    const char *name = make("hostile", OPTIONS(.blob_count = 8));
    struct shmq *q = open_as(name, SHMQ_PRODUCER);
    struct shmq *consumer = open_as(name, SHMQ_CONSUMER);
    struct shmq_message message;
    const struct film *smo = NULL;
    struct shmq_blob opened = {.data = &opened};
    char path[300];

    (void)state;
    assert_int_equal(send_film(q, 1, 100), 0);
    assert_int_equal(send_film(q, 2, 100), 0);
    assert_int_equal(film_peek(consumer, &message, &smo), 0);
    struct shmq_sm_blob blob = smo->image;
    const struct shmq_sm_blob bad[] = {
        {100, 0, 0}, {0, 1, 0}, {100, 9, 0}, {100, UINT32_MAX, 0}, {4097, 1, 0}, {UINT64_MAX, 1, 0}, {100, 3, 0},
    };

    assert_int_equal(blob.slot, 1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(shmq_blob_open(consumer, &message, &bad[i], &opened), -EBADMSG);
    assert_ptr_equal(opened.data, &opened);
    message.lane = 5;
    assert_int_equal(shmq_blob_open(consumer, &message, &blob, &opened), -EBADMSG);
    message.lane = 0;

    /* The file is cut off, is gone, is something else. */
    struct shmq_info info = {.struct_size = sizeof info};

    shmq_info(q, &info);
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

/* Somebody who knows nothing of blobs receives the records. */
static void a_consumer_of_bytes_leaves_none(void **state)
{
    const char *name = make("bytes", OPTIONS(.blob_count = 4));
    struct shmq *q = open_as(name, SHMQ_PRODUCER);
    struct shmq *consumer = open_as(name, SHMQ_CONSUMER);
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
    const char *name = make("remove", OPTIONS(.blob_count = 4));
    struct shmq *q = open_as(name, SHMQ_PRODUCER);
    struct shmq *consumer = open_as(name, SHMQ_CONSUMER);
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

    assert_int_equal(create(name, OPTIONS(.transient = 1)), 0);
    q = open_as(name, SHMQ_PRODUCER);
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
    assert_int_equal(create(name, OPTIONS(.path = path)), 0);
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(test_path(".")), 0);
    struct shmq *q = open_as("./films", SHMQ_PRODUCER);
    struct shmq *consumer = open_as(name, SHMQ_CONSUMER);

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

static int full_shm(void *arg)
{
    (void)arg;
    if (!test_private_shm(512))
        return SKIP_STATUS;
    struct shmq *q = NULL;
    struct shmq *consumer = NULL;
    struct shmq_blob image;

    CHILD_CHECK(create("films", OPTIONS(.blob_count = 8)) == 0);
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
    assert_int_equal(create(stage, OPTIONS(.blob_count = 8)), 0);
}

static void prepare_two(void)
{
    struct shmq *q;

    prepare_empty();
    q = open_as(stage, SHMQ_PRODUCER);
    assert_int_equal(send_film(q, 1, 64), 0);
    assert_int_equal(send_film(q, 2, 64), 0);
    shmq_close(q);
}

static int die_with_blobs(void *arg)
{
    struct shmq *q = NULL;
    struct film *smo;
    void *data;

    (void)arg;
    if (shmq_open(stage, SHMQ_PRODUCER, NULL, &q) == 0 && send_film(q, 1, 64) == 0 && film_reserve(q, &smo) == 0 &&
        shmq_blob_room(q, &smo->image, 64, &data) == 0 && shmq_blob_room(q, &smo->sound.data, 64, &data) == 0)
        raise(SIGKILL);
    return 1;
}

static void prepare_death(void)
{
    prepare_empty();
    assert_int_equal(test_child(die_with_blobs, NULL), 128 + SIGKILL);
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

static int work_of_cleaning(void *arg)
{
    (void)arg;
    if (!test_private_shm(16384))
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

static int orphans(void *arg)
{
    (void)arg;
    if (!test_private_shm(4096))
        return SKIP_STATUS;
    struct shmq *q = NULL;
    char prefix[64];
    char path[256];

    snprintf(prefix, sizeof prefix, "/dev/shm/shmq.%lu.", (unsigned long)geteuid());
    snprintf(path, sizeof path, "%sgone~0123456789abcdef.0.0", prefix);
    test_file(path, "a queue that is gone");
    snprintf(path, sizeof path, "%sgone~backup", prefix);
    test_file(path, "something of somebody's");
    CHILD_CHECK(create("films", OPTIONS(.blob_count = 8)) == 0);
    snprintf(path, sizeof path, "%sfilms~0123456789abcdef.3.5", prefix);
    test_file(path, "another queue of that name");
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
static _Noreturn void storm_producer(const char *name, uint64_t first)
{
    struct shmq_open_options o = {.struct_size = sizeof o, .policy = SHMQ_WAIT};
    struct shmq *q = NULL;

    while (shmq_open(name, SHMQ_PRODUCER, &o, &q) != 0)
        sched_yield();
    for (uint64_t i = first;; i++) {
        int rc;

        while ((rc = send_film(q, i, 64 + i % 5 * 3000)) == -EAGAIN || rc == -EOWNERDEAD)
            sched_yield();
        if (rc != 0)
            _exit(-rc);
    }
}

static _Noreturn void storm_consumer(const char *name, int result)
{
    struct shmq *q = NULL;
    int64_t number;

    while (shmq_open(name, SHMQ_CONSUMER, NULL, &q) != 0)
        sched_yield();
    for (;;) {
        struct shmq_blob image;

        number = take_film(q, &image);
        if (number < 0 && number != -EAGAIN && number != -EPIPE)
            _exit((int)-number);
        if (number < 0)
            continue;
        if (write(result, &number, sizeof number) != sizeof number)
            _exit(1);
        shmq_release(q);
        shmq_blob_drop(q, &image);
    }
}

static pid_t start(const char *name, int result, bool producer, uint64_t first)
{
    fflush(NULL);
    pid_t child = fork();

    if (child == 0 && producer)
        storm_producer(name, first);
    if (child == 0)
        storm_consumer(name, result);
    return child;
}

static void a_storm_of_kills_tears_and_leaks_nothing(void **state)
{
    const char *name = make("storm", OPTIONS(.blob_count = 6));
    int ends[2];
    int64_t number;
    int64_t last = -1;
    uint64_t received = 0;

    (void)state;
    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    srand((unsigned)time(NULL));
    pid_t producer = start(name, ends[1], true, 0);
    pid_t consumer = start(name, ends[1], false, 0);

    for (uint64_t round = 1; round <= 200; round++) {
        pid_t *victim = round % 2 == 0 ? &producer : &consumer;
        int status;

        usleep((useconds_t)(rand() % 3000));
        kill(*victim, SIGKILL);
        assert_int_equal(waitpid(*victim, &status, 0), *victim);
        assert_true(WIFSIGNALED(status)); /* or it found something torn */
        if (victim == &producer)
            producer = start(name, ends[1], true, round << 32);
        else
            consumer = start(name, ends[1], false, 0);
        while (read(ends[0], &number, sizeof number) == sizeof number) {
            assert_true(number >= last); /* again, where a consumer died before its release */
            assert_true(number <= last + 1 || number >> 32 > last >> 32);
            last = number;
            received++;
        }
    }
    kill(producer, SIGKILL);
    kill(consumer, SIGKILL);
    waitpid(producer, NULL, 0);
    waitpid(consumer, NULL, 0);
    print_message("%llu received\n", (unsigned long long)received);
    assert_true(received > 200);
    struct shmq *heir = open_as(name, SHMQ_CONSUMER);
    struct shmq_message message;

    while (shmq_peek(heir, &message) == 0)
        shmq_release(heir);
    shmq_close(heir);
    assert_int_equal(blobs_of(name), 0);
    close(ends[0]);
    close(ends[1]);
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
        cmocka_unit_test(full_shared_memory_is_told),
        cmocka_unit_test(a_killed_producer_leaves_none),
        cmocka_unit_test(a_killed_consumer_leaves_none),
        cmocka_unit_test(a_killed_heir_leaves_none),
        cmocka_unit_test(cleaning_removes_what_the_dead_have_left),
        cmocka_unit_test(blobs_without_a_queue_are_cleaned),
        cmocka_unit_test(a_storm_of_kills_tears_and_leaks_nothing),
    };

    /* What is cleaned away here is our own, and nobody's else. */
    if (!test_private_shm(256 * 1024))
        return 77;
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
