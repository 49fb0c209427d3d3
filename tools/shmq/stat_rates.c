#include "stat_rates.h"

#include "os.h"
#include "report.h"
#include "snapshot.h"
#include "units.h"

#include <jansson.h>
#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADINGS_EVERY = 20 };

/* What is counted, of the queue and of a lane alike. */
struct counts {
    uint64_t sent;
    uint64_t received;
    uint64_t full;
    uint64_t slept;
    uint64_t dropped;
    uint64_t missed;
    uint64_t waiting;
    uint64_t used;
    uint64_t capacity;
    unsigned producers;
    const char *consumer; /* "yes", "no", "died" */
};

struct look {
    int64_t at_ns;
    struct counts queue;
    struct counts lanes[SHMQ_LANES_MAX];
    bool lane_used[SHMQ_LANES_MAX];
    uint32_t lane_count;
    bool over; /* it was removed */
};

static struct counts lane_counts(const struct shmq_lane_info *lane, uint64_t capacity)
{
    return (struct counts){
        .sent = lane->sent,
        .received = lane->received,
        .full = lane->full_count,
        .slept = lane->wait_count,
        .dropped = lane->dropped,
        .missed = lane->missed,
        .waiting = snapshot_lane_waiting(lane),
        .used = lane->used,
        .capacity = capacity,
        .producers = lane->presence == SHMQ_PRESENT,
        .consumer = "",
    };
}

/* The queue is the sum of its lanes as they were seen, so that lines of both fit together. */
static int look_at(struct shmq *q, struct look *look)
{
    struct shmq_info info = {.struct_size = sizeof info};
    struct shmq_lane_info lane = {.struct_size = sizeof lane};
    int rc = shmq_info(q, &info);
    look->at_ns = os_monotonic_ns();
    look->lane_count = info.lane_count;
    look->queue = (struct counts){
        .capacity = info.capacity * info.lane_count,
        .slept = info.consumer_waits,
        .consumer = info.consumer_presence == SHMQ_PRESENT ? "yes"
                    : info.consumer_presence == SHMQ_DIED  ? "died"
                                                           : "no",
    };
    for (uint32_t i = 0; rc == 0 && i < info.lane_count; i++) {
        rc = shmq_lane_info(q, i, &lane);
        struct counts c = lane_counts(&lane, info.capacity);
        look->lane_used[i] = lane.attach_count != 0;
        look->lanes[i] = c;
        look->queue.sent += c.sent;
        look->queue.received += c.received;
        look->queue.full += c.full;
        look->queue.slept += c.slept;
        look->queue.dropped += c.dropped;
        look->queue.missed += c.missed;
        look->queue.waiting += c.waiting;
        look->queue.used += c.used;
        look->queue.producers += c.producers;
    }
    look->over = info.removed != 0 && look->queue.producers == 0;
    return rc;
}

/* A count may go back a little where somebody was killed. */
static double rate(uint64_t now, uint64_t before, double seconds)
{
    return now > before && seconds > 0 ? (double)(now - before) / seconds : 0;
}

static void rate_print(uint64_t now, uint64_t before, double seconds)
{
    char text[UNITS_TEXT];
    units_count(text, (uint64_t)(rate(now, before, seconds) + 0.5));
    printf(" %8s", text);
}

static void headings_print(void)
{
    printf("%5s %8s %8s %9s %5s %8s %8s %8s %8s %5s %5s\n", "LANE", "SENT/s", "RECV/s", "WAITING", "USED", "FULL/s",
           "SLEPT/s", "DROP/s", "MISS/s", "PROD", "CONS");
}

static void line_print(const char *lane, const struct counts *now, const struct counts *before, double seconds)
{
    char waiting[UNITS_TEXT];
    units_count(waiting, now->waiting);
    printf("%5s", lane);
    rate_print(now->sent, before->sent, seconds);
    rate_print(now->received, before->received, seconds);
    printf(" %9s %4.0f%%", waiting, 100.0 * (double)now->used / (double)now->capacity);
    rate_print(now->full, before->full, seconds);
    rate_print(now->slept, before->slept, seconds);
    rate_print(now->dropped, before->dropped, seconds);
    rate_print(now->missed, before->missed, seconds);
    printf(" %5u %5s\n", now->producers, now->consumer[0] != '\0' ? now->consumer : "-");
}

