/* Users, groups and modes, links and FIFOs, files that are cut off, memory that is full: as POSIX systems have them. */
#include "peers.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PAGE shmq_mapping_granularity()

static void permissions_are_exact_whatever_the_umask(void **state)
{
    (void)state;
    static const mode_t masks[] = {0, 022, 077, 0777};
    static const unsigned modes[] = {0, 0400, 0600, 0640, 0666, 0777, 0007};
    const char *name = test_name("mode");
    const char *place = test_place(name);
    const char *path = test_path("mode");
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        for (size_t k = 0; k < sizeof modes / sizeof *modes; k++) {
            struct shmq_mapping_options options = test_sized(PAGE);
            options.mode = modes[k];
            mode_t before = umask(masks[i]);
            int memory = test_create(name, options);
            options.path = path;
            int file = test_create(NULL, options);
            umask(before);
            assert_int_equal(memory, 0);
            assert_int_equal(file, 0);
            assert_int_equal(test_mode(place), modes[k] == 0 ? 0600 : modes[k]);
            assert_int_equal(test_mode(path), modes[k] == 0 ? 0600 : modes[k]);
            assert_int_equal(shmq_mapping_remove(name), 0);
            assert_int_equal(unlink(path), 0);
        }
    }
}

static void group_is_the_one_asked_for(void **state)
{
    (void)state;
    struct stat status;
    const char *name = test_name("group");
    struct shmq_mapping_options options = test_sized(PAGE);
    options.group = 12345;
    assert_int_equal(test_create(name, options), 0);
    assert_int_equal(stat(test_place(name), &status), 0);
    assert_int_equal(status.st_gid, getegid());
    assert_int_equal(shmq_mapping_remove(name), 0);

    options.has_group = 1;
    options.mode = 0660;
    options.group = geteuid() == 0 ? 12345 : getegid();
    assert_int_equal(test_create(name, options), 0);
    assert_int_equal(stat(test_place(name), &status), 0);
    assert_int_equal(status.st_gid, options.group);
    assert_int_equal(status.st_mode & 07777, 0660);
}

static int give_to_another_group(struct peer *self, void *arg)
{
    (void)self;
    unsigned before = test_names();
    struct shmq_mapping_options options = test_sized(PAGE);
    options.has_group = 1;
    options.group = 0;
    CHILD_CHECK(test_become_other());
    CHILD_CHECK(test_create(arg, options) == -EACCES);
    CHILD_CHECK(test_names() == before);
    return 0;
}

static void group_of_others_is_refused(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    char name[64];
    snprintf(name, sizeof name, "%s", test_name("others"));
    assert_int_equal(test_child(give_to_another_group, name), 0);
}

static void what_is_no_mapping_keeps_its_name(void **state)
{
    (void)state;
    const char *fifo = test_name("fifo");
    const char *folder = test_name("folder");
    assert_int_equal(mkfifo(test_place(fifo), 0600), 0);
    assert_int_equal(mkdir(test_place(folder), 0700), 0);
    const char *names[] = {fifo, folder};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(test_create(names[i], test_sized(PAGE)), -EEXIST);
        assert_int_equal(test_open(names[i], SHMQ_READ), -EINVAL);
        assert_int_equal(test_open(names[i], SHMQ_READ_WRITE), -EINVAL);
        assert_int_equal(shmq_mapping_remove(names[i]), -EINVAL);
    }
    assert_int_equal(unlink(test_place(fifo)), 0);
    assert_int_equal(rmdir(test_place(folder)), 0);
}

static void handle_of_something_else_is_not_adopted(void **state)
{
    (void)state;
    struct shmq_mapping *mapping = NULL;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int path = open(test_path("."), O_PATH | O_CLOEXEC);
    test_file(test_path("write.only"), "x");
    int blind = open(test_path("write.only"), O_WRONLY | O_CLOEXEC);
    assert_int_equal(shmq_mapping_adopt(-1, SHMQ_READ, &mapping), -EINVAL);
    assert_int_equal(shmq_mapping_adopt(100000, SHMQ_READ, &mapping), -EINVAL);
    assert_int_equal(shmq_mapping_adopt(((intptr_t)1 << 32) + blind, SHMQ_READ, &mapping), -EINVAL);
    assert_int_equal(shmq_mapping_adopt(ends[0], SHMQ_READ, &mapping), -EINVAL);
    assert_int_equal(shmq_mapping_adopt(ends[1], SHMQ_READ, &mapping), -EINVAL);
    assert_int_equal(shmq_mapping_adopt(null, SHMQ_READ, &mapping), -EINVAL);
    assert_int_equal(shmq_mapping_adopt(path, SHMQ_READ, &mapping), -EINVAL);
    assert_int_equal(shmq_mapping_adopt(blind, SHMQ_READ, &mapping), -EACCES);
    assert_int_equal(shmq_mapping_adopt(blind, (enum shmq_access)4, &mapping), -EINVAL);
    assert_int_equal(shmq_mapping_adopt(blind, SHMQ_READ, NULL), -EINVAL);
    assert_null(mapping);
    const int all[] = {ends[0], ends[1], null, path, blind};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(close(all[i]), 0);
    }
}

