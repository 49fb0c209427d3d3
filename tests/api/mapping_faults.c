/*
 * Every system call that fails
 *
 * Each case below is run again and again, with its first call failing, then its second, and so on, in every way that
 * the call knows; first on a system that has everything, then on systems that lack something. The result must be one
 * of those that mapping.h names, and nothing may be left: no descriptor, no view, no memory, no file.
 */
#include "support.h"

#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault_calls.h"

#define PAGE shmq_mapping_granularity()
#define MANY 20

struct fixture {
    char name[64];
    char path[256];
    char alias[64];
    struct shmq_mapping *mapping;
    struct shmq_mapping *result;
    struct shmq_view view;
    intptr_t handle;
    int listed;
};

struct fault_case {
    const char *what;
    void (*prepare)(struct fixture *f);
    int (*call)(struct fixture *f);
    void (*confirm)(struct fixture *f, int rc); /* after success */
    const int *errors;                          /* of mapping.h, 0 at the end */
};

static const int create_errors[] = {-EINVAL, -ENAMETOOLONG, -EPERM,  -EACCES, -EEXIST, -ENOENT,
                                    -ENOSPC, -ENOMEM,       -EMFILE, -ENFILE, 0};
static const int open_errors[] = {-ENOENT, -EACCES, -EINVAL, -ENAMETOOLONG, -ENOMEM, -EMFILE, -ENFILE, 0};
static const int adopt_errors[] = {-EINVAL, -EACCES, -ENOMEM, 0};
static const int view_errors[] = {-EACCES, -EINVAL, -ERANGE, -ENOMEM, 0};
static const int unview_errors[] = {-EINVAL, -ENOMEM, 0};
static const int remove_errors[] = {-ENOENT, -EACCES, -EINVAL, -ENAMETOOLONG, -ENOMEM, 0};
static const int list_errors[] = {-EACCES, -ENOMEM, -EMFILE, -ENFILE, 0};

static int create(const char *name, const char *path, uint64_t size, struct shmq_mapping **result)
{
    struct shmq_mapping_options options = test_sized(size);
    options.path = path;
    options.mode = 0640;
    options.has_group = 1;
    options.group = getegid();
    return shmq_mapping_create(name, &options, result);
}

static void have_nothing(struct fixture *f)
{
    (void)f;
}

static void have_memory(struct fixture *f)
{
    assert_int_equal(create(f->name, NULL, 2 * PAGE, &f->mapping), 0);
}

static void have_file(struct fixture *f)
{
    test_file(f->path, "kept");
}

static void have_alias(struct fixture *f)
{
    assert_int_equal(create(f->alias, f->path, 2 * PAGE, &f->mapping), 0);
}

static void have_handle(struct fixture *f)
{
    have_memory(f);
    f->handle = dup((int)shmq_mapping_handle(f->mapping));
}

static void have_view(struct fixture *f)
{
    have_memory(f);
    assert_int_equal(shmq_mapping_view(f->mapping, SHMQ_READ_WRITE, 0, 0, &f->view), 0);
}

static void many_name(const struct fixture *f, int i, char name[80])
{
    snprintf(name, 80, "%s.%d", f->name, i);
}

static void have_many(struct fixture *f)
{
    char name[80];
    for (int i = 0; i < MANY; i++) {
        many_name(f, i, name);
        assert_int_equal(test_create(name, test_sized(PAGE)), 0);
    }
}

static int make_memory(struct fixture *f)
{
    return create(f->name, NULL, 2 * PAGE, &f->result);
}

static int make_nameless(struct fixture *f)
{
    return create(NULL, NULL, 2 * PAGE, &f->result);
}

static int make_by_path(struct fixture *f)
{
    return create(f->path, NULL, 2 * PAGE, &f->result);
}

static int make_file(struct fixture *f)
{
    return create(f->alias, f->path, 2 * PAGE, &f->result);
}

static int open_name(struct fixture *f)
{
    return shmq_mapping_open(f->name, SHMQ_READ_WRITE, 0, &f->result);
}

static int open_alias(struct fixture *f)
{
    return shmq_mapping_open(f->alias, SHMQ_READ_WRITE, 0, &f->result);
}

static int adopt(struct fixture *f)
{
    int rc = shmq_mapping_adopt(f->handle, SHMQ_READ_WRITE, &f->result);
    f->handle = rc == 0 ? -1 : f->handle;
    return rc;
}

static int view(struct fixture *f)
{
    return shmq_mapping_view(f->mapping, SHMQ_READ_WRITE, 0, 0, &f->view);
}

static int unview(struct fixture *f)
{
    return shmq_mapping_unview(&f->view);
}

