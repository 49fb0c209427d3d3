/* What happened before: peers, who live in the tracer, and predecessors, who are dead. */
#include "world.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t start_predecessor(struct world *w, enum part_role role, void (*work)(struct actor *a))
{
    static struct part part;
    struct actor a = {0};

    part = (struct part){.role = role};
    actor_init(&a, w, &part, w->next_stream++);
    pid_t process = _Fork();

    must(process >= 0, "fork");
    if (process == 0) {
        alarm(WORLD_WATCHDOG_S);
        receiver_create(&a.receiver, w->ledger);
        work(&a);
        _exit(0);
    }
    return process;
}

void predecessor(struct world *w, enum part_role role, void (*work)(struct actor *a))
{
    int status = 0;
    pid_t process = start_predecessor(w, role, work);

    must(waitpid(process, &status, 0) == process && status == 0 && w->ledger->wrong == 0, "a predecessor");
}

static bool somebody_sleeps(const struct world *w)
{
    const struct shmq_header *header = (const struct shmq_header *)(const void *)w->mapping;
    uint32_t bells = __atomic_load_n(&header->consumer.bell, __ATOMIC_ACQUIRE);

    for (uint32_t i = 0; i < world_lanes(w); i++)
        bells |= __atomic_load_n(&world_lane(w, i)->owner.bell, __ATOMIC_ACQUIRE);
    return (bells & SHMQ_BELL_ASLEEP) != 0;
}

void predecessor_asleep(struct world *w, enum part_role role, void (*work)(struct actor *a))
{
    pid_t process = start_predecessor(w, role, work);

    for (int ms = 0; ms < WORLD_WATCHDOG_S * 1000 && !somebody_sleeps(w); ms++)
        usleep(1000);
    must(somebody_sleeps(w), "a predecessor that sleeps");
    kill(process, SIGKILL);
    must(waitpid(process, NULL, 0) == process && w->ledger->wrong == 0, "a predecessor that dies in its sleep");
}

struct peer *peer_producer(struct world *w)
{
    struct peer *peer = &w->producers[w->producer_count];

    must(w->producer_count < WORLD_LANES && shmq_open(w->name, SHMQ_PRODUCER, NULL, &peer->q) == 0, "a producer");
    peer->sender = (struct sender){.ledger = w->ledger, .stream = w->producer_count};
    w->producer_count++;
    return peer;
}

void peer_consumer(struct world *w)
{
    must(shmq_open(w->name, SHMQ_CONSUMER, NULL, &w->consumer) == 0, "a consumer");
    receiver_create(&w->receiver, w->ledger);
}

void peer_send(struct world *w, uint32_t lane, uint32_t count, size_t size)
{
    for (uint32_t i = 0; i < count; i++)
        must(sender_send(&w->producers[lane].sender, w->producers[lane].q, size, 0) == 0, "a peer sends");
}

void peer_drain(struct world *w, uint32_t count)
{
    must(receiver_drain(&w->receiver, w->consumer, 1, count) >= 0, w->ledger->complaint);
}

void peer_close_all(struct world *w)
{
    for (uint32_t i = 0; i < w->producer_count; i++)
        sender_close(&w->producers[i].sender, w->producers[i].q);
    w->producer_count = 0;
    if (w->consumer != NULL) {
        shmq_close(w->consumer);
        receiver_destroy(&w->receiver);
    }
    w->consumer = NULL;
}

void go_round(struct world *w, uint64_t place)
{
    struct sender sender = {.ledger = w->ledger, .stream = w->next_stream++};
    struct receiver receiver;
    struct shmq *producer;
    struct shmq *consumer;
    size_t in_front = w->scenario->kind == SHMQ_LANES ? 8 : 16; /* of a payload */

    must(shmq_open(w->name, SHMQ_CONSUMER, NULL, &consumer) == 0, "a consumer for a while");
    must(shmq_open(w->name, SHMQ_PRODUCER, NULL, &producer) == 0, "a producer for a while");
    receiver_create(&receiver, w->ledger);
    while (world_lane(w, 0)->producer.head % WORLD_CAPACITY != place) {
        uint64_t left = (place - world_lane(w, 0)->producer.head) % WORLD_CAPACITY;

        must(sender_send(&sender, producer, (left > 400 ? 128 : left) - in_front, 0) == 0, "a producer goes round");
        for (int again = 0; again < 2; again++)
            must(receiver_drain(&receiver, consumer, 1, UINT32_MAX) >= 0, w->ledger->complaint);
    }
    sender_close(&sender, producer);
    must(shmq_wait(consumer, 0) == -EPIPE, "the end of a round");
    shmq_close(consumer);
    receiver_destroy(&receiver);
}
