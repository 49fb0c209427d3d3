#include "module.h"

#include "os.h"
#include "report.h"

#include <stddef.h>

void *module_function(const char *command, const char *file, const char *function, const char *library)
{
    const char *why = NULL;
    void *found = os_module_function(file, function, &why);
    if (found == NULL) {
        report_line(
            "%s: this shmq was built without %s, or its module is missing: %s (on Debian: apt-get install %s, "
            "and build again)",
            command, library, why, library);
    }
    return found;
}
