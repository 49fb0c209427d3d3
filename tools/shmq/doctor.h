/*
 * Findings of shmq doctor
 *
 * Each doctor_*.c looks at one part of the machine and tells what it found; what can be done goes with it. Those that end
 * in the name of a system are written for each anew.
 */
#ifndef SHMQ_DOCTOR_H
#define SHMQ_DOCTOR_H

#include "formatted.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum doctor_level {
    DOCTOR_OK = 0,
    DOCTOR_WARNING = 1, /* it works, but slower, or not for everybody, or not for long */
    DOCTOR_PROBLEM = 2, /* something does not work */
};

struct finding {
    enum doctor_level level;
    const char *area; /* a word or two; not copied */
    char *text;
    char *advice; /* NULL: nothing needs to be done */
};

struct doctor {
    struct finding *all;
    size_t count;
    size_t room;
    bool no_memory; /* some findings are missing */
    json_t *pairs;  /* of processors, and how far apart they are */
};

/** Add a finding. */
void doctor_find(struct doctor *d, enum doctor_level level, const char *area, const char *format, ...)
    FORMATTED(4, 5);

/** What can be done about the last finding. */
void doctor_advise(struct doctor *d, const char *format, ...) FORMATTED(2, 3);

/** How many there are of a level. */
size_t doctor_count(const struct doctor *d, enum doctor_level level);

/** As text, without those that are fine where `few`. */
void doctor_print(const struct doctor *d, bool few);
int doctor_json(const struct doctor *d);
void doctor_free(struct doctor *d);

/* The parts. */
void doctor_memory(struct doctor *d);    /* room in shared memory, and who may use it */
void doctor_limits(struct doctor *d);    /* of this process */
void doctor_kernel(struct doctor *d);    /* what the kernel offers, and refuses */
void doctor_trial(struct doctor *d);     /* a queue of our own: do records and locks work? */
void doctor_queues(struct doctor *d);    /* those of others */
void doctor_placement(struct doctor *d); /* processors */

/* What can be done about findings that any system may have. */
void doctor_advise_paused(struct doctor *d, uint32_t pid); /* a process that has a role */
void doctor_advise_unlisted(struct doctor *d);             /* the queues cannot be listed */
void doctor_advise_locks(struct doctor *d);                /* nobody sees who has a role */
void doctor_advise_poll(struct doctor *d, int error);      /* shmq_fd fails */

/** A line of a file of the kernel's, without its newline; false where there is none. */
bool doctor_line(const char *path, char *line, size_t size);

/**
 * A limit of this process's control groups: `check` sees the first line of the file in each group, from its own one up to
 * the root. Of version 2, and of version 1 where that has the controller; a name of NULL leaves one of them out.
 */
void doctor_cgroup(const char *controller, const char *file_2, const char *file_1,
                   void (*check)(const char *line, void *arg), void *arg);

#endif
