/* What a mapping means, seen from one process. */
#include "support.h"

#include <string.h>
#include <unistd.h>

#define PAGE shmq_mapping_granularity()

static struct shmq_mapping *created(const char *name, struct shmq_mapping_options options)
{
    struct shmq_mapping *mapping = NULL;
    assert_int_equal(shmq_mapping_create(name, &options, &mapping), 0);
    return mapping;
}

static struct shmq_view viewed(const struct shmq_mapping *mapping, enum shmq_access access)
{
    struct shmq_view view = {NULL, 0};
    assert_int_equal(shmq_mapping_view(mapping, access, 0, 0, &view), 0);
    return view;
}

static void created_mapping_has_its_size_and_is_zero(void **state)
{
    (void)state;
    struct shmq_mapping *mapping = created(test_name("zero"), test_sized(10000));
    assert_int_equal(shmq_mapping_size(mapping), 10000);
    struct shmq_view view = viewed(mapping, SHMQ_READ_WRITE);
    assert_int_equal(view.size, 10000);
    for (size_t i = 0; i < view.size; i++) {
        assert_int_equal(((const char *)view.base)[i], 0);
    }
    memset(view.base, 1, view.size);
    assert_int_equal(shmq_mapping_unview(&view), 0);
    shmq_mapping_close(mapping);
}

static void existing_name_gives_the_existing_mapping_and_1(void **state)
{
    (void)state;
    const char *name = test_name("existing");
    struct shmq_mapping_options options = test_sized(PAGE);
    options.mode = 0640;
    struct shmq_mapping *first = created(name, options);
    struct shmq_view view = viewed(first, SHMQ_READ_WRITE);
    memcpy(view.base, "first", sizeof "first");

    struct shmq_mapping *second = NULL;
    options = test_sized(5 * PAGE);
    options.mode = 0600;
    options.path = test_path("unused");
    assert_int_equal(shmq_mapping_create(name, &options, &second), 1);
    assert_int_equal(shmq_mapping_size(second), PAGE);
    struct shmq_view same = viewed(second, SHMQ_READ);
    assert_string_equal(same.base, "first");
    assert_int_equal(test_mode(test_place(name)), test_mode_wanted(0640));
    assert_int_equal(access(test_path("unused"), F_OK), -1);

    shmq_mapping_unview(&view);
    shmq_mapping_unview(&same);
    shmq_mapping_close(first);
    shmq_mapping_close(second);
    assert_int_equal(shmq_mapping_remove(name), 0);
    assert_int_equal(test_create(name, test_sized(PAGE)), 0);
}

static void size_0_is_the_length_of_the_file(void **state)
{
    (void)state;
    const char *path = test_path("whole");
    test_file(path, "what the file holds");
    struct shmq_mapping_options options = test_sized(0);
    options.path = path;
    struct shmq_mapping *mapping = created(test_name("whole"), options);
    assert_int_equal(shmq_mapping_size(mapping), 19);
    struct shmq_view view = viewed(mapping, SHMQ_READ_WRITE);
    assert_memory_equal(view.base, "what the file holds", 19);
    memcpy(view.base, "WHAT", 4);
    shmq_mapping_unview(&view);
    shmq_mapping_close(mapping);

    char text[4];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, 4, file), 4);
    fclose(file);
    assert_memory_equal(text, "WHAT", 4);

    options.path = test_path("missing");
    assert_int_equal(test_create(test_name("none"), options), -ENOENT);
    test_file(test_path("empty"), "");
    options.path = test_path("empty");
    assert_int_equal(test_create(test_name("none"), options), -EINVAL);
    options.path = NULL;
    assert_int_equal(test_create(test_name("none"), options), -EINVAL);
    assert_int_equal(test_open(test_name("none"), SHMQ_READ), -ENOENT);
}

