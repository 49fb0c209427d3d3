/* The status, as its reporter writes it. core/status.h tells why it is whole at every instruction. */
#include <shmq/status.h>

#include "api/handle.h"
#include "port/clock.h"
#include "port/process.h"

#include <errno.h>

/* How long a report waits for those who have borrowed the status: they need microseconds. */
#define WRITE_NS INT64_C(1000000000)
#define WRITE_TRY_MIN_NS INT64_C(20000)
#define WRITE_TRY_MAX_NS INT64_C(1000000)

static bool is_running(const struct shmq *q)
{
    return q->reporter.copy.state == SHMQ_RUNNING;
}

static void set_current(struct shmq *q)
{
    struct status_reporter *r = &q->reporter;

    r->current =
        q->reports == HANDLE_REPORTS && is_running(q) ? r->area->copies + r->sequence % SHMQ_STATUS_COPIES : NULL;
}

/* SHMQ_ROLE_REPORT_WRITE, which others have for a moment only. -ETIMEDOUT, -EINTR */
static int claim_write(struct shmq *q, int64_t timeout_ns)
{
    int64_t start_ns = port_clock_monotonic_ns();
    int64_t pause_ns = WRITE_TRY_MIN_NS;
    int rc;

    while ((rc = port_role_claim(q->file, SHMQ_ROLE_REPORT_WRITE)) == -EBUSY) {
        if (timeout_ns >= 0 && port_clock_monotonic_ns() - start_ns >= timeout_ns)
            return -ETIMEDOUT;
        rc = port_clock_sleep(pause_ns);
        if (rc != 0)
            return rc;
        pause_ns = pause_ns * 2 < WRITE_TRY_MAX_NS ? pause_ns * 2 : WRITE_TRY_MAX_NS;
    }
    return rc;
}

static int claim_write_to_report(struct shmq *q)
{
    int rc;

    while ((rc = claim_write(q, WRITE_NS)) == -EINTR)
        ;
    return rc == -ETIMEDOUT ? -EBUSY : rc;
}

/* Where the reporter sleeps when it waits for something else. */
static uint32_t bell_of(const struct shmq *q)
{
    return q->role == SHMQ_CONSUMER ? 1 : q->role == SHMQ_PRODUCER ? 2 + q->lane : 0;
}

static void sign_in(struct shmq *q)
{
    struct shmq_report_line *line = &handle_status(q)->report;

    atomic_store_u32(&line->flags, q->fenced ? SHMQ_SIDE_FENCED : 0);
    atomic_store_u64(&line->attached_ns, (uint64_t)port_clock_real_ns());
    atomic_store_u64(&line->attach_count, atomic_load_u64(&line->attach_count) + 1);
    atomic_store_u32(&line->bell, bell_of(q));
    atomic_store_u32(&line->pid, port_process_id());
}

/* May this handle write at all? */
static int refusal(const struct shmq *q)
{
    return q->role == HANDLE_OF_PARENT ? -ECHILD : q->role == SHMQ_OBSERVER ? -EINVAL : 0;
}

/* Both roles, and what is there. Where `resume` is false, damage is no matter: all of it will be written anew. */
static int claim(struct shmq *q, bool resume)
{
    int rc = port_role_claim(q->file, SHMQ_ROLE_REPORTER);

    if (rc != 0)
        return rc;
    rc = claim_write_to_report(q);
    if (rc != 0) {
        port_role_release(q->file, SHMQ_ROLE_REPORTER);
        return rc;
    }
    rc = status_attach(&q->reporter, handle_status(q));
    if (resume && (rc != 0 || !is_running(q))) {
        port_role_release(q->file, SHMQ_ROLE_REPORT_WRITE);
        port_role_release(q->file, SHMQ_ROLE_REPORTER);
        return rc != 0 ? rc : -ENOENT;
    }
    q->reports = HANDLE_REPORTS;
    sign_in(q);
    return 0;
}

