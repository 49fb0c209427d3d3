#include "distance.h"

#include "ticks.h"

#include <errno.h>
#include <stdlib.h>

/* Threads of one core, and cores with one L3, are nearer to each other than this, polling without pause. */
#define SMT_SIBLINGS_NS 80
#define ONE_L3_NS 220

static int by_size(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

/* One group of round trips. */
static int trips(uint64_t *ping, const uint64_t *pong, bool pause, bool (*worth_waiting)(void *), void *arg)
{
    uint64_t number = *ping;
    unsigned polls = 0;

    for (int i = 0; i < DISTANCE_GROUP_TRIPS; i++) {
        __atomic_store_n(ping, ++number, __ATOMIC_RELEASE);
        while (__atomic_load_n(pong, __ATOMIC_ACQUIRE) != number) {
            if (pause) {
                distance_pause();
            }
            if ((++polls & 0xffff) == 0 && !worth_waiting(arg)) {
                return -ECHILD;
            }
        }
    }
    return 0;
}

int distance_measure(uint64_t *ping, const uint64_t *pong, bool pause, bool (*worth_waiting)(void *), void *arg,
                     double *ns)
{
    double groups[DISTANCE_GROUPS];

    for (int group = -1; group < DISTANCE_GROUPS; group++) {
        uint64_t start = ticks_ns();
        int rc = trips(ping, pong, pause, worth_waiting, arg);

        if (rc != 0) {
            return rc;
        }
        /* The first is to warm up. */
        if (group >= 0) {
            groups[group] = (double)(ticks_ns() - start) / DISTANCE_GROUP_TRIPS;
        }
    }
    qsort(groups, DISTANCE_GROUPS, sizeof groups[0], by_size);
    *ns = groups[DISTANCE_GROUPS / 2];
    return 0;
}

void distance_answer(const uint64_t *ping, uint64_t *pong, bool pause)
{
    for (int i = 0; i < (DISTANCE_GROUPS + 1) * DISTANCE_GROUP_TRIPS; i++) {
        uint64_t number = *pong + 1;

        while (__atomic_load_n(ping, __ATOMIC_ACQUIRE) != number) {
            if (pause) {
                distance_pause();
            }
        }
        __atomic_store_n(pong, number, __ATOMIC_RELEASE);
    }
}

enum distance_placement distance_placement(double bare_ns)
{
    if (bare_ns < SMT_SIBLINGS_NS) {
        return DISTANCE_SMT_SIBLINGS;
    }
    return bare_ns < ONE_L3_NS ? DISTANCE_ONE_L3 : DISTANCE_FARTHER;
}

const char *distance_placement_name(enum distance_placement placement)
{
    static const char *const names[] = {"SMT siblings", "one L3", "farther than one L3"};

    return names[placement];
}
