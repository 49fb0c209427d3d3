/* How named memory comes and goes: whole, once, and whatever others do with it meanwhile. */
#include "scratch.h"

#include "peer/peer.h"

#include <dirent.h>
#include <stdlib.h>

#define NAMES 40
#define CREATORS 3

static void nothing_is_there_until_it_is_published(void **state)
{
    (void)state;
    struct port_place place = scratch_name("unborn");
    port_file file = scratch_created(&place);
    char *memory = scratch_mapped(file, PORT_READ_WRITE);

    assert_int_equal(memory[SCRATCH_SIZE - 1], 0);
    memory[SCRATCH_SIZE - 1] = 'x';
    assert_int_equal(port_shm_unmap(memory, SCRATCH_SIZE), 0);
    assert_int_equal(scratch_try_open(&place), -ENOENT);
    assert_int_equal(port_shm_publish(file, &place), 0);
    port_file found = scratch_opened(&place, PORT_READ);
    uint64_t size = 0;

    assert_true(port_shm_same(file, found));
    assert_int_equal(port_shm_size(found, &size), 0);
    assert_int_equal(size, SCRATCH_SIZE);
    memory = scratch_mapped(found, PORT_READ);
    assert_int_equal(memory[SCRATCH_SIZE - 1], 'x');
    assert_int_equal(port_shm_unmap(memory, SCRATCH_SIZE), 0);
    port_shm_close(found);
    port_shm_close(file);
    assert_int_equal(port_shm_unlink(&place), 0);
}

static void second_of_a_name_replaces_nothing(void **state)
{
    (void)state;
    struct port_place place = scratch_name("twice");
    port_file first = scratch_published(&place);
    port_file second = scratch_created(&place);
    port_file found;

    assert_int_equal(port_shm_publish(second, &place), -EEXIST);
    found = scratch_opened(&place, PORT_READ);
    assert_true(port_shm_same(first, found));
    assert_false(port_shm_same(second, found));
    port_shm_close(found);
    /* It was not used up by that. */
    assert_int_equal(port_shm_unlink(&place), 0);
    assert_int_equal(port_shm_publish(second, &place), 0);
    found = scratch_opened(&place, PORT_READ);
    assert_true(port_shm_same(second, found));
    port_shm_close(found);
    port_shm_close(first);
    port_shm_close(second);
    assert_int_equal(port_shm_unlink(&place), 0);
}

/* The exit status is how many of the names were ours. */
static int create_all(struct peer *self, void *name)
{
    int count = 0;

    peer_pause(self);
    for (int i = 0; i < NAMES; i++) {
        struct port_place place;
        char each[160];
        port_file file;

        snprintf(each, sizeof each, "%s%d", (const char *)name, i);
        if (port_shm_place(each, &place) != 0 ||
            port_shm_create(&place, SCRATCH_SIZE, &scratch_private, false, &file) != 0)
            return 100;
        int rc = port_shm_publish(file, &place);

        if (rc != 0 && rc != -EEXIST)
            return 101;
        count += rc == 0;
        port_shm_close(file);
    }
    return count;
}

static void of_creators_at_the_same_time_one_wins_each_name(void **state)
{
    (void)state;
    struct peer peers[CREATORS];
    char name[100];
    int won = 0;

    snprintf(name, sizeof name, "t%d.race", (int)getpid());
    for (int i = 0; i < CREATORS; i++)
        peers[i] = peer_start(create_all, name);
    for (int i = 0; i < CREATORS; i++)
        assert_true(peer_await(&peers[i]));
    for (int i = 0; i < CREATORS; i++)
        assert_true(peer_let_go(&peers[i]));
    for (int i = 0; i < CREATORS; i++)
        won += peer_end(&peers[i]);
    assert_int_equal(won, NAMES);
    for (int i = 0; i < NAMES; i++) {
        char word[32];

        snprintf(word, sizeof word, "race%d", i);
        struct port_place place = scratch_name(word);

        assert_int_equal(port_shm_unlink(&place), 0);
    }
}