static json_t *counts_object(const struct counts *now, const struct counts *before, double seconds)
{
    return json_pack("{sf sf sI sI sI sf sf sf sf sI}", "sent_per_second", rate(now->sent, before->sent, seconds),
                     "received_per_second", rate(now->received, before->received, seconds), "waiting",
                     (json_int_t)now->waiting, "used", (json_int_t)now->used, "capacity", (json_int_t)now->capacity,
                     "full_per_second", rate(now->full, before->full, seconds), "sleeps_per_second",
                     rate(now->slept, before->slept, seconds), "dropped_per_second",
                     rate(now->dropped, before->dropped, seconds), "missed_per_second",
                     rate(now->missed, before->missed, seconds), "producers", (json_int_t)now->producers);
}

static void object_print(const struct stat_rates *what, const struct look *now, const struct look *before)
{
    double seconds = (double)(now->at_ns - before->at_ns) / 1e9;
    json_t *object = counts_object(&now->queue, &before->queue, seconds);
    json_object_set_new(object, "consumer", json_string(now->queue.consumer));
    json_object_set_new(object, "seconds", json_real(seconds));
    json_object_set_new(object, "time_ns", json_integer((json_int_t)os_realtime_ns()));
    if (what->lanes) {
        json_t *lanes = json_array();
        for (uint32_t i = 0; i < now->lane_count; i++) {
            json_t *lane = counts_object(&now->lanes[i], &before->lanes[i], seconds);
            json_object_set_new(lane, "lane", json_integer(i));
            json_array_append_new(lanes, lane);
        }
        json_object_set_new(object, "lanes", lanes);
    }
    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12));
    putchar('\n');
    json_decref(object);
}

static void lines_print(const struct stat_rates *what, const struct look *now, const struct look *before)
{
    double seconds = (double)(now->at_ns - before->at_ns) / 1e9;
    line_print("all", &now->queue, &before->queue, seconds);
    for (uint32_t i = 0; what->lanes && i < now->lane_count; i++) {
        char lane[16];
        snprintf(lane, sizeof lane, "%u", i);
        if (now->lane_used[i]) {
            line_print(lane, &now->lanes[i], &before->lanes[i], seconds);
        }
    }
}

static void sleep_until(int64_t end_ns)
{
    for (int64_t left; os_signal_caught() == 0 && (left = end_ns - os_monotonic_ns()) > 0;) {
        os_sleep(left);
    }
}

/* Each interval is counted from the first look, so that they do not drift. */
static int intervals(const struct stat_rates *what, struct shmq *q, struct look looks[2])
{
    int rc = look_at(q, &looks[0]);
    int64_t start_ns = looks[0].at_ns;
    for (uint64_t i = 0; rc == 0 && i < what->count && !looks[i % 2].over; i++) {
        struct look *now = &looks[(i + 1) % 2];
        sleep_until(start_ns + (int64_t)(i + 1) * what->interval_ns);
        if (os_signal_caught() != 0) {
            break;
        }
        rc = look_at(q, now);
        if (rc == 0 && what->json) {
            object_print(what, now, &looks[i % 2]);
        } else if (rc == 0) {
            if (what->headings && i % HEADINGS_EVERY == 0 && (i == 0 || os_is_terminal(1))) {
                headings_print();
            }
            lines_print(what, now, &looks[i % 2]);
        }
        if (fflush(stdout) != 0) {
            break;
        }
    }
    return rc;
}

int stat_rates(const struct stat_rates *what)
{
    struct shmq *q = NULL;
    struct look *looks = calloc(2, sizeof *looks);
    int rc = looks == NULL ? -ENOMEM : shmq_open(what->name, SHMQ_OBSERVER, NULL, &q);
    if (rc == 0) {
        os_signals_catch();
        rc = intervals(what, q, looks);
    }
    bool over = looks != NULL && (looks[0].over || looks[1].over);
    free(looks);
    shmq_close(q);
    if (rc != 0) {
        return report("stat", what->name, rc);
    }
    if (os_signal_caught() != 0) {
        os_signal_die(os_signal_caught());
    }
    if (ferror(stdout) != 0 && os_reader_gone(1)) {
        os_signal_die(os_signal_pipe());
    }
    if (over && !what->quiet) {
        report_text("stat", what->name, "it was removed");
    }
    return EXIT_CODE_OK;
}
