/* Names of all kinds lead to what was put there, and to nothing else. */
#include "scratch.h"

struct expected {
    const char *const *names;
    int found;
};

/* Of those that end in one of the names we made: how many are told, each as it was given. */
static int count_ours(const char *name, void *arg)
{
    struct expected *expected = arg;

    for (int i = 0; expected->names[i] != NULL; i++)
        expected->found += strcmp(name, expected->names[i]) == 0;
    return 0;
}

static void names_differ_in_the_case_of_a_letter_too(void **state)
{
    (void)state;
    char one[64];
    char other[64];

    snprintf(one, sizeof one, "Local\\t%d.Case", (int)getpid());
    snprintf(other, sizeof other, "t%d.cASE", (int)getpid());
    const char *const names[] = {one + sizeof "Local", other, NULL};
    struct expected expected = {.names = names};
    struct port_place first;
    struct port_place second;

    assert_int_equal(port_shm_place(one, &first), 0);
    assert_int_equal(port_shm_place(other, &second), 0);
    port_file a = scratch_published(&first);
    port_file b = scratch_published(&second);

    assert_false(port_shm_same(a, b));
    assert_int_equal(port_shm_list(count_ours, &expected), 0);
    assert_int_equal(expected.found, 2);
    port_shm_close(a);
    port_shm_close(b);
    assert_int_equal(port_shm_unlink(&first), 0);
    assert_int_equal(scratch_try_open(&second), 0);
    assert_int_equal(port_shm_unlink(&second), 0);
}

/* In the file system of Windows some of them are devices, and some lose their last character. */
static void name_may_be_one_that_a_system_knows_otherwise(void **state)
{
    (void)state;
    char dotted[72];
    char plain[64];

    snprintf(plain, sizeof plain, "t%d", (int)getpid());
    snprintf(dotted, sizeof dotted, "%s.", plain);
    const char *const names[] = {"NUL", "con", "com1.x", "aux", dotted, plain, "..", ".", NULL};
    struct expected expected = {.names = names};
    port_file files[8];

    for (int i = 0; names[i] != NULL; i++) {
        struct port_place place;

        assert_int_equal(port_shm_place(names[i], &place), 0);
        files[i] = scratch_published(&place);
        for (int j = 0; j < i; j++)
            assert_false(port_shm_same(files[i], files[j]));
    }
    assert_int_equal(port_shm_list(count_ours, &expected), 0);
    assert_int_equal(expected.found, 8);
    for (int i = 0; names[i] != NULL; i++) {
        struct port_place place;

        assert_int_equal(port_shm_place(names[i], &place), 0);
        port_shm_close(files[i]);
        assert_int_equal(port_shm_unlink(&place), 0);
    }
}

static void longest_name_is_of_64_characters(void **state)
{
    (void)state;
    char name[66] = {0};
    struct port_place place;

    memset(name, 'X', 64);
    int length = snprintf(name, sizeof name, "L%d", (int)getpid());

    name[length] = 'X';
    assert_int_equal(strlen(name), 64);
    assert_int_equal(port_shm_place(name, &place), 0);
    port_shm_close(scratch_published(&place));
    assert_int_equal(scratch_try_open(&place), 0);
    assert_int_equal(port_shm_unlink(&place), 0);
    name[64] = 'X';
    assert_int_equal(port_shm_place(name, &place), -ENAMETOOLONG);
    assert_int_equal(port_shm_place("", &place), -EINVAL);
    assert_int_equal(port_shm_place("Local\\", &place), -EINVAL);
    assert_int_equal(port_shm_place("a b", &place), -EINVAL);
    assert_int_equal(port_shm_place("a~b", &place), -EINVAL);
    assert_int_equal(port_shm_place("a+b", &place), -EINVAL);
}

