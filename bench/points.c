#include "points.h"

#include "peers/peers.h"
#include "transports.h"

#include <shmq/shmq.h>
#include <stdio.h>
#include <sys/socket.h>

/* Where they go, as long as they are added. */
static struct points *points;

static const size_t sizes[] = {8, 64, 256, 1024, 4096, 65536};

/* `what` is what differs between points of the same name. */
static void add_as(struct point point, const char *family, const char *name, const char *what)
{
    struct point *added = &points->all[points->count];

    if (points->count == POINTS_MAX) {
        return;
    }
    *added = point;
    snprintf(added->name, sizeof added->name, "%s/%s/%s", family, name, what);
    if (points->filter == NULL || regexec(points->filter, added->name, 0, NULL, 0) == 0) {
        points->count++;
    }
}

static void add(struct point point, const char *family, const char *name)
{
    char size[24];

    snprintf(size, sizeof size, "%zu", point.size);
    add_as(point, family, name, size);
}

/* What is compared stands side by side, size by size. */
static void add_throughput(size_t size)
{
    const uint64_t capacity = SHMQ_CAPACITY_DEFAULT;
    const int big = 1 << 20;

    add((struct point){.transport = &shmq_single, .size = size, .capacity = capacity}, "throughput", "shmq");
    add((struct point){.transport = &pipe_single, .size = size, .pipe_bytes = big}, "throughput", "pipe_1m");
    add((struct point){.transport = &shmq_batch, .size = size, .capacity = capacity}, "throughput", "shmq_batch");
    add((struct point){.transport = &pipe_batch, .size = size}, "throughput", "pipe_batch");
    add((struct point){.transport = &shmq_many, .size = size, .capacity = capacity}, "throughput", "shmq_many");
    add((struct point){.transport = &shmq_in_place, .size = size, .capacity = capacity}, "throughput",
        "shmq_in_place");
    add((struct point){.transport = &pipe_batch, .size = size, .pipe_bytes = big}, "throughput", "pipe_batch_1m");
    add((struct point){.transport = &pipe_single, .size = size}, "throughput", "pipe");
}

/* What others use, in the same room. Those that have batches are measured with and without. */
static void add_peers(size_t size)
{
    add((struct point){.transport = &pipe_single, .size = size, .socket = SOCK_STREAM}, "throughput", "unix_stream");
    add((struct point){.transport = &pipe_batch, .size = size, .socket = SOCK_STREAM}, "throughput",
        "unix_stream_batch");
    add((struct point){.transport = &pipe_single, .size = size, .socket = SOCK_SEQPACKET}, "throughput",
        "unix_seqpacket");
    for (size_t i = 0; peers[i] != NULL; i++) {
        const struct peer *peer = peers[i];
        struct point point = {.size = size, .spin = peer->spins, .peer = peer};
        char name[40];

        if (peer->size_max != 0 && size > peer->size_max) {
            continue;
        }
        point.transport = peer->single;
        if (peer->single != NULL) {
            add(point, "throughput", peer->name);
        }
        point.transport = peer->in_place;
        snprintf(name, sizeof name, "%s_in_place", peer->name);
        if (peer->in_place != NULL) {
            add(point, "throughput", name);
        }
        point.transport = peer->batch;
        snprintf(name, sizeof name, "%s_batch", peer->name);
        if (peer->batch != NULL) {
            add(point, "throughput", name);
        }
    }
}

static void add_hand_back(size_t size)
{
    static const struct {
        const char *name;
        unsigned hand_back;
    } ways[] = {{"none", SHMQ_HAND_BACK_NONE}, {"dirty", SHMQ_HAND_BACK_DIRTY}, {"own", SHMQ_HAND_BACK_OWN}};

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct point point = {.size = size, .capacity = SHMQ_CAPACITY_DEFAULT, .hand_back = ways[i].hand_back};

        point.transport = &shmq_single;
        add(point, "hand_back/single", ways[i].name);
        point.transport = &shmq_batch;
        add(point, "hand_back/batch", ways[i].name);
    }
}

static void add_rings(size_t size)
{
    static const struct {
        const char *name;
        uint64_t capacity;
    } rings[] = {{"64K", 65536}, {"256K", 262144}, {"1M", 1 << 20}, {"4M", 4 << 20}, {"16M", 16 << 20}};

    for (size_t i = 0; i < sizeof rings / sizeof rings[0]; i++) {
        struct point point = {.size = size, .capacity = rings[i].capacity};

        point.transport = &shmq_single;
        add(point, "ring/single", rings[i].name);
        point.transport = &shmq_batch;
        add(point, "ring/batch", rings[i].name);
    }
}

