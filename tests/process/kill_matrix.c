/*
 * Killed at every instruction
 *
 * For each scenario and each instruction of what the actor does: start the actor, stop it there, SIGKILL it, and let
 * others go on, in each way that makes a difference: with the peers that live, with all new ones, in either order,
 * and with nobody new. What differs in no byte of memory, no lock and no duty of the ledger is checked once.
 *
 * Then, for as long as the budget lasts, twice: a successor is killed too, at some instruction of its taking over.
 */
#include "matrix.h"
#include "parts.h"
#include "scenarios.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHARE 35

/* This part of the budget is for killing twice, even if there are points left where nobody was killed once. */
#define KEEP_FOR_TWICE 0.1

/*
 * Slices of a scenario's points. First come those where the world changed when they were recorded: that is one point
 * for each image. Then all scenarios have the first slice of the others visited, then all their second ...
 */
#define SLICES 8
#define TURNS (SLICES + 1)

/* Of a scenario, or of all. */
struct tally {
    _Atomic uint64_t points;
    _Atomic uint64_t images;
    _Atomic uint64_t stepped;
    _Atomic uint64_t slices;
    _Atomic uint64_t changes;
    _Atomic uint64_t ended_ms;
};

struct matrix {
    struct run run;
    struct world world;
    struct trace_record *records;
    struct trace_record takeovers[2];
    struct matrix_set *images;
    struct tally *tallies;
    struct tally *all;
    struct tally *twice;
    size_t number; /* of the scenario */
};

static const struct part take_over_producing = {PART_PRODUCER, NULL, open_send_close};
static const struct part take_over_consuming = {PART_CONSUMER, NULL, open_receive_close};

static const struct heirs all_heirs[] = {
    {.all_new = true, .producers_first = true},
    {.all_new = true},
    {.producers_first = true},
    {.producers_first = false},
    {.nobody = true},
};

static bool survives_all(struct world *w)
{
    bool peers = w->producer_count != 0 || w->consumer != NULL;

    for (size_t i = 0; i < sizeof all_heirs / sizeof *all_heirs; i++) {
        if ((all_heirs[i].all_new || peers) && !world_survives(w, &all_heirs[i]))
            return false;
    }
    return true;
}

/* A keeper leaves the name of a whole queue, or none. */
static bool keeper_survives(struct world *w)
{
    static const struct heirs peers_alone = {.nobody = true};

    return (w->producer_count == 0 || world_survives(w, &peers_alone)) && world_is_tidy(w) && survives_all(w);
}

static void check(struct matrix *m, struct tally *tally, const char *after, uint32_t point, uint64_t address)
{
    struct world *w = &m->world;

    if (!matrix_set_add(m->images, world_image(w) + m->number))
        return;
    tally->images++;
    bool good =
        w->ledger->wrong == 0 && (w->scenario->part.role == PART_KEEPER ? keeper_survives(w) : survives_all(w));

    if (!good)
        run_complain(&m->run, "%s, %s instruction %u (program + %#llx): %s", w->scenario->name, after, point,
                     (unsigned long long)matrix_offset(address), w->ledger->complaint);
}

static void kill_at(struct matrix *m, uint32_t point, struct tally *tally)
{
    struct world *w = &m->world;

    if (!matrix_reach(w, &m->records[m->number], point))
        tally->stepped++;
    uint64_t at = w->actor.trace.at;

    trace_kill(&w->actor.trace);
    tally->points++;
    check(m, tally, "killed behind", point, at);
}

static void begin(struct matrix *m, size_t number)
{
    m->number = number;
    world_begin(&m->world, &scenarios[number]);
}

static void report(const struct matrix *m)
{
    const struct tally *tally = &m->tallies[m->number];

    printf("%-46s %6llu of %6u points %5llu images\n", scenarios[m->number].name, (unsigned long long)tally->points,
           m->records[m->number].count + 1, (unsigned long long)tally->images);
}

static bool has_changed(const struct trace_record *record, uint32_t point)
{
    return point == 0 || point >= record->count || record->image[point] != record->image[point - 1];
}

/* One slice of one scenario. */
static void run_slice(struct matrix *m, uint64_t task)
{
    must(scenario_count != 0, "a scenario");
    size_t number = task % scenario_count;
    uint64_t turn = task / scenario_count;
    uint32_t slice = turn == 0 ? 0 : (uint32_t)((turn + m->run.seed) % SLICES);
    const struct trace_record *record = &m->records[number];
    struct tally *tally = &m->tallies[number];

    if (!run_wants(&m->run, scenarios[number].name))
        return;
    begin(m, number);
    for (uint32_t point = slice; point <= record->count; point += turn == 0 ? 1 : SLICES) {
        if (run_is_decided(&m->run) || (turn != 0 && run_left_s(&m->run) <= m->run.budget_s * KEEP_FOR_TWICE))
            break;
        if (has_changed(record, point) == (turn == 0)) {
            kill_at(m, point, tally);
            tally->changes += turn == 0;
        }
    }
    world_end(&m->world);
    if (++tally->slices == TURNS)
        report(m);
}

