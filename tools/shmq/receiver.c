#include "receiver.h"

#include "os.h"
#include "report.h"
#include "wait.h"

#include <errno.h>

static bool is_served(const struct receiver *r, uint32_t lane)
{
    return r->at.open.has_lane == 0 || r->at.open.lane == lane;
}

int receive_prepare(struct receiver *r)
{
    for (uint32_t i = 0; i < r->at.info.lane_count; i++) {
        struct shmq_lane_info lane = {.struct_size = sizeof lane};
        int rc = shmq_lane_info(r->at.q, i, &lane);
        if (rc != 0) {
            return rc;
        }
        if (r->to_end && is_served(r, i) && lane.head != lane.released) {
            r->ends[i] = lane.head;
            r->ends_left++;
        }
        /* Who came before us has heard of a death where all is received. */
        if (lane.presence == SHMQ_DIED && lane.head == lane.released) {
            r->deaths[i] = lane.attach_count;
        }
    }
    return 0;
}

/* All producers have ended. What those sent who died is less than what they meant to. */
static void deaths_tell(struct receiver *r)
{
    for (uint32_t i = 0; !r->at.quiet && i < r->at.info.lane_count; i++) {
        struct shmq_lane_info lane = {.struct_size = sizeof lane};
        if (is_served(r, i) && shmq_lane_info(r->at.q, i, &lane) == 0 && lane.presence == SHMQ_DIED &&
            lane.attach_count != r->deaths[i]) {
            r->deaths[i] = lane.attach_count;
            report_text("recv", r->at.name,
                        "process %u, which sent through lane %u, died; what it had sent is received",
                        lane.producer_pid, i);
        }
    }
}

static void ends_count(struct receiver *r, const struct shmq_message *message)
{
    uint64_t *end = &r->ends[message->lane];
    if (*end != 0 && message->ticket >= *end) {
        *end = 0;
        r->ends_left--;
    }
}

static void record_write(struct receiver *r, const struct shmq_message *message)
{
    unsigned char prefix[FRAMING_PREFIX];
    struct shmq_span parts[] = {
        {prefix, 0},
        {message->data, message->size},
        {r->framing == FRAMING_NULL ? "" : "\n", message->type == FRAMING_PIECE ? 0 : 1},
    };
    if (r->framing == FRAMING_LENGTH_PREFIXED) {
        for (unsigned i = 0; i < FRAMING_PREFIX; i++) {
            prefix[i] = (unsigned char)(message->size >> 8 * i);
        }
        parts[0].size = FRAMING_PREFIX;
    }
    if (r->framing == FRAMING_LENGTH_PREFIXED || r->framing == FRAMING_CHUNKS) {
        parts[2].size = 0;
    }
    output_add(&r->output, message, parts, sizeof parts / sizeof parts[0]);
}

static void record_add(struct receiver *r, const struct shmq_message *message)
{
    if (r->format != NULL) {
        format_write(r->format, r->at.q, message, &r->output);
    } else {
        record_write(r, message);
    }
    r->any = true;
    r->tell_ns = INT64_MAX;
    r->taken += message->size;
    r->wanted -= r->counted;
    ends_count(r, message);
}

void missed_tell(struct receiver *r, bool last)
{
    const int64_t pause_ns = 1000000000;
    int64_t now_ns = os_monotonic_ns();
    uint64_t more = r->missed - r->missed_told;
    /* Now and then will do: a producer that is always faster would fill the terminal. */
    if (more == 0 || r->at.quiet || (!last && r->missed_told != 0 && now_ns - r->missed_ns < pause_ns)) {
        return;
    }
    report_text("recv", r->at.name, "missed %ju%s record%s, overwritten before they could be received",
                (uintmax_t)more, r->missed_told != 0 ? " more" : "", more == 1 ? "" : "s");
    r->missed_told = r->missed;
    r->missed_ns = now_ns;
}

static bool is_done(const struct receiver *r)
{
    return r->wanted == 0 || (r->to_end && r->ends_left == 0);
}

/* Takes what is there, up to a share of the ring: the producer should have the rest to go on with. */
static int batch_take(struct receiver *r)
{
    uint64_t share = r->at.info.capacity / 4;
    uint64_t size_max = share < OUTPUT_BUFFER_SIZE ? share : OUTPUT_BUFFER_SIZE;
    r->taken = 0;
    while (!is_done(r) && r->taken < size_max && !output_full(&r->output, OUTPUT_BUFFER_SIZE) &&
           r->output.error == 0 && os_signal_caught() == 0) {
        struct shmq_message message;
        int rc = shmq_peek(r->at.q, &message);
        if (rc < 0) {
            return rc;
        }
        r->missed += (uint64_t)rc;
        record_add(r, &message);
    }
    return 0;
}

