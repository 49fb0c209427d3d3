/* What a mapping is called, who may use it, and every argument that is none. */
#include "support.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE shmq_mapping_granularity()

static void local_name_is_the_plain_name(void **state)
{
    (void)state;
    const char *name = test_name("local");
    char local[128];
    snprintf(local, sizeof local, "Local\\%s", name);
    assert_int_equal(test_create(name, test_sized(PAGE)), 0);
    assert_int_equal(test_create(local, test_sized(PAGE)), 1);
    assert_int_equal(test_open(local, SHMQ_READ_WRITE), 0);
    assert_int_equal(shmq_mapping_remove(local), 0);
    assert_int_equal(test_open(name, SHMQ_READ), -ENOENT);
}

static void name_of_64_characters_is_the_longest(void **state)
{
    (void)state;
    char name[80];
    char global[90];
    char local[90];
    memset(name, 'x', sizeof name);
    memcpy(name, test_name(""), strlen(test_name("")));
    name[64] = '\0';
    assert_int_equal(test_create(name, test_sized(PAGE)), 0);
    assert_int_equal(test_open(name, SHMQ_READ), 0);
    assert_int_equal(shmq_mapping_remove(name), 0);
    name[64] = 'x';
    name[65] = '\0';
    snprintf(local, sizeof local, "Local\\%s", name);
    snprintf(global, sizeof global, "Global\\%s", name);
    const char *all[] = {name, local, global};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(test_create(all[i], test_sized(PAGE)), -ENAMETOOLONG);
        assert_int_equal(test_open(all[i], SHMQ_READ), -ENAMETOOLONG);
        assert_int_equal(shmq_mapping_remove(all[i]), -ENAMETOOLONG);
    }

    char path[5000];
    memset(path, '/', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(test_create(path, test_sized(PAGE)), -ENAMETOOLONG);
    assert_int_equal(test_open(path, SHMQ_READ), -ENAMETOOLONG);
    assert_int_equal(shmq_mapping_remove(path), -ENAMETOOLONG);
}

static void name_of_other_characters_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",           "a b", "a\\b",     "Local\\", "Global\\", "local\\a",   "GLOBAL\\a",       "Local\\ a",
        "Global\\a:", "a\n", "\xc3\xa4", "a*",      "%s",       "Session\\a", "Local\\Local\\a", "Global\\Local\\a",
        "\x7f",       "~",   "a,b",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(test_create(bad[i], test_sized(PAGE)), -EINVAL);
        assert_int_equal(test_open(bad[i], SHMQ_READ), -EINVAL);
        assert_int_equal(shmq_mapping_remove(bad[i]), -EINVAL);
    }
}

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

static int give_to_another_group(void *arg)
{
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

static void option_out_of_its_range_is_refused(void **state)
{
    (void)state;
    const char *name = test_name("options");
    const struct shmq_mapping_options good = test_sized(PAGE);
    struct shmq_mapping_options all[8];
    for (size_t i = 0; i < 8; i++) {
        all[i] = good;
    }
    all[0].struct_size = sizeof good - 1;
    all[1].struct_size = 0;
    all[2].struct_size = SIZE_MAX;
    all[3].access = (enum shmq_access)4;
    all[4].mode = 01000;
    all[5].has_group = 2;
    all[6].inheritable = 2;
    all[7].has_group = 1;
    all[7].group = UINT32_MAX;
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(test_create(name, all[i]), -EINVAL);
    }
    assert_int_equal(test_create(name, test_sized((uint64_t)INT64_MAX + 1)), -ENOSPC);
    assert_int_equal(test_create(name, test_sized(UINT64_MAX)), -ENOSPC);
    assert_int_equal(test_create(name, test_sized(INT64_MAX)), -ENOSPC);
    assert_int_equal(test_open(name, SHMQ_READ), -ENOENT);
}

static void later_options_are_refused_unless_they_are_zero(void **state)
{
    (void)state;
    struct {
        struct shmq_mapping_options known;
        uint64_t later;
    } options = {test_sized(PAGE), 1};
    struct shmq_mapping *mapping = NULL;
    options.known.struct_size = sizeof options;
    assert_int_equal(shmq_mapping_create(test_name("later"), &options.known, &mapping), -EINVAL);
    options.later = 0;
    assert_int_equal(shmq_mapping_create(test_name("later"), &options.known, &mapping), 0);
    shmq_mapping_close(mapping);
}

