#include "doctor.h"
#include "os_win32.h"

/* What `shmq bench` would need too: how far apart the processors are is measured elsewhere only. */
void doctor_placement(struct doctor *d)
{
    DWORD_PTR ours = 0, all = 0;
    int count = 0;
    if (!GetProcessAffinityMask(GetCurrentProcess(), &ours, &all)) {
        return;
    }
    for (; ours != 0; ours &= ours - 1) {
        count++;
    }
    if (count < 2) {
        doctor_find(d, DOCTOR_WARNING, "placement",
                    "this process may use one processor only: two sides take turns on it, each some milliseconds");
        doctor_advise(d, "allow more (start /affinity), and wait by sleeping, not by polling");
    } else {
        doctor_find(d, DOCTOR_OK, "placement", "%d processors; how far apart they are is not measured on this system",
                    count);
        doctor_advise(d, "let producer and consumer run near each other: start /affinity 3");
    }
}
