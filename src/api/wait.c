/*
 * Waiting: look often at first, because an answer that comes soon comes within microseconds; then set the bell, look
 * once more, and sleep. A sleep ends after some time all the same, to ask whether the other side lives.
 */
#include <shmq/wait.h>

#include "api/handle.h"
#include "port/clock.h"
#include "port/fence.h"
#include "port/sleep.h"

#include <errno.h>
#include <shmq/producer.h>

#define SPIN_MAX_NS INT64_C(50000)
#define SPIN_MIN_NS INT64_C(1000)
#define SPIN_LOOKS 32 /* between two looks at the clock */

#define SLICE_MIN_NS INT64_C(2000000)
#define SLICE_MAX_NS INT64_C(100000000)
#define SLICE_UNFENCED_NS INT64_C(1000000) /* where membarrier is refused, a wake-up can be missed: not for long */

/* Who is told of a close may find the lock still held: when to look again, at first and at last. */
#define AGAIN_MIN_NS INT64_C(1000000)
#define AGAIN_MAX_NS INT64_C(512000000)

int wait_look(struct shmq *q, bool ask_kernel)
{
    if (q->role == SHMQ_PRODUCER)
        return q->awaited != 0 ? await_look(q, ask_kernel) : producer_look(q, ask_kernel);
    int rc = consumer_look(q, ask_kernel);

    q->end_told = rc == -EPIPE;
    return rc;
}

/* Does everybody who may have to wake us answer the barrier? */
static bool others_are_fenced(const struct shmq *q)
{
    const struct shmq_consumer_line *consumer = &handle_header(q)->consumer;

    if (q->role == SHMQ_PRODUCER)
        return atomic_load_u32(&consumer->pid) == 0 || (atomic_load_u32(&consumer->flags) & SHMQ_SIDE_FENCED) != 0;
    for (uint32_t lane = 0; (lane = consumer_next_lane(q, lane)) != LANES_END; lane++) {
        if ((atomic_load_u32(&handle_lane(q, lane)->owner.flags) & SHMQ_SIDE_FENCED) == 0)
            return false;
    }
    return true;
}

static void want_room(struct shmq *q, bool wanted)
{
    if (q->role == SHMQ_PRODUCER)
        lane_want_room(&q->producer, wanted);
}

static void count_wait(struct shmq *q)
{
    uint64_t *count =
        q->role == SHMQ_PRODUCER ? &q->producer.shared->owner.wait_count : &handle_header(q)->consumer.wait_count;

    atomic_store_u64(count, atomic_load_u64(count) + 1);
}

bool wait_take_cancel(struct shmq *q)
{
    if (atomic_load_u32(&q->cancelled) == 0)
        return false;
    atomic_store_u32(&q->cancelled, 0);
    return true;
}

/* Of this wait, or of the task that this handle reports. */
static bool take_cancel(struct shmq *q)
{
    return wait_take_cancel(q) || report_take_cancel(q);
}

static int64_t deadline_after(int64_t timeout_ns)
{
    int64_t deadline_ns;

    if (timeout_ns < 0 || __builtin_add_overflow(port_clock_monotonic_ns(), timeout_ns, &deadline_ns))
        return INT64_MAX;
    return deadline_ns;
}

/* One sleep: 0 when it is time to look again, or what ends the wait. -EAGAIN from `look` was the last word so far. */
static int sleep_once(struct shmq *q, int64_t deadline_ns, int64_t *slice_ns, bool *ask_kernel)
{
    uint32_t value = bell_set(q->bell, SHMQ_BELL_ASLEEP);
    bool fenced = port_fence_all() && q->fenced && others_are_fenced(q);
    int rc = wait_look(q, *ask_kernel);

    if (rc != -EAGAIN)
        return rc;
    if (take_cancel(q))
        return -ECANCELED;
    int64_t left_ns = deadline_ns - port_clock_monotonic_ns();

    if (left_ns <= 0) {
        rc = *ask_kernel ? rc
                         : wait_look(q, true); /* who waits shortly, again and again, has to learn of a death too */
        return rc == -EAGAIN ? -ETIMEDOUT : rc;
    }
    int64_t slice = fenced || *slice_ns < SLICE_UNFENCED_NS ? *slice_ns : SLICE_UNFENCED_NS;

    rc = port_sleep(q->bell, value, left_ns < slice ? left_ns : slice);
    *ask_kernel = rc == -ETIMEDOUT;
    if (*ask_kernel && fenced)
        *slice_ns = *slice_ns * 2 < SLICE_MAX_NS ? *slice_ns * 2 : SLICE_MAX_NS;
    return rc == -EINTR ? rc : -EAGAIN;
}

static int sleep_until(struct shmq *q, int64_t deadline_ns)
{
    int64_t slice_ns = SLICE_MIN_NS;
    bool ask_kernel = false;
    int rc;

    count_wait(q);
    want_room(q, true);
    do {
        rc = sleep_once(q, deadline_ns, &slice_ns, &ask_kernel);
        if (rc == -EAGAIN)
            rc = wait_look(q, ask_kernel);
    } while (rc == -EAGAIN);
    bell_reset(q->bell);
    want_room(q, false);
    if (q->watch.poll >= 0)
        port_watch_again(&q->watch, 0); /* it is not armed any more */
    return rc;
}

