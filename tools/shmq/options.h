/*
 * Options
 *
 *     struct options o = options_of(self, argc, argv);
 *     for (int letter; (letter = options_next(&o)) != 0;) {
 *         if (letter == 'c') {
 *             capacity = options_size(&o, 1, UINT64_MAX);
 *         }
 *     }
 *     if (o.over) {
 *         return o.code;
 *     }
 *
 * Whatever is wrong is told once, where it is found; options_next then ends the loop, and the exit code is there.
 */
#ifndef SHMQ_OPTIONS_H
#define SHMQ_OPTIONS_H

#include "command.h"
#include "formatted.h"

#include <getopt.h>
#include <stdint.h>

enum { OPTIONS_MAX = 24 };

struct options {
    const struct command *command;
    int argc;
    char **argv;
    bool quiet;
    bool over;       /* help was shown, or something was wrong: the command ends with code */
    int code;        /* exit code */
    char **operands; /* once the options are over */
    int operand_count;
    const char *current; /* name of the option that was found last */
    char shorts[2 * OPTIONS_MAX + 2];
    struct option longs[OPTIONS_MAX + 1];
};

struct options options_of(const struct command *command, int argc, char **argv);

/** The letter of the next option, 0 at the end. */
int options_next(struct options *o);

/* The argument of the option that was found last; 0 where it is wrong. */
const char *options_text(const struct options *o);
uint64_t options_size(struct options *o, uint64_t min, uint64_t max);
uint64_t options_number(struct options *o, uint64_t min, uint64_t max);
uint32_t options_mode(struct options *o);
int64_t options_time(struct options *o);

/** Say what is wrong with the command line. */
void options_wrong(struct options *o, const char *format, ...) FORMATTED(2, 3);

#endif
