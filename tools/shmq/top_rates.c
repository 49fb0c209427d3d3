#include "os.h"
#include "snapshot.h"
#include "top.h"

#include <errno.h>
#include <stdlib.h>

static struct top_counts lane_counts(const struct shmq_lane_info *lane)
{
    return (struct top_counts){
        .sent = lane->sent,
        .received = lane->received,
        .bytes = lane->head,
        .full = lane->full_count,
        .lost = lane->dropped + lane->missed,
        .slept = lane->wait_count,
    };
}

static struct top_counts queue_counts(const struct watched *one)
{
    struct top_counts sum = {.waited = one->info.consumer_waits};
    for (uint32_t i = 0; i < one->info.lane_count; i++) {
        struct top_counts lane = lane_counts(&one->lanes[i]);
        sum.sent += lane.sent;
        sum.received += lane.received;
        sum.bytes += lane.bytes;
        sum.full += lane.full;
        sum.lost += lane.lost;
        sum.slept += lane.slept;
    }
    return sum;
}

/* A producer that was killed may have left its counts behind what its successor begins with. */
static double rate(uint64_t now, uint64_t before, double seconds)
{
    return now > before && seconds > 0 ? (double)(now - before) / seconds : 0;
}

static struct top_rates rates_of(const struct top_counts *now, const struct top_counts *before, double seconds)
{
    return (struct top_rates){
        .sent = rate(now->sent, before->sent, seconds),
        .received = rate(now->received, before->received, seconds),
        .bytes = rate(now->bytes, before->bytes, seconds),
        .full = rate(now->full, before->full, seconds),
        .lost = rate(now->lost, before->lost, seconds),
        .slept = rate(now->slept, before->slept, seconds),
        .waited = rate(now->waited, before->waited, seconds),
    };
}

static void lanes_note(struct top_queue *queue, const struct watched *one, double seconds)
{
    for (uint32_t i = 0; i < one->info.lane_count; i++) {
        struct top_lane *lane = &queue->lanes[i];
        struct top_counts now = lane_counts(&one->lanes[i]);
        if (seconds > 0) {
            lane->rates = rates_of(&now, &lane->last, seconds);
            lane->history[lane->history_count++ % TOP_LANE_HISTORY] = (float)lane->rates.sent;
        }
        lane->last = now;
    }
}

static void rates_note(struct top_queue *queue, const struct watched *one, int64_t now_ns)
{
    struct top_counts now = queue_counts(one);
    double seconds = queue->looked_ns != 0 ? (double)(now_ns - queue->looked_ns) / 1e9 : 0;
    lanes_note(queue, one, seconds);
    if (seconds > 0) {
        queue->rates = rates_of(&now, &queue->last, seconds);
        queue->has_rates = true;
        queue->sent[queue->history_count % TOP_HISTORY] = (float)queue->rates.sent;
        queue->received[queue->history_count % TOP_HISTORY] = (float)queue->rates.received;
        queue->history_count++;
    }
    queue->last = now;
    queue->looked_ns = now_ns;
    if (one->status.struct_size != 0) {
        shmq_rate_look(&queue->task, &one->status);
    }
}

/* What can be missed between two intervals: the highest marks, and whether anything moves. */
static void moments_note(struct top_queue *queue, const struct watched *one, int64_t now_ns)
{
    uint64_t received = 0;
    for (uint32_t i = 0; i < one->info.lane_count; i++) {
        const struct shmq_lane_info *lane = &one->lanes[i];
        queue->lanes[i].peak = lane->used > queue->lanes[i].peak ? lane->used : queue->lanes[i].peak;
        received += lane->received;
    }
    if (received != queue->last.received || snapshot_waiting(&one->info) == 0 || queue->moved_ns == 0) {
        queue->moved_ns = now_ns;
    }
}

static int one_note(struct watched *one, int64_t now_ns, bool rates)
{
    if (one->error != 0) {
        return 0;
    }
    if (one->more == NULL) {
        one->more = calloc(1, sizeof(struct top_queue) + one->info.lane_count * sizeof(struct top_lane));
        if (one->more == NULL) {
            return -ENOMEM;
        }
        rates = true; /* what it has now is where its rates begin */
    }
    moments_note(one->more, one, now_ns);
    if (rates) {
        rates_note(one->more, one, now_ns);
    }
    return 0;
}

int top_look(struct top *t, bool now)
{
    int rc = watch_look(&t->watch);
    int64_t now_ns = os_monotonic_ns();
    bool rates = now || now_ns - t->rates_ns >= t->interval_ns;
    for (size_t i = 0; rc == 0 && i < t->watch.count; i++) {
        rc = one_note(t->watch.all[i], now_ns, rates);
    }
    if (rates) {
        t->rates_ns = now_ns;
    }
    return rc;
}

void top_moments(struct top *t)
{
    struct watched *one = top_selected(t);
    if (one != NULL && one->more != NULL && watched_again(one)) {
        moments_note(one->more, one, os_monotonic_ns());
    }
}

int64_t top_stalled_ns(const struct watched *one)
{
    const struct top_queue *queue = one->more;
    bool works = one->error == 0 && queue != NULL && one->info.consumer_presence == SHMQ_PRESENT;
    return works && snapshot_waiting(&one->info) > 0 ? os_monotonic_ns() - queue->moved_ns : 0;
}

double top_depth(const struct watched *one)
{
    uint64_t used = 0;
    for (uint32_t i = 0; one->error == 0 && i < one->info.lane_count; i++) {
        used = one->lanes[i].used > used ? one->lanes[i].used : used;
    }
    return used > 0 ? (double)used / (double)one->info.capacity : 0;
}