static int remove_name(struct fixture *f)
{
    return shmq_mapping_remove(f->name);
}

static int remove_alias(struct fixture *f)
{
    return shmq_mapping_remove(f->alias);
}

static int see(const char *name, void *arg)
{
    struct fixture *f = arg;
    f->listed += strncmp(name, f->name, strlen(f->name)) == 0;
    return 0;
}

static int list(struct fixture *f)
{
    return shmq_mapping_list(see, f);
}

/* A mapping that was got works, for it and for who opens it by name. */
static void confirm_mapping(struct fixture *f, int rc)
{
    struct shmq_view seen = {NULL, 0};
    (void)rc;
    assert_non_null(f->result);
    assert_int_equal(shmq_mapping_size(f->result), 2 * PAGE);
    assert_int_equal(shmq_mapping_view(f->result, SHMQ_READ_WRITE, 0, 0, &seen), 0);
    memset(seen.base, 1, seen.size);
    assert_int_equal(shmq_mapping_unview(&seen), 0);
}

static void confirm_same(struct fixture *f, const char *name, const char *file)
{
    struct shmq_mapping *other = NULL;
    struct shmq_view here = {NULL, 0};
    struct shmq_view there = {NULL, 0};
    assert_int_equal(shmq_mapping_open(name, SHMQ_READ, 0, &other), 0);
    assert_int_equal(shmq_mapping_view(f->result, SHMQ_READ_WRITE, 0, 0, &here), 0);
    assert_int_equal(shmq_mapping_view(other, SHMQ_READ, 0, 0, &there), 0);
    memcpy(here.base, "both", 5);
    assert_string_equal(there.base, "both");
    assert_int_equal(shmq_mapping_unview(&here), 0);
    assert_int_equal(shmq_mapping_unview(&there), 0);
    shmq_mapping_close(other);
    assert_int_equal(test_mode(file), 0640);
}

static void confirm_memory(struct fixture *f, int rc)
{
    confirm_mapping(f, rc);
    confirm_same(f, f->name, test_place(f->name));
    assert_int_equal(rc, f->mapping != NULL ? 1 : 0);
}

static void confirm_by_path(struct fixture *f, int rc)
{
    confirm_mapping(f, rc);
    confirm_same(f, f->path, f->path);
    assert_int_equal(rc, 0);
}

static void confirm_alias(struct fixture *f, int rc)
{
    confirm_mapping(f, rc);
    confirm_same(f, f->alias, f->path);
    assert_int_equal(rc, f->mapping != NULL ? 1 : 0);
}

static void confirm_view(struct fixture *f, int rc)
{
    assert_int_equal(rc, 0);
    memset(f->view.base, 1, 2 * PAGE);
}

static void confirm_unview(struct fixture *f, int rc)
{
    assert_int_equal(rc, 0);
    assert_null(f->view.base);
}

static void confirm_removed(struct fixture *f, int rc)
{
    assert_int_equal(rc, 0);
    assert_int_equal(test_open(f->name, SHMQ_READ), -ENOENT);
    assert_int_equal(test_open(f->alias, SHMQ_READ), -ENOENT);
}

static void confirm_list(struct fixture *f, int rc)
{
    assert_int_equal(rc, 0);
    /* What has vanished while it was looked at is not listed. */
    int vanished = faults.sticky ? MANY : faults.hit;
    assert_in_range(f->listed, MANY - vanished, MANY);
}

static const struct fault_case cases[] = {
    {"create memory", have_nothing, make_memory, confirm_memory, create_errors},
    {"create memory that exists", have_memory, make_memory, confirm_memory, create_errors},
    {"create without a name", have_nothing, make_nameless, confirm_mapping, create_errors},
    {"create by path", have_nothing, make_by_path, confirm_by_path, create_errors},
    {"create with a new file", have_nothing, make_file, confirm_alias, create_errors},
    {"create with a file that grows", have_file, make_file, confirm_mapping, create_errors},
    {"create with a file that exists", have_alias, make_file, confirm_alias, create_errors},
    {"open", have_memory, open_name, confirm_mapping, open_errors},
    {"open a file's name", have_alias, open_alias, confirm_mapping, open_errors},
    {"adopt", have_handle, adopt, confirm_mapping, adopt_errors},
    {"view", have_memory, view, confirm_view, view_errors},
    {"unview", have_view, unview, confirm_unview, unview_errors},
    {"remove", have_memory, remove_name, confirm_removed, remove_errors},
    {"remove a file's name", have_alias, remove_alias, confirm_removed, remove_errors},
    {"list", have_many, list, confirm_list, list_errors},
};