/* What no queue can do better. */
static void add_limits(void)
{
    static const struct {
        const char *name;
        uint64_t capacity;
    } rings[] = {{"1M", 1 << 20}, {"4M", 4 << 20}, {"8M", 8 << 20}};
    char name[40];

    for (size_t i = 0; i < sizeof rings / sizeof rings[0]; i++) {
        struct point point = {.size = 4096, .capacity = rings[i].capacity};

        point.transport = &limit_stream;
        snprintf(name, sizeof name, "stream_%s", rings[i].name);
        add(point, "limit", name);
        point.transport = &limit_stream_dirty;
        snprintf(name, sizeof name, "stream_dirty_%s", rings[i].name);
        add(point, "limit", name);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        add((struct point){.transport = &limit_memcpy, .size = sizes[i], .capacity = 1 << 20}, "limit", "memcpy");
    }
}

static void add_round_trips(void)
{
    const uint64_t capacity = SHMQ_CAPACITY_DEFAULT;

    add((struct point){.transport = &round_trip_lines, .size = 64}, "round_trip", "lines");
    add((struct point){.transport = &round_trip_shmq, .size = 64, .capacity = capacity}, "round_trip", "shmq");
    add((struct point){.transport = &round_trip_shmq_wait, .size = 64, .capacity = capacity}, "round_trip",
        "shmq_wait");
    add((struct point){.transport = &round_trip_await, .size = 64, .capacity = capacity}, "await", "in_place");
    add((struct point){.transport = &round_trip_pipe, .size = 64, .spin = true}, "round_trip", "pipe_spin");
    add((struct point){.transport = &round_trip_pipe, .size = 64}, "round_trip", "pipe");
    add((struct point){.transport = &round_trip_pipe, .size = 64, .socket = SOCK_STREAM}, "round_trip",
        "unix_stream");
    add((struct point){.transport = &round_trip_pipe, .size = 64, .socket = SOCK_SEQPACKET}, "round_trip",
        "unix_seqpacket");
    for (size_t i = 0; peers[i] != NULL; i++) {
        struct point point = {.transport = peers[i]->round_trip, .size = 64, .peer = peers[i]};
        char name[40];

        snprintf(name, sizeof name, "%s_spin", peers[i]->name);
        point.spin = true;
        if (point.transport != NULL && peers[i]->spins) {
            add(point, "round_trip", name);
        }
        point.spin = false;
        if (point.transport != NULL && peers[i]->blocks) {
            add(point, "round_trip", peers[i]->name);
        }
    }
}

/* Many producers: idle ones beside the one that sends; one order for all; the cost of a producer that is not alone. */
static void add_lanes(void)
{
    static const struct {
        const char *name;
        unsigned lanes;
    } queues[] = {{"1", 1}, {"16", 16}, {"256", 256}};
    const uint64_t capacity = SHMQ_CAPACITY_DEFAULT;

    for (size_t i = 0; i < sizeof queues / sizeof queues[0]; i++) {
        struct point point = {.size = 64, .capacity = capacity, .lanes = queues[i].lanes};

        point.transport = &shmq_single;
        add(point, "lanes/single", queues[i].name);
        point.transport = &shmq_batch;
        add(point, "lanes/batch", queues[i].name);
    }
    for (unsigned kind = SHMQ_LANES; kind <= SHMQ_TOTAL_ORDER; kind++) {
        struct point point = {.size = 64, .capacity = capacity, .kind = kind};

        point.transport = &shmq_single;
        add(point, "order/single", kind == SHMQ_LANES ? "lanes" : "total");
        point.transport = &shmq_batch;
        add(point, "order/batch", kind == SHMQ_LANES ? "lanes" : "total");
    }
    add((struct point){.transport = &claim_lanes, .size = 8}, "claim", "lanes");
    add((struct point){.transport = &claim_order, .size = 8}, "claim", "total_order");
    add((struct point){.transport = &claim_fetch_add, .size = 8}, "claim", "fetch_add");
    add((struct point){.transport = &claim_cas, .size = 8}, "claim", "cas");
    add((struct point){.transport = &wake_futex, .size = 64}, "wake", "futex");
    add((struct point){.transport = &wake_shmq, .size = 64, .capacity = capacity}, "wake", "shmq");
}

