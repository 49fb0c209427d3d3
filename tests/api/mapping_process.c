/* What a mapping means between processes and between users. */
#include "support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PAGE shmq_mapping_granularity()

/* The parts that this program plays when it is started with arguments. */

static int part_reader(const char *name)
{
    struct shmq_mapping *mapping;
    struct shmq_view view;
    CHILD_CHECK(shmq_mapping_open(name, SHMQ_READ, 0, &mapping) == 0);
    CHILD_CHECK(shmq_mapping_view(mapping, SHMQ_READ, 0, 0, &view) == 0);
    CHILD_CHECK(strcmp(view.base, "from here") == 0);
    /* The end of this process; by the signal itself also under a sanitizer. */
    signal(SIGSEGV, SIG_DFL);
    *(volatile char *)view.base = 'x';
    return 0;
}

static int part_writer(const char *name)
{
    struct shmq_mapping *mapping;
    struct shmq_view view;
    CHILD_CHECK(shmq_mapping_open(name, SHMQ_READ_WRITE, 0, &mapping) == 0);
    CHILD_CHECK(shmq_mapping_view(mapping, SHMQ_READ_WRITE, 0, 0, &view) == 0);
    memcpy(view.base, "from there", sizeof "from there");
    shmq_mapping_close(mapping);
    return 0;
}

static int part_copier(const char *name)
{
    struct shmq_mapping *mapping;
    struct shmq_view view;
    CHILD_CHECK(shmq_mapping_open(name, SHMQ_COPY, 0, &mapping) == 0);
    CHILD_CHECK(shmq_mapping_view(mapping, SHMQ_COPY, 0, 0, &view) == 0);
    CHILD_CHECK(strcmp(view.base, "from here") == 0);
    memcpy(view.base, "nobody sees this", sizeof "nobody sees this");
    CHILD_CHECK(strcmp(view.base, "nobody sees this") == 0);
    shmq_mapping_close(mapping);
    return 0;
}

static int handle_of(const char *text)
{
    return (int)strtol(text, NULL, 10);
}

static int part_heir(const char *handle)
{
    struct shmq_mapping *mapping;
    struct shmq_view view;
    CHILD_CHECK(shmq_mapping_adopt(handle_of(handle), SHMQ_READ_WRITE, &mapping) == 0);
    CHILD_CHECK(shmq_mapping_view(mapping, SHMQ_READ_WRITE, 0, 0, &view) == 0);
    CHILD_CHECK(strcmp(view.base, "from here") == 0);
    memcpy(view.base, "from there", sizeof "from there");
    shmq_mapping_close(mapping);
    CHILD_CHECK(fcntl(handle_of(handle), F_GETFD) < 0);
    return 0;
}

static int part_stranger(const char *handle)
{
    struct shmq_mapping *mapping;
    CHILD_CHECK(shmq_mapping_adopt(handle_of(handle), SHMQ_READ, &mapping) == -EINVAL);
    return 0;
}

static const struct {
    const char *name;
    int (*play)(const char *argument);
} parts[] = {
    {"reader", part_reader}, {"writer", part_writer},     {"copier", part_copier},
    {"heir", part_heir},     {"stranger", part_stranger},
};

static int played(const char *part, const char *argument)
{
    return test_exec((const char *const[]){"mapping", part, argument, NULL});
}

static void another_process_sees_what_its_access_allows(void **state)
{
    (void)state;
    const char *name = test_name("seen");
    struct shmq_mapping_options options = test_sized(PAGE);
    struct shmq_mapping *mapping = NULL;
    struct shmq_view view;
    assert_int_equal(shmq_mapping_create(name, &options, &mapping), 0);
    assert_int_equal(shmq_mapping_view(mapping, SHMQ_READ_WRITE, 0, 0, &view), 0);
    memcpy(view.base, "from here", sizeof "from here");
    assert_int_equal(played("reader", name), 128 + SIGSEGV);
    assert_int_equal(played("copier", name), 0);
    assert_string_equal(view.base, "from here");
    assert_int_equal(played("writer", name), 0);
    assert_string_equal(view.base, "from there");
    shmq_mapping_unview(&view);
    shmq_mapping_close(mapping);
}

/* How the handle of a new mapping, made in one of the four ways, fares in a program that this one starts. */
static void inherit(const char *name, const char *path, bool by_open, uint32_t inheritable)
{
    struct shmq_mapping_options options = test_sized(PAGE);
    struct shmq_mapping *mapping = NULL;
    struct shmq_view view;
    char handle[32];
    options.inheritable = inheritable;
    options.path = path;
    assert_int_equal(shmq_mapping_create(name, &options, &mapping), 0);
    if (by_open) {
        shmq_mapping_close(mapping);
        assert_int_equal(shmq_mapping_open(name, SHMQ_READ_WRITE, (int)inheritable, &mapping), 0);
    }
    assert_int_equal(shmq_mapping_view(mapping, SHMQ_READ_WRITE, 0, 0, &view), 0);
    memcpy(view.base, "from here", sizeof "from here");
    snprintf(handle, sizeof handle, "%ld", (long)shmq_mapping_handle(mapping));
    assert_int_equal(played(inheritable ? "heir" : "stranger", handle), 0);
    assert_string_equal(view.base, inheritable ? "from there" : "from here");
    assert_int_equal(shmq_mapping_unview(&view), 0);
    shmq_mapping_close(mapping);
    if (name != NULL) {
        assert_int_equal(shmq_mapping_remove(name), 0);
    }
}

