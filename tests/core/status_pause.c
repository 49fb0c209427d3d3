/*
 * A reader that is paused in front of any of its loads, while the reporter goes on: it gets what was whole, or tries again
 *
 * Each shared load of core/status.c is answered by this test, which lets the reporter run before it answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aligned.h"
#include "core/status.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPORTS_MAX 40
#define NEVER UINT32_MAX

enum way { PROGRESS, TEXTS, LONG_TEXTS, NO_TEXTS, TAKE_OVERS, DEATHS, WAYS };

static struct shmq_status_area *area;
static struct status_reporter reporter;
static uint64_t number;
static uint32_t loads;    /* of the reader, so far */
static uint32_t pause_at; /* the load in front of which it is paused */
static uint32_t reports;  /* how many the reporter makes meanwhile */
static enum way way;
static bool reporting;

/* Whole or not can be seen of each: all of it is made of one number. */
static void report(enum way how)
{
    char message[SHMQ_STATUS_TEXT + 1];
    int size = snprintf(message, sizeof message, "%0*llu", how == LONG_TEXTS ? SHMQ_STATUS_TEXT : 20,
                        (unsigned long long)number + 1);

    if (how == PROGRESS) {
        reporter.current = area->copies + reporter.sequence % SHMQ_STATUS_COPIES;
        status_set_done(&reporter, reporter.done + 1, 0);
        return;
    }
    if (how == TAKE_OVERS || how == DEATHS)
        assert_int_equal(status_attach(&reporter, area), 0);
    uint64_t sequence = reporter.area->report.sequence;

    reporter.copy.state = SHMQ_RUNNING;
    if (how == NO_TEXTS) {
        reporter.copy.total++; /* the number stays that of the text */
    } else {
        number++;
        reporter.copy.task = number;
        reporter.done = number << 20;
        reporter.copy.total = number << 20;
    }
    status_publish(&reporter, how == NO_TEXTS ? NULL : message, (size_t)size, 0);
    if (how == DEATHS) { /* in front of its last store: as if nothing was reported */
        area->report.sequence = sequence;
        number--;
    }
}

uint64_t atomic_oracle(const void *address, uint64_t memory)
{
    if (reporting || loads++ != pause_at)
        return memory;
    reporting = true;
    for (uint32_t i = 0; i < reports; i++)
        report(way);
    reporting = false;
    return *(const uint64_t *)address; /* status_read loads nothing smaller */
}

static void check(const struct status_view *view)
{
    char message[SHMQ_STATUS_TEXT + 1] = {0};
    const struct shmq_status_copy *copy = &view->copy;

    memcpy(message, view->message, copy->text_size);
    assert_int_equal(strtoull(message, NULL, 10), copy->task);
    assert_in_range(copy->done, copy->task << 20, (copy->task << 20) + REPORTS_MAX);
    assert_in_range(copy->total, copy->task << 20, (copy->task << 20) + REPORTS_MAX);
}

static void start(void)
{
    reporting = true;
    memset(area, 0, sizeof *area);
    number = 0;
    assert_int_equal(status_attach(&reporter, area), 0);
    for (int i = 0; i < 50; i++) /* so that all places have been used */
        report(TEXTS);
    report(LONG_TEXTS);
    loads = 0;
    reporting = false;
}

static void paused_reader_never_sees_a_torn_status(void **state)
{
    struct status_view view;
    uint32_t tries = 0;
    uint32_t points = 0;

    (void)state;
    area = aligned_new(128, sizeof *area);
    assert_non_null(area);
    for (way = PROGRESS; way < WAYS; way++) {
        for (reports = 1; reports <= REPORTS_MAX; reports++) {
            start();
            pause_at = NEVER;
            assert_int_equal(status_read(area, &view), 0);
            uint32_t all = loads;

            for (uint32_t at = 0; at < all; at++) {
                start();
                pause_at = at;
                assert_int_equal(status_read(area, &view), 0);
                check(&view);
                points++;
                tries += loads > all;
            }
        }
    }
    print_message("%u points, %u of them tried again\n", points, tries);
    assert_true(tries > 0 && tries < points);
    aligned_delete(area);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(paused_reader_never_sees_a_torn_status)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
