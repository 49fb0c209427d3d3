#include "results.h"
#include "transports.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZES 6

static const size_t sizes[SIZES] = {8, 64, 256, 1024, 4096, 65536};

struct results {
    const struct point *points;
    size_t point_count;
    unsigned rounds;
    size_t *counts;         /* of each point: rounds so far */
    struct figure *figures; /* rounds of point 0, rounds of point 1, ... */
};

/* A number of each round, and what they come to. */
struct sample {
    double *values;
    size_t count;
};

struct results *results_open(const struct point *points, size_t point_count, unsigned rounds)
{
    struct results *results = calloc(1, sizeof *results);

    if (results == NULL) {
        return NULL;
    }
    *results = (struct results){
        .points = points,
        .point_count = point_count,
        .rounds = rounds,
        .counts = calloc(point_count, sizeof results->counts[0]),
        .figures = calloc(point_count * rounds, sizeof results->figures[0]),
    };
    if (results->counts == NULL || results->figures == NULL) {
        results_close(results);
        return NULL;
    }
    return results;
}

void results_close(struct results *results)
{
    free(results->counts);
    free(results->figures);
    free(results);
}

void results_add(struct results *results, const struct point *point, const struct figure *figure)
{
    size_t index = (size_t)(point - results->points);

    if (results->counts[index] < results->rounds) {
        results->figures[index * results->rounds + results->counts[index]++] = *figure;
    }
}

size_t results_count(const struct results *results)
{
    size_t count = 0;

    for (size_t i = 0; i < results->point_count; i++) {
        count += results->counts[i];
    }
    return count;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

static double sample_median(struct sample *sample)
{
    qsort(sample->values, sample->count, sizeof sample->values[0], by_size);
    return (sample->values[(sample->count - 1) / 2] + sample->values[sample->count / 2]) / 2;
}

/* The figures of a point by its name; 0 of them when it was filtered out or has failed. */
static size_t figures_of(const struct results *results, const char *name, const struct figure **figures)
{
    for (size_t i = 0; i < results->point_count; i++) {
        if (strcmp(results->points[i].name, name) == 0) {
            *figures = results->figures + i * results->rounds;
            return results->counts[i];
        }
    }
    return 0;
}

static double speed(const struct figure *figure)
{
    return (double)figure->messages / figure->seconds;
}

static double median_trip(const struct figure *figure)
{
    return figure->times.p50;
}

/* Whether the processors were in the same place for both, from beginning to end. */
static bool comparable(const struct figure *a, const struct figure *b)
{
    enum distance_placement place = distance_placement(a->before.bare_ns);

    return distance_placement(a->after.bare_ns) == place && distance_placement(b->before.bare_ns) == place &&
           distance_placement(b->after.bare_ns) == place;
}

/* a over b, round by round; only comparable ones, or all. */
static void take_ratios(struct sample *sample, const struct figure *a, const struct figure *b, size_t count,
                        double (*value)(const struct figure *), bool all)
{
    sample->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (all || comparable(a + i, b + i)) {
            sample->values[sample->count++] = value(a + i) / value(b + i);
        }
    }
}

/*
 * One cell: the median of the rounds' ratios, the least and the greatest. Rounds in which the processors moved
 * between the two do not count; where they moved in every round, all count, and a mark says so.
 */
static void print_ratio(const struct results *results, const char *a, const char *b,
                        double (*value)(const struct figure *))
{
    const struct figure *these = NULL;
    const struct figure *those = NULL;
    size_t count = figures_of(results, a, &these);
    struct sample sample = {.values = calloc(results->rounds, sizeof(double))};
    const char *mark = "";
    char cell[64] = "-";

    if (sample.values != NULL && count > 0 && figures_of(results, b, &those) == count) {
        take_ratios(&sample, these, those, count, value, false);
        if (sample.count == 0) {
            mark = "~";
            take_ratios(&sample, these, those, count, value, true);
        }
        double median = sample_median(&sample);

        snprintf(cell, sizeof cell, "%s%.3g (%.3g..%.3g)", mark, median, sample.values[0],
                 sample.values[sample.count - 1]);
    }
    printf(" %20s", cell);
    free(sample.values);
}

static void print_row(const struct results *results, const char *label, const char *mine, const char *other)
{
    printf("  %-26s", label);
    for (int i = 0; i < SIZES; i++) {
        char a[64];
        char b[64];

        snprintf(a, sizeof a, "throughput/%s/%zu", mine, sizes[i]);
        snprintf(b, sizeof b, "throughput/%s/%zu", other, sizes[i]);
        print_ratio(results, a, b, speed);
    }
    printf("\n");
}

static void print_goal(const double *goal)
{
    printf("  %-26s", "goal, at least");
    for (int i = 0; i < SIZES; i++) {
        printf(" %20g", goal[i]);
    }
    printf("\n");
}

