/* What tests of named memory have in common: names of their own, other processes, other users, and cleaning up. */
#ifndef SHMQ_TESTS_API_SUPPORT_H
#define SHMQ_TESTS_API_SUPPORT_H

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

/* Where a name of the user's own lies, and a path in a folder that this process has to itself. The last 32 stay
 * valid.
 */
const char *test_place(const char *name);
const char *test_path(const char *file);

/* Options of that size and nothing else; what create and open return, with the mapping closed again. */
struct shmq_mapping_options test_sized(uint64_t size);
int test_create(const char *name, struct shmq_mapping_options options);
int test_open(const char *name, enum shmq_access access);

/* Permission bits and length of a file; a file with this text in it. */
unsigned test_mode(const char *path);
uint64_t test_length(const char *path);
void test_file(const char *path, const char *text);

/* For cmocka_run_group_tests: the folder is made, and all names and files of this process go, also after a failure.
 */
int test_setup(void **state);
int test_teardown(void **state);

/* Run work in a child; its exit status, or 128 and the signal that ended it. */
int test_child(int (*work)(void *arg), void *arg);

/* Start this program anew with arguments; its exit status, or 128 and the signal. */
int test_exec(const char *const arguments[]);

/* For the work of a child: become another user than root (false: we are not root). */
bool test_become_other(void);

/* For the work of a child: its own /dev/shm of that many KiB (false: this machine does not let us). */
bool test_private_shm(unsigned size_kib);

/* Counts, to compare before and after: open descriptors, mapped pieces of test memory, names of this process. */
unsigned test_descriptors(void);
unsigned test_maps(void);
unsigned test_names(void);

#endif
