#include "module.h"

#include "report.h"

#include <dlfcn.h>
#include <stddef.h>

void *module_function(const char *command, const char *file, const char *function, const char *library)
{
    /* Found by the program's run path, beside the library. */
    void *module = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    void *found = module != NULL ? dlsym(module, function) : NULL;
    if (found == NULL) {
        report_line(
            "%s: this shmq was built without %s, or its module is missing: %s (on Debian: apt-get install %s, "
            "and build again)",
            command, library, dlerror(), library);
    }
    return found;
}
