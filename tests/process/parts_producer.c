#include "parts.h"

#include <errno.h>

/* A producer that polls a full lane more often than this asks for room; the lane tells: wants_room. */
#define POLLS_MAX 100000

static void send_sized(struct actor *a, size_t size, unsigned flags)
{
    int rc = sender_send(&a->sender, a->q, size, flags);

    if (rc != 0 && rc != -EAGAIN)
        ledger_complain(a->world->ledger, "the actor's send says %d", rc);
}

void send_small(struct actor *a)
{
    send_sized(a, 12, 0);
}

void send_words(struct actor *a)
{
    send_sized(a, 40, 0);
}

void send_medium(struct actor *a)
{
    send_sized(a, 100, 0);
}

void send_large(struct actor *a)
{
    send_sized(a, 700, 0);
}

void send_two(struct actor *a)
{
    send_sized(a, 24, 0);
    send_sized(a, 61, 0);
}

void send_batch(struct actor *a)
{
    send_sized(a, 16, SHMQ_MORE);
    send_sized(a, 33, SHMQ_MORE);
    send_sized(a, 64, SHMQ_MORE);
    sender_flush(&a->sender, a->q);
}

void send_batch_and_close(struct actor *a)
{
    send_sized(a, 16, SHMQ_MORE);
    send_sized(a, 33, SHMQ_MORE);
    sender_close(&a->sender, a->q);
    a->q = NULL;
}

/* More than SHMQ_MORE may leave unpublished. */
void send_many_unpublished(struct actor *a)
{
    for (int i = 0; i < 5; i++)
        send_sized(a, 450, SHMQ_MORE);
}

void send_gathered(struct actor *a)
{
    int rc = sender_sendv(&a->sender, a->q, 150, 4, 0);

    if (rc == 0)
        rc = sender_sendv(&a->sender, a->q, 30, 3, SHMQ_MORE);
    if (rc != 0 && rc != -EAGAIN)
        ledger_complain(a->world->ledger, "the actor's sendv says %d", rc);
    sender_flush(&a->sender, a->q);
}

void send_arrays(struct actor *a)
{
    int rc = sender_send_many(&a->sender, a->q, 40, SHMQ_MORE);

    for (int i = 0; i < 2 && rc > 0; i++)
        rc = sender_send_many(&a->sender, a->q, 64, 0);
    if (rc < 0 && rc != -EAGAIN)
        ledger_complain(a->world->ledger, "the actor's send_many says %d", rc);
    sender_flush(&a->sender, a->q);
}

void write_in_place(struct actor *a)
{
    int rc = sender_write(&a->sender, a->q, 56, 40, 0);

    if (rc == 0)
        rc = sender_write(&a->sender, a->q, 200, 0, 0);
    if (rc != 0 && rc != -EAGAIN)
        ledger_complain(a->world->ledger, "the actor's reserve says %d", rc);
}

void write_twice_and_abort(struct actor *a)
{
    (void)sender_scribble(&a->sender, a->q, 100);
    (void)sender_scribble(&a->sender, a->q, 300);
    trace_enter();
    shmq_abort(a->q);
    trace_leave();
    write_in_place(a);
}

void scribble_and_close(struct actor *a)
{
    (void)sender_scribble(&a->sender, a->q, 100);
    sender_close(&a->sender, a->q);
    a->q = NULL;
}

void fill_a_lane(struct actor *a)
{
    int rc = 0;

    if (open_queue(a) != 0)
        return;
    for (int i = 0; rc == 0; i++)
        rc = sender_send(&a->sender, a->q, 100, i % 4 == 0 ? 0 : SHMQ_MORE);
}

void fill_a_lane_and_calm(struct actor *a)
{
    fill_a_lane(a);
    calm(a);
}

void fill_a_lane_with_descriptor(struct actor *a)
{
    fill_a_lane(a);
    must(shmq_fd(a->q) >= 0, "a descriptor");
}

/* A lane that is never full. */
void go_round_twice(struct actor *a)
{
    if (open_queue(a) != 0)
        return;
    for (int i = 0; i < 2 * WORLD_CAPACITY / 128; i++)
        (void)sender_send(&a->sender, a->q, 110, 0);
}

/* Until the lane asks the consumer to give room at once. */
void fill_a_lane_and_ask(struct actor *a)
{
    fill_a_lane(a);
    for (int i = 0; a->q != NULL && i < POLLS_MAX && world_lane(a->world, 0)->owner.wants_room == 0; i++)
        (void)sender_send(&a->sender, a->q, 100, 0);
}

void drain_for_a_while(struct world *w)
{
    struct receiver receiver;
    struct shmq *consumer;

    must(shmq_open(w->name, SHMQ_CONSUMER, NULL, &consumer) == 0, "a consumer for a while");
    receiver_create(&receiver, w->ledger);
    must(receiver_drain(&receiver, consumer, 1, UINT32_MAX) >= 0, "draining for a while");
    shmq_close(consumer);
    receiver_destroy(&receiver);
}

/* And somebody gives it. */
void fill_ask_and_drain(struct actor *a)
{
    fill_a_lane_and_ask(a);
    drain_for_a_while(a->world);
}

void poll_a_full_lane(struct actor *a)
{
    send_sized(a, 100, 0);
    send_sized(a, 40, 0);
}

void sleep_for_room(struct actor *a)
{
    wait_for(a, 3000000);
}

void fill_and_sleep_for_ever(struct actor *a)
{
    fill_a_lane(a);
    (void)shmq_wait(a->q, -1);
}

void wait_for_room(struct actor *a)
{
    wait_for(a, 0);
}

void leave_some_unpublished(struct actor *a)
{
    if (open_queue(a) != 0)
        return;
    send_sized(a, 24, 0);
    send_sized(a, 200, 0);
    send_sized(a, 24, SHMQ_MORE);
    send_sized(a, 24, SHMQ_MORE);
    (void)sender_scribble(&a->sender, a->q, 100);
}

void open_send_close(struct actor *a)
{
    if (open_queue(a) != 0)
        return;
    send_sized(a, 24, 0);
    send_sized(a, 100, SHMQ_MORE);
    close_only(a);
}