/* Before a report that progress alone is not: 0 and what is there is known, and may be changed. */
static int enter(struct shmq *q)
{
    if (q->reports == HANDLE_REPORTS_NOT || q->role == HANDLE_OF_PARENT)
        return handle_refusal(q);
    if (q->reports != HANDLE_REPORTS_LENT)
        return 0;
    int rc = claim_write_to_report(q);

    if (rc == 0)
        (void)status_attach(&q->reporter, handle_status(q));
    return rc;
}

/* Behind it. Only a reporter that keeps the role is known to answer the barrier of those who sleep. */
static void leave(struct shmq *q, bool ended)
{
    struct shmq_watch_line *watch = &handle_status(q)->watch;

    if (q->reports != HANDLE_REPORTS)
        atomic_fence();
    bell_ring_shared(&watch->bell);
    if (ended)
        bell_ring_shared(&watch->end_bell);
    if (q->reports == HANDLE_REPORTS_LENT)
        port_role_release(q->file, SHMQ_ROLE_REPORT_WRITE);
    set_current(q);
}

static int enter_running(struct shmq *q)
{
    int rc = enter(q);

    if (rc == 0 && !is_running(q)) {
        leave(q, false);
        rc = -EINVAL;
    }
    return rc;
}

static uint64_t now_ns(void)
{
    return (uint64_t)port_clock_coarse_ns();
}

/* Does somebody lend it who lives? */
static int is_lent(struct shmq *q)
{
    if (port_role_taken(q->file, SHMQ_ROLE_REPORTER) == 0)
        return -EOWNERDEAD;
    return (atomic_load_u32(&handle_status(q)->report.flags) & SHMQ_SIDE_LENT) != 0 ? 0 : -EBUSY;
}

/* The role; or, where somebody lends it, what this one keeps until it leaves. */
static int claim_or_borrow(struct shmq *q)
{
    int rc = claim(q, false);

    if (rc != -EBUSY || is_lent(q) != 0)
        return rc;
    while ((rc = shmq_report_borrow(q, WRITE_NS)) == -EINTR)
        ;
    return rc == -ETIMEDOUT || rc == -EOWNERDEAD ? -EBUSY : rc;
}

static void set_unit(struct status_reporter *r, const char *unit, int size)
{
    for (int i = 0; i < SHMQ_UNIT_MAX; i++)
        r->unit[i] = (char)(i < size ? unit[i] : '\0');
}

int shmq_report_begin(struct shmq *q, uint64_t task, uint64_t total, const char *unit)
{
    struct status_reporter *r = &q->reporter;
    int size = unit != NULL ? status_text_size(unit, SHMQ_UNIT_MAX) : 0;
    int rc = refusal(q);

    if (rc != 0 || size < 0)
        return rc != 0 ? rc : size;
    rc = q->reports == HANDLE_REPORTS_NOT ? claim_or_borrow(q) : enter(q);
    if (rc != 0)
        return rc;
    uint64_t at_ns = now_ns();
    uint32_t run = r->copy.run != UINT32_MAX ? r->copy.run + 1 : 1; /* 0 is none */

    r->copy = (struct shmq_status_copy){
        .task = task, .total = total, .started_ns = at_ns, .run = run, .state = SHMQ_RUNNING};
    r->done = 0;
    set_unit(r, unit, size);
    status_publish(r, "", 0, at_ns);
    atomic_fence(); /* those who sleep may have found nobody who answers their barrier */
    leave(q, false);
    return 0;
}

int shmq_report_resume(struct shmq *q)
{
    int rc = refusal(q);

    if (rc == 0 && q->reports != HANDLE_REPORTS_NOT)
        rc = -EINVAL;
    if (rc == 0)
        rc = claim(q, true);
    if (rc != 0)
        return rc;
    status_publish(&q->reporter, NULL, 0, now_ns());
    atomic_fence();
    leave(q, false);
    return 0;
}

