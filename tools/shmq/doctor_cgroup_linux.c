#include "doctor.h"

#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 4096 };

/* Each group is a folder; that of a container's own groups may begin somewhere in between, and the others are not seen. */
static void group_walk(const char *root, char *group, const char *file, void (*check)(const char *line, void *arg),
                       void *arg)
{
    char path[2 * PATH_SIZE], value[256];
    for (;;) {
        snprintf(path, sizeof path, "%s%s/%s", root, group, file);
        if (doctor_line(path, value, sizeof value)) {
            check(value, arg);
        }
        char *slash = strrchr(group, '/');
        if (slash == NULL) {
            return;
        }
        *slash = '\0';
    }
}

void doctor_cgroup(const char *controller, const char *file_2, const char *file_1,
                   void (*check)(const char *line, void *arg), void *arg)
{
    char line[PATH_SIZE], root[256];
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        /* "0::/group" of version 2, "4:memory:/group" of version 1 */
        char *name = strchr(line, ':');
        char *group = name != NULL ? strchr(name + 1, ':') : NULL;
        if (group == NULL) {
            continue;
        }
        *group++ = '\0';
        if (name[1] == '\0' && file_2 != NULL) {
            group_walk("/sys/fs/cgroup", group, file_2, check, arg);
        } else if (strcmp(name + 1, controller) == 0 && file_1 != NULL) {
            snprintf(root, sizeof root, "/sys/fs/cgroup/%s", controller);
            group_walk(root, group, file_1, check, arg);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}