/* The actor is killed somewhere, its successor is killed somewhere, and then somebody has to succeed. */
static void kill_two(struct matrix *m)
{
    struct world *w = &m->world;
    bool producing = w->scenario->part.role == PART_PRODUCER;
    const struct part *part = producing ? &take_over_producing : &take_over_consuming;
    const struct trace_record *record = &m->takeovers[producing];
    uint32_t first = (uint32_t)run_random(&m->run, m->records[m->number].count);
    uint32_t second = (uint32_t)run_random(&m->run, record->count);

    uint32_t stream = w->next_stream++;

    (void)matrix_reach(w, &m->records[m->number], first);
    trace_kill(&w->actor.trace);
    if (!matrix_go(w, part, &w->other, stream, record, second)) {
        trace_kill(&w->other.trace);
        (void)matrix_reach(w, &m->records[m->number], first);
        trace_kill(&w->actor.trace);
        matrix_step(w, part, &w->other, stream, second);
        m->twice->stepped++;
    }
    uint64_t at = w->other.trace.at;

    trace_kill(&w->other.trace);
    m->twice->points++;
    check(m, m->twice, "killed, and its successor behind", second, at);
    w->next_stream = stream;
}

static bool has_successor(const struct matrix *m, size_t number)
{
    return scenarios[number].part.role != PART_KEEPER && run_wants(&m->run, scenarios[number].name);
}

/* Some such pairs of deaths in a random scenario. */
static void run_twice(struct matrix *m)
{
    size_t number = run_random(&m->run, scenario_count);

    if (!has_successor(m, number))
        return;
    begin(m, number);
    for (int i = 0; i < 20 && run_left_s(&m->run) > 0 && !run_is_decided(&m->run); i++)
        kill_two(m);
    world_end(&m->world);
}

static void work(void *arg)
{
    struct matrix *m = arg;
    double keep_s = m->run.budget_s * KEEP_FOR_TWICE;
    uint64_t task;
    bool any = false;

    for (size_t i = 0; i < scenario_count; i++)
        any |= has_successor(m, i);
    world_create(&m->world);
    while ((task = run_next_task(&m->run, scenario_count * TURNS, keep_s)) != UINT64_MAX)
        run_slice(m, task);
    m->all->ended_ms = (uint64_t)(run_elapsed_s(&m->run) * 1e3);
    while (any && run_left_s(&m->run) > 0 && !run_is_decided(&m->run))
        run_twice(m);
    world_destroy(&m->world);
}

static void record_takeover(struct matrix *m, bool producing, const char *scenario)
{
    size_t i = 0;

    while (strcmp(scenarios[i].name, scenario) != 0)
        must(++i < scenario_count, scenario);
    world_begin(&m->world, &scenarios[i]);
    matrix_record(&m->world, &scenarios[i].part, &m->world.other, m->world.next_stream, &m->takeovers[producing],
                  false);
    world_end(&m->world);
}

static size_t record_all(struct matrix *m)
{
    size_t count = 0;

    world_create(&m->world);
    for (size_t i = 0; i < scenario_count; i++) {
        if (!run_wants(&m->run, scenarios[i].name))
            continue;
        begin(m, i);
        matrix_record(&m->world, &scenarios[i].part, &m->world.actor, WORLD_ACTOR_STREAM, &m->records[i], true);
        if (m->world.ledger->wrong != 0)
            run_complain(&m->run, "%s, nobody killed: %s", scenarios[i].name, m->world.ledger->complaint);
        world_end(&m->world);
        count++;
    }
    record_takeover(m, true, "take over from a dead producer");
    record_takeover(m, false, "take over from a dead consumer");
    world_destroy(&m->world);
    return count;
}

static int summarize(struct matrix *m, size_t count)
{
    uint64_t wanted = 0;

    for (size_t i = 0; i < scenario_count; i++) {
        wanted += run_wants(&m->run, scenarios[i].name) ? m->records[i].count + 1 : 0;
        m->all->points += m->tallies[i].points;
        m->all->images += m->tallies[i].images;
        m->all->stepped += m->tallies[i].stepped;
    }
    if (m->all->points == 0)
        run_complain(&m->run, "nobody was killed: the budget is too small");
    printf("%zu scenarios, killed at %llu of %llu points (%llu of them stepped to), %llu distinct images, %.1f s\n",
           count, (unsigned long long)m->all->points, (unsigned long long)wanted, (unsigned long long)m->all->stepped,
           (unsigned long long)m->all->images, (double)m->all->ended_ms / 1e3);
    printf("and its successor too: %llu points (%llu of them stepped to), %llu more images\n",
           (unsigned long long)m->twice->points, (unsigned long long)m->twice->stepped,
           (unsigned long long)m->twice->images);
    printf("%llu bad, %.1f s\n", (unsigned long long)m->run.shared->bad, run_elapsed_s(&m->run));
    return run_end(&m->run);
}

int main(int argc, char **argv)
{
    static struct matrix m;

    run_begin(&m.run, argc, argv, SHARE);
    m.records = calloc(scenario_count, sizeof *m.records);
    must(m.records != NULL, "memory");
    m.images = run_share(sizeof *m.images);
    m.tallies = run_share((scenario_count + 2) * sizeof *m.tallies);
    m.all = &m.tallies[scenario_count];
    m.twice = m.all + 1;
    size_t count = record_all(&m);

    run_expect(&m.run, count);
    run_begin_again(&m.run);
    run_team(&m.run, work, &m);
    return summarize(&m, count);
}