static void argument_that_is_none_is_refused(void **state)
{
    (void)state;
    const char *name = test_name("none");
    const struct shmq_mapping_options good = test_sized(PAGE);
    struct shmq_mapping *mapping = NULL;
    struct shmq_view view = {NULL, 7};
    assert_int_equal(shmq_mapping_create(name, NULL, &mapping), -EINVAL);
    assert_int_equal(shmq_mapping_create(name, &good, NULL), -EINVAL);
    assert_int_equal(shmq_mapping_open(NULL, SHMQ_READ, 0, &mapping), -EINVAL);
    assert_int_equal(shmq_mapping_open(name, SHMQ_READ, 0, NULL), -EINVAL);
    assert_int_equal(shmq_mapping_open(name, (enum shmq_access)0, 0, &mapping), -EINVAL);
    assert_int_equal(shmq_mapping_remove(NULL), -EINVAL);
    assert_int_equal(shmq_mapping_list(NULL, NULL), -EINVAL);
    assert_int_equal(shmq_mapping_view(NULL, SHMQ_READ, 0, 0, &view), -EINVAL);
    assert_int_equal(shmq_mapping_unview(NULL), -EINVAL);
    assert_int_equal(shmq_mapping_unview(&view), -EINVAL);
    assert_null(mapping);
    shmq_mapping_close(NULL);

    assert_int_equal(shmq_mapping_create(name, &good, &mapping), 0);
    assert_int_equal(shmq_mapping_view(mapping, SHMQ_READ, 0, 0, NULL), -EINVAL);
    assert_int_equal(shmq_mapping_view(mapping, (enum shmq_access)0, 0, 0, &view), -EINVAL);
    assert_int_equal(shmq_mapping_view(mapping, (enum shmq_access)5, 0, 0, &view), -EINVAL);
    assert_int_equal(view.size, 7);
    shmq_mapping_close(mapping);
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

struct seen {
    const char *mine; /* what the names to count have in them */
    char all[16][96];
    int count;
    int stop_at;
};

static int see(const char *name, void *arg)
{
    struct seen *seen = arg;
    if (strstr(name, seen->mine) != NULL && seen->count < 16) {
        snprintf(seen->all[seen->count++], sizeof seen->all[0], "%s", name);
    }
    return seen->stop_at != 0 && seen->count == seen->stop_at ? 42 : 0;
}

static void list_names_what_can_be_opened_in_order(void **state)
{
    (void)state;
    struct seen seen = {.mine = test_name("list.")};
    struct shmq_mapping_options options = test_sized(PAGE);
    char global[96];
    assert_int_equal(test_create(test_name("list.b"), options), 0);
    assert_int_equal(test_create(test_name("list.c"), options), 0);
    options.path = test_path("listed");
    assert_int_equal(test_create(test_name("list.a"), options), 0);
    assert_int_equal(mkfifo(test_place(test_name("list.fifo")), 0600), 0);
    snprintf(global, sizeof global, "Global\\%s", test_name("list.d"));
    bool privileged = geteuid() == 0;
    if (privileged) {
        assert_int_equal(test_create(global, test_sized(PAGE)), 0);
    }
    assert_int_equal(shmq_mapping_list(see, &seen), 0);
    if (privileged) {
        assert_string_equal(seen.all[0], global);
        assert_int_equal(shmq_mapping_remove(global), 0);
    }
    int first = privileged ? 1 : 0;
    assert_int_equal(seen.count, first + 3);
    assert_string_equal(seen.all[first], test_name("list.a"));
    assert_string_equal(seen.all[first + 1], test_name("list.b"));
    assert_string_equal(seen.all[first + 2], test_name("list.c"));

    seen.count = 0;
    seen.stop_at = 2;
    assert_int_equal(shmq_mapping_list(see, &seen), 42);
    assert_int_equal(seen.count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(local_name_is_the_plain_name),
        cmocka_unit_test(name_of_64_characters_is_the_longest),
        cmocka_unit_test(name_of_other_characters_is_refused),
        cmocka_unit_test(permissions_are_exact_whatever_the_umask),
        cmocka_unit_test(group_is_the_one_asked_for),
        cmocka_unit_test(group_of_others_is_refused),
        cmocka_unit_test(what_is_no_mapping_keeps_its_name),
        cmocka_unit_test(option_out_of_its_range_is_refused),
        cmocka_unit_test(later_options_are_refused_unless_they_are_zero),
        cmocka_unit_test(argument_that_is_none_is_refused),
        cmocka_unit_test(handle_of_something_else_is_not_adopted),
        cmocka_unit_test(list_names_what_can_be_opened_in_order),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