/* Look often, for as long as that has paid lately. -EAGAIN: it did not. */
static int spin(struct shmq *q, int64_t deadline_ns)
{
    int64_t end_ns = port_clock_monotonic_ns() + q->spin_ns;
    int rc = -EAGAIN;

    if (end_ns > deadline_ns)
        end_ns = deadline_ns;
    do {
        for (int i = 0; i < SPIN_LOOKS && rc == -EAGAIN; i++) {
            atomic_pause();
            rc = wait_look(q, false);
        }
        if (rc == -EAGAIN && take_cancel(q))
            rc = -ECANCELED;
    } while (rc == -EAGAIN && port_clock_monotonic_ns() < end_ns);
    if (rc == -EAGAIN)
        q->spin_ns = q->spin_ns / 2 > SPIN_MIN_NS ? q->spin_ns / 2 : SPIN_MIN_NS;
    else
        q->spin_ns = SPIN_MAX_NS;
    return rc;
}

int shmq_wait(struct shmq *q, int64_t timeout_ns)
{
    if (q->role != SHMQ_PRODUCER && q->role != SHMQ_CONSUMER)
        return handle_refusal(q);
    int rc = wait_look(q, timeout_ns == 0);

    if (rc != -EAGAIN)
        return rc;
    if (take_cancel(q))
        return -ECANCELED;
    if (timeout_ns == 0)
        return -ETIMEDOUT;
    int64_t deadline_ns = deadline_after(timeout_ns);

    if (q->spin_ns > 0)
        rc = spin(q, deadline_ns);
    return rc == -EAGAIN ? sleep_until(q, deadline_ns) : rc;
}

void shmq_cancel(struct shmq *q)
{
    atomic_store_u32(&q->cancelled, 1);
    atomic_fence(); /* either we see the bell set, or who sets it sees that it is cancelled */
    if (q->bell != NULL && bell_is_set(q->bell))
        bell_ring_again(q->bell, q->file);
    if (q->role != SHMQ_OBSERVER && q->role != HANDLE_OF_PARENT) {
        bell_ring_shared(&handle_status(q)->watch.bell);
        bell_ring_shared(&handle_status(q)->watch.end_bell);
    }
}

/*
 * `rc` was -EAGAIN, and the caller is about to go back to its event loop: arm the bell, look once more, and leave the
 * descriptor unreadable only if there is still nothing.
 */
int wait_arm(struct shmq *q)
{
    bool closed = port_watch_clear(&q->watch);

    if (closed)
        q->again_ns = AGAIN_MIN_NS;
    want_room(q, true);
    (void)bell_set(q->bell, SHMQ_BELL_ARMED);
    bool fenced = port_fence_all() && q->fenced && others_are_fenced(q);
    int rc = wait_look(q, q->again_ns != 0);

    if (rc != -EAGAIN) {
        bell_reset(q->bell);
        want_room(q, false);
        port_watch_again(&q->watch, 0);
        return rc;
    }
    if (!fenced) {
        port_watch_again(&q->watch, SLICE_UNFENCED_NS);
    } else if (q->again_ns != 0) {
        port_watch_again(&q->watch, q->again_ns);
        q->again_ns = q->again_ns < AGAIN_MAX_NS ? q->again_ns * 2 : 0;
    }
    return rc;
}

int shmq_fd(struct shmq *q)
{
    if (q->role != SHMQ_PRODUCER && q->role != SHMQ_CONSUMER)
        return handle_refusal(q);
    if (q->watch.poll < 0) {
        int rc = port_watch_open(q->file, q->bell, &q->watch);

        if (rc != 0)
            return rc;
        q->again_ns = AGAIN_MIN_NS; /* who died before we watched is found out too */
    }
    return q->watch.poll;
}

/*
 * The first such wait sets the deadline for all. Behind it there is none more: that a look finds something which is gone
 * at the next look could go on for ever.
 */
int wait_until(struct shmq *q, int64_t timeout_ns, int64_t *deadline_ns)
{
    if (timeout_ns < 0)
        return shmq_wait(q, timeout_ns);
    if (*deadline_ns == 0) {
        *deadline_ns = deadline_after(timeout_ns);
        return shmq_wait(q, timeout_ns);
    }
    int64_t left_ns = *deadline_ns - port_clock_monotonic_ns();

    return left_ns > 0 ? shmq_wait(q, left_ns) : -ETIMEDOUT;
}

int shmq_peek_wait(struct shmq *q, int64_t timeout_ns, struct shmq_message *message)
{
    int64_t deadline_ns = 0;
    int rc;

    while ((rc = shmq_peek(q, message)) == -EAGAIN) {
        rc = wait_until(q, timeout_ns, &deadline_ns);
        if (rc != 0)
            return rc;
    }
    return rc;
}

int shmq_recv_wait(struct shmq *q, void *buffer, size_t capacity, int64_t timeout_ns, struct shmq_message *message)
{
    int64_t deadline_ns = 0;
    int rc;

    while ((rc = shmq_recv(q, buffer, capacity, message)) == -EAGAIN) {
        rc = wait_until(q, timeout_ns, &deadline_ns);
        if (rc != 0)
            return rc;
    }
    return rc;
}

int shmq_reserve_wait(struct shmq *q, size_t size, int64_t timeout_ns, void **slot)
{
    uint32_t policy = q->policy;
    int64_t deadline_ns = 0;
    int rc;

    q->policy = SHMQ_FAIL;
    while ((rc = shmq_reserve(q, size, slot)) == -EAGAIN) {
        rc = wait_until(q, timeout_ns, &deadline_ns);
        if (rc != 0)
            break;
    }
    q->policy = policy;
    return rc;
}

int shmq_send_wait(struct shmq *q, const void *data, size_t size, uint16_t type, unsigned flags, int64_t timeout_ns)
{
    uint32_t policy = q->policy;
    int64_t deadline_ns = 0;
    int rc;

    q->policy = SHMQ_FAIL;
    while ((rc = shmq_send(q, data, size, type, flags)) == -EAGAIN) {
        rc = wait_until(q, timeout_ns, &deadline_ns);
        if (rc != 0)
            break;
    }
    q->policy = policy;
    return rc;
}
