/*
 * Commands
 *
 * A command is one row of the table in main.c and one file cmd_*.c. All that is told about it, by --help and by the
 * manual, is made from its row and its options.
 */
#ifndef SHMQ_COMMAND_H
#define SHMQ_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

/** An option. A table of them ends with a row whose name is NULL. */
struct option_row {
    int letter;           /* what the option is known by; a printable character is its short form as well */
    const char *name;     /* long form */
    const char *argument; /* what it is called in the help; NULL: takes none */
    const char *help;     /* NULL: not shown */
};

/** Letters of options that have only a long form. */
enum {
    OPTION_LONG = 256,
};

struct command {
    const char *name;
    const char *operands; /* as shown in the usage line */
    int operands_min;
    int operands_max;
    const char *summary;     /* one line */
    const char *description; /* paragraphs, one a line */
    const char *terms_title; /* what the words of a little language mean; may be NULL */
    const char *terms;       /* word, tabulator, meaning; one a line */
    const char *examples;    /* lines, shown as they are; may be NULL */
    const struct option_row *options;
    int (*run)(const struct command *self, int argc, char **argv); /* the exit code */
};

extern const struct command command_create;
extern const struct command command_rm;
extern const struct command command_ls;
extern const struct command command_stat;
extern const struct command command_info;
extern const struct command command_peek;
extern const struct command command_dump;
extern const struct command command_record;
extern const struct command command_replay;
extern const struct command command_tail;
extern const struct command command_send;
extern const struct command command_recv;
extern const struct command command_clean;
extern const struct command command_run;
extern const struct command command_status;
extern const struct command command_report;
extern const struct command command_cancel;
extern const struct command command_doctor;
extern const struct command command_metrics;
extern const struct command command_top;
extern const struct command command_bench;
extern const struct command command_bridge;
extern const struct command command_help;

/** All commands, in the order they are shown, ended by NULL. */
extern const struct command *const commands[];

/** The options that every command has. */
extern const struct option_row common_options[];

/** NULL where there is none of that name. */
const struct command *command_find(const char *name);

/** Say that there is no such command, and which one may have been meant. Returns the exit code. */
int command_unknown(const char *name);

#endif
