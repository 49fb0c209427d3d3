/* What shells know of the command, for the Tab key. Made from the commands' tables, as the help and the manual are. */
#ifndef SHMQ_COMPLETION_H
#define SHMQ_COMPLETION_H

#include <stdbool.h>
#include <stdio.h>

/** Write the script for "bash", "zsh" or "fish". False where there is none for that shell. */
bool completion_print(FILE *out, const char *shell);

#endif
