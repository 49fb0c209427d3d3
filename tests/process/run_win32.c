#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

/* There is no team here: who runs alone shares with nobody. */
void *run_share(size_t size)
{
    void *memory = calloc(1, size);

    if (memory == NULL) {
        perror("calloc");
        exit(1);
    }
    return memory;
}

void run_place(char *path, size_t size, const char *word)
{
    char folder[MAX_PATH];

    GetTempPathA(sizeof folder, folder);
    snprintf(path, size, "%sshmq-%s.%lu", folder, word, GetCurrentProcessId());
}
