#include "metrics_serve.h"

#include "module.h"
#include "report.h"

#include <string.h>

int metrics_serve(const char *where, struct watch *w, enum metrics_format format, bool quiet)
{
    metrics_serve_function *serve = NULL;
    void *found = module_function("metrics", "shmq_http.so", "metrics_serve_module", "libmicrohttpd-dev");
    memcpy(&serve, &found, sizeof serve);
    return serve != NULL ? serve(where, w, format, quiet) : EXIT_CODE_ERROR;
}
