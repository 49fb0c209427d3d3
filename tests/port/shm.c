/* Named memory, below the mappings: what is created is seen by nobody until it is published. */
#include "port/shm.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "support.h"

#define PAGE port_shm_granularity()

static const struct port_permissions private = {.mode = 0600};

static struct port_place place_of(const char *name)
{
    struct port_place place;
    assert_int_equal(port_shm_place(name, &place), 0);
    return place;
}

static port_file created(const struct port_place *place, uint64_t size)
{
    port_file file = PORT_NO_FILE;
    assert_int_equal(port_shm_create(place, size, &private, false, &file), 0);
    return file;
}

static char *mapped(port_file file, size_t size)
{
    void *base = NULL;
    assert_int_equal(port_shm_map(file, PORT_READ_WRITE, 0, size, &base), 0);
    return base;
}

static void place_is_where_a_name_leads(void **state)
{
    (void)state;
    char local[64];
    char longest[PORT_PATH_MAX + 1];
    char dots[64];
    snprintf(local, sizeof local, "/dev/shm/shmq.%lu.name", (unsigned long)geteuid());
    snprintf(dots, sizeof dots, "/dev/shm/shmq.%lu...", (unsigned long)geteuid());
    const struct {
        const char *name;
        enum port_scope scope;
        const char *path;
    } all[] = {
        {"name", PORT_LOCAL, local},
        {"Local\\name", PORT_LOCAL, local},
        {"..", PORT_LOCAL, dots},
        {"Global\\name", PORT_GLOBAL, "/dev/shm/shmq.global.name"},
        {"./name", PORT_PATH, "./name"},
        {"/a/b c", PORT_PATH, "/a/b c"},
        {"Local\\a/b", PORT_PATH, "Local\\a/b"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct port_place place = place_of(all[i].name);
        assert_int_equal(place.scope, all[i].scope);
        assert_string_equal(place.path, all[i].path);
    }
    struct port_place place;
    assert_int_equal(port_shm_path("name", &place), 0);
    assert_int_equal(place.scope, PORT_PATH);
    assert_string_equal(place.path, "./name");
    assert_int_equal(port_shm_path("", &place), -EINVAL);
    assert_string_equal(place.path, "./name");
    memset(longest, '/', PORT_PATH_MAX);
    longest[PORT_PATH_MAX] = '\0';
    assert_int_equal(port_shm_path(longest, &place), -ENAMETOOLONG);
    longest[PORT_PATH_MAX - 1] = '\0';
    assert_int_equal(port_shm_path(longest, &place), 0);
}

static void created_memory_is_invisible_until_it_is_published(void **state)
{
    (void)state;
    unsigned names = test_names();
    struct port_place place = place_of(test_name("birth"));
    port_file other = PORT_NO_FILE;
    port_file file = created(&place, PAGE);
    assert_int_equal(test_names(), names);
    assert_int_equal(port_shm_open(&place, PORT_READ, false, &other), -ENOENT);
    char *base = mapped(file, PAGE);
    memcpy(base, "whole", sizeof "whole");
    assert_int_equal(port_shm_unmap(base, PAGE), 0);

    assert_int_equal(port_shm_publish(file, &place), 0);
    assert_int_equal(port_shm_open(&place, PORT_READ_WRITE, false, &other), 0);
    assert_true(port_shm_same(file, other));
    base = mapped(other, PAGE);
    assert_string_equal(base, "whole");
    assert_int_equal(port_shm_unmap(base, PAGE), 0);
    port_shm_close(other);
    port_shm_close(file);

    port_shm_close(created(&place, PAGE));
    assert_int_equal(test_names(), names + 1);
}

static void name_that_is_taken_is_not_replaced(void **state)
{
    (void)state;
    struct port_place place = place_of(test_name("taken"));
    port_file first = created(&place, PAGE);
    port_file second = created(&place, 2 * PAGE);
    port_file there = PORT_NO_FILE;
    assert_int_equal(port_shm_publish(first, &place), 0);
    assert_int_equal(port_shm_publish(second, &place), -EEXIST);
    assert_int_equal(port_shm_alias(&place, test_path(".")), -EEXIST);
    assert_int_equal(port_shm_open(&place, PORT_READ, false, &there), 0);
    assert_true(port_shm_same(first, there));
    assert_false(port_shm_same(second, there));
    port_shm_close(first);
    port_shm_close(second);
    port_shm_close(there);
}

static void alias_is_followed_once_and_only_for_a_name(void **state)
{
    (void)state;
    struct port_place place = place_of(test_name("chain"));
    struct port_place path = place_of(test_path("link"));
    port_file file = PORT_NO_FILE;
    test_file(test_path("file"), "text");
    assert_int_equal(port_shm_alias(&path, test_path("file")), -EINVAL);
    assert_int_equal(port_shm_alias(&place, test_path("missing")), -ENOENT);
    assert_int_equal(symlink(test_path("file"), path.path), 0);

    /* The alias remembers the file itself, also when it was made through a link. */
    assert_int_equal(port_shm_alias(&place, path.path), 0);
    assert_int_equal(unlink(path.path), 0);
    assert_int_equal(port_shm_open(&place, PORT_READ, false, &file), 0);
    port_shm_close(file);

    assert_int_equal(rename(test_path("file"), path.path), 0);
    assert_int_equal(symlink(path.path, test_path("file")), 0);
    assert_int_equal(port_shm_open(&place, PORT_READ, false, &file), -EACCES);
    assert_int_equal(port_shm_unlink(&place), 0);
    assert_int_equal(symlink("relative", place.path), 0);
    assert_int_equal(port_shm_open(&place, PORT_READ, false, &file), -EACCES);
}

static volatile sig_atomic_t alarms;

static void count_alarm(int number)
{
    (void)number;
    alarms++;
}

static void interrupted_creation_goes_on(void **state)
{
    (void)state;
    const uint64_t size = 64 << 20;
    const struct itimerval often = {{0, 2000}, {0, 2000}};
    const struct itimerval never = {{0, 0}, {0, 0}};
    struct sigaction action = {.sa_handler = count_alarm};
    struct sigaction before;
    struct port_place place = place_of(test_name("interrupted"));
    struct stat status = {0};
    port_file file = PORT_NO_FILE;
    assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
    setitimer(ITIMER_REAL, &often, NULL);
    int rc = port_shm_create(&place, size, &private, false, &file);
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &before, NULL);
    if (rc == -ENOSPC) {
        skip();
    }
    assert_int_equal(rc, 0);
    assert_int_equal(fstat((int)file, &status), 0);
    assert_int_equal(status.st_size, size);
    assert_true((uint64_t)status.st_blocks * 512 >= size);
    print_message("interrupted %d times\n", (int)alarms);
    port_shm_close(file);
}

