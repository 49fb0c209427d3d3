#include "metrics_serve.h"
#include "report.h"

int metrics_serve(const char *where, struct watch *w, enum metrics_format format, bool quiet)
{
    (void)where;
    (void)w;
    (void)format;
    (void)quiet;
    report_line("metrics: this shmq was built without libmicrohttpd, and cannot serve (on Debian: apt-get install "
                "libmicrohttpd-dev, and build again; or write a file for a collector with: shmq metrics --output)");
    return EXIT_CODE_ERROR;
}
