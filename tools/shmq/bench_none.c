#include "bench.h"
#include "report.h"

int bench_run(const struct bench *bench)
{
    (void)bench;
    report_line("bench: this shmq was built without it: it measures against the pipes, sockets and queues of Linux");
    return EXIT_CODE_ERROR;
}
