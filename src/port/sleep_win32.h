/* What is named after a word of a mapping, so that whoever has the mapping finds it. */
#ifndef SHMQ_PORT_SLEEP_WIN32_H
#define SHMQ_PORT_SLEEP_WIN32_H

#include "port/win32.h"

#define SLEEP_NAME_MAX 96

/* False where the word is in no view. `kind` tells names of one word from each other. */
bool sleep_name(const void *word, wchar_t kind, wchar_t name[SLEEP_NAME_MAX]);

#endif
