/* What tests of named memory have in common: names of their own, other processes, other users, and cleaning up. */
#ifndef SHMQ_TESTS_API_SUPPORT_H
#define SHMQ_TESTS_API_SUPPORT_H

#include "peer/peer.h"

#include <setjmp.h>
#include <shmq/shmq.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define OTHER_UID 65533u
#define SKIP_STATUS 77

/* In a child process: say what is wrong and return 1. cmocka's asserts belong to the process that runs the tests. */
#define CHILD_CHECK(condition)                                                                                       \
    do {                                                                                                             \
        if (!(condition)) {                                                                                          \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                                \
            return 1;                                                                                                \
        }                                                                                                            \
    } while (0)

/* A name that no other process uses; the last 32 stay valid. */
const char *test_name(const char *word);

/* Where a name of the user's own lies, and a path in a folder that this process, and those that it has started, have to
 * themselves. The last 32 stay valid.
 */
const char *test_place(const char *name);
const char *test_path(const char *file);

/* Options of that size and nothing else; what create and open return, with the mapping closed again. */
struct shmq_mapping_options test_sized(uint64_t size);
int test_create(const char *name, struct shmq_mapping_options options);
int test_open(const char *name, enum shmq_access access);

/* A file's permission bits, all where there is none; what they are to be where `mode` was asked for. */
unsigned test_mode(const char *path);
unsigned test_mode_wanted(unsigned mode);

/* A file's length, all bits where there is none; a file with this text in it; one cut off to that; a new folder. */
uint64_t test_length(const char *path);
void test_file(const char *path, const char *text);
void test_truncate(const char *path, uint64_t length);
int test_folder(const char *path);

/* All of the memory of a queue, as somebody has it who stores there what he likes; shmq_mapping_unview ends it. */
struct shmq_view test_memory(const char *name);

/* For cmocka_run_group_tests: the folder is made, and all names and files of this process go, also after a failure.
 */
int test_setup(void **state);
int test_teardown(void **state);

/* Run work in another process until its end; its exit status, as peer_end says it. */
int test_child(peer_work *work, const char *text);
int test_child_with(peer_work *work, const void *arg, size_t size);

/* Start this program anew with arguments, which inherits what can be inherited; its exit status, likewise. */
int test_exec(const char *const arguments[]);

/* For the work of a child: become another user than root (false: we are not root). */
bool test_become_other(void);

/*
 * A place of its own for names, of that many KiB, for this process and for those that it starts from now on (false: this
 * machine does not let us). What is in it, and how many that are with this in their names.
 */
bool test_private_names(unsigned size_kib);
unsigned test_names_with(const char *text);

/* In the place for names: a file that is not ours. A path that leads to no file, but to a device. */
const char *test_stranger(const char *file);
const char *test_null_device(void);

/* Is this a path, rather than a name that cannot be? */
bool test_is_path(const char *name);

/* May this process make names for all users? Who is its user, as a queue's info tells it? */
bool test_may_name_globally(void);
uint32_t test_user(void);

/* Another handle of what a mapping's handle is of; is this a handle? */
intptr_t test_handle_copy(intptr_t handle);
bool test_is_handle(intptr_t handle);

/* Is there a barrier across processes? From now on it is refused to this one, as in a container with a strict profile. */
bool test_has_fence(void);
bool test_fence_refused(void);

/* Which of what shmq_fd gave is ready within that time; -1: none. < 0 ms: for ever. */
int test_readable(const int fds[], int count, int timeout_ms);

/* Processors that this process may use; what this thread has used of them. */
unsigned test_processors(void);
int64_t test_used_us(void);

/*
 * So many rounds of what takes a process or a sleep each, and the time in which so much happens: fewer, and longer, where
 * both are dear, which is under Wine.
 */
uint64_t test_rounds(uint64_t count);
uint64_t test_moment_us(uint64_t us);

/* Counts, to compare before and after: open descriptors, mapped pieces of test memory, names of this process. */
unsigned test_descriptors(void);
unsigned test_maps(void);
unsigned test_names(void);

#endif
