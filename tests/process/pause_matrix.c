/*
 * Paused at every instruction
 *
 * The actor is stopped, the others go on: two laps of every ring they can have, or as far as they come without the
 * actor; they take the roles that are free, and are refused those that the actor holds. Then either they close what
 * they took, or they keep it. The actor goes on, finds the world changed, finishes its work or is refused, and closes.
 * In the end nothing may be lost, torn, twice or out of order, for whoever it was.
 *
 * What a paused process knows is in its registers: no two points are the same, and all are visited, as far as the
 * budget lasts.
 */
#include "heirs.h"
#include "matrix.h"
#include "scenarios.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#define SHARE 25

/* Slices of a scenario's points. Each point has its turn once, and then a second time in the other way. */
#define SLICES 8

struct tally {
    _Atomic uint64_t points;
    _Atomic uint64_t stepped;
    _Atomic uint64_t refused_others; /* they met the actor's lock */
    _Atomic uint64_t refused_actor;  /* it met theirs */
};

struct matrix {
    struct run run;
    struct world world;
    struct trace_record *records;
    struct tally *tally;
    size_t number;
};

struct plan {
    bool keep; /* what was taken is kept until the actor has ended */
};

/* Take what is free. */
static bool take_roles(struct world *w)
{
    uint32_t lanes = world_lanes(w);
    int rc = 0;

    while (w->producer_count < lanes && rc == 0) {
        struct peer *peer = &w->producers[w->producer_count];

        rc = shmq_open(w->name, SHMQ_PRODUCER, NULL, &peer->q);
        if (rc == 0) {
            peer->sender = (struct sender){.ledger = w->ledger, .stream = w->next_stream++};
            w->producer_count++;
        }
    }
    if (w->consumer == NULL && (rc == 0 || rc == -EBUSY)) {
        w->ledger->refused += rc == -EBUSY;
        rc = shmq_open(w->name, SHMQ_CONSUMER, NULL, &w->consumer);
        if (rc == 0)
            receiver_create(&w->receiver, w->ledger);
    }
    w->ledger->refused += rc == -EBUSY;
    return rc == 0 || rc == -EBUSY || ledger_complain(w->ledger, "taking a free role says %d", rc);
}

static bool use_roles(struct world *w)
{
    if (w->consumer == NULL)
        return heirs_fill_up(w);
    if (world_is_held_up(w))
        return heirs_fill_up(w) && receiver_drain(&w->receiver, w->consumer, 2, UINT32_MAX) >= 0;
    if (w->producer_count != 0)
        return heirs_send_some(w) && heirs_two_laps(w);
    return receiver_drain(&w->receiver, w->consumer, 2, UINT32_MAX) >= 0;
}

/* Close what the peers did not have before. */
static void leave_roles(struct world *w, uint32_t producer_count, bool had_consumer)
{
    while (w->producer_count > producer_count) {
        w->producer_count--;
        sender_close(&w->producers[w->producer_count].sender, w->producers[w->producer_count].q);
    }
    if (!had_consumer && w->consumer != NULL) {
        shmq_close(w->consumer);
        receiver_destroy(&w->receiver);
        w->consumer = NULL;
    }
}

/* Meanwhile, and afterwards. In between it stops itself, so that the actor can go on. */
static bool be_others(struct world *w, const void *arg)
{
    const struct plan *plan = arg;
    uint32_t producer_count = w->producer_count;
    bool had_consumer = w->consumer != NULL;

    if (w->scenario->no_queue) {
        struct shmq_create_options options = world_options(w);
        int rc = shmq_create(w->name, &options);

        if (rc != 0 && rc != 1)
            return ledger_complain(w->ledger, "create beside a paused one says %d", rc);
    }
    if (w->scenario->reports && !status_is_whole(w))
        return false;
    if (!take_roles(w) || !use_roles(w))
        return false;
    if (!plan->keep)
        leave_roles(w, producer_count, had_consumer);
    raise(SIGSTOP);
    if (!heirs_open_consumer(w) || !heirs_open_producers(w))
        return false;
    return receiver_drain(&w->receiver, w->consumer, 2, UINT32_MAX) >= 0 && heirs_two_laps(w) &&
           ledger_balances(w->ledger);
}

