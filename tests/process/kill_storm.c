/*
 * A storm of kills
 *
 * More producers than lanes, and two who want to be the consumer, all at full speed. A supervisor kills one of them
 * at a random time, or stops one for a while, and starts another in its place, again and again. Every record
 * carries its stream, its number and a pattern; the ledger knows what must arrive. In the end the producers close, and
 * a last consumer must find all that is left, and the end.
 */
#include "ledger.h"
#include "peer/peer.h"
#include "run.h"

#include <errno.h>
#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SHARE 10
#define LANES 4
#define PRODUCERS 6
#define CONSUMERS 2
#define SLOTS (PRODUCERS + CONSUMERS)
#define STREAMS (1u << 16)
#define CAPACITY 16384
#define BATCH_MAX 40
#define PAUSE_US_MAX 1500
#define STOP_ONE_OF 16
#define RECV_ONE_OF 4

/* A storm in which nobody receives anything for so long has been blocked. */
#define STALLED_S 20

struct counts {
    _Atomic uint64_t producers; /* that got a lane */
    _Atomic uint64_t consumers; /* that got the role */
    _Atomic uint64_t refused;
    _Atomic uint64_t closed; /* left by themselves */
    _Atomic bool over;       /* producers are to close, consumers to stop */
};

/* What all of them share, in a file of its own. */
struct board {
    _Alignas(128) struct counts counts;
    _Alignas(128) struct ledger ledger;
};

struct storm {
    struct run run;
    uint32_t kind;  /* enum shmq_kind */
    double until_s; /* of the run */
    struct ledger *ledger;
    struct counts *counts;
    struct shmq_view view; /* of both */
    char name[256];
    char board[256];
    struct peer slots[SLOTS];
    bool stopped[SLOTS];
    uint32_t next_stream;
    uint64_t kills;
    uint64_t stops;
};

static void sleep_us(uint64_t us)
{
    struct timespec duration = {.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000};

    nanosleep(&duration, NULL);
}

/* The board of that path. */
static bool share_board(struct storm *s)
{
    const struct shmq_mapping_options options = {.struct_size = sizeof options,
                                                 .size = sizeof(struct board) + ledger_size(STREAMS)};
    struct shmq_mapping *mapping;

    if (shmq_mapping_create(s->board, &options, &mapping) < 0 ||
        shmq_mapping_view(mapping, SHMQ_READ_WRITE, 0, 0, &s->view) != 0)
        return false;
    shmq_mapping_close(mapping);
    s->counts = &((struct board *)s->view.base)->counts;
    s->ledger = &((struct board *)s->view.base)->ledger;
    return true;
}

/* Until the role is ours, or the storm is over. */
static struct shmq *open_patiently(struct storm *s, enum shmq_role role)
{
    struct shmq_open_options options = {.struct_size = sizeof options,
                                        .hand_back = (uint32_t)run_random(&s->run, SHMQ_HAND_BACK_OWN + 1)};
    struct shmq *q = NULL;
    int rc;

    while ((rc = shmq_open(s->name, role, &options, &q)) == -EBUSY && !s->counts->over) {
        s->counts->refused++;
        sleep_us(100);
    }
    if (rc != 0 && rc != -EBUSY)
        ledger_complain(s->ledger, "open says %d", rc);
    return q;
}

static size_t random_size(struct storm *s)
{
    uint64_t kind = run_random(&s->run, 16);

    return 12 + run_random(&s->run, kind == 0 ? CAPACITY / 2 - 64 : kind < 4 ? 1000 : 60);
}

static int send_one(struct storm *s, struct sender *sender, struct shmq *q)
{
    size_t size = random_size(s);
    unsigned flags = run_random(&s->run, 3) == 0 ? SHMQ_MORE : 0;

    switch (run_random(&s->run, 5)) {
    case 4: {
        int rc = sender_send_many(sender, q, size, flags);

        return rc > 0 ? 0 : rc;
    }
    case 0:
        return sender_write(sender, q, size, run_random(&s->run, 8), flags);
    case 1:
        return sender_sendv(sender, q, size, 1 + run_random(&s->run, 5), flags);
    default:
        return sender_send(sender, q, size, flags);
    }
}