static APART void wake_watchers(struct shmq *q)
{
    bell_ring_shared(&handle_status(q)->watch.bell);
}

ALWAYS_INLINE int store_done(struct shmq *q, uint64_t done)
{
    status_set_done(&q->reporter, done, now_ns());
    if (UNLIKELY(status_is_watched(&q->reporter)))
        wake_watchers(q);
    return 0;
}

static uint64_t sum(uint64_t done, uint64_t count)
{
    uint64_t after;

    return __builtin_add_overflow(done, count, &after) ? UINT64_MAX : after;
}

/* `adds`: so much more. */
static APART int report_done_slowly(struct shmq *q, uint64_t count, bool adds)
{
    int rc = enter_running(q);

    if (rc != 0)
        return rc;
    q->reporter.done = adds ? sum(q->reporter.done, count) : count;
    status_publish(&q->reporter, NULL, 0, now_ns());
    leave(q, false);
    return 0;
}

int shmq_report_advance(struct shmq *q, uint64_t count)
{
    if (UNLIKELY(q->reporter.current == NULL))
        return report_done_slowly(q, count, true);
    return store_done(q, sum(q->reporter.done, count));
}

int shmq_report_set(struct shmq *q, uint64_t done)
{
    if (UNLIKELY(q->reporter.current == NULL))
        return report_done_slowly(q, done, false);
    return store_done(q, done);
}

static int report_text(struct shmq *q, const uint64_t *done, const char *message)
{
    int size = message != NULL ? status_text_size(message, SHMQ_MESSAGE_MAX) : -EINVAL;
    int rc = enter_running(q);

    if (rc != 0)
        return rc;
    if (size >= 0) {
        if (done != NULL)
            q->reporter.done = *done;
        status_publish(&q->reporter, message, (size_t)size, now_ns());
    }
    leave(q, false);
    return size < 0 ? size : 0;
}

int shmq_report_message(struct shmq *q, const char *message)
{
    return report_text(q, NULL, message);
}

int shmq_report_step(struct shmq *q, uint64_t done, const char *message)
{
    return report_text(q, &done, message);
}

int shmq_report_total(struct shmq *q, uint64_t total)
{
    int rc = enter_running(q);

    if (rc != 0)
        return rc;
    q->reporter.copy.total = total;
    status_publish(&q->reporter, NULL, 0, now_ns());
    leave(q, false);
    return 0;
}

/* The unit lies with the message, which is written anew behind it. */
int shmq_report_unit(struct shmq *q, const char *unit)
{
    int size = unit != NULL ? status_text_size(unit, SHMQ_UNIT_MAX) : 0;
    struct status_view view;
    int rc = enter_running(q);

    if (rc != 0)
        return rc;
    rc = size < 0 ? size : status_read(q->reporter.area, &view);
    if (rc == 0) {
        set_unit(&q->reporter, unit, size);
        status_publish(&q->reporter, view.message, view.copy.text_size, now_ns());
    }
    leave(q, false);
    return rc;
}

static int end_task(struct shmq *q, enum shmq_state state, int32_t code, const char *message)
{
    int size = message != NULL ? status_text_size(message, SHMQ_MESSAGE_MAX) : 0;
    int rc = enter_running(q);

    if (rc != 0)
        return rc;
    if (size >= 0) {
        q->reporter.copy.state = (uint16_t)state;
        q->reporter.copy.code = code;
        status_publish(&q->reporter, message, (size_t)size, now_ns());
    }
    leave(q, size >= 0);
    return size < 0 ? size : 0;
}

int shmq_report_finish(struct shmq *q, int32_t code, const char *message)
{
    return end_task(q, SHMQ_DONE, code, message);
}

int shmq_report_fail(struct shmq *q, int32_t code, const char *message)
{
    return end_task(q, SHMQ_FAILED, code, message);
}