static void pause_at(struct matrix *m, uint32_t point, bool keep)
{
    struct world *w = &m->world;
    struct plan plan = {.keep = keep};
    int status;

    m->tally->stepped += !matrix_reach(w, &m->records[m->number], point);
    uint64_t at = w->actor.trace.at;
    pid_t others = heirs_start(w, be_others, &plan);

    while (waitpid(others, &status, WUNTRACED) != others)
        continue;
    m->tally->refused_others += w->ledger->refused;
    w->ledger->refused = 0;
    matrix_go_on(w, &w->actor);
    m->tally->refused_actor += w->ledger->refused;
    if (WIFSTOPPED(status)) {
        kill(others, SIGCONT);
        heirs_finish(w, others);
    } else if (status != 0) {
        ledger_complain(w->ledger, "beside a paused process another ended with status %#x", (unsigned)status);
    }
    m->tally->points++;
    if (w->ledger->wrong != 0)
        run_complain(&m->run, "%s, paused behind instruction %u (program + %#llx), the others %s their roles: %s",
                     w->scenario->name, point, (unsigned long long)matrix_offset(at), keep ? "keep" : "leave",
                     w->ledger->complaint);
}

/* Whoever removes a name, or leaves it as the last, removes what it leads to then: there is nothing to compare with. */
static bool is_of_interest(const struct matrix *m, const struct scenario *scenario)
{
    bool keeps = scenario->part.role == PART_KEEPER;

    return run_wants(&m->run, scenario->name) && (!keeps || (scenario->no_queue && !scenario->transient));
}

static void run_slice(struct matrix *m, uint64_t task)
{
    uint64_t turn = task / scenario_count;
    uint32_t slice = (uint32_t)((turn * 5 + m->run.seed) % SLICES);

    m->number = task % scenario_count;
    if (!is_of_interest(m, &scenarios[m->number]))
        return;
    world_begin(&m->world, &scenarios[m->number]);
    for (uint32_t point = slice; point <= m->records[m->number].count; point += SLICES) {
        if (run_left_s(&m->run) <= 0 || run_is_decided(&m->run))
            break;
        pause_at(m, point, (point / SLICES + turn / SLICES) % 2 != 0);
    }
    world_end(&m->world);
}

static void work(void *arg)
{
    struct matrix *m = arg;
    uint64_t task;

    world_create(&m->world);
    while ((task = run_next_task(&m->run, scenario_count * SLICES * 2, 0)) != UINT64_MAX)
        run_slice(m, task);
    world_destroy(&m->world);
}

static uint64_t record_all(struct matrix *m, size_t *count)
{
    uint64_t points = 0;

    world_create(&m->world);
    for (size_t i = 0; i < scenario_count; i++) {
        if (!is_of_interest(m, &scenarios[i]))
            continue;
        world_begin(&m->world, &scenarios[i]);
        matrix_record(&m->world, &scenarios[i].part, &m->world.actor, WORLD_ACTOR_STREAM, &m->records[i], false);
        *count += 1;
        points += m->records[i].count + 1;
        world_end(&m->world);
    }
    world_destroy(&m->world);
    return points;
}

int main(int argc, char **argv)
{
    static struct matrix m;

    run_begin(&m.run, argc, argv, SHARE);
    m.records = calloc(scenario_count, sizeof *m.records);
    must(m.records != NULL, "memory");
    m.tally = run_share(sizeof *m.tally);
    size_t count = 0;
    uint64_t points = record_all(&m, &count);

    run_expect(&m.run, count);
    run_begin_again(&m.run);
    run_team(&m.run, work, &m);
    if (m.tally->points == 0)
        run_complain(&m.run, "nobody was paused: the budget is too small");
    printf("%zu scenarios, paused %llu times at %llu points, in two ways (%llu stepped to)\n", count,
           (unsigned long long)m.tally->points, (unsigned long long)points, (unsigned long long)m.tally->stepped);
    printf("others refused %llu times, the paused one %llu times, %llu bad, %.1f s\n",
           (unsigned long long)m.tally->refused_others, (unsigned long long)m.tally->refused_actor,
           (unsigned long long)m.run.shared->bad, run_elapsed_s(&m.run));
    return run_end(&m.run);
}
