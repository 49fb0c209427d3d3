/* What a mapping is called, who may use it, and every argument that is none. */
#include "support.h"

#include <string.h>

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
        if (test_is_path(bad[i])) {
            continue;
        }
        assert_int_equal(test_create(bad[i], test_sized(PAGE)), -EINVAL);
        assert_int_equal(test_open(bad[i], SHMQ_READ), -EINVAL);
        assert_int_equal(shmq_mapping_remove(bad[i]), -EINVAL);
    }
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
    assert_int_equal(test_folder(test_place(test_name("list.folder"))), 0);
    snprintf(global, sizeof global, "Global\\%s", test_name("list.d"));
    bool privileged = test_may_name_globally();
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
        cmocka_unit_test(option_out_of_its_range_is_refused),
        cmocka_unit_test(later_options_are_refused_unless_they_are_zero),
        cmocka_unit_test(argument_that_is_none_is_refused),
        cmocka_unit_test(list_names_what_can_be_opened_in_order),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