/* A report, or a look: the size is that of the message. */
/* All transports at one rate: polling where their users poll, waiting where they wait. */
static void add_rate(double rate, const char *text)
{
    const uint64_t capacity = SHMQ_CAPACITY_DEFAULT;

    add_as((struct point){.transport = &paced_shmq, .size = 64, .capacity = capacity, .spin = true, .rate = rate},
           "load", "shmq_spin", text);
    add_as((struct point){.transport = &paced_shmq, .size = 64, .capacity = capacity, .rate = rate}, "load", "shmq",
           text);
    add_as((struct point){.transport = &paced_pipe, .size = 64, .rate = rate}, "load", "pipe", text);
    add_as((struct point){.transport = &paced_pipe, .size = 64, .rate = rate, .socket = SOCK_STREAM}, "load",
           "unix_stream", text);
    for (size_t i = 0; peers[i] != NULL; i++) {
        struct point point = {.transport = peers[i]->paced, .size = 64, .peer = peers[i], .rate = rate};
        char name[40];

        if (point.transport == NULL) {
            continue;
        }
        point.spin = peers[i]->spins;
        snprintf(name, sizeof name, "%s%s", peers[i]->name, point.spin ? "_spin" : "");
        add_as(point, "load", name, text);
    }
}

/* Processor time of two sides that sleep when they have nothing to do. */
static void add_cpu(double rate, const char *text)
{
    const uint64_t capacity = SHMQ_CAPACITY_DEFAULT;

    add_as((struct point){.transport = &paced_shmq, .size = 64, .capacity = capacity, .rate = rate, .sleeps = true},
           "cpu", "shmq", text);
    add_as((struct point){.transport = &paced_pipe, .size = 64, .rate = rate, .sleeps = true}, "cpu", "pipe", text);
    add_as((struct point){.transport = &paced_pipe, .size = 64, .rate = rate, .sleeps = true, .socket = SOCK_STREAM},
           "cpu", "unix_stream", text);
    for (size_t i = 0; peers[i] != NULL; i++) {
        struct point point = {
            .transport = peers[i]->paced, .size = 64, .peer = peers[i], .rate = rate, .sleeps = true};

        if (point.transport != NULL && peers[i]->blocks) {
            add_as(point, "cpu", peers[i]->name, text);
        }
    }
}

static void add_rates(void)
{
    static const struct {
        double rate;
        const char *text;
    } rates[] = {{1e4, "10k"}, {1e5, "100k"}, {1e6, "1M"}, {3e6, "3M"}, {1e7, "10M"}, {3e7, "30M"}},
      slow[] = {{0, "0"}, {1e3, "1k"}, {1e4, "10k"}};

    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        add_rate(rates[i].rate, rates[i].text);
    }
    for (size_t i = 0; i < sizeof slow / sizeof slow[0]; i++) {
        add_cpu(slow[i].rate, slow[i].text);
    }
}

static void add_producers(unsigned count)
{
    struct point queue = {.size = 64, .transport = &producers_shmq, .producers = count, .spin = true};
    char text[16];

    snprintf(text, sizeof text, "%u", count);
    queue.capacity = SHMQ_CAPACITY_DEFAULT;
    add_as(queue, "producers", "shmq", text);
    queue.kind = SHMQ_TOTAL_ORDER;
    add_as(queue, "producers", "shmq_order", text);
    add_as((struct point){.size = 64, .transport = &producers_pipe, .producers = count}, "producers", "pipe", text);
    for (size_t i = 0; peers[i] != NULL; i++) {
        struct point point = {.size = 64, .peer = peers[i], .producers = count, .spin = peers[i]->spins};

        point.transport = peers[i]->producers;
        if (point.transport != NULL) {
            add_as(point, "producers", peers[i]->name, text);
        }
    }
}

/* What each transport asks of the kernel, and of memory. */
static void add_watched(struct point point, const char *name)
{
    point.watched = true;
    add(point, "kernel", name);
}

static void add_kernel(size_t size)
{
    const uint64_t capacity = SHMQ_CAPACITY_DEFAULT;

    add_watched((struct point){.transport = &shmq_single, .size = size, .capacity = capacity}, "shmq");
    add_watched((struct point){.transport = &pipe_single, .size = size}, "pipe");
    add_watched((struct point){.transport = &pipe_batch, .size = size}, "pipe_batch");
    add_watched((struct point){.transport = &pipe_single, .size = size, .socket = SOCK_STREAM}, "unix_stream");
    for (size_t i = 0; peers[i] != NULL; i++) {
        struct point point = {.transport = peers[i]->single, .size = size, .spin = peers[i]->spins, .peer = peers[i]};

        if (point.transport != NULL) {
            add_watched(point, peers[i]->name);
        }
    }
}

