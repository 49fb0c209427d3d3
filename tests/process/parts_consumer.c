#include "parts.h"

#include <errno.h>

static int peek(struct actor *a)
{
    int rc = receiver_peek(&a->receiver, a->q);

    if (rc != 0 && rc != -EAGAIN && rc != -EPIPE)
        ledger_complain(a->world->ledger, "the actor's peek says %d", rc);
    return rc;
}

void peek_one(struct actor *a)
{
    (void)peek(a);
}

void peek_and_release(struct actor *a)
{
    (void)peek(a);
    (void)receiver_release(&a->receiver, a->q);
}

void peek_three_and_release(struct actor *a)
{
    for (int i = 0; i < 3; i++)
        (void)peek(a);
    (void)receiver_release(&a->receiver, a->q);
}

/* To where there is nothing, which gives back all that is released. */
void peek_all(struct actor *a)
{
    for (int i = 1; peek(a) == 0; i++) {
        if (i % 2 == 0)
            (void)receiver_release(&a->receiver, a->q);
    }
    (void)receiver_release(&a->receiver, a->q);
    (void)peek(a);
}

/* Some are released and some are not. */
void peek_some(struct actor *a)
{
    if (open_queue(a) != 0)
        return;
    peek_three_and_release(a);
    (void)peek(a);
    (void)peek(a);
}

static int receive(struct actor *a, size_t capacity)
{
    int rc = receiver_recv(&a->receiver, a->q, capacity);

    if (rc != 0 && rc != -EAGAIN && rc != -EPIPE && rc != -ENOBUFS)
        ledger_complain(a->world->ledger, "the actor's recv says %d", rc);
    return rc;
}

void receive_one(struct actor *a)
{
    (void)receive(a, LEDGER_RECORD_MAX);
}

void receive_all(struct actor *a)
{
    while (receive(a, LEDGER_RECORD_MAX) == 0)
        continue;
}

void receive_arrays(struct actor *a)
{
    int rc;

    do
        rc = receiver_recv_many(&a->receiver, a->q);
    while (rc > 0);
    if (rc != -EAGAIN && rc != -EPIPE)
        ledger_complain(a->world->ledger, "the actor's recv_many says %d", rc);
}

void receive_into_too_little(struct actor *a)
{
    (void)receive(a, 4);
    (void)receive(a, LEDGER_RECORD_MAX);
}

void wait_for_records(struct actor *a)
{
    wait_for(a, 0);
}

void peek_to_the_end(struct actor *a)
{
    while (peek(a) == 0)
        continue;
    (void)receiver_release(&a->receiver, a->q);
    wait_for_records(a);
    (void)peek(a);
    (void)peek(a);
}

void peek_to_the_end_and_close(struct actor *a)
{
    while (peek(a) == 0)
        continue;
    (void)receiver_release(&a->receiver, a->q);
    wait_for_records(a);
    close_only(a);
}

void peek_and_close(struct actor *a)
{
    peek_three_and_release(a);
    (void)peek(a);
    close_only(a);
}

void sleep_for_records(struct actor *a)
{
    wait_for(a, 3000000);
}

void sleep_for_ever(struct actor *a)
{
    if (open_queue(a) == 0)
        (void)shmq_wait(a->q, -1);
}

void arm(struct actor *a)
{
    open_with_descriptor(a);
    peek_all(a);
}

/* As much as is not given back yet. */
void peek_much(struct actor *a)
{
    if (open_queue(a) != 0)
        return;
    for (int i = 0; i < 6; i++)
        (void)peek(a);
}

void release_much(struct actor *a)
{
    (void)receiver_release(&a->receiver, a->q);
    (void)peek(a);
    (void)receiver_release(&a->receiver, a->q);
}

void open_receive_close(struct actor *a)
{
    if (open_queue(a) != 0)
        return;
    (void)peek(a);
    (void)peek(a);
    (void)receiver_release(&a->receiver, a->q);
    receive_one(a);
    close_only(a);
}
