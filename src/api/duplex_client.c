/* Who asks. */
#include "api/duplex.h"
#include "api/handle.h"
#include "api/options.h"
#include "port/clock.h"

#include <errno.h>
#include <shmq/await.h>
#include <shmq/producer.h>
#include <shmq/wait.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_TRIES 100
#define OPEN_NS INT64_C(1000000)

/* Looked at between two looks at the clock, which a server that sends what nobody asked for must not keep off. */
#define ANSWERS_MAX 1024

/* Between two looks whether the server lives. */
#define SLICE_MIN_NS INT64_C(2000000)
#define SLICE_MAX_NS INT64_C(100000000)

/* One call: asked, or also answered while another was waited for. */
struct call {
    uint64_t call;
    uint8_t *kept; /* the answer's bytes, or NULL */
    struct shmq_reply reply;
};

struct shmq_client {
    struct shmq *questions;
    struct shmq *answers;
    struct call *calls; /* that are open, in the order in which they were asked */
    size_t count;
    size_t room;
    bool peeked;   /* the last reply lies in the queue */
    uint8_t *kept; /* the last reply was kept */
};

/* A dead predecessor's role may be there for a moment longer than its lane, and a transient queue may go meanwhile. */
static int open_answers(const char *name, const struct shmq_create_options *options, struct shmq **q)
{
    int rc = -EBUSY;

    for (int i = 0; i < OPEN_TRIES && (rc == -EBUSY || rc == -ENOENT); i++) {
        if (i > 0)
            (void)port_clock_sleep(OPEN_NS);
        rc = shmq_create(name, options);
        if (rc >= 0)
            rc = shmq_open(name, SHMQ_CONSUMER, NULL, q);
    }
    return rc;
}

static int open_client(struct shmq_client *client, const char *name, const struct shmq_client_options *o)
{
    struct shmq_create_options options = {
        .struct_size = sizeof options,
        .capacity = o->capacity,
        .lane_count = 1,
        .mode = o->mode,
        .group = o->group,
        .has_group = o->has_group,
        .transient = 1,
    };
    int rc = shmq_open(name, SHMQ_PRODUCER, NULL, &client->questions);

    if (rc != 0)
        return rc;
    if (client->questions->kind == SHMQ_RECORDER)
        return -EINVAL;
    char *full = duplex_answers_name(name, client->questions->lane);

    rc = full != NULL ? open_answers(full, &options, &client->answers) : -ENOMEM;
    free(full);
    if (rc == 0 && client->answers->kind != SHMQ_LANES)
        rc = -EPROTO; /* somebody else's: what is peeked there is no answer of ours */
    return rc;
}

int shmq_client_open(const char *name, const struct shmq_client_options *options, struct shmq_client **client)
{
    struct shmq_client_options o;

    if (name == NULL || client == NULL || options_copy(&o, sizeof o, options, sizeof o) != 0 || o.zero != 0)
        return -EINVAL;
    struct shmq_client *made = calloc(1, sizeof *made);

    if (made == NULL)
        return -ENOMEM;
    int rc = open_client(made, name, &o);

    if (rc != 0)
        shmq_client_close(made);
    else
        *client = made;
    return rc;
}

void shmq_client_close(struct shmq_client *client)
{
    if (client == NULL)
        return;
    if (client->answers != NULL && client->peeked)
        (void)shmq_release(client->answers);
    shmq_close(client->answers); /* first: whoever gets the lane next needs that role too */
    shmq_close(client->questions);
    for (size_t i = 0; i < client->count; i++)
        free(client->calls[i].kept);
    free(client->calls);
    free(client->kept);
    free(client);
}

struct shmq *shmq_client_questions(struct shmq_client *client)
{
    return client->questions;
}

struct shmq *shmq_client_answers(struct shmq_client *client)
{
    return client->answers;
}

static struct call *find_call(const struct shmq_client *client, uint64_t call)
{
    for (size_t i = 0; i < client->count; i++) {
        if (client->calls[i].call == call)
            return client->calls + i;
    }
    return NULL;
}

static void remove_call(struct shmq_client *client, struct call *call)
{
    size_t behind = client->count - 1 - (size_t)(call - client->calls);

    memmove(call, call + 1, behind * sizeof *call);
    client->count--;
}

/* What the last reply pointed to. */
static void drop_last(struct shmq_client *client)
{
    if (client->peeked)
        (void)shmq_release(client->answers);
    client->peeked = false;
    free(client->kept);
    client->kept = NULL;
}

static int reserve_call(struct shmq_client *client)
{
    if (client->count < client->room)
        return 0;
    size_t room = client->room != 0 ? client->room * 2 : 8;
    struct call *calls = realloc(client->calls, room * sizeof *calls);

    if (calls == NULL)
        return -ENOMEM;
    client->calls = calls;
    client->room = room;
    return 0;
}

int shmq_call_begin(struct shmq_client *client, const void *data, size_t size, uint16_t type, int64_t timeout_ns,
                    uint64_t *call)
{
    struct shmq_ticket ticket;
    int rc = reserve_call(client);

    drop_last(client);
    if (rc == 0)
        rc = shmq_send_wait(client->questions, data, size, type, 0, timeout_ns);
    if (rc == 0)
        rc = shmq_ticket(client->questions, &ticket);
    if (rc != 0)
        return rc;
    client->calls[client->count++] = (struct call){.call = ticket.position};
    *call = ticket.position;
    return 0;
}