static void handle_is_inherited_when_asked_for_and_never_else(void **state)
{
    (void)state;
    for (uint32_t inheritable = 0; inheritable <= 1; inheritable++) {
        inherit(test_name("inherit"), NULL, false, inheritable);
        inherit(test_name("inherit"), NULL, true, inheritable);
        inherit(test_name("inherit"), test_path("inherit"), false, inheritable);
        inherit(NULL, NULL, false, inheritable);
    }
}

struct global_case {
    char open_to_all[96];
    char closed[96];
    char fresh[96];
};

static int global_as_other(void *arg)
{
    const struct global_case *names = arg;
    struct shmq_mapping_options options = test_sized(PAGE);
    CHILD_CHECK(test_become_other());
    CHILD_CHECK(test_open(names->open_to_all, SHMQ_READ) == 0);
    CHILD_CHECK(test_open(names->open_to_all, SHMQ_READ_WRITE) == -EACCES);
    CHILD_CHECK(test_open(names->closed, SHMQ_READ) == -EACCES);
    CHILD_CHECK(test_create(names->open_to_all, options) == -EACCES);
    options.access = SHMQ_READ;
    CHILD_CHECK(test_create(names->open_to_all, options) == 1);
    CHILD_CHECK(test_create(names->fresh, options) == -EPERM);
    options.path = test_path("global.file");
    CHILD_CHECK(test_create(names->fresh, options) == -EPERM);
    CHILD_CHECK(access(options.path, F_OK) != 0);
    CHILD_CHECK(shmq_mapping_remove(names->open_to_all) == -EACCES);
    CHILD_CHECK(test_open(names->fresh, SHMQ_READ) == -ENOENT);
    return 0;
}

static void global_name_is_for_all_and_made_by_root_only(void **state)
{
    (void)state;
    struct global_case names;
    struct shmq_mapping_options options = test_sized(PAGE);
    snprintf(names.open_to_all, sizeof names.open_to_all, "Global\\%s", test_name("all"));
    snprintf(names.closed, sizeof names.closed, "Global\\%s", test_name("closed"));
    snprintf(names.fresh, sizeof names.fresh, "Global\\%s", test_name("fresh"));
    if (geteuid() != 0) {
        assert_int_equal(test_create(names.fresh, options), -EPERM);
        skip();
    }
    assert_int_equal(test_create(names.closed, options), 0);
    options.mode = 0644;
    assert_int_equal(test_create(names.open_to_all, options), 0);
    assert_int_equal(test_child(global_as_other, &names), 0);
    assert_int_equal(test_open(names.open_to_all, SHMQ_READ_WRITE), 0);
    assert_int_equal(test_open(test_name("all"), SHMQ_READ), -ENOENT);
    assert_int_equal(shmq_mapping_remove(names.open_to_all), 0);
    assert_int_equal(shmq_mapping_remove(names.closed), 0);
}

static int local_as_other(void *arg)
{
    struct shmq_mapping_options options = test_sized(PAGE);
    CHILD_CHECK(test_become_other());
    CHILD_CHECK(test_open(arg, SHMQ_READ) == -ENOENT);
    CHILD_CHECK(test_create(arg, options) == 0);
    CHILD_CHECK(shmq_mapping_remove(arg) == 0);
    CHILD_CHECK(test_open(test_path("private"), SHMQ_READ) == -EACCES);
    CHILD_CHECK(test_create(test_path("private"), options) == -EACCES);
    options.path = test_path("private");
    CHILD_CHECK(test_create(arg, options) == -EACCES);
    options.path = "/etc/shmq.mapping";
    CHILD_CHECK(test_create(arg, options) == -EACCES);
    CHILD_CHECK(test_open(arg, SHMQ_READ) == -ENOENT);
    return 0;
}

static void local_name_is_of_its_user_only(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    char name[64];
    snprintf(name, sizeof name, "%s", test_name("mine"));
    assert_int_equal(test_create(name, test_sized(PAGE)), 0);
    assert_int_equal(test_create(test_path("private"), test_sized(PAGE)), 0);
    assert_int_equal(test_child(local_as_other, name), 0);
    assert_int_equal(test_create(name, test_sized(PAGE)), 1);
}