int shmq_report_cancelled(struct shmq *q, const char *message)
{
    return end_task(q, SHMQ_CANCELLED, 0, message);
}

int shmq_report_lend(struct shmq *q)
{
    int rc = refusal(q);

    if (rc == 0 && q->reports == HANDLE_REPORTS_BORROWED)
        rc = -EINVAL;
    if (rc == 0 && q->reports == HANDLE_REPORTS_NOT)
        rc = claim(q, false);
    if (rc != 0 || q->reports == HANDLE_REPORTS_LENT)
        return rc;
    uint32_t *flags = &handle_status(q)->report.flags;

    atomic_store_u32(flags, atomic_load_u32(flags) | SHMQ_SIDE_LENT);
    q->reports = HANDLE_REPORTS_LENT;
    set_current(q);
    port_role_release(q->file, SHMQ_ROLE_REPORT_WRITE);
    return 0;
}

int shmq_report_borrow(struct shmq *q, int64_t timeout_ns)
{
    int rc = refusal(q);

    if (rc == 0 && q->reports != HANDLE_REPORTS_NOT)
        rc = -EINVAL;
    if (rc == 0)
        rc = is_lent(q);
    if (rc == 0)
        rc = claim_write(q, timeout_ns);
    if (rc != 0)
        return rc;
    rc = is_lent(q); /* it may have died, and another reporter may be just coming */
    if (rc != 0) {
        port_role_release(q->file, SHMQ_ROLE_REPORT_WRITE);
        return rc;
    }
    (void)status_attach(&q->reporter, handle_status(q));
    q->reports = HANDLE_REPORTS_BORROWED;
    return 0;
}

void shmq_report_leave(struct shmq *q)
{
    uint32_t reports = q->reports;

    q->reporter.current = NULL;
    q->reports = HANDLE_REPORTS_NOT;
    if (reports == HANDLE_REPORTS_NOT || q->role == HANDLE_OF_PARENT)
        return;
    struct shmq_status_area *area = handle_status(q);

    if (reports != HANDLE_REPORTS_BORROWED) {
        atomic_store_u32(&area->report.pid, 0);
        atomic_store_u32(&area->report.bell, 0);
        atomic_store_u32(&area->report.flags, 0);
        port_role_release(q->file, SHMQ_ROLE_REPORTER);
    }
    if (reports != HANDLE_REPORTS_LENT)
        port_role_release(q->file, SHMQ_ROLE_REPORT_WRITE);
    atomic_fence();
    bell_ring_shared(&area->watch.bell);
    bell_ring_shared(&area->watch.end_bell);
}

/* The run of the task that this handle reports; 0: there is none. Others may have begun and ended it, where it is lent. */
static uint32_t reported_run(struct shmq *q)
{
    struct status_view view;

    if (q->reports == HANDLE_REPORTS_LENT)
        return status_read(handle_status(q), &view) == 0 && view.copy.state == SHMQ_RUNNING ? view.copy.run : 0;
    return q->reports != HANDLE_REPORTS_NOT && is_running(q) ? q->reporter.copy.run : 0;
}

int shmq_cancel_requested(struct shmq *q)
{
    struct status_reporter *r = &q->reporter;

    if (LIKELY(r->current != NULL))
        return atomic_load_u32(&r->area->watch.cancel) == r->copy.run;
    uint32_t run = q->role != HANDLE_OF_PARENT ? reported_run(q) : 0;

    return run == 0 ? handle_refusal(q) : atomic_load_u32(&handle_status(q)->watch.cancel) == run;
}

bool report_take_cancel(struct shmq *q)
{
    uint32_t run = q->reports != HANDLE_REPORTS_NOT ? reported_run(q) : 0;

    if (run == 0 || run == q->cancel_told || atomic_load_u32(&handle_status(q)->watch.cancel) != run)
        return false;
    q->cancel_told = run;
    return true;
}