static void file_is_made_or_grows_to_the_size_asked_for(void **state)
{
    (void)state;
    struct shmq_mapping_options options = test_sized(10000);
    options.path = test_path("made");
    options.mode = 0644;
    assert_int_equal(test_create(test_name("made"), options), 0);
    assert_int_equal(test_length(options.path), 10000);
    assert_int_equal(test_mode(options.path), test_mode_wanted(0644));

    test_file(test_path("short"), "kept");
    options.path = test_path("short");
    options.access = SHMQ_READ;
    assert_int_equal(test_create(test_name("short"), options), -EACCES);
    options.access = SHMQ_COPY;
    assert_int_equal(test_create(test_name("short"), options), -EACCES);
    assert_int_equal(test_length(options.path), 4);
    options.access = SHMQ_READ_WRITE;
    struct shmq_mapping *mapping = created(test_name("short"), options);
    assert_int_equal(shmq_mapping_size(mapping), 10000);
    struct shmq_view view = viewed(mapping, SHMQ_READ);
    assert_memory_equal(view.base, "kept\0\0", 6);
    shmq_mapping_unview(&view);
    shmq_mapping_close(mapping);
    assert_int_equal(test_mode(options.path), test_mode_wanted(0600));

    options.size = 4;
    assert_int_equal(test_create(NULL, options), 0);
    assert_int_equal(test_length(options.path), 10000);
}

static void path_that_cannot_be_a_mapping_is_refused(void **state)
{
    (void)state;
    struct shmq_mapping_options options = test_sized(PAGE);
    const char *name = test_name("bad.path");
    options.path = test_path(".");
    assert_int_equal(test_create(name, options), -EINVAL);
    options.path = test_null_device();
    assert_int_equal(test_create(name, options), -EINVAL);
    options.path = "";
    assert_int_equal(test_create(name, options), -EINVAL);
    options.path = test_path("no/such/folder");
    assert_int_equal(test_create(name, options), -ENOENT);
    test_file(test_path("file"), "file");
    options.path = test_path("file/in.it");
    assert_int_equal(test_create(name, options), -ENOENT);
    char longest[5000];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    options.path = longest;
    assert_int_equal(test_create(name, options), -ENAMETOOLONG);
    longest[300] = '\0';
    assert_int_equal(test_create(name, options), -ENAMETOOLONG);
    options.path = test_path("other");
    assert_int_equal(test_create(test_path("itself"), options), -EINVAL);
    assert_int_equal(access(options.path, F_OK), -1);
}

static void name_of_a_file_leads_to_it_and_goes_without_it(void **state)
{
    (void)state;
    const char *name = test_name("alias");
    struct shmq_mapping_options options = test_sized(PAGE);
    options.path = test_path("target");
    struct shmq_mapping *mapping = created(name, options);
    struct shmq_view view = viewed(mapping, SHMQ_READ_WRITE);
    memcpy(view.base, "in the file", sizeof "in the file");
    struct shmq_mapping *other = NULL;
    assert_int_equal(shmq_mapping_open(name, SHMQ_READ, 0, &other), 0);
    struct shmq_view same = viewed(other, SHMQ_READ);
    assert_string_equal(same.base, "in the file");
    shmq_mapping_unview(&view);
    shmq_mapping_unview(&same);
    shmq_mapping_close(mapping);
    shmq_mapping_close(other);

    assert_int_equal(test_create(name, test_sized(PAGE)), 1);
    assert_int_equal(shmq_mapping_remove(name), 0);
    assert_int_equal(test_open(name, SHMQ_READ), -ENOENT);
    assert_int_equal(test_length(options.path), PAGE);

    assert_int_equal(test_create(name, options), 0);
    assert_int_equal(unlink(options.path), 0);
    assert_int_equal(test_open(name, SHMQ_READ), -ENOENT);
    assert_int_equal(test_create(name, test_sized(PAGE)), -EEXIST);
    options.path = test_path("another");
    assert_int_equal(test_create(name, options), -EEXIST);
    assert_int_equal(access(options.path, F_OK), -1);
    options.path = test_path("target");
    assert_int_equal(test_create(name, options), 1);
    assert_int_equal(test_length(options.path), PAGE);
    assert_int_equal(shmq_mapping_remove(name), 0);
}