static void produce(struct storm *s, uint32_t stream)
{
    struct sender sender = {.ledger = s->ledger, .stream = stream};
    uint64_t count = run_random(&s->run, 50000);
    struct shmq *q = open_patiently(s, SHMQ_PRODUCER);

    if (q == NULL)
        return;
    s->counts->producers++;
    for (uint64_t i = 0; i < count && !s->counts->over; i++) {
        int rc = send_one(s, &sender, q);

        if (rc == -EAGAIN)
            rc = shmq_wait(q, 1000000);
        if (rc != 0 && rc != -ETIMEDOUT && rc != -EOWNERDEAD) {
            ledger_complain(s->ledger, "a producer is told %d", rc);
            return;
        }
    }
    sender_close(&sender, q);
    s->counts->closed++;
}

static int receive_some(struct storm *s, struct receiver *receiver, struct shmq *q, bool with_recv)
{
    uint32_t count = 1 + (uint32_t)run_random(&s->run, BATCH_MAX);

    if (!with_recv)
        return receiver_drain(receiver, q, count, count) < 0 ? -EILSEQ : 0;
    if (count % 2 == 0 || s->ledger->kind == SHMQ_RECORDER)
        return receiver_recv(receiver, q, LEDGER_RECORD_MAX);
    int rc = receiver_recv_many(receiver, q);

    return rc > 0 ? 0 : rc;
}

static void consume(struct storm *s)
{
    struct receiver receiver;
    uint64_t count = run_random(&s->run, 50000);
    bool with_recv = run_random(&s->run, RECV_ONE_OF) == 0;
    struct shmq *q = open_patiently(s, SHMQ_CONSUMER);

    if (q == NULL)
        return;
    receiver_create(&receiver, s->ledger);
    s->counts->consumers++;
    for (uint64_t i = 0; i < count && s->ledger->wrong == 0; i++) {
        int rc = receive_some(s, &receiver, q, with_recv);

        if (rc == 0 || rc == -EAGAIN)
            rc = shmq_wait(q, 2000000);
        if (rc != 0 && rc != -ETIMEDOUT && rc != -EPIPE) {
            ledger_complain(s->ledger, "a consumer is told %d", rc);
            return;
        }
    }
    shmq_close(q);
    s->counts->closed++;
}

/* What one of them is told. */
struct part {
    char name[256];
    char board[256];
    uint32_t kind;
    bool produces;
    uint32_t stream;
    uint64_t random;
};

static int play(struct peer *self, void *arg)
{
    const struct part *part = arg;
    static struct storm s;

    (void)self;
    s.run.random = part->random;
    s.kind = part->kind;
    memcpy(s.name, part->name, sizeof s.name);
    memcpy(s.board, part->board, sizeof s.board);
    if (!share_board(&s))
        return 1;
    if (part->produces)
        produce(&s, part->stream);
    else
        consume(&s);
    return 0;
}

static void start(struct storm *s, unsigned slot)
{
    struct part part = {.kind = s->kind, .produces = slot < PRODUCERS};

    memcpy(part.name, s->name, sizeof part.name);
    memcpy(part.board, s->board, sizeof part.board);
    if (part.produces && s->next_stream == STREAMS)
        s->counts->over = true;
    else if (part.produces)
        part.stream = s->next_stream++;
    part.random = run_random(&s->run, UINT64_MAX);
    s->slots[slot] = peer_start_with(play, &part, sizeof part);
    s->stopped[slot] = false;
}

static void reap(struct storm *s, unsigned slot, bool killed)
{
    int status = peer_end(&s->slots[slot]);

    if (status != 0 && !(killed && status == PEER_KILLED))
        ledger_complain(s->ledger, "a %s ended with status %d", slot < PRODUCERS ? "producer" : "consumer", status);
}

static void strike(struct storm *s)
{
    unsigned slot = (unsigned)run_random(&s->run, SLOTS);

    if (s->stopped[slot] && run_random(&s->run, 2) == 0) {
        peer_continue(&s->slots[slot]);
        s->stopped[slot] = false;
    } else if (!s->stopped[slot] && run_random(&s->run, STOP_ONE_OF) == 0) {
        peer_stop(&s->slots[slot]);
        s->stopped[slot] = true;
        s->stops++;
    } else {
        peer_strike(&s->slots[slot]);
        s->kills++;
        reap(s, slot, true);
        start(s, slot);
    }
}

/* Those who came to their end by themselves. */
static void replace_leavers(struct storm *s)
{
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        if (!peer_has_ended(&s->slots[slot]))
            continue;
        reap(s, slot, false);
        start(s, slot);
    }
}

