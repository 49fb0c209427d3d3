/* Between support.c and its part for each system. */
#ifndef SHMQ_TESTS_API_SUPPORT_SYSTEM_H
#define SHMQ_TESTS_API_SUPPORT_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>

/* The next of some 32 texts of 512 bytes. */
char *support_turn(void);

/* Where names of the user's own lie. */
const char *support_names_folder(void);

/* Is a file there by its name? A removed one may still lie there without, until nobody has it open. */
bool support_is_name(const char *file);

/* Each file of a folder with this in its name, all of them where it is empty: how many, and they may go. */
unsigned support_files_with(const char *where, const char *text, bool remove_them);

/* A new folder that nobody else has; a variable for all that this process starts. */
bool support_make_folder(char *path, size_t size);
bool support_tell_children(const char *variable, const char *value);

#endif