static void relative_path_is_remembered_from_anywhere(void **state)
{
    (void)state;
    const char *name = test_name("relative");
    char before[4096];
    struct shmq_mapping_options options = test_sized(PAGE);
    options.path = "relative.file";
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(test_path(".")), 0);
    int rc = test_create(name, options);
    assert_int_equal(chdir(before), 0);
    assert_int_equal(rc, 0);
    assert_int_equal(test_open(name, SHMQ_READ_WRITE), 0);
    assert_int_equal(test_length(test_path("relative.file")), PAGE);
}

static void name_with_a_slash_is_a_path(void **state)
{
    (void)state;
    const char *path = test_path("by.path");
    assert_int_equal(test_create(path, test_sized(PAGE)), 0);
    assert_int_equal(test_create(path, test_sized(PAGE)), 1);
    assert_int_equal(test_length(path), PAGE);
    assert_int_equal(shmq_mapping_remove(path), 0);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(shmq_mapping_remove(path), -ENOENT);
    assert_int_equal(test_open(test_null_device(), SHMQ_READ), -EINVAL);
    assert_int_equal(test_open(test_path("."), SHMQ_READ), -EINVAL);
    assert_int_equal(test_create(test_path("."), test_sized(PAGE)), -EEXIST);
    assert_int_equal(shmq_mapping_remove(test_path(".")), -EINVAL);
}

static void mapping_without_a_name_is_in_no_list(void **state)
{
    (void)state;
    unsigned before = test_names();
    struct shmq_mapping *first = created(NULL, test_sized(PAGE));
    struct shmq_mapping *second = created(NULL, test_sized(PAGE));
    struct shmq_view a = viewed(first, SHMQ_READ_WRITE);
    struct shmq_view b = viewed(second, SHMQ_READ_WRITE);
    memcpy(a.base, "first", sizeof "first");
    assert_string_equal(b.base, "");
    assert_int_equal(test_names(), before);
    shmq_mapping_unview(&a);
    shmq_mapping_unview(&b);
    shmq_mapping_close(first);
    shmq_mapping_close(second);
    assert_int_equal(test_create(NULL, test_sized(UINT64_C(1) << 60)), -ENOSPC);
}

static void copy_on_write_stays_in_its_view(void **state)
{
    (void)state;
    struct shmq_mapping *mapping = created(test_name("copy"), test_sized(PAGE));
    struct shmq_view all = viewed(mapping, SHMQ_READ_WRITE);
    struct shmq_view own = viewed(mapping, SHMQ_COPY);
    memcpy(all.base, "for all", sizeof "for all");
    assert_string_equal(own.base, "for all");
    memcpy(own.base, "my own", sizeof "my own");
    assert_string_equal(all.base, "for all");
    shmq_mapping_unview(&all);
    shmq_mapping_unview(&own);
    shmq_mapping_close(mapping);
}

static void access_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    const char *name = test_name("access");
    const enum shmq_access narrow[] = {SHMQ_READ, SHMQ_COPY};
    struct shmq_view view = {NULL, 7};
    assert_int_equal(test_create(name, test_sized(PAGE)), 0);
    for (size_t i = 0; i < 2; i++) {
        struct shmq_mapping *mapping = NULL;
        assert_int_equal(shmq_mapping_open(name, narrow[i], 0, &mapping), 0);
        assert_int_equal(shmq_mapping_view(mapping, SHMQ_READ_WRITE, 0, 0, &view), -EACCES);
        assert_null(view.base);
        assert_int_equal(view.size, 7);
        struct shmq_view read = viewed(mapping, SHMQ_READ);
        struct shmq_view copy = viewed(mapping, SHMQ_COPY);
        shmq_mapping_unview(&read);
        shmq_mapping_unview(&copy);

        struct shmq_mapping *adopted = NULL;
        intptr_t handle = test_handle_copy(shmq_mapping_handle(mapping));
        assert_int_equal(shmq_mapping_adopt(handle, SHMQ_READ_WRITE, &adopted), -EACCES);
        assert_null(adopted);
        assert_int_equal(shmq_mapping_adopt(handle, narrow[i], &adopted), 0);
        shmq_mapping_close(adopted);
        shmq_mapping_close(mapping);
    }
}