struct balance {
    long descriptors;
    long maps;
    long names;
    long temporaries;
    long blocks;
};

/* Hidden files that were left behind; which are gone then. */
static long temporaries_count(const char *folder)
{
    char pattern[300];
    glob_t found;
    long count = 0;
    snprintf(pattern, sizeof pattern, "%s/.shmq-%08lx*", folder, (unsigned long)getpid());
    if (glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            count += unlink(found.gl_pathv[i]) == 0;
        }
    }
    globfree(&found);
    return count;
}

static struct balance balance_now(void)
{
    struct balance now = {.blocks = faults.blocks};
    now.temporaries = temporaries_count("/dev/shm") + temporaries_count(test_path("."));
    now.descriptors = test_descriptors();
    now.maps = test_maps();
    now.names = test_names();
    return now;
}

static void assert_balance(const struct balance *before, const char *when)
{
    struct balance now = balance_now();
    /* Where it is removing that fails, the one file is left that should have been removed. */
    if (faults.hit && strcmp(faults.call, "unlink") == 0 && now.temporaries == 1) {
        now.temporaries = 0;
    }
    if (memcmp(before, &now, sizeof now) != 0) {
        print_message(
            "%s: descriptors %ld->%ld, maps %ld->%ld, names %ld->%ld, temporaries %ld->%ld, blocks %ld->%ld\n", when,
            before->descriptors, now.descriptors, before->maps, now.maps, before->names, now.names,
            before->temporaries, now.temporaries, before->blocks, now.blocks);
        fail();
    }
}

static bool documented(const int *errors, int rc)
{
    while (*errors != 0 && *errors != rc) {
        errors++;
    }
    return *errors == rc;
}

static void clean(struct fixture *f)
{
    char name[80];
    if (f->view.base != NULL) {
        assert_int_equal(shmq_mapping_unview(&f->view), 0);
    }
    shmq_mapping_close(f->mapping);
    shmq_mapping_close(f->result);
    if (f->handle >= 0) {
        close((int)f->handle);
    }
    shmq_mapping_remove(f->name);
    shmq_mapping_remove(f->alias);
    unlink(f->path);
    for (int i = 0; i < MANY; i++) {
        many_name(f, i, name);
        shmq_mapping_remove(name);
    }
}

/* Run a case once; false: it ended before the call that was to fail. */
static bool run(const struct fault_case *it)
{
    struct fixture f = {.handle = -1};
    snprintf(f.name, sizeof f.name, "%s", test_name("fault"));
    snprintf(f.alias, sizeof f.alias, "%s", test_name("alias"));
    snprintf(f.path, sizeof f.path, "%s", test_path("fault"));
    struct balance empty = balance_now();
    it->prepare(&f);
    struct balance prepared = balance_now();

    faults.count = 0;
    faults.hit = false;
    faults.exhausted = false;
    faults.armed = true;
    int rc = it->call(&f);
    faults.armed = false;

    char when[160];
    snprintf(when, sizeof when, "%s, lacks %u, call %u (%s: %s%s) -> %d", it->what, faults.lacks, faults.at,
             faults.hit ? faults.call : "none", strerror(faults.error), faults.sticky ? ", sticky" : "", rc);
    if (rc < 0) {
        if (!faults.hit || !documented(it->errors, rc)) {
            print_message("%s\n", when);
            fail();
        }
        assert_null(f.result);
        assert_balance(&prepared, when);
    } else {
        it->confirm(&f, rc);
    }
    clean(&f);
    assert_balance(&empty, when);
    return faults.hit || faults.exhausted;
}

static void failing_call_is_a_known_error_and_leaves_nothing(void **state)
{
    static const unsigned systems[] = {
        LACK_NOTHING,
        LACK_PROC,
        LACK_NAMELESS_FILES,
        LACK_NAMELESS_FILES | LACK_RENAME_FLAGS,
    };
    unsigned injected = 0;
    unsigned points = 0;
    (void)state;
    for (size_t i = 0; i < 2 * sizeof systems / sizeof *systems; i++) {
        faults.lacks = systems[i / 2];
        faults.sticky = i % 2 == 1;
        for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
            faults.at = 0;
            do {
                faults.at++;
                for (faults.choice = 0; run(&cases[k]) && !faults.exhausted; faults.choice++) {
                    injected++;
                }
                points += faults.exhausted;
            } while (faults.exhausted);
        }
    }
    print_message("%u failures at %u calls\n", injected, points);
}

/* A test that failed may have left what only its names tell. */
static int teardown(void **state)
{
    faults.armed = false;
    temporaries_count("/dev/shm");
    return test_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_call_is_a_known_error_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, test_setup, teardown);
}