/* An answer that another call waits for: a copy, so that the queue of answers goes on. */
static int keep(struct call *call, const struct shmq_reply *reply)
{
    call->kept = malloc(reply->size != 0 ? reply->size : 1);
    if (call->kept == NULL)
        return -ENOMEM;
    if (reply->size != 0)
        memcpy(call->kept, reply->data, reply->size);
    call->reply = *reply;
    call->reply.data = call->kept;
    return 0;
}

/* One more answer: 1 it is that of `wanted` and stays peeked, 0 it is another, or what peek says. */
static int take_answer(struct shmq_client *client, uint64_t wanted, struct shmq_reply *reply)
{
    struct shmq_message message;
    struct duplex_prefix prefix;
    int rc = shmq_peek(client->answers, &message);

    if (rc != 0)
        return rc;
    if (message.size < sizeof prefix) {
        (void)shmq_release(client->answers);
        return 0;
    }
    memcpy(&prefix, message.data, sizeof prefix);
    struct shmq_reply found = {
        .data = (const uint8_t *)message.data + sizeof prefix,
        .size = message.size - (uint32_t)sizeof prefix,
        .code = prefix.code,
        .type = message.type,
    };
    struct call *call = find_call(client, prefix.call);

    if (prefix.call == wanted) {
        *reply = found;
        client->peeked = true;
        return 1;
    }
    /* Answered twice, given up, or a dead predecessor's: no such call is open. */
    if (call != NULL && call->kept == NULL)
        rc = keep(call, &found);
    if (rc != 0)
        lane_unpeek(client->answers->current, message.size);
    else
        (void)shmq_release(client->answers);
    return rc;
}

/* What has come: 1 the one that is wanted, -EAGAIN it is not there yet, 0 there may be more to look at. */
static int take_answers(struct shmq_client *client, uint64_t wanted, struct shmq_reply *reply)
{
    int rc = 0;

    for (int i = 0; i < ANSWERS_MAX && rc == 0; i++)
        rc = take_answer(client, wanted, reply);
    return rc == -EPIPE || rc == -ESTALE ? -EAGAIN : rc; /* whether the server is gone, the other queue tells */
}

/* Is there still somebody to wait for? What it answered before it died is there. */
static int ask_for_server(struct shmq_client *client, uint64_t wanted, struct shmq_reply *reply)
{
    struct shmq *q = client->questions;

    if (port_role_taken(q->file, SHMQ_ROLE_CONSUMER) != 0)
        return -EAGAIN;
    int rc = take_answers(client, wanted, reply);

    return rc != -EAGAIN ? rc : producer_nobody(q);
}

static int wait_for_answer(struct shmq_client *client, uint64_t wanted, int64_t timeout_ns, struct shmq_reply *reply)
{
    int64_t start_ns = port_clock_monotonic_ns();
    int64_t slice_ns = SLICE_MIN_NS;
    int rc = take_answers(client, wanted, reply);

    while (rc == -EAGAIN || rc == 0) {
        if (rc == -EAGAIN)
            rc = ask_for_server(client, wanted, reply);
        if (rc != -EAGAIN && rc != 0)
            break;
        int64_t left_ns = timeout_ns < 0 ? INT64_MAX : timeout_ns - (port_clock_monotonic_ns() - start_ns);

        if (left_ns <= 0)
            return -ETIMEDOUT;
        if (rc == -EAGAIN)
            rc = shmq_wait(client->answers, left_ns < slice_ns ? left_ns : slice_ns);
        slice_ns = slice_ns * 2 < SLICE_MAX_NS ? slice_ns * 2 : SLICE_MAX_NS;
        if (rc == 0 || rc == -ETIMEDOUT || rc == -EPIPE || rc == -ESTALE)
            rc = take_answers(client, wanted, reply);
    }
    return rc;
}

int shmq_call_end(struct shmq_client *client, uint64_t call, int64_t timeout_ns, struct shmq_reply *reply)
{
    struct call *open = find_call(client, call);

    if (client->answers->role == HANDLE_OF_PARENT)
        return -ECHILD;
    drop_last(client);
    if (open == NULL)
        return -ENOENT;
    if (open->kept != NULL) {
        *reply = open->reply;
        client->kept = open->kept;
    } else {
        int rc = wait_for_answer(client, call, timeout_ns, reply);

        if (rc < 0)
            return rc;
    }
    remove_call(client, open);
    return 0;
}

int shmq_call_forget(struct shmq_client *client, uint64_t call)
{
    struct call *open = find_call(client, call);

    drop_last(client);
    if (open == NULL)
        return -ENOENT;
    free(open->kept);
    remove_call(client, open);
    return 0;
}

int shmq_call(struct shmq_client *client, const void *data, size_t size, uint16_t type, int64_t timeout_ns,
              struct shmq_reply *reply)
{
    int64_t start_ns = port_clock_monotonic_ns();
    uint64_t call;
    int rc = shmq_call_begin(client, data, size, type, timeout_ns, &call);

    if (rc != 0)
        return rc;
    int64_t left_ns = timeout_ns < 0 ? timeout_ns : timeout_ns - (port_clock_monotonic_ns() - start_ns);

    rc = shmq_call_end(client, call, timeout_ns < 0 || left_ns > 0 ? left_ns : 0, reply);
    if (rc != 0)
        (void)shmq_call_forget(client, call);
    return rc;
}
