/* Messages and exit codes. All messages go to standard error and say what can be done. */
#ifndef SHMQ_REPORT_H
#define SHMQ_REPORT_H

#include "formatted.h"

#include <stdarg.h>

enum exit_code {
    EXIT_CODE_OK = 0,
    EXIT_CODE_ERROR = 1,
    EXIT_CODE_USAGE = 2,
    EXIT_CODE_NOT_FOUND = 3,
    EXIT_CODE_FULL_OR_EMPTY = 4,
    EXIT_CODE_DAMAGED = 5,
    EXIT_CODE_PEER_DEAD = 6,
    EXIT_CODE_TIMED_OUT = 124,
};

/** The exit code that tells an error of the library. */
int report_code(int error);

/** What an error of the library means for this queue, and what can be done: shmq_strerror and a hint. */
void report_meaning(char *text, unsigned long size, const char *name, int error);

/** Tell an error of the library. Returns its exit code. */
int report(const char *command, const char *name, int error);

/**
 * One line on standard error that begins with "shmq: ". Names and words of the user's may be in it, whatever they
 * hold: control characters are shown as \n or \x1b, and the line is written at once.
 */
void report_line(const char *format, ...) FORMATTED(1, 2);
void report_line_of(const char *format, va_list arguments) FORMATTED(1, 0);

/** Tell something about a queue in other words. */
void report_text(const char *command, const char *name, const char *format, ...) FORMATTED(3, 4);

/** A name as the shell wants it. */
void report_shell_word(char *text, unsigned long size, const char *name);

#endif
