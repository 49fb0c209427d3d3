/* What a mapping means between processes and between users. */
#include "support.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define PAGE shmq_mapping_granularity()

/* The parts that this program plays when it is started with arguments. */

static int part_reader(const char *name)
{
    struct shmq_mapping *mapping;
    struct shmq_view view;
    CHILD_CHECK(shmq_mapping_open(name, SHMQ_READ, 0, &mapping) == 0);
    CHILD_CHECK(shmq_mapping_view(mapping, SHMQ_READ, 0, 0, &view) == 0);
    CHILD_CHECK(strcmp(view.base, "from here") == 0);
    /* The end of this process; as it is without a sanitizer. */
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

static intptr_t handle_of(const char *text)
{
    return (intptr_t)strtoll(text, NULL, 10);
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
    CHILD_CHECK(!test_is_handle(handle_of(handle)));
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
    assert_int_equal(played("reader", name), PEER_FAULTED);
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
    snprintf(handle, sizeof handle, "%lld", (long long)shmq_mapping_handle(mapping));
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
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
