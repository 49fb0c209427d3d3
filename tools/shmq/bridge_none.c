#include "bridge.h"
#include "report.h"

int bridge_run(struct bridge *b)
{
    (void)b;
    report_line("bridge: this shmq was built without the client of NATS (on Debian: apt-get install libnats-dev, and "
                "build again)");
    return EXIT_CODE_ERROR;
}
