/* The status, as its readers see it: looking, waiting, asking for the end, and reckoning how fast it goes. */
#include <shmq/status.h>

#include "api/handle.h"
#include "port/clock.h"
#include "port/fence.h"
#include "port/sleep.h"

#include <errno.h>
#include <shmq/info.h>
#include <string.h>

/* A reporter whose lock is not there, but whose status changes meanwhile, is just coming or going. */
#define PRESENCE_TRIES 16

/* Each try fails for another one who asks for another run. */
#define CANCEL_TRIES 256

#define SPIN_NS INT64_C(20000)
#define SPIN_LOOKS 32 /* between two looks at the clock */

#define SLICE_MIN_NS INT64_C(2000000)
#define SLICE_MAX_NS INT64_C(100000000)
#define SLICE_UNFENCED_NS INT64_C(1000000) /* where membarrier is refused, a wake-up can be missed: not for long */
#define SLICE_OBSERVER_MIN_NS INT64_C(1000000) /* who may not write cannot ask to be woken */
#define SLICE_OBSERVER_MAX_NS INT64_C(8000000)

#define RATE_NS 5e9 /* a look that is older than this counts for less than a third */
#define RATE_STEP_NS INT64_C(1000000)

/* No structure of ours is near that; a size above it is a field that was never set. */
#define SIZE_MAX_SANE 4096

/* One look, and who lives. */
struct sight {
    struct status_view view;
    uint32_t presence;
};

/* All that can fail is behind us. The unit is filled up with zeros, and the message goes as far as it goes. */
static void fill(const struct shmq *q, struct sight *sight, struct shmq_status *status)
{
    const struct shmq_status_area *area = handle_status(q);
    const struct shmq_status_copy *copy = &sight->view.copy;

    status_text_clean(sight->view.message, copy->text_size);
    if (!status_unit_is_plain(sight->view.unit))
        status_text_clean(sight->view.unit, strnlen(sight->view.unit, SHMQ_STATUS_UNIT));
    status->changes = copy->changes;
    status->state = copy->state;
    status->presence = sight->presence;
    status->pid = atomic_load_u32(&area->report.pid);
    status->run = copy->run;
    status->cancelling = copy->state == SHMQ_RUNNING && atomic_load_u32(&area->watch.cancel) == copy->run;
    status->code = copy->code;
    status->task = copy->task;
    status->done = copy->done;
    status->total = copy->total;
    status->started_ns = (int64_t)copy->started_ns;
    status->updated_ns = (int64_t)copy->updated_ns;
    status->message_size = copy->text_size;
    memcpy(status->unit, sight->view.unit, SHMQ_STATUS_UNIT);
    memset(status->unit + SHMQ_STATUS_UNIT, 0, sizeof status->unit - SHMQ_STATUS_UNIT);
    memcpy(status->message, sight->view.message, copy->text_size);
    status->message[copy->text_size] = '\0';
}

static int glance(const struct shmq *q, struct sight *sight)
{
    int rc = status_read(handle_status(q), &sight->view);

    if (rc == 0)
        sight->presence = sight->view.copy.state == SHMQ_RUNNING ? SHMQ_PRESENT : SHMQ_ABSENT;
    return rc;
}

/* Who finished has said so before its lock was gone: a look behind the question sees it. */
static int look(const struct shmq *q, struct sight *sight)
{
    int rc = glance(q, sight);

    for (int i = 0; i < PRESENCE_TRIES && rc == 0; i++) {
        uint64_t changes = sight->view.copy.changes;

        if (handle_has_holder(q, SHMQ_ROLE_REPORTER)) {
            sight->presence = SHMQ_PRESENT;
            return 0;
        }
        rc = glance(q, sight);
        if (rc == 0 && sight->view.copy.changes == changes) {
            sight->presence = sight->view.copy.state == SHMQ_RUNNING ? SHMQ_DIED : SHMQ_ABSENT;
            return 0;
        }
    }
    return rc;
}

static int refusal(const struct shmq *q, const struct shmq_status *status)
{
    size_t size = status->struct_size;

    return q->role == HANDLE_OF_PARENT ? -ECHILD : size < sizeof *status || size > SIZE_MAX_SANE ? -EINVAL : 0;
}

int shmq_status_glance(struct shmq *q, struct shmq_status *status)
{
    struct sight sight;
    int rc = refusal(q, status);

    if (rc == 0)
        rc = glance(q, &sight);
    if (rc == 0)
        fill(q, &sight, status);
    return rc;
}

