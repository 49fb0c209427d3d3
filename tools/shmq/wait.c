#include "wait.h"

#include "os.h"

int wait_for_queue(struct shmq *q, int64_t timeout_ns, wait_tick tick, void *arg)
{
    const int64_t slice_ns = 200 * 1000000;
    int64_t start_ns = os_monotonic_ns();
    for (;;) {
        if (os_signal_caught() != 0) {
            return -EINTR;
        }
        int rc = tick(arg);
        if (rc != 0) {
            return rc;
        }
        int64_t passed_ns = os_monotonic_ns() - start_ns;
        int64_t left_ns = timeout_ns < 0 ? slice_ns : timeout_ns - passed_ns;
        left_ns = left_ns < 0 ? 0 : left_ns;
        rc = shmq_wait(q, left_ns < slice_ns ? left_ns : slice_ns);
        if (rc == -ETIMEDOUT && timeout_ns >= 0 && left_ns <= slice_ns) {
            return rc;
        }
        /* Who died has a successor, sooner or later. */
        if (rc != -ETIMEDOUT && rc != -EINTR && rc != -EOWNERDEAD) {
            return rc;
        }
    }
}
