/*
 * Waiting: look often at first, because an answer that comes soon comes within microseconds; then sleep in slices
 * that grow, so that waiting long costs little.
 */
#include "api/handle.h"
#include "port/clock.h"

#include <errno.h>
#include <shmq/queue.h>

#define SPINS 2000
#define SLICE_MIN_NS INT64_C(20000)
#define SLICE_MAX_NS INT64_C(1000000)

static int look(struct shmq *q, bool ask_kernel)
{
    if (q->role == SHMQ_PRODUCER)
        return lane_look_for_room(&q->producer);
    int rc = q->current->next != q->current->head_seen ? 0 : consumer_look(q, ask_kernel);

    q->end_told = rc == -EPIPE;
    return rc;
}

static int sleep_until(struct shmq *q, int64_t deadline_ns)
{
    int64_t slice_ns = SLICE_MIN_NS;
    int rc;

    while ((rc = look(q, true)) == -EAGAIN) {
        int64_t left_ns = deadline_ns - port_clock_monotonic_ns();

        if (left_ns <= 0)
            return -ETIMEDOUT;
        rc = port_clock_sleep(left_ns < slice_ns ? left_ns : slice_ns);
        if (rc != 0)
            return rc;
        slice_ns = slice_ns * 2 < SLICE_MAX_NS ? slice_ns * 2 : SLICE_MAX_NS;
    }
    return rc;
}

static int64_t deadline_after(int64_t timeout_ns)
{
    int64_t deadline_ns;

    if (timeout_ns < 0 || __builtin_add_overflow(port_clock_monotonic_ns(), timeout_ns, &deadline_ns))
        return INT64_MAX;
    return deadline_ns;
}

int shmq_wait(struct shmq *q, int64_t timeout_ns)
{
    if (q->role == SHMQ_OBSERVER)
        return -EINVAL;
    int rc = look(q, timeout_ns == 0);

    if (rc != -EAGAIN)
        return rc;
    if (timeout_ns == 0)
        return -ETIMEDOUT;
    int64_t deadline_ns = deadline_after(timeout_ns);

    for (int i = 0; i < SPINS && rc == -EAGAIN; i++) {
        atomic_pause();
        rc = look(q, false);
    }
    if (rc != -EAGAIN)
        return rc;
    if (q->role == SHMQ_PRODUCER)
        lane_want_room(&q->producer, true);
    rc = sleep_until(q, deadline_ns);
    if (q->role == SHMQ_PRODUCER)
        lane_want_room(&q->producer, false);
    return rc;
}