static void path_may_be_of_any_language(void **state)
{
    (void)state;
    char folder[64];
    char path[128];

    snprintf(folder, sizeof folder, "t%d.Größe-队列", (int)getpid());
    snprintf(path, sizeof path, "%s/имя 🦀.shmq", folder);
    struct port_place place = scratch_path(folder);
    port_file file = scratch_published(&place); /* as a file, to see that both ways of writing it are one */

    assert_int_equal(scratch_try_open(&place), 0);
    port_shm_close(file);
    assert_int_equal(port_shm_unlink(&place), 0);
    assert_int_equal(scratch_try_open(&place), -ENOENT);
    place = scratch_path(path);
    assert_int_equal(scratch_try_open(&place), -ENOENT);
    assert_int_equal(port_shm_create(&place, SCRATCH_SIZE, &scratch_private, false, &file), -ENOENT);
}

/* Longer than the 260 characters that Windows has had for so long. */
static void path_may_be_long(void **state)
{
    (void)state;
    char folder[260];
    char path[520];
    char word[191];
    struct port_place beside;

    memset(word, 'w', sizeof word);
    snprintf(folder, sizeof folder, "t%d.%.180s", (int)getpid(), word);
    snprintf(path, sizeof path, "%s/%.180s", folder, word);
    assert_true(strlen(path) > 360);
    scratch_folder(folder);
    struct port_place place = scratch_path(path);

    port_shm_close(scratch_published(&place));
    assert_int_equal(scratch_try_open(&place), 0);
    assert_int_equal(port_shm_beside(&place, "~suffix", &beside), 0);
    port_shm_close(scratch_published(&beside));
    assert_int_equal(scratch_try_open(&beside), 0);
    assert_int_equal(port_shm_unlink(&beside), 0);
    assert_int_equal(port_shm_unlink(&place), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void folder_is_no_memory(void **state)
{
    (void)state;
    char path[64];

    snprintf(path, sizeof path, "t%d.dir", (int)getpid());
    scratch_folder(path);
    struct port_place place = scratch_path(path);

    assert_int_equal(scratch_try_open(&place), -EINVAL);
    assert_int_equal(port_shm_unlink(&place), -EINVAL);
    assert_int_equal(rmdir(path), 0);
}

static void alias_leads_to_its_file_and_goes_alone(void **state)
{
    (void)state;
    char path[64];

    snprintf(path, sizeof path, "t%d.ziel-目标", (int)getpid());
    struct port_place file = scratch_path(path);
    struct port_place alias = scratch_name("Alias");
    struct port_place beside;
    port_file opened = scratch_published(&file);

    assert_int_equal(port_shm_alias(&file, path), -EINVAL);
    assert_int_equal(port_shm_alias(&alias, "./there-is-none"), -ENOENT);
    assert_int_equal(scratch_try_open(&alias), -ENOENT);
    assert_int_equal(port_shm_alias(&alias, path), 0);
    assert_true(port_shm_is_alias(&alias));
    assert_false(port_shm_is_alias(&file));
    port_file through = scratch_opened(&alias, PORT_READ_WRITE);

    assert_true(port_shm_same(opened, through));
    port_shm_close(through);
    assert_int_equal(port_shm_alias(&alias, path), -EEXIST);
    port_file other = scratch_created(&alias);

    assert_int_equal(port_shm_publish(other, &alias), -EEXIST);
    port_shm_close(other);
    /* What lies beside an alias lies beside its file. */
    assert_int_equal(port_shm_beside(&alias, "~s", &beside), 0);
    assert_int_equal(beside.scope, PORT_BESIDE);
    port_shm_close(scratch_published(&beside));
    char suffixed[80];

    snprintf(suffixed, sizeof suffixed, "%s~s", path);
    struct port_place same = scratch_path(suffixed);

    assert_int_equal(scratch_try_open(&same), 0);
    assert_int_equal(port_shm_unlink(&beside), 0);
    assert_int_equal(port_shm_unlink(&alias), 0);
    assert_false(port_shm_is_alias(&alias));
    assert_int_equal(scratch_try_open(&alias), -ENOENT);
    assert_int_equal(scratch_try_open(&file), 0);
    port_shm_close(opened);
    assert_int_equal(port_shm_unlink(&file), 0);
}

static void alias_of_a_file_that_has_gone_is_there_and_can_be_removed(void **state)
{
    (void)state;
    char path[64];
    char name[64];

    snprintf(path, sizeof path, "t%d.goes", (int)getpid());
    snprintf(name, sizeof name, "t%d.stays", (int)getpid());
    const char *const names[] = {name, NULL};
    struct expected expected = {.names = names};
    struct port_place file = scratch_path(path);
    struct port_place alias = scratch_name("stays");

    port_shm_close(scratch_published(&file));
    assert_int_equal(port_shm_alias(&alias, path), 0);
    assert_int_equal(port_shm_unlink(&file), 0);
    assert_int_equal(scratch_try_open(&alias), -ENOENT);
    assert_int_equal(port_shm_list(count_ours, &expected), 0);
    assert_int_equal(expected.found, 1);
    assert_int_equal(port_shm_unlink(&alias), 0);
    assert_int_equal(port_shm_unlink(&alias), -ENOENT);
}

static int found_beside(const char *name, const char *suffix, void *arg)
{
    struct expected *expected = arg;

    expected->found += strcmp(name, expected->names[0]) == 0 && strcmp(suffix, "~0123") == 0;
    return 0;
}

static void what_lies_beside_a_name_is_on_a_list_of_its_own(void **state)
{
    (void)state;
    char name[64];

    snprintf(name, sizeof name, "t%d.Base", (int)getpid());
    const char *const names[] = {name, NULL};
    struct expected expected = {.names = names};
    struct port_place place = scratch_name("Base");
    struct port_place beside;

    port_shm_close(scratch_published(&place));
    assert_int_equal(port_shm_beside(&place, "~0123", &beside), 0);
    port_shm_close(scratch_published(&beside));
    assert_int_equal(port_shm_list(count_ours, &expected), 0);
    assert_int_equal(expected.found, 1);
    expected.found = 0;
    assert_int_equal(port_shm_list_beside(found_beside, &expected), 0);
    assert_int_equal(expected.found, 1);
    assert_int_equal(port_shm_unlink(&place), 0);
    assert_int_equal(scratch_try_open(&beside), 0);
    assert_int_equal(port_shm_unlink(&beside), 0);
}

static void permissions_are_told_as_they_were_given(void **state)
{
    (void)state;
    static const uint32_t modes[] = {0600, 0644, 0666};
    struct port_place place = scratch_name("mode");

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        const struct port_permissions given = {.mode = modes[i]};
        struct port_permissions told = {0};
        port_file file = PORT_NO_FILE;

        assert_int_equal(port_shm_create(&place, SCRATCH_SIZE, &given, false, &file), 0);
        assert_int_equal(port_shm_publish(file, &place), 0);
        assert_int_equal(port_shm_permissions(file, &told), 0);
        assert_int_equal(told.mode, given.mode);
        assert_false(told.has_group);
        port_shm_close(file);
        assert_int_equal(port_shm_unlink(&place), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_differ_in_the_case_of_a_letter_too),
        cmocka_unit_test(name_may_be_one_that_a_system_knows_otherwise),
        cmocka_unit_test(longest_name_is_of_64_characters),
        cmocka_unit_test(path_may_be_of_any_language),
        cmocka_unit_test(path_may_be_long),
        cmocka_unit_test(folder_is_no_memory),
        cmocka_unit_test(alias_leads_to_its_file_and_goes_alone),
        cmocka_unit_test(alias_of_a_file_that_has_gone_is_there_and_can_be_removed),
        cmocka_unit_test(what_lies_beside_a_name_is_on_a_list_of_its_own),
        cmocka_unit_test(permissions_are_told_as_they_were_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
