/*
 * Calls that fail when a test says so
 *
 * The test is linked with --wrap for each of them. While `armed`, all are counted, and the one with number `at` fails
 * with the errno number `choice` of those that it can fail with. `sticky`: and from then on all calls of the same
 * name.
 */
#ifndef SHMQ_TESTS_API_FAULT_CALLS_H
#define SHMQ_TESTS_API_FAULT_CALLS_H

#include <stdbool.h>

/* What a file system or a system may lack. */
enum fault_lack {
    LACK_NOTHING = 0,
    LACK_NAMELESS_FILES = 1, /* no O_TMPFILE */
    LACK_RENAME_FLAGS = 2,   /* no RENAME_NOREPLACE */
    LACK_PROC = 4,           /* no /proc */
};

struct faults {
    bool armed;
    bool sticky;
    unsigned lacks;
    unsigned at;
    unsigned choice;

    unsigned count;   /* calls so far */
    const char *call; /* the one that failed */
    int error;        /* and how */
    bool hit;         /* it did fail */
    bool exhausted;   /* it has no errno of that number */
    long blocks;      /* allocated and not freed, armed or not */
};

extern struct faults faults;

#endif