/* Somebody else has put a file, a link or a FIFO where names of ours and of root's would be. */
static void squatted_name_is_refused(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    static const char *const kinds[] = {"file", "link", "fifo"};
    static const char *const scopes[] = {"Local", "Global"};
    test_file(test_path("bait"), "bait");
    for (size_t i = 0; i < 6; i++) {
        const char *kind = kinds[i / 2];
        bool global = i % 2 == 1;
        char name[96];
        char place[160];
        snprintf(name, sizeof name, "%s\\%s", scopes[i % 2], test_name(kind));
        snprintf(place, sizeof place, "/dev/shm/shmq.%s.%s", global ? "global" : "0", test_name(kind));
        if (strcmp(kind, "file") == 0) {
            test_file(place, "not ours");
            assert_int_equal(chmod(place, 0666), 0);
        } else if (strcmp(kind, "link") == 0) {
            assert_int_equal(symlink(test_path("bait"), place), 0);
        } else {
            assert_int_equal(mkfifo(place, 0666), 0);
        }
        assert_int_equal(lchown(place, OTHER_UID, OTHER_UID), 0);
        assert_int_equal(test_open(name, SHMQ_READ), -EACCES);
        assert_int_equal(test_open(name, SHMQ_READ_WRITE), -EACCES);
        assert_int_equal(test_create(name, test_sized(PAGE)), -EACCES);
        assert_int_equal(shmq_mapping_remove(name), -EACCES);
        assert_int_equal(unlink(place), 0);
    }
}

static int see(const char *name, void *arg)
{
    return strstr(name, arg) != NULL ? 1 : 0;
}

static void squatted_name_is_not_listed(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    char name[64];
    snprintf(name, sizeof name, "%s", test_name("listed"));
    const char *place = test_place(name);
    test_file(place, "");
    assert_int_equal(shmq_mapping_list(see, name), 1);
    assert_int_equal(chown(place, OTHER_UID, OTHER_UID), 0);
    assert_int_equal(shmq_mapping_list(see, name), 0);
    assert_int_equal(unlink(place), 0);
}

static int fill_up(void *arg)
{
    struct shmq_mapping_options options = test_sized(2 << 20);
    struct shmq_mapping *mapping = NULL;
    struct shmq_view view;
    struct statvfs before;
    struct statvfs after;
    const char *name = arg;
    if (!test_private_shm(1024)) {
        return SKIP_STATUS;
    }
    CHILD_CHECK(statvfs("/dev/shm", &before) == 0);
    unsigned descriptors = test_descriptors();
    unsigned names = test_names();
    CHILD_CHECK(test_create(name, options) == -ENOSPC);
    options.size = (768 << 10) + 1;
    CHILD_CHECK(shmq_mapping_create(name, &options, &mapping) == 0);
    CHILD_CHECK(test_create(test_name("second"), options) == -ENOSPC);
    options.path = "/dev/shm/of.the.user";
    CHILD_CHECK(test_create(test_name("second"), options) == -ENOSPC);
    CHILD_CHECK(access(options.path, F_OK) != 0);
    CHILD_CHECK(test_names() == names + 1);

    /* What was granted is there: every page can be written. */
    CHILD_CHECK(shmq_mapping_view(mapping, SHMQ_READ_WRITE, 0, 0, &view) == 0);
    memset(view.base, 1, view.size);
    CHILD_CHECK(shmq_mapping_unview(&view) == 0);
    shmq_mapping_close(mapping);
    CHILD_CHECK(shmq_mapping_remove(name) == 0);
    CHILD_CHECK(statvfs("/dev/shm", &after) == 0);
    CHILD_CHECK(before.f_bfree == after.f_bfree && before.f_ffree == after.f_ffree);
    CHILD_CHECK(test_descriptors() == descriptors);
    return 0;
}

static void full_shared_memory_is_an_error_and_no_signal(void **state)
{
    (void)state;
    char name[64];
    snprintf(name, sizeof name, "%s", test_name("full"));
    unsigned names = test_names();
    int status = test_child(fill_up, name);
    if (status == SKIP_STATUS) {
        skip();
    }
    assert_int_equal(status, 0);
    assert_int_equal(test_names(), names);
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 3 && i < sizeof parts / sizeof *parts; i++) {
        if (strcmp(argv[1], parts[i].name) == 0) {
            return parts[i].play(argv[2]);
        }
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_process_sees_what_its_access_allows),
        cmocka_unit_test(handle_is_inherited_when_asked_for_and_never_else),
        cmocka_unit_test(global_name_is_for_all_and_made_by_root_only),
        cmocka_unit_test(local_name_is_of_its_user_only),
        cmocka_unit_test(squatted_name_is_refused),
        cmocka_unit_test(squatted_name_is_not_listed),
        cmocka_unit_test(full_shared_memory_is_an_error_and_no_signal),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