/* What a folder holds, apart from itself and its parent. */
static int entries(const char *path)
{
    DIR *folder = opendir(path);
    int count = -2;

    assert_non_null(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static int die_before_publishing(struct peer *self, void *path)
{
    struct port_place place;
    port_file file;
    void *memory;

    if (port_shm_path(path, &place) != 0 ||
        port_shm_create(&place, SCRATCH_SIZE, &scratch_private, false, &file) != 0 ||
        port_shm_map(file, PORT_READ_WRITE, 0, SCRATCH_SIZE, &memory) != 0)
        return 1;
    memset(memory, 'x', SCRATCH_SIZE);
    peer_pause(self);
    return 0;
}

static void creator_killed_before_it_publishes_leaves_nothing(void **state)
{
    (void)state;
    char folder[64];
    char path[80];

    snprintf(folder, sizeof folder, "t%d.folder", (int)getpid());
    snprintf(path, sizeof path, "%s/file", folder);
    scratch_folder(folder);
    struct peer peer = peer_start(die_before_publishing, path);

    assert_true(peer_await(&peer));
    peer_strike(&peer);
    assert_int_equal(peer_end(&peer), PEER_KILLED);
    while (entries(folder) != 0)
        usleep(1000); /* the system may take a moment longer */
    assert_int_equal(rmdir(folder), 0);
}

static void name_that_was_removed_is_free_at_once_while_others_have_it_mapped(void **state)
{
    (void)state;
    struct port_place place = scratch_name("again");
    port_file first = scratch_published(&place);
    char *old = scratch_mapped(first, PORT_READ_WRITE);

    memset(old, 'o', SCRATCH_SIZE);
    assert_int_equal(port_shm_unlink(&place), 0);
    assert_int_equal(scratch_try_open(&place), -ENOENT);
    assert_int_equal(port_shm_unlink(&place), -ENOENT);
    port_file second = scratch_published(&place);
    char *new = scratch_mapped(second, PORT_READ_WRITE);

    assert_false(port_shm_same(first, second));
    assert_int_equal(new[0], 0);
    new[0] = 'n';
    assert_int_equal(old[0], 'o');
    assert_int_equal(old[SCRATCH_SIZE - 1], 'o');
    assert_int_equal(port_shm_unmap(old, SCRATCH_SIZE), 0);
    assert_int_equal(port_shm_unmap(new, SCRATCH_SIZE), 0);
    port_shm_close(first);
    port_shm_close(second);
    assert_int_equal(port_shm_unlink(&place), 0);
}

static void file_that_was_removed_while_mapped_is_gone_when_it_is_closed(void **state)
{
    (void)state;
    char folder[64];
    char path[80];

    snprintf(folder, sizeof folder, "t%d.mapped", (int)getpid());
    snprintf(path, sizeof path, "%s/file", folder);
    scratch_folder(folder);
    struct port_place place = scratch_path(path);
    port_file file = scratch_published(&place);
    port_file other = scratch_opened(&place, PORT_READ_WRITE);
    char *memory = scratch_mapped(other, PORT_READ_WRITE);

    assert_int_equal(entries(folder), 1);
    assert_int_equal(port_shm_unlink(&place), 0);
    port_shm_close(file);
    assert_int_equal(port_shm_unmap(memory, SCRATCH_SIZE), 0);
    port_shm_close(other);
    assert_int_equal(entries(folder), 0);
    assert_int_equal(rmdir(folder), 0);
}

static int unlink_all(struct peer *self, void *name)
{
    int count = 0;

    peer_pause(self);
    for (int i = 0; i < NAMES; i++) {
        struct port_place place;
        char each[160];

        snprintf(each, sizeof each, "%s%d", (const char *)name, i);
        if (port_shm_place(each, &place) != 0)
            return 100;
        int rc = port_shm_unlink(&place);

        if (rc != 0 && rc != -ENOENT)
            return 101;
        count += rc == 0;
    }
    return count;
}

static void of_removers_at_the_same_time_one_has_removed_each_name(void **state)
{
    (void)state;
    struct peer peers[CREATORS];
    char name[100];
    int removed = 0;

    snprintf(name, sizeof name, "t%d.gone", (int)getpid());
    for (int i = 0; i < NAMES; i++) {
        char word[32];

        snprintf(word, sizeof word, "gone%d", i);
        struct port_place place = scratch_name(word);

        port_shm_close(scratch_published(&place));
    }
    for (int i = 0; i < CREATORS; i++)
        peers[i] = peer_start(unlink_all, name);
    for (int i = 0; i < CREATORS; i++)
        assert_true(peer_await(&peers[i]));
    for (int i = 0; i < CREATORS; i++)
        assert_true(peer_let_go(&peers[i]));
    for (int i = 0; i < CREATORS; i++)
        removed += peer_end(&peers[i]);
    assert_int_equal(removed, NAMES);
}

static void size_is_refused_that_can_never_be(void **state)
{
    (void)state;
    struct port_place place = scratch_name("size");
    port_file file = PORT_NO_FILE;

    assert_int_equal(port_shm_create(&place, 0, &scratch_private, false, &file), -EINVAL);
    assert_int_equal(port_shm_create(&place, UINT64_C(1) << 60, &scratch_private, false, &file), -ENOSPC);
    assert_int_equal(port_shm_create(&place, UINT64_MAX, &scratch_private, false, &file), -ENOSPC);
    assert_true(file == PORT_NO_FILE);
    assert_int_equal(scratch_try_open(&place), -ENOENT);
}

static void file_grows_and_never_shrinks(void **state)
{
    (void)state;
    struct port_place place = scratch_name("grows");
    port_file file = scratch_published(&place);
    uint64_t size = 0;

    assert_int_equal(port_shm_grow(file, SCRATCH_SIZE / 2), 0);
    assert_int_equal(port_shm_size(file, &size), 0);
    assert_int_equal(size, SCRATCH_SIZE);
    char *memory = scratch_mapped(file, PORT_READ_WRITE);

    memory[0] = 'x';
    assert_int_equal(port_shm_grow(file, SCRATCH_SIZE + 100), 0);
    assert_int_equal(port_shm_size(file, &size), 0);
    assert_int_equal(size, SCRATCH_SIZE + 100);
    assert_int_equal(memory[0], 'x');
    assert_int_equal(port_shm_unmap(memory, SCRATCH_SIZE), 0);
    port_shm_close(file);
    assert_int_equal(port_shm_unlink(&place), 0);
}

static void access_is_what_the_file_was_opened_for(void **state)
{
    (void)state;
    struct port_place place = scratch_name("access");
    port_file file = scratch_published(&place);
    port_file reader = scratch_opened(&place, PORT_READ);
    char *shared = scratch_mapped(file, PORT_READ_WRITE);
    char *private = scratch_mapped(reader, PORT_COPY);
    void *base = NULL;

    assert_int_equal(port_shm_map(reader, PORT_READ_WRITE, 0, SCRATCH_SIZE, &base), -EACCES);
    assert_null(base);
    assert_int_equal(port_shm_allows(reader, PORT_READ_WRITE), -EACCES);
    assert_int_equal(port_shm_allows(reader, PORT_COPY), 0);
    assert_int_equal(port_shm_allows(file, PORT_READ_WRITE), 0);
    assert_int_equal(port_shm_allows(PORT_NO_FILE, PORT_READ), -EINVAL);
    private[0] = 'p';
    assert_int_equal(shared[0], 0);
    shared[1] = 's';
    assert_int_equal(port_shm_unmap(private, SCRATCH_SIZE), 0);
    private = scratch_mapped(reader, PORT_READ);
    assert_int_equal(private[1], 's');
    assert_int_equal(port_shm_unmap(private, SCRATCH_SIZE), 0);
    assert_int_equal(port_shm_unmap(shared, SCRATCH_SIZE), 0);
    port_shm_close(reader);
    port_shm_close(file);
    assert_int_equal(port_shm_unlink(&place), 0);
}

static void view_may_begin_at_each_multiple_of_the_granularity(void **state)
{
    (void)state;
    struct port_place place = scratch_name("offset");
    size_t step = port_shm_granularity();
    port_file file = PORT_NO_FILE;
    void *memory = NULL;
    void *second = NULL;

    assert_int_equal(port_shm_create(&place, 2 * step + 10, &scratch_private, false, &file), 0);
    assert_int_equal(port_shm_map(file, PORT_READ_WRITE, 0, 2 * step + 10, &memory), 0);
    assert_int_equal(port_shm_map(file, PORT_READ_WRITE, 2 * step, 10, &second), 0);
    ((char *)memory)[2 * step + 9] = 'x';
    assert_int_equal(((char *)second)[9], 'x');
    assert_int_equal(port_shm_unmap(memory, 2 * step + 10), 0);
    assert_int_equal(port_shm_unmap(second, 10), 0);
    port_shm_close(file);
}

static void memory_without_a_name_is_on_no_list(void **state)
{
    (void)state;
    port_file file = PORT_NO_FILE;

    assert_int_equal(port_shm_create(NULL, SCRATCH_SIZE, &scratch_private, true, &file), 0);
    char *memory = scratch_mapped(file, PORT_READ_WRITE);

    memory[SCRATCH_SIZE - 1] = 'x';
    assert_int_equal(port_shm_unmap(memory, SCRATCH_SIZE), 0);
    memory = scratch_mapped(file, PORT_READ);
    assert_int_equal(memory[SCRATCH_SIZE - 1], 'x');
    assert_int_equal(port_shm_unmap(memory, SCRATCH_SIZE), 0);
    port_shm_close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_there_until_it_is_published),
        cmocka_unit_test(second_of_a_name_replaces_nothing),
        cmocka_unit_test(of_creators_at_the_same_time_one_wins_each_name),
        cmocka_unit_test(creator_killed_before_it_publishes_leaves_nothing),
        cmocka_unit_test(name_that_was_removed_is_free_at_once_while_others_have_it_mapped),
        cmocka_unit_test(file_that_was_removed_while_mapped_is_gone_when_it_is_closed),
        cmocka_unit_test(of_removers_at_the_same_time_one_has_removed_each_name),
        cmocka_unit_test(size_is_refused_that_can_never_be),
        cmocka_unit_test(file_grows_and_never_shrinks),
        cmocka_unit_test(access_is_what_the_file_was_opened_for),
        cmocka_unit_test(view_may_begin_at_each_multiple_of_the_granularity),
        cmocka_unit_test(memory_without_a_name_is_on_no_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