static void link_to_a_mapping_leads_to_it(void **state)
{
    (void)state;
    const char *path = test_path("linked");
    assert_int_equal(test_create(path, test_sized(PAGE)), 0);
    assert_int_equal(symlink(path, test_path("link")), 0);
    assert_int_equal(test_open(test_path("link"), SHMQ_READ_WRITE), 0);
    assert_int_equal(shmq_mapping_remove(path), 0);
}

static void file_that_was_cut_off_has_no_view(void **state)
{
    (void)state;
    struct shmq_mapping *mapping = NULL;
    struct shmq_view view = {NULL, 7};
    test_file(test_path("vanishing"), "something");
    assert_int_equal(shmq_mapping_open(test_path("vanishing"), SHMQ_READ, 0, &mapping), 0);
    test_file(test_path("vanishing"), "");
    assert_int_equal(shmq_mapping_size(mapping), 0);
    assert_int_equal(shmq_mapping_view(mapping, SHMQ_READ, 0, 0, &view), -ERANGE);
    shmq_mapping_close(mapping);
}

struct global_case {
    char open_to_all[96];
    char closed[96];
    char fresh[96];
};

static int global_as_other(struct peer *self, void *arg)
{
    (void)self;
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
    assert_int_equal(test_child_with(global_as_other, &names, sizeof names), 0);
    assert_int_equal(test_open(names.open_to_all, SHMQ_READ_WRITE), 0);
    assert_int_equal(test_open(test_name("all"), SHMQ_READ), -ENOENT);
    assert_int_equal(shmq_mapping_remove(names.open_to_all), 0);
    assert_int_equal(shmq_mapping_remove(names.closed), 0);
}

static int local_as_other(struct peer *self, void *arg)
{
    (void)self;
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

static int fill_up(struct peer *self, void *arg)
{
    (void)self;
    struct shmq_mapping_options options = test_sized(2 << 20);
    struct shmq_mapping *mapping = NULL;
    struct shmq_view view;
    struct statvfs before;
    struct statvfs after;
    const char *name = arg;
    if (!test_private_names(1024)) {
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

/* In a process that may only read: another user, who is given read permission. */
static int observe_as_other(struct peer *self, void *name)
{
    (void)self;
    struct shmq_info info = {.struct_size = sizeof info};
    struct shmq *q = NULL;

    if (!test_become_other())
        return SKIP_STATUS;
    CHILD_CHECK(shmq_open(name, SHMQ_PRODUCER, NULL, &q) == -EACCES);
    CHILD_CHECK(shmq_open(name, SHMQ_CONSUMER, NULL, &q) == -EACCES);
    CHILD_CHECK(shmq_open(name, SHMQ_OBSERVER, NULL, &q) == 0);
    CHILD_CHECK(shmq_info(q, &info) == 0);
    CHILD_CHECK(info.consumer_presence == SHMQ_PRESENT && info.consumer_pid == (uint32_t)getppid());
    CHILD_CHECK(shmq_remove(name, SHMQ_REMOVE_USED) == -EACCES);
    shmq_close(q);
    return 0;
}

static void observer_needs_no_more_than_reading(void **state)
{
    const char *path = test_path("readable");
    struct shmq_create_options o = queue_options(4096, 1, SHMQ_LANES);

    (void)state;
    o.mode = 0644;
    assert_int_equal(shmq_create(path, &o), 0);
    struct shmq *c = queue_opened(path, SHMQ_CONSUMER);
    int status = test_child(observe_as_other, path);

    shmq_close(c);
    assert_int_equal(shmq_remove(path, 0), 0);
    if (status == SKIP_STATUS)
        skip();
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(permissions_are_exact_whatever_the_umask),
        cmocka_unit_test(group_is_the_one_asked_for),
        cmocka_unit_test(group_of_others_is_refused),
        cmocka_unit_test(what_is_no_mapping_keeps_its_name),
        cmocka_unit_test(handle_of_something_else_is_not_adopted),
        cmocka_unit_test(link_to_a_mapping_leads_to_it),
        cmocka_unit_test(file_that_was_cut_off_has_no_view),
        cmocka_unit_test(global_name_is_for_all_and_made_by_root_only),
        cmocka_unit_test(local_name_is_of_its_user_only),
        cmocka_unit_test(squatted_name_is_refused),
        cmocka_unit_test(squatted_name_is_not_listed),
        cmocka_unit_test(observer_needs_no_more_than_reading),
        cmocka_unit_test(full_shared_memory_is_an_error_and_no_signal),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
