#include "parts.h"

#include <errno.h>

int open_queue(struct actor *a)
{
    struct shmq_open_options options = {.struct_size = sizeof options};
    enum shmq_role role = a->part->role == PART_PRODUCER ? SHMQ_PRODUCER : SHMQ_CONSUMER;

    if (role == SHMQ_CONSUMER)
        options.hand_back = a->world->scenario->hand_back;
    trace_enter();
    int rc = shmq_open(a->world->name, role, &options, &a->q);

    trace_leave();
    if (rc == -EBUSY)
        a->world->ledger->refused++;
    else if (rc != 0)
        ledger_complain(a->world->ledger, "the actor's open says %d", rc);
    return rc;
}

void open_only(struct actor *a)
{
    (void)open_queue(a);
}

void close_only(struct actor *a)
{
    if (a->part->role == PART_PRODUCER) {
        sender_close(&a->sender, a->q);
    } else {
        trace_enter();
        shmq_close(a->q);
        trace_leave();
    }
    a->q = NULL;
}

void wait_for(struct actor *a, int64_t timeout_ns)
{
    trace_enter();
    int rc = shmq_wait(a->q, timeout_ns);

    trace_leave();
    if (rc != 0 && rc != -ETIMEDOUT && rc != -EPIPE && rc != -EOWNERDEAD)
        ledger_complain(a->world->ledger, "the actor's wait says %d", rc);
}

void calm(struct actor *a)
{
    for (int i = 0; i < 8; i++)
        (void)shmq_wait(a->q, 100000);
}

void open_and_calm(struct actor *a)
{
    if (open_queue(a) == 0)
        calm(a);
}

void open_with_descriptor(struct actor *a)
{
    if (open_queue(a) == 0)
        must(shmq_fd(a->q) >= 0, "a descriptor");
}

static void create(struct actor *a, const char *name, const char *path)
{
    struct shmq_create_options options = world_options(a->world);

    options.path = path;
    trace_enter();
    int rc = shmq_create(name, &options);

    trace_leave();
    if (rc != 0 && rc != 1)
        ledger_complain(a->world->ledger, "create says %d", rc);
}

void create_queue(struct actor *a)
{
    create(a, a->world->name, NULL);
}

void create_queue_with_alias(struct actor *a)
{
    create(a, a->world->alias, a->world->name);
}

void open_as_producer(struct actor *a)
{
    must(shmq_open(a->world->name, SHMQ_PRODUCER, NULL, &a->q) == 0, "a user of a transient queue");
}

void close_as_producer(struct actor *a)
{
    trace_enter();
    shmq_close(a->q);
    trace_leave();
    a->q = NULL;
}

void remove_queue(struct actor *a)
{
    trace_enter();
    int rc = shmq_remove(a->world->name, SHMQ_REMOVE_USED);

    trace_leave();
    if (rc != 0 && rc != -ENOENT)
        ledger_complain(a->world->ledger, "remove says %d", rc);
}