static bool was_written(const struct receiver *r, size_t whole, const struct shmq_message *message)
{
    for (size_t i = 0; i < whole; i++) {
        const struct output_entry *entry = &r->output.entries[i];
        if (entry->ticket == message->ticket && entry->lane == message->lane) {
            return true;
        }
    }
    return false;
}

/*
 * Writing failed in the middle of a batch. A release gives back all that was peeked, so the handle is opened again,
 * and of the same records only those are taken that are out. Should somebody else have become the consumer in
 * between, he gets them a second time.
 */
static void written_release(struct receiver *r)
{
    size_t whole = output_whole(&r->output);
    if (whole == r->output.count) {
        shmq_release(r->at.q);
        return;
    }
    if (whole == 0) {
        return;
    }
    attach_again(&r->at);
    struct shmq_message message;
    while (r->at.q != NULL && shmq_peek(r->at.q, &message) >= 0 && was_written(r, whole, &message)) {
        shmq_release(r->at.q);
    }
}

static int batch_write(struct receiver *r)
{
    int rc = output_flush(&r->output);
    if (r->output.count > 0) {
        if (rc == 0) {
            shmq_release(r->at.q);
        } else {
            written_release(r);
        }
    }
    output_next(&r->output);
    missed_tell(r, false);
    return rc;
}

static void waiting_tell(struct receiver *r)
{
    struct shmq_info info = {.struct_size = sizeof info};
    bool nobody = shmq_info(r->at.q, &info) == 0 && info.lanes_open == 0;
    report_text("recv", r->at.name,
                nobody ? "waiting for a producer (Ctrl-C ends)" : "waiting for records (Ctrl-C ends)");
    r->tell_ns = INT64_MAX;
}

static int tick(void *arg)
{
    struct receiver *r = arg;
    if (os_monotonic_ns() > r->tell_ns) {
        waiting_tell(r);
    }
    /* So that no record is taken for a reader who is gone. */
    return os_reader_gone(r->output.descriptor) ? -EPIPE : 0;
}

/* In total order a record may be there, but not be the next yet: a producer is in the middle of sending that one. */
static bool is_held_up(struct receiver *r)
{
    bool held_up = false;
    for (uint32_t i = 0; r->at.info.kind == SHMQ_TOTAL_ORDER && i < r->at.info.lane_count && !held_up; i++) {
        struct shmq_lane_info lane = {.struct_size = sizeof lane};
        held_up = r->ends[i] != 0 && shmq_lane_info(r->at.q, i, &lane) == 0 && lane.sent > lane.received;
    }
    return held_up;
}

/* Nothing is there. Returns whether that is the end. */
static bool nothing_ends(struct receiver *r, int peeked, struct ending *ending)
{
    if (r->to_end && (peeked == -ESTALE || (peeked == -EAGAIN && !is_held_up(r)))) {
        *ending = (struct ending){false, 0};
        return true;
    }
    if (peeked != -EAGAIN || r->timeout_ns == 0) {
        bool enough = peeked == -EAGAIN && r->any && !r->counted;
        *ending = (struct ending){false, enough ? 0 : peeked};
        return true;
    }
    int rc = wait_for_queue(r->at.q, r->timeout_ns, tick, r);
    if (rc == -EPIPE && os_reader_gone(r->output.descriptor)) {
        *ending = (struct ending){true, -EPIPE};
        return true;
    }
    if (rc == -EPIPE) {
        deaths_tell(r);
    }
    /* With a count, the next producer is waited for. */
    *ending = (struct ending){false, rc == -EPIPE ? 0 : rc};
    return rc == -EPIPE ? !r->counted : rc != 0;
}

struct ending receive(struct receiver *r)
{
    for (;;) {
        int peeked = batch_take(r);
        int written = batch_write(r);
        if (written != 0) {
            return (struct ending){true, written};
        }
        if (os_signal_caught() != 0) {
            return (struct ending){false, -EINTR};
        }
        if (is_done(r)) {
            return (struct ending){false, 0};
        }
        if (peeked == -EPIPE) {
            deaths_tell(r);
        }
        if (peeked == -EPIPE && !r->counted) {
            return (struct ending){false, 0};
        }
        struct ending ending;
        if (peeked != 0 && peeked != -EPIPE && nothing_ends(r, peeked, &ending)) {
            return ending;
        }
    }
}
