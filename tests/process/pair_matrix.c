/*
 * Two at once
 *
 * A producer stopped at any instruction, a consumer stopped at any instruction, in either order; then one of them is
 * killed and the other goes on to its end, or both are killed; then others take over. There are too many pairs to
 * visit all: the budget says how many, the seed which.
 */
#include "matrix.h"
#include "scenarios.h"

#include <stdio.h>
#include <stdlib.h>

#define SHARE 15
#define PAIRS_AT_A_TIME 50

enum fate { KILL_PRODUCER, KILL_CONSUMER, KILL_BOTH, KILL_NOBODY, FATES };

static const char *const fate_names[FATES] = {"producer killed", "consumer killed", "both killed", "nobody killed"};

struct tally {
    _Atomic uint64_t visited;
    _Atomic uint64_t images;
    _Atomic uint64_t astray; /* on another path than the recorded */
};

struct matrix {
    struct run run;
    struct world world;
    struct trace_record *producers;
    struct trace_record *consumers;
    struct matrix_set *images;
    struct tally *tallies;
};

#define CONSUMER_STREAM (WORLD_STREAMS - 1) /* it sends nothing */

/* Bring both to their points, the one or the other first. Their paths depend on each other: how many are the recorded? */
static int stop_both(struct matrix *m, size_t number, uint32_t i, uint32_t j, bool consumer_first)
{
    struct world *w = &m->world;
    const struct scenario *pair = &pairs[number];
    int recorded = 0;

    for (int turn = 0; turn < 2; turn++)
        recorded += (turn == 0) == consumer_first
                        ? matrix_go(w, &pair->other, &w->other, CONSUMER_STREAM, &m->consumers[number], j)
                        : matrix_go(w, &pair->part, &w->actor, WORLD_ACTOR_STREAM, &m->producers[number], i);
    return recorded;
}

static void meet_fate(struct world *w, enum fate fate, bool consumer_first)
{
    if (fate == KILL_PRODUCER || fate == KILL_BOTH)
        trace_kill(&w->actor.trace);
    if (fate == KILL_CONSUMER || fate == KILL_BOTH)
        trace_kill(&w->other.trace);
    matrix_go_on(w, consumer_first ? &w->other : &w->actor);
    matrix_go_on(w, consumer_first ? &w->actor : &w->other);
}

static void run_pair(struct matrix *m, size_t number)
{
    static const struct heirs heirs[] = {{.all_new = true, .producers_first = true}, {.all_new = true}};
    struct world *w = &m->world;
    uint32_t i = (uint32_t)run_random(&m->run, m->producers[number].count + 1);
    uint32_t j = (uint32_t)run_random(&m->run, m->consumers[number].count + 1);
    bool consumer_first = run_random(&m->run, 2) != 0;
    enum fate fate = (enum fate)run_random(&m->run, FATES);

    world_restore(w);
    if (stop_both(m, number, i, j, consumer_first) != 2)
        m->tallies[number].astray++;
    meet_fate(w, fate, run_random(&m->run, 2) != 0);
    m->tallies[number].visited++;
    if (!matrix_set_add(m->images, world_image(w) + number))
        return;
    m->tallies[number].images++;
    bool good = w->ledger->wrong == 0;

    for (size_t h = 0; h < sizeof heirs / sizeof *heirs && good; h++)
        good = world_survives(w, &heirs[h]);
    if (!good)
        run_complain(&m->run, "%s, producer behind instruction %u, consumer behind %u, %s first, %s: %s",
                     pairs[number].name, i, j, consumer_first ? "consumer" : "producer", fate_names[fate],
                     w->ledger->complaint);
}

static void work(void *arg)
{
    struct matrix *m = arg;

    world_create(&m->world);
    while (run_left_s(&m->run) > 0 && !run_is_decided(&m->run)) {
        size_t number = m->run.shared->next_task++ % pair_count;

        if (!run_wants(&m->run, pairs[number].name))
            continue;
        world_begin(&m->world, &pairs[number]);
        for (int n = 0; n < PAIRS_AT_A_TIME && run_left_s(&m->run) > 0 && !run_is_decided(&m->run); n++)
            run_pair(m, number);
        world_end(&m->world);
    }
    world_destroy(&m->world);
}

/* The consumer's path depends on the producer's: it is recorded where the producer has come half of its way. */
static size_t record_all(struct matrix *m)
{
    struct world *w = &m->world;
    size_t count = 0;

    world_create(w);
    for (size_t i = 0; i < pair_count; i++) {
        if (!run_wants(&m->run, pairs[i].name))
            continue;
        count++;
        world_begin(w, &pairs[i]);
        matrix_record(w, &pairs[i].part, &w->actor, WORLD_ACTOR_STREAM, &m->producers[i], false);
        world_restore(w);
        matrix_step(w, &pairs[i].part, &w->actor, WORLD_ACTOR_STREAM, m->producers[i].count / 2);
        matrix_record(w, &pairs[i].other, &w->other, CONSUMER_STREAM, &m->consumers[i], false);
        world_end(w);
    }
    world_destroy(w);
    return count;
}

int main(int argc, char **argv)
{
    static struct matrix m;
    uint64_t visited = 0;
    uint64_t images = 0;

    run_begin(&m.run, argc, argv, SHARE);
    m.producers = calloc(pair_count, sizeof *m.producers);
    m.consumers = calloc(pair_count, sizeof *m.consumers);
    must(m.producers != NULL && m.consumers != NULL, "memory");
    m.images = run_share(sizeof *m.images);
    m.tallies = run_share(pair_count * sizeof *m.tallies);
    size_t count = record_all(&m);

    run_expect(&m.run, count);
    run_begin_again(&m.run);
    run_team(&m.run, work, &m);
    for (size_t i = 0; i < pair_count; i++) {
        if (!run_wants(&m.run, pairs[i].name))
            continue;
        printf("%-36s %5llu of %9llu pairs, %5llu images, %llu on other paths\n", pairs[i].name,
               (unsigned long long)m.tallies[i].visited,
               (unsigned long long)(m.producers[i].count + 1) * (m.consumers[i].count + 1),
               (unsigned long long)m.tallies[i].images, (unsigned long long)m.tallies[i].astray);
        visited += m.tallies[i].visited;
        images += m.tallies[i].images;
    }
    printf("%zu scenarios, %llu pairs, %llu distinct images, %llu bad, %.1f s\n", count, (unsigned long long)visited,
           (unsigned long long)images, (unsigned long long)m.run.shared->bad, run_elapsed_s(&m.run));
    return run_end(&m.run);
}
