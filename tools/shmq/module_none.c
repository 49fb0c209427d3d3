#include "module.h"

#include "report.h"

#include <stddef.h>

void *module_function(const char *command, const char *file, const char *function, const char *library)
{
    (void)file;
    (void)function;
    report_line("%s: this shmq was built without %s, which it does not use on this system", command, library);
    return NULL;
}