static void file_grows_and_never_shrinks(void **state)
{
    (void)state;
    uint64_t size = 0;
    port_file file = created(NULL, PAGE);
    assert_int_equal(port_shm_grow(file, 3 * PAGE + 1), 0);
    assert_int_equal(port_shm_size(file, &size), 0);
    assert_int_equal(size, 3 * PAGE + 1);
    assert_int_equal(port_shm_grow(file, PAGE), 0);
    assert_int_equal(port_shm_grow(file, 0), 0);
    assert_int_equal(port_shm_size(file, &size), 0);
    assert_int_equal(size, 3 * PAGE + 1);
    assert_int_equal(port_shm_grow(file, UINT64_MAX), -ENOSPC);
    port_shm_close(file);
    port_shm_close(PORT_NO_FILE);
}

static void size_0_and_sizes_beyond_all_memory_are_refused(void **state)
{
    (void)state;
    unsigned descriptors = test_descriptors();
    struct port_place place = place_of(test_name("size"));
    const struct port_place *const places[] = {NULL, &place};
    for (size_t i = 0; i < 2; i++) {
        port_file file = PORT_NO_FILE;
        assert_int_equal(port_shm_create(places[i], 0, &private, false, &file), -EINVAL);
        assert_int_equal(port_shm_create(places[i], UINT64_C(1) << 62, &private, false, &file), -ENOSPC);
        assert_int_equal(port_shm_create(places[i], UINT64_MAX, &private, false, &file), -ENOSPC);
        assert_int_equal(file, PORT_NO_FILE);
    }
    assert_int_equal(test_descriptors(), descriptors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(place_is_where_a_name_leads),
        cmocka_unit_test(created_memory_is_invisible_until_it_is_published),
        cmocka_unit_test(name_that_is_taken_is_not_replaced),
        cmocka_unit_test(alias_is_followed_once_and_only_for_a_name),
        cmocka_unit_test(interrupted_creation_goes_on),
        cmocka_unit_test(file_grows_and_never_shrinks),
        cmocka_unit_test(size_0_and_sizes_beyond_all_memory_are_refused),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
