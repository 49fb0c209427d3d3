/*
 * Reporting and awaiting
 *
 * The ledger knows how many reports have returned (told), and how many have been begun (telling): a reader must see one of
 * those between, whole.
 */
#include "parts.h"

#include <errno.h>
#include <shmq/shmq.h>
#include <string.h>

#define TASK 7
#define TOTAL 100
#define UNIT "records"
#define LONG_MESSAGE                                                                                                 \
    "a message of several words, and so long that it cannot be stored with one or two instructions: it fills five "  \
    "lines"

struct report {
    uint32_t state;
    uint64_t done;
    const char *message;
    int (*make)(struct shmq *q);
};

static int begin(struct shmq *q)
{
    return shmq_report_begin(q, TASK, TOTAL, UNIT);
}

static int advance(struct shmq *q)
{
    return shmq_report_advance(q, 10);
}

static int say_one(struct shmq *q)
{
    return shmq_report_message(q, "one");
}

static int step(struct shmq *q)
{
    return shmq_report_step(q, 50, LONG_MESSAGE);
}

static int set(struct shmq *q)
{
    return shmq_report_set(q, 60);
}

static int finish(struct shmq *q)
{
    return shmq_report_finish(q, 3, "the end");
}

/* Each as it is seen once it has been made. */
static const struct report reports[] = {
    {SHMQ_IDLE, 0, "", NULL},           {SHMQ_RUNNING, 0, "", begin},           {SHMQ_RUNNING, 10, "", advance},
    {SHMQ_RUNNING, 10, "one", say_one}, {SHMQ_RUNNING, 50, LONG_MESSAGE, step}, {SHMQ_RUNNING, 60, LONG_MESSAGE, set},
    {SHMQ_DONE, 60, "the end", finish},
};

#define REPORTS (sizeof reports / sizeof *reports)

static bool fits(const struct shmq_status *s, const struct report *report)
{
    bool begun = report->make != NULL;

    return s->state == report->state && s->done == report->done && strcmp(s->message, report->message) == 0 &&
           s->task == (begun ? TASK : 0) && s->total == (begun ? TOTAL : 0) &&
           strcmp(s->unit, begun ? UNIT : "") == 0 && s->code == (report->state == SHMQ_DONE ? 3 : 0);
}

bool status_is_whole(struct world *w)
{
    struct shmq_status status = {.struct_size = sizeof status};
    struct shmq *q = NULL;
    int rc = shmq_open(w->name, SHMQ_OBSERVER, NULL, &q);

    if (rc == 0)
        rc = shmq_status(q, &status);
    shmq_close(q);
    if (rc != 0)
        return ledger_complain(w->ledger, "looking at the status says %d", rc);
    for (uint32_t i = w->ledger->told; i <= w->ledger->telling; i++) {
        if (fits(&status, &reports[i]))
            return true;
    }
    return ledger_complain(w->ledger,
                           "status: state %u, %u of %u %s, message '%.40s' is none of the reports %u to %u",
                           status.state, (unsigned)status.done, (unsigned)status.total, status.unit, status.message,
                           w->ledger->told, w->ledger->telling);
}

bool status_can_be_reported(struct world *w, struct shmq *q)
{
    struct shmq_status status = {.struct_size = sizeof status};
    int rc = shmq_report_begin(q, 8, 1, "steps");

    if (rc == 0)
        rc = shmq_report_finish(q, 0, "by a successor");
    if (rc == 0)
        rc = shmq_status(q, &status);
    if (rc != 0 || status.state != SHMQ_DONE || status.task != 8 || strcmp(status.message, "by a successor") != 0)
        return ledger_complain(w->ledger, "a successor's report says %d, state %u, task %u, '%.40s'", rc,
                               status.state, (unsigned)status.task, status.message);
    return true;
}

static void report_up_to(struct actor *a, uint32_t end)
{
    struct ledger *ledger = a->world->ledger;

    for (uint32_t i = ledger->told + 1; i < end; i++) {
        ledger->telling = i;
        trace_enter();
        int rc = reports[i].make(a->q);

        trace_leave();
        if (rc != 0)
            ledger_complain(ledger, "report %u says %d", i, rc);
        ledger->told = i;
    }
}

void report_all(struct actor *a)
{
    report_up_to(a, REPORTS);
}

/* So much that the rings of copies and texts have gone round. */
void report_much(struct actor *a)
{
    open_only(a);
    report_up_to(a, 3);
    for (int i = 0; i < 41; i++)
        (void)shmq_report_message(a->q, i % 2 == 0 ? "some message" : "");
    (void)shmq_report_message(a->q, "");
}

static struct shmq_ticket last_ticket;

static void send_for_a_ticket(struct actor *a)
{
    send_words(a);
    trace_enter();
    int rc = shmq_ticket(a->q, &last_ticket);

    trace_leave();
    if (rc != 0)
        ledger_complain(a->world->ledger, "a ticket says %d", rc);
}

static void await_it(struct actor *a, int64_t timeout_ns, bool is_done)
{
    struct shmq_answer answer;

    trace_enter();
    int rc = shmq_await(a->q, &last_ticket, timeout_ns, &answer);

    trace_leave();
    if ((is_done && rc != 0) || (rc != 0 && rc != -ETIMEDOUT && rc != -EOWNERDEAD))
        ledger_complain(a->world->ledger, "awaiting says %d", rc);
    if (rc == 0 && (answer.size != last_ticket.size || answer.type != last_ticket.type))
        ledger_complain(a->world->ledger, "an answer is not of the record that was awaited");
}

void send_and_see_it_done(struct actor *a)
{
    open_only(a);
    send_for_a_ticket(a);
    drain_for_a_while(a->world);
}

void await_done(struct actor *a)
{
    await_it(a, 0, true);
}

void await_in_vain(struct actor *a)
{
    send_for_a_ticket(a);
    await_it(a, 0, false);
}

void await_with_patience(struct actor *a)
{
    send_for_a_ticket(a);
    await_it(a, 3000000, false);
}