/* Those of which throughput/ has the polling form, sleeping. */
static void add_blocking(size_t size)
{
    const uint64_t capacity = SHMQ_CAPACITY_DEFAULT;

    add((struct point){.transport = &shmq_waiting, .size = size, .capacity = capacity}, "blocking", "shmq");
    for (size_t i = 0; peers[i] != NULL; i++) {
        struct point point = {.transport = peers[i]->single, .size = size, .peer = peers[i]};

        if (peers[i]->spins && peers[i]->blocks && point.transport != NULL) {
            add(point, "blocking", peers[i]->name);
        }
    }
}

static void add_status(void)
{
    static const struct {
        const char *name;
        const struct transport *transport;
    } ways[] = {
        {"advance", &status_advance}, {"advance_seen", &status_advance_seen},
        {"message", &status_message}, {"message_seen", &status_message_seen},
        {"glance", &status_glance},   {"glance_busy", &status_glance_busy},
        {"look", &status_look},
    };

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        add((struct point){.transport = ways[i].transport, .size = 24}, "status", ways[i].name);
    }
}

/* With nobody who watches, with each of those who do, and with each of them busy elsewhere. */
static void add_observed(size_t size)
{
    static const struct {
        const char *name;
        double rate;
        unsigned observer;
        bool own;
        bool alone; /* also without a consumer */
    } ways[] = {
        {"none", 0, OBSERVER_NONE, false, true},        {"tail", 0, OBSERVER_TAIL, false, true},
        {"tail_own", 0, OBSERVER_TAIL, true, true},     {"record", 0, OBSERVER_RECORD, false, true},
        {"record_own", 0, OBSERVER_RECORD, true, true}, {"stat", 1, OBSERVER_LOOKS, false, false},
        {"top", 10, OBSERVER_LOOKS, false, true},       {"looks", 0, OBSERVER_LOOKS, false, true},
        {"looks_own", 0, OBSERVER_LOOKS, true, true},
    };
    char name[40];

    for (int alone = 0; alone <= 1; alone++) {
        for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
            struct point point = {.transport = alone ? &observed_alone : &observed_pair,
                                  .size = size,
                                  .capacity = SHMQ_CAPACITY_DEFAULT,
                                  .kind = alone ? SHMQ_RECORDER : SHMQ_LANES,
                                  .rate = ways[i].rate,
                                  .observer = ways[i].observer,
                                  .observes_own = ways[i].own};

            snprintf(name, sizeof name, "%s_%s", alone ? "alone" : "pair", ways[i].name);
            if (!alone || ways[i].alone) {
                add(point, "watch", name);
            }
        }
    }
}

/* Typed beside untyped; blobs beside pipes. */
static void add_sm(void)
{
    static const struct {
        const char *name;
        const struct transport *transport;
    } ways[] = {
        {"raw", &sm_raw},
        {"bare", &sm_bare},
        {"plain", &sm_plain},
        {"checked", &sm_checked},
        {"send", &sm_send},
        {"put", &sm_put},
        {"raw_batch", &sm_raw_batch},
        {"bare_batch", &sm_bare_batch},
        {"plain_batch", &sm_plain_batch},
        {"checked_batch", &sm_checked_batch},
        {"send_batch", &sm_send_batch},
        {"put_batch", &sm_put_batch},
    };
    const uint64_t capacity = SHMQ_CAPACITY_DEFAULT;

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        add((struct point){.transport = ways[i].transport, .size = 64, .capacity = capacity}, "sm", ways[i].name);
    }
    for (size_t size = 65536; size <= 16 << 20; size *= 4) {
        add((struct point){.transport = &sm_blob, .size = size, .capacity = capacity}, "sm", "blob");
        add((struct point){.transport = &sm_blob, .size = size, .capacity = capacity, .blobs = 2}, "sm", "blob_2");
        add((struct point){.transport = &sm_pipe, .size = size}, "sm", "pipe");
        add((struct point){.transport = &sm_pipe, .size = size, .pipe_bytes = 1 << 20}, "sm", "pipe_1m");
    }
}

void points_add_all(struct points *all, const regex_t *filter)
{
    points = all;
    *points = (struct points){.filter = filter};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        add_throughput(sizes[i]);
        add_peers(sizes[i]);
    }
    add_limits();
    add_round_trips();
    add_rates();
    for (unsigned count = 1; count <= 8; count *= 2) {
        add_producers(count);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        add_blocking(sizes[i]);
    }
    add_kernel(64);
    add_status();
    add_observed(64);
    add_observed(1024);
    add_sm();
    add_lanes();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        add_hand_back(sizes[i]);
    }
    add_rings(64);
    add_rings(1024);
}