int shmq_status(struct shmq *q, struct shmq_status *status)
{
    struct sight sight;
    int rc = refusal(q, status);

    if (rc == 0)
        rc = look(q, &sight);
    if (rc == 0)
        fill(q, &sight, status);
    return rc;
}

/* One wait. */
struct waiting {
    struct shmq *q;
    enum shmq_until until;
    uint64_t changes; /* what is known */
    uint32_t presence;
    uint32_t run; /* the task that is known to run; 0: none is */
    int64_t deadline_ns;
    int64_t slice_ns;
    bool seen;          /* `sight` is filled */
    struct sight sight; /* the last look that succeeded */
};

static bool is_awaited(const struct waiting *w)
{
    const struct shmq_status_copy *copy = &w->sight.view.copy;
    uint32_t presence = w->sight.presence;
    bool ended = copy->state > SHMQ_RUNNING || presence == SHMQ_DIED || (w->run != 0 && w->run != copy->run);

    return (copy->changes != w->changes || presence != w->presence) && (w->until == SHMQ_CHANGED || ended);
}

/* 0 it is there, -EAGAIN not yet. Without asking the kernel a death is not seen. */
static int see(struct waiting *w, bool ask_kernel)
{
    struct shmq *q = w->q;
    struct sight sight;

    if (!ask_kernel && status_changes(handle_status(q)) == w->changes)
        return -EAGAIN;
    int rc = look(q, &sight);

    if (rc != 0)
        return rc;
    w->sight = sight;
    w->seen = true;
    if (is_awaited(w))
        return 0;
    return w->sight.presence != SHMQ_PRESENT && handle_is_removed(q) ? -ESTALE : -EAGAIN;
}

static int spin(struct waiting *w)
{
    int64_t end_ns = port_clock_monotonic_ns() + SPIN_NS;
    int rc = -EAGAIN;

    if (end_ns > w->deadline_ns)
        end_ns = w->deadline_ns;
    do {
        for (int i = 0; i < SPIN_LOOKS && rc == -EAGAIN; i++) {
            atomic_pause();
            rc = see(w, false);
        }
    } while (rc == -EAGAIN && port_clock_monotonic_ns() < end_ns);
    return rc;
}

static bool reporter_is_fenced(const struct shmq *q)
{
    const struct shmq_report_line *line = &handle_status(q)->report;

    return atomic_load_u32(&line->pid) == 0 ||
           (atomic_load_u32(&line->flags) & (SHMQ_SIDE_FENCED | SHMQ_SIDE_LENT)) != 0;
}

/* An observer's: it may be woken by what others have set, and looks often in any case. */
static int64_t next_slice(struct waiting *w, bool fenced)
{
    bool may_write = w->q->role != SHMQ_OBSERVER;
    int64_t max_ns = !may_write ? SLICE_OBSERVER_MAX_NS : fenced ? SLICE_MAX_NS : SLICE_UNFENCED_NS;
    int64_t slice_ns = w->slice_ns < max_ns ? w->slice_ns : max_ns;

    w->slice_ns = slice_ns * 2 < SLICE_MAX_NS ? slice_ns * 2 : SLICE_MAX_NS;
    return slice_ns;
}

/* One sleep: -EAGAIN when it is time to look again, or what ends the wait. */
static int sleep_once(struct waiting *w)
{
    struct shmq *q = w->q;
    struct shmq_watch_line *watch = &handle_status(q)->watch;
    uint32_t *bell = w->until == SHMQ_ENDED ? &watch->end_bell : &watch->bell;
    uint32_t value = q->role != SHMQ_OBSERVER ? bell_set_shared(bell) : atomic_load_u32(bell);
    bool fenced = port_fence_all() && q->fenced && reporter_is_fenced(q);
    int rc = see(w, false);

    if (rc != -EAGAIN)
        return rc;
    if (wait_take_cancel(q))
        return -ECANCELED;
    int64_t left_ns = w->deadline_ns - port_clock_monotonic_ns();
    int64_t slice_ns = next_slice(w, fenced);

    if (left_ns > 0)
        rc = port_sleep(bell, value, left_ns < slice_ns ? left_ns : slice_ns);
    if (rc == -EINTR)
        return rc;
    rc = see(w, rc != 0);
    return rc == -EAGAIN && left_ns <= 0 ? -ETIMEDOUT : rc;
}

static int64_t deadline_after(int64_t timeout_ns)
{
    int64_t deadline_ns;

    if (timeout_ns < 0 || __builtin_add_overflow(port_clock_monotonic_ns(), timeout_ns, &deadline_ns))
        return INT64_MAX;
    return deadline_ns;
}