static void rage(struct storm *s)
{
    uint64_t received = 0;
    double since_s = run_elapsed_s(&s->run);

    for (unsigned slot = 0; slot < SLOTS; slot++)
        start(s, slot);
    while (run_elapsed_s(&s->run) < s->until_s && s->ledger->wrong == 0 && !s->counts->over) {
        sleep_us(run_random(&s->run, PAUSE_US_MAX));
        strike(s);
        replace_leavers(s);
        if (s->ledger->received != received) {
            received = s->ledger->received;
            since_s = run_elapsed_s(&s->run);
        } else if (run_elapsed_s(&s->run) - since_s > STALLED_S) {
            ledger_complain(s->ledger, "nobody has received anything for %d s", STALLED_S);
        }
    }
}

/* The producers close; the consumers are killed, the last of them while it is at work. */
static void calm_down(struct storm *s)
{
    s->counts->over = true;
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        if (s->stopped[slot])
            peer_continue(&s->slots[slot]);
    }
    for (unsigned slot = 0; slot < PRODUCERS; slot++) {
        if (s->ledger->wrong != 0)
            peer_strike(&s->slots[slot]);
        reap(s, slot, s->ledger->wrong != 0);
    }
    for (unsigned slot = PRODUCERS; slot < SLOTS; slot++) {
        peer_strike(&s->slots[slot]);
        reap(s, slot, true);
    }
}

static void settle(struct storm *s)
{
    struct shmq_info info = {.struct_size = sizeof info};
    struct receiver receiver;
    struct shmq *q;
    int rc = shmq_open(s->name, SHMQ_CONSUMER, NULL, &q);

    if (rc != 0) {
        ledger_complain(s->ledger, "the last consumer's open says %d", rc);
        return;
    }
    receiver_create(&receiver, s->ledger);
    if (receiver_drain(&receiver, q, BATCH_MAX, UINT32_MAX) >= 0 && shmq_wait(q, 0) == -EPIPE)
        (void)shmq_wait(q, 0);
    if (s->ledger->wrong == 0 && (shmq_info(q, &info) != 0 || info.used != 0 || info.lanes_open != 0))
        ledger_complain(s->ledger, "in the end %u lanes are open, %llu bytes are used", info.lanes_open,
                        (unsigned long long)info.used);
    shmq_close(q);
    receiver_destroy(&receiver);
    (void)ledger_balances(s->ledger);
}

/* One storm over one queue. */
static void storm(struct storm *s, const char *kind_name)
{
    struct shmq_create_options options = {
        .struct_size = sizeof options, .capacity = CAPACITY, .lane_count = LANES, .kind = s->kind};

    s->next_stream = 0;
    s->kills = 0;
    s->stops = 0;
    run_place(s->name, sizeof s->name, "storm");
    run_place(s->board, sizeof s->board, "board");
    if (!share_board(s) || shmq_create(s->name, &options) != 0) {
        run_complain(&s->run, "the queue, or the memory beside it, cannot be created");
        return;
    }
    ledger_create(s->ledger, STREAMS)->kind = s->kind;
    rage(s);
    calm_down(s);
    if (s->ledger->wrong == 0)
        settle(s);
    unlink(s->name);
    unlink(s->board);
    if (s->ledger->wrong != 0)
        run_complain(&s->run, "%s: %s", kind_name, s->ledger->complaint);
    printf("%s: %llu kills, %llu stops; %llu producers got a lane, %llu consumers the role, %llu times refused, %llu "
           "left by themselves\n",
           kind_name, (unsigned long long)s->kills, (unsigned long long)s->stops,
           (unsigned long long)s->counts->producers, (unsigned long long)s->counts->consumers,
           (unsigned long long)s->counts->refused, (unsigned long long)s->counts->closed);
    printf("%s: %llu records received, %llu of them again after a death, %u in doubt\n", kind_name,
           (unsigned long long)s->ledger->received, (unsigned long long)s->ledger->again, (unsigned)s->ledger->doubt);
    shmq_mapping_unview(&s->view);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        uint32_t kind;
        double until; /* part of the budget */
    } kinds[] = {{"lanes", SHMQ_LANES, 0.5}, {"total order", SHMQ_TOTAL_ORDER, 0.8}, {"recorder", SHMQ_RECORDER, 1}};
    static struct storm s;

    run_begin(&s.run, argc, argv, SHARE);
    size_t count = 0;

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !run_is_decided(&s.run); i++) {
        if (!run_wants(&s.run, kinds[i].name))
            continue;
        s.kind = kinds[i].kind;
        s.until_s = s.run.budget_s * kinds[i].until;
        storm(&s, kinds[i].name);
        count++;
    }
    run_expect(&s.run, count);
    printf("%llu bad, %.1f s\n", (unsigned long long)s.run.shared->bad, run_elapsed_s(&s.run));
    return run_end(&s.run);
}
