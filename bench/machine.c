#include "machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

void machine_processor(char text[MACHINE_TEXT])
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    struct utsname system;
    char line[256];

    snprintf(text, MACHINE_TEXT, "%.100s", uname(&system) == 0 ? system.machine : "unknown");
    if (file == NULL) {
        return;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');

        if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
            snprintf(text, MACHINE_TEXT, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
            break;
        }
    }
    fclose(file);
}

void machine_system(char text[MACHINE_TEXT])
{
    struct utsname system;

    if (uname(&system) == 0) {
        snprintf(text, MACHINE_TEXT, "%.50s %.50s", system.sysname, system.release);
    } else {
        snprintf(text, MACHINE_TEXT, "unknown");
    }
}

const char *machine_compiler(void)
{
#if defined(__clang__)
    return "clang " __clang_version__;
#else
    return "gcc " __VERSION__;
#endif
}