static void view_outside_of_the_mapping_is_refused(void **state)
{
    (void)state;
    struct shmq_mapping *mapping = created(test_name("range"), test_sized(2 * PAGE + 100));
    struct shmq_view view = {NULL, 7};
    const struct {
        uint64_t offset;
        size_t length;
        int result;
    } cases[] = {
        {1, 1, -EINVAL},
        {PAGE / 2, 0, -EINVAL},
        {PAGE + 8, 1, -EINVAL},
        {UINT64_MAX, 1, -EINVAL},
        {3 * PAGE, 0, -ERANGE},
        {3 * PAGE, 1, -ERANGE},
        {0, 2 * PAGE + 101, -ERANGE},
        {2 * PAGE, 101, -ERANGE},
        {0, SIZE_MAX, -ERANGE},
        {PAGE, SIZE_MAX - PAGE + 1, -ERANGE},
        {PAGE, SIZE_MAX, -ERANGE},
        {(uint64_t)INT64_MAX + 1, 1, -ERANGE},
        {UINT64_MAX - PAGE + 1, PAGE, -ERANGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(shmq_mapping_view(mapping, SHMQ_READ, cases[i].offset, cases[i].length, &view),
                         cases[i].result);
        assert_null(view.base);
        assert_int_equal(view.size, 7);
    }
    assert_int_equal(shmq_mapping_view(mapping, SHMQ_READ, 2 * PAGE, 0, &view), 0);
    assert_int_equal(view.size, 100);
    shmq_mapping_unview(&view);
    assert_int_equal(shmq_mapping_view(mapping, SHMQ_READ, PAGE, PAGE + 100, &view), 0);
    assert_int_equal(view.size, PAGE + 100);
    shmq_mapping_unview(&view);
    shmq_mapping_close(mapping);
}

static void views_are_many_and_outlive_their_mapping(void **state)
{
    (void)state;
    const char *name = test_name("views");
    unsigned maps = test_maps();
    struct shmq_mapping *mapping = created(name, test_sized(2 * PAGE));
    struct shmq_view whole = viewed(mapping, SHMQ_READ_WRITE);
    struct shmq_view second;
    assert_int_equal(shmq_mapping_view(mapping, SHMQ_READ_WRITE, PAGE, PAGE, &second), 0);
    struct shmq_view read = viewed(mapping, SHMQ_READ);
    shmq_mapping_close(mapping);
    assert_int_equal(shmq_mapping_remove(name), 0);

    memcpy(second.base, "still here", sizeof "still here");
    assert_string_equal((char *)whole.base + PAGE, "still here");
    assert_int_equal(shmq_mapping_unview(&whole), 0);
    assert_null(whole.base);
    assert_int_equal(whole.size, 0);
    assert_string_equal((char *)read.base + PAGE, "still here");
    assert_int_equal(shmq_mapping_unview(&second), 0);
    assert_int_equal(shmq_mapping_unview(&read), 0);
    assert_int_equal(shmq_mapping_unview(&read), -EINVAL);
    assert_int_equal(test_maps(), maps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(created_mapping_has_its_size_and_is_zero),
        cmocka_unit_test(existing_name_gives_the_existing_mapping_and_1),
        cmocka_unit_test(size_0_is_the_length_of_the_file),
        cmocka_unit_test(file_is_made_or_grows_to_the_size_asked_for),
        cmocka_unit_test(path_that_cannot_be_a_mapping_is_refused),
        cmocka_unit_test(name_of_a_file_leads_to_it_and_goes_without_it),
        cmocka_unit_test(relative_path_is_remembered_from_anywhere),
        cmocka_unit_test(name_with_a_slash_is_a_path),
        cmocka_unit_test(mapping_without_a_name_is_in_no_list),
        cmocka_unit_test(copy_on_write_stays_in_its_view),
        cmocka_unit_test(access_that_does_not_fit_is_refused),
        cmocka_unit_test(view_outside_of_the_mapping_is_refused),
        cmocka_unit_test(views_are_many_and_outlive_their_mapping),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
