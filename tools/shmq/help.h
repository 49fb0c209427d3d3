/* What --help and the manual say. Both are made from the commands' tables and from the topics here. */
#ifndef SHMQ_HELP_H
#define SHMQ_HELP_H

#include "command.h"

#include <stdio.h>

/** What concerns more than one command. A table of them ends with a row whose title is NULL. */
struct topic {
    const char *title;
    const char *text;  /* paragraphs, one a line */
    const char *lines; /* word, tabulator, meaning; one a line; may be NULL */
};

extern const char help_summary[];
extern const char help_description[];
extern const struct topic help_topics[];

void help_overview(FILE *out);
void help_command(FILE *out, const struct command *command);

/** The manual page shmq.1, in roff, with that date. */
void manual_print(FILE *out, const char *date);

/** That of one command: shmq-recv.1 */
void manual_command_print(FILE *out, const struct command *command, const char *date);

/** Calls for each line of text, without its newline. */
void help_lines(FILE *out, const char *text, void (*line)(FILE *out, const char *text, int length));

#endif
