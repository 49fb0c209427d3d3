#include "doctor.h"
#include "os.h"
#include "os_win32.h"

#include <stdint.h>

enum { BATCHES = 5, CALLS = 200 };

static void barrier_find(struct doctor *d)
{
    doctor_find(d, DOCTOR_OK, "membarrier",
                "not on this system: whoever sleeps looks now and then by itself, as on a Linux that refuses it");
}

static void process_names_find(struct doctor *d)
{
    struct os_process process;
    if (os_process_look((uint32_t)os_process_id(), INT64_MAX / 2, &process)) {
        doctor_find(d, DOCTOR_OK, "processes", "their names are told; not whether they are paused");
    } else {
        doctor_find(d, DOCTOR_WARNING, "processes", "their names stay unknown");
        doctor_advise(d, "run it as the user whose processes they are");
    }
}

static void clock_find(struct doctor *d)
{
    const int64_t year_2020_ns = INT64_C(1577836800) * 1000000000;
    const double slow_ns = 300;
    double cost = 1e18;
    LARGE_INTEGER frequency;
    for (int batch = 0; batch < BATCHES; batch++) {
        int64_t start = os_monotonic_ns();
        for (int i = 0; i < CALLS; i++) {
            (void)os_monotonic_ns();
        }
        double each = (double)(os_monotonic_ns() - start) / CALLS;
        cost = each < cost ? each : cost;
    }
    QueryPerformanceFrequency(&frequency);
    if (os_realtime_ns() < year_2020_ns) {
        doctor_find(d, DOCTOR_WARNING, "clock", "it says that it is before 2020: ages and dates of queues are wrong");
        doctor_advise(d, "set the clock, or let it be set: w32tm /resync");
    } else if (cost > slow_ns) {
        doctor_find(d, DOCTOR_WARNING, "clock",
                    "a look at it takes %.0f ns: every wait and every timestamp pays for it", cost);
        doctor_advise(d, "let Windows use the processor's own counter: bcdedit /deletevalue useplatformclock");
    } else {
        doctor_find(d, DOCTOR_OK, "clock", "steps of %.0f ns, %.0f ns a look", 1e9 / (double)frequency.QuadPart,
                    cost);
    }
}

void doctor_kernel(struct doctor *d)
{
    barrier_find(d);
    process_names_find(d);
    clock_find(d);
}