static int wait_for(struct waiting *w, int64_t timeout_ns)
{
    int rc = see(w, true);

    if (rc != -EAGAIN)
        return rc;
    if (wait_take_cancel(w->q))
        return -ECANCELED;
    if (timeout_ns == 0)
        return -ETIMEDOUT;
    w->deadline_ns = deadline_after(timeout_ns);
    if (w->until == SHMQ_CHANGED && port_spinning_helps())
        rc = spin(w);
    while (rc == -EAGAIN)
        rc = sleep_once(w);
    return rc;
}

int shmq_status_wait(struct shmq *q, enum shmq_until until, int64_t timeout_ns, struct shmq_status *status)
{
    int rc = refusal(q, status);

    if (rc == 0 && (unsigned)until > SHMQ_ENDED)
        rc = -EINVAL;
    if (rc != 0)
        return rc;
    struct waiting w = {
        .q = q,
        .until = until,
        .changes = status->changes,
        .presence = status->presence,
        .run = status->state == SHMQ_RUNNING ? status->run : 0,
        .slice_ns = q->role != SHMQ_OBSERVER ? SLICE_MIN_NS : SLICE_OBSERVER_MIN_NS,
    };

    rc = wait_for(&w, timeout_ns);
    if ((rc == 0 || rc == -ETIMEDOUT) && w.seen)
        fill(q, &w.sight, status);
    return rc;
}

/* Wake the reporter where it waits for something else. */
static void ring_reporter(struct shmq *q)
{
    uint32_t where = atomic_load_u32(&handle_status(q)->report.bell);

    if (where == 1)
        bell_ring_again(&handle_header(q)->consumer.bell, q->file);
    else if (where >= 2 && where - 2 < q->geometry.lane_count)
        bell_ring_again(&handle_lane(q, where - 2)->owner.bell, q->file);
}

/* Whoever asks for an older run comes too late, and must not take away what was asked for a newer one. */
static int ask_for_end(uint32_t *cancel, uint32_t run)
{
    for (int i = 0; i < CANCEL_TRIES; i++) {
        uint32_t asked = atomic_load_u32(cancel);

        if ((int32_t)(run - asked) <= 0 || atomic_cas_u32(cancel, asked, run))
            return 0;
    }
    return -EAGAIN;
}

int shmq_request_cancel(struct shmq *q)
{
    struct status_view view;

    if (q->role == HANDLE_OF_PARENT || q->role == SHMQ_OBSERVER)
        return handle_refusal(q);
    struct shmq_watch_line *watch = &handle_status(q)->watch;
    int rc = status_read(handle_status(q), &view);

    if (rc != 0)
        return rc;
    uint32_t run = view.copy.run;

    if (view.copy.state != SHMQ_RUNNING)
        return 1;
    rc = ask_for_end(&watch->cancel, run);
    if (rc != 0)
        return rc;
    atomic_fence(); /* either we see the reporter's bell set, or it sees what we ask */
    ring_reporter(q);
    return 0;
}

/* Older looks count less: exponentially, by their age. */
void shmq_rate_look(struct shmq_rate *rate, const struct shmq_status *status)
{
    int64_t now_ns = port_clock_monotonic_ns();
    bool same = rate->looks != 0 && rate->run == status->run && status->done >= rate->done;
    int64_t passed_ns = now_ns - rate->looked_ns;

    if (same && passed_ns < RATE_STEP_NS && status->state == SHMQ_RUNNING)
        return;
    if (!same) {
        *rate = (struct shmq_rate){.run = status->run, .left_ns = -1};
    } else if (status->state == SHMQ_RUNNING) {
        double latest = (double)(status->done - rate->done) * 1e9 / (double)passed_ns;
        double weight = rate->looks == 1 ? 1 : (double)passed_ns / ((double)passed_ns + RATE_NS);

        rate->per_second += (latest - rate->per_second) * weight;
    }
    rate->looks++;
    rate->done = status->done;
    rate->looked_ns = now_ns;
    int64_t until_ns = status->state == SHMQ_RUNNING ? port_clock_real_ns() : status->updated_ns;
    double left = status->total > status->done ? (double)(status->total - status->done) : 0;

    if (until_ns <= status->started_ns)
        rate->elapsed_ns = 0;
    else if (__builtin_sub_overflow(until_ns, status->started_ns, &rate->elapsed_ns))
        rate->elapsed_ns = INT64_MAX;
    rate->left_ns = -1;
    if (status->total != 0 && left == 0)
        rate->left_ns = 0;
    else if (status->total != 0 && rate->per_second > 0 && left * 1e9 / rate->per_second < 9e18)
        rate->left_ns = (int64_t)(left * 1e9 / rate->per_second);
}
