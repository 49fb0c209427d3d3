/* Records with types, and with blobs. */
#include "parts.h"

#include <errno.h>

static void expect_room(struct actor *a, int rc)
{
    if (rc != 0 && rc != -EAGAIN)
        ledger_complain(a->world->ledger, "sending with a type says %d", rc);
}

void send_notes(struct actor *a)
{
    expect_room(a, sender_note(&a->sender, a->q, false));
    expect_room(a, sender_note(&a->sender, a->q, true));
    expect_room(a, sender_note(&a->sender, a->q, false));
    expect_room(a, sender_note(&a->sender, a->q, true));
}

void send_load(struct actor *a)
{
    expect_room(a, sender_load(&a->sender, a->q, 100));
}

/* The second is larger than what there may be. */
void send_two_loads(struct actor *a)
{
    send_load(a);
    expect_room(a, sender_load(&a->sender, a->q, 6000));
}

void send_loads_in_vain(struct actor *a)
{
    expect_room(a, sender_load_in_vain(&a->sender, a->q, 100));
    expect_room(a, sender_load_in_vain(&a->sender, a->q, 100));
    send_load(a);
}

void open_and_send_loads(struct actor *a)
{
    if (open_queue(a) == 0)
        send_two_loads(a);
}

/* One is sent, and one is not. */
void leave_loads(struct actor *a)
{
    open_and_send_loads(a);
    expect_room(a, sender_load_in_vain(&a->sender, a->q, 100));
    (void)sender_scribble(&a->sender, a->q, 100);
}

/* There are files, and they are free. */
void use_loads(struct actor *a)
{
    open_and_send_loads(a);
    drain_for_a_while(a->world);
}

void open_load_close(struct actor *a)
{
    if (open_queue(a) != 0)
        return;
    send_load(a);
    close_only(a);
}

void open_peek_close(struct actor *a)
{
    if (open_queue(a) != 0)
        return;
    peek_three_and_release(a);
    peek_one(a);
    close_only(a);
}

/* One by one, so that some are dropped and some are not. */
void take_loads(struct actor *a)
{
    peek_and_release(a);
    peek_one(a);
    peek_and_release(a);
}
