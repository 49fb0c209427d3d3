/* Where a nameless file cannot get a name: what is published is a copy, and means the same. */
#include "port/shm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault_calls.h"
#include "support.h"

#define PAGE port_shm_granularity()

/* Each way in which a system can be without. */
static const unsigned systems[] = {
    LACK_PROC,
    LACK_NAMELESS_FILES,
    LACK_NAMELESS_FILES | LACK_RENAME_FLAGS,
    LACK_NAMELESS_FILES | LACK_PROC,
};
#define SYSTEMS (sizeof systems / sizeof *systems)

static void system_becomes(unsigned lacks)
{
    faults = (struct faults){.armed = lacks != LACK_NOTHING, .lacks = lacks};
}

static char *mapped(port_file file, enum port_access access, size_t size)
{
    void *base = NULL;
    assert_int_equal(port_shm_map(file, access, 0, size, &base), 0);
    return base;
}

/* New memory with something at its start, behind a long hole, and at its end. */
static port_file written(const struct port_place *place, size_t size, bool inheritable)
{
    const struct port_permissions permissions = {.mode = 0604, .group = getegid(), .has_group = true};
    port_file file = PORT_NO_FILE;
    assert_int_equal(port_shm_create(place, size, &permissions, inheritable, &file), 0);
    char *base = mapped(file, PORT_READ_WRITE, size);
    memcpy(base, "start", 5);
    memcpy(base + size / 2, "middle", 6);
    memcpy(base + size - 3, "end", 3);
    assert_int_equal(port_shm_unmap(base, size), 0);
    return file;
}

static void assert_contents(port_file file, size_t size)
{
    char *base = mapped(file, PORT_READ, size);
    size_t zeros = 0;
    assert_memory_equal(base, "start", 5);
    assert_memory_equal(base + size / 2, "middle", 6);
    assert_memory_equal(base + size - 3, "end", 3);
    for (size_t i = 0; i < size; i++) {
        zeros += base[i] == 0;
    }
    assert_int_equal(zeros, size - 5 - 6 - 3);
    assert_int_equal(port_shm_unmap(base, size), 0);
}

static void published_copy_is_what_was_made(void **state)
{
    (void)state;
    const size_t size = 300 * PAGE + 77;
    for (size_t i = 0; i < 2 * SYSTEMS; i++) {
        bool inheritable = i % 2 == 1;
        struct port_place place;
        struct stat status = {0};
        port_file other = PORT_NO_FILE;
        assert_int_equal(port_shm_place(test_name("copy"), &place), 0);
        system_becomes(systems[i / 2]);
        port_file file = written(&place, size, inheritable);
        assert_int_equal(port_shm_publish(file, &place), 0);
        assert_int_equal(port_shm_open(&place, PORT_READ_WRITE, false, &other), 0);
        system_becomes(LACK_NOTHING);

        assert_true(port_shm_same(file, other));
        assert_contents(file, size);
        assert_contents(other, size);
        assert_int_equal(fstat((int)file, &status), 0);
        assert_int_equal(status.st_size, size);
        assert_int_equal(status.st_mode & 07777, 0604);
        assert_int_equal(status.st_nlink, 1);
        assert_true((size_t)status.st_blocks * 512 >= size);
        assert_int_equal((fcntl((int)file, F_GETFD) & FD_CLOEXEC) == 0, inheritable);
        port_shm_close(file);
        port_shm_close(other);
        assert_int_equal(port_shm_unlink(&place), 0);
    }
}

/* The name is taken while the copy is made: when it is there already, and when nobody has seen it yet. */
static void published_copy_replaces_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < SYSTEMS; i++) {
        struct port_place place;
        port_file there = PORT_NO_FILE;
        assert_int_equal(port_shm_place(test_name("taken"), &place), 0);
        system_becomes(LACK_NOTHING);
        port_file first = written(&place, PAGE, false);
        assert_int_equal(port_shm_publish(first, &place), 0);
        unsigned descriptors = test_descriptors();

        system_becomes(systems[i]);
        port_file second = written(&place, 2 * PAGE, false);
        assert_int_equal(port_shm_publish(second, &place), -EEXIST);
        unsigned unseen = 0;
        bool reached = true;
        for (faults.at = 1; reached; faults.at++) {
            faults.count = 0;
            faults.hit = false;
            faults.exhausted = false;
            faults.choice = 2; /* of lstat: there is nothing */
            int rc = port_shm_publish(second, &place);
            reached = faults.hit || faults.exhausted;
            unseen += faults.hit && strcmp(faults.call, "lstat") == 0;
            assert_true(rc < 0);
        }
        system_becomes(LACK_NOTHING);
        port_shm_close(second);
        /* With /proc it is the link that finds the name taken, before it finds that the file systems differ. */
        assert_true(unseen > 0 || (systems[i] & LACK_PROC) == 0);
        assert_int_equal(test_descriptors(), descriptors);
        assert_int_equal(port_shm_open(&place, PORT_READ, false, &there), 0);
        assert_true(port_shm_same(first, there));
        port_shm_close(there);
        port_shm_close(first);
        assert_int_equal(port_shm_unlink(&place), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_copy_is_what_was_made),
        cmocka_unit_test(published_copy_replaces_nothing),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