static void print_throughput(const struct results *results)
{
    static const double plain_goal[SIZES] = {110, 65, 40, 12, 6, 7};
    static const double batched_goal[SIZES] = {1.5, 4, 12, 18, 25, 15};
    static const struct {
        const char *title;
        const char *other;
        const double *goal;
    } tables[] = {
        {"times a plain pipe (1 MiB buffer)", "pipe_1m", plain_goal},
        {"times a pipe batched at both ends (default buffer)", "pipe_batch", batched_goal},
        {"times a pipe batched at both ends (1 MiB buffer)", "pipe_batch_1m", NULL},
    };

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        printf("\n%s: median (least..greatest) of the rounds' ratios\n  %-26s", tables[i].title, "bytes");
        for (int k = 0; k < SIZES; k++) {
            printf(" %20zu", sizes[k]);
        }
        printf("\n");
        if (tables[i].goal != NULL) {
            print_goal(tables[i].goal);
        }
        print_row(results, "shmq, batches of 64 KiB", "shmq_batch", tables[i].other);
        print_row(results, "shmq, arrays of 32", "shmq_many", tables[i].other);
        print_row(results, "shmq, single records", "shmq", tables[i].other);
        print_row(results, "shmq, in place", "shmq_in_place", tables[i].other);
    }
}

static void print_round_trip(const struct results *results)
{
    static const char *const names[] = {"lines", "shmq", "shmq_wait", "pipe_spin", "pipe"};

    printf("\nround trip of 64 bytes, ns: medians of the rounds\n  %-26s %10s %10s %10s   %s\n", "", "p50", "p99",
           "p99.9", "p50, times the two cache lines each way (goal for shmq: at most 1.3)");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct figure *figures = NULL;
        struct sample sample = {.values = calloc(results->rounds, sizeof(double))};
        char name[64];
        size_t count;

        snprintf(name, sizeof name, "round_trip/%s/64", names[i]);
        count = figures_of(results, name, &figures);
        if (count > 0 && sample.values != NULL) {
            printf("  %-26s", names[i]);
            for (int part = 0; part < 3; part++) {
                sample.count = 0;
                for (size_t k = 0; k < count; k++) {
                    const double parts[] = {figures[k].times.p50, figures[k].times.p99, figures[k].times.p999};

                    sample.values[sample.count++] = parts[part];
                }
                printf(" %10.0f", sample_median(&sample));
            }
            printf("  ");
            print_ratio(results, name, "round_trip/lines/64", median_trip);
            printf("\n");
        }
        free(sample.values);
    }
}

/* Where a side sleeps to wait, being away from the processor says nothing about others. */
static bool may_sleep(const struct point *point)
{
    return point->transport == &pipe_single || point->transport == &pipe_batch ||
           point->transport == &round_trip_shmq_wait || (point->transport == &round_trip_pipe && !point->spin);
}

/* How many runs lost a processor to other work for more than one part in twenty, of those of which it can be told. */
static void print_disturbance(const struct results *results)
{
    size_t disturbed = 0;
    size_t count = 0;

    for (size_t i = 0; i < results->point_count; i++) {
        for (size_t k = 0; k < results->counts[i] && !may_sleep(&results->points[i]); k++) {
            disturbed += results->figures[i * results->rounds + k].away > 0.05;
            count++;
        }
    }
    printf("other work on these processors: %zu of %zu polling runs lost more than 5 %% of their time to it\n",
           disturbed, count);
}

/* The machine may move the processors while we run, so it is the whole range that says where they were. */
static void print_placement(const struct results *results)
{
    size_t count = results_count(results) * 2 + 1;
    struct sample with_pause = {.values = calloc(count, sizeof(double))};
    struct sample bare = {.values = calloc(count, sizeof(double))};

    for (size_t i = 0; i < results->point_count && with_pause.values != NULL && bare.values != NULL; i++) {
        for (size_t k = 0; k < results->counts[i]; k++) {
            const struct figure *figure = results->figures + i * results->rounds + k;

            with_pause.values[with_pause.count++] = figure->before.with_pause_ns;
            with_pause.values[with_pause.count++] = figure->after.with_pause_ns;
            bare.values[bare.count++] = figure->before.bare_ns;
            bare.values[bare.count++] = figure->after.bare_ns;
        }
    }
    if (with_pause.count > 0) {
        double median = sample_median(&with_pause);
        double bare_median = sample_median(&bare);

        printf("\ncache-line round trip, before and after every figure\n"
               "  with pause %.0f ns (%.0f..%.0f), without %.0f ns (%.0f..%.0f): %s\n",
               median, with_pause.values[0], with_pause.values[with_pause.count - 1], bare_median, bare.values[0],
               bare.values[bare.count - 1], distance_placement_name(distance_placement(bare_median)));
    }
    free(with_pause.values);
    free(bare.values);
}

void results_print(const struct results *results)
{
    print_placement(results);
    print_disturbance(results);
    print_throughput(results);
    print_round_trip(results);
}
