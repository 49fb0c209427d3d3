/* Names and files that no other process uses, and what a test makes of them. */
#ifndef SHMQ_TESTS_PORT_SCRATCH_H
#define SHMQ_TESTS_PORT_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "port/shm.h"

#include <shmq/error.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCRATCH_SIZE 65536u

static const struct port_permissions scratch_private = {.mode = 0600};

/* A name of the user's own. */
static inline struct port_place scratch_name(const char *word)
{
    struct port_place place;
    char name[128];

    snprintf(name, sizeof name, "t%d.%s", (int)getpid(), word);
    assert_int_equal(port_shm_place(name, &place), 0);
    return place;
}

/* A folder of the current one. */
static inline void scratch_folder(const char *path)
{
#if defined(_WIN32)
    assert_int_equal(mkdir(path), 0);
#else
    assert_int_equal(mkdir(path, 0700), 0);
#endif
}

static inline struct port_place scratch_path(const char *path)
{
    struct port_place place;

    assert_int_equal(port_shm_path(path, &place), 0);
    return place;
}

static inline port_file scratch_created(const struct port_place *place)
{
    port_file file = PORT_NO_FILE;

    assert_int_equal(port_shm_create(place, SCRATCH_SIZE, &scratch_private, false, &file), 0);
    return file;
}

static inline port_file scratch_published(const struct port_place *place)
{
    port_file file = scratch_created(place);

    assert_int_equal(port_shm_publish(file, place), 0);
    return file;
}

static inline port_file scratch_opened(const struct port_place *place, enum port_access access)
{
    port_file file = PORT_NO_FILE;

    assert_int_equal(port_shm_open(place, access, false, &file), 0);
    return file;
}

static inline int scratch_try_open(const struct port_place *place)
{
    port_file file;
    int rc = port_shm_open(place, PORT_READ, false, &file);

    if (rc == 0)
        port_shm_close(file);
    return rc;
}

static inline char *scratch_mapped(port_file file, enum port_access access)
{
    void *base = NULL;

    assert_int_equal(port_shm_map(file, access, 0, SCRATCH_SIZE, &base), 0);
    return base;
}

#endif
