/*
 * A batch of records is peeked and published, each with an id of its own; when the server has acknowledged all of them,
 * they are released. Whatever dies in between, they are still in the queue, and whoever publishes them again does so
 * with the same ids, by which the stream stores each once.
 *
 * A message belongs to the client's library until that gives it back with an acknowledgement or an error. Nothing is
 * published again before all that is on its way has come back, and then in its order: so the order stays, whenever a
 * server dies.
 */
#include "bridge_nats.h"
#include "os.h"
#include "report.h"
#include "snapshot.h"
#include "wait.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BATCH_RECORDS = 1024,
    BATCH_BYTES = 4 << 20,
    ACK_MS = 3000,   /* who is not answered for so long publishes again */
    LEAVE_MS = 2000, /* for the last acknowledgements, when a signal has come */
};

struct entry {
    natsMsg *message; /* NULL: acknowledged */
    bool failed;      /* to be published again */
};

struct publisher {
    struct link *l;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct entry batch[BATCH_RECORDS];
    unsigned count;  /* of the batch */
    unsigned open;   /* not acknowledged */
    unsigned failed; /* of those */
    unsigned next;   /* where the next acknowledgement is likely to belong */
    uint64_t duplicates;
    char error[256]; /* what the server said last */
    bool error_told;
    bool asked;    /* something went out by this connection */
    bool finished; /* all producers are, and what they sent is in the batch; that is told once */
    char id[SNAPSHOT_ID_TEXT];
    int64_t payload_max;
};

static struct entry *entry_of(struct publisher *p, const natsMsg *message)
{
    for (unsigned i = 0; i < p->count; i++) {
        unsigned place = (p->next + i) % p->count;
        if (p->batch[place].message == message) {
            p->next = place + 1;
            return &p->batch[place];
        }
    }
    return NULL;
}

static void entry_fail(struct publisher *p, struct entry *entry, const char *why)
{
    snprintf(p->error, sizeof p->error, "%s", why);
    entry->failed = true;
    p->failed++;
}

/* In a thread of the library's. */
static void acknowledged(jsCtx *js, natsMsg *message, jsPubAck *ack, jsPubAckErr *error, void *arg)
{
    struct publisher *p = arg;
    (void)js;
    pthread_mutex_lock(&p->lock);
    struct entry *entry = entry_of(p, message);
    if (entry != NULL && ack != NULL) {
        p->open--;
        p->duplicates += ack->Duplicate;
        entry->message = NULL;
    } else if (entry != NULL) {
        entry_fail(p, entry, error->ErrText != NULL ? error->ErrText : natsStatus_GetText(error->Err));
        message = NULL;
    }
    /* Before anybody can see that all have come back, and end. */
    natsMsg_Destroy(message);
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

static void publish(struct publisher *p, struct entry *entry)
{
    jsPubOptions options;
    jsPubOptions_Init(&options);
    options.MaxWait = ACK_MS;
    natsMsg *message = entry->message;
    pthread_mutex_lock(&p->lock);
    /* Not past one that has to wait. */
    natsStatus s = p->failed > 0 ? NATS_DRAINING : NATS_OK;
    if (s != NATS_OK) {
        entry->failed = true;
        p->failed++;
    }
    pthread_mutex_unlock(&p->lock);
    if (s != NATS_OK) {
        return;
    }
    s = js_PublishMsgAsync(p->l->js, &message, &options);
    p->asked = p->asked || s == NATS_OK;
    if (s != NATS_OK) {
        pthread_mutex_lock(&p->lock);
        entry_fail(p, entry, natsStatus_GetText(s));
        pthread_mutex_unlock(&p->lock);
    }
}

/* The type's name and version, for receivers that do not have the queue to ask. */
static natsStatus schema_add(const struct publisher *p, natsMsg *message, uint16_t type)
{
    struct shmq_schema schema = {.struct_size = sizeof schema};
    char text[128];
    int index = shmq_schema_find(p->l->b->at.q, type);
    if (index < 0 || shmq_schema_get(p->l->b->at.q, (uint32_t)index, &schema) != 0) {
        return NATS_OK;
    }
    snprintf(text, sizeof text, "%s %u", schema.name, schema.version);
    return natsMsgHeader_Set(message, BRIDGE_HEADER_SCHEMA, text);
}

static natsStatus message_make(const struct publisher *p, const struct shmq_message *m, natsMsg **message)
{
    char id[96], number[16];
    natsStatus s = natsMsg_Create(message, p->l->b->subject, NULL, m->data, (int)m->size);
    snprintf(id, sizeof id, "%s-%u-%ju", p->id, m->lane, (uintmax_t)m->ticket);
    s = s == NATS_OK ? natsMsgHeader_Set(*message, BRIDGE_HEADER_ID, id) : s;
    snprintf(number, sizeof number, "%u", m->type);
    s = s == NATS_OK ? natsMsgHeader_Set(*message, BRIDGE_HEADER_TYPE, number) : s;
    snprintf(number, sizeof number, "%u", m->lane);
    s = s == NATS_OK ? natsMsgHeader_Set(*message, BRIDGE_HEADER_LANE, number) : s;
    return s == NATS_OK ? schema_add(p, *message, m->type) : s;
}

static bool is_connected(const struct publisher *p)
{
    return p->l->connection != NULL && natsConnection_Status(p->l->connection) == NATS_CONN_STATUS_CONNECTED;
}

/* The connection is gone, and what was on its way is ours again. The client cannot be asked for what there never was. */
static void take_back(struct publisher *p)
{
    natsMsgList pending = {0};
    bool asked = p->asked;
    p->asked = false;
    if (p->l->js == NULL || !asked || js_PublishAsyncGetPendingList(&pending, p->l->js) != NATS_OK) {
        return;
    }
    pthread_mutex_lock(&p->lock);
    for (int i = 0; i < pending.Count; i++) {
        struct entry *entry = entry_of(p, pending.Msgs[i]);
        if (entry != NULL) {
            entry_fail(p, entry, "the server is gone");
            pending.Msgs[i] = NULL;
        }
    }
    pthread_mutex_unlock(&p->lock);
    natsMsgList_Destroy(&pending);
}

/* All that is not acknowledged has failed, and nothing is on its way. */
static void publish_again(struct publisher *p)
{
    if (!p->error_told) {
        link_note(p->l, "the server does not take it: %s; trying again until it does", p->error);
        p->error_told = true;
    }
    os_sleep(INT64_C(1000000) * BRIDGE_RETRY_MS);
    p->failed = 0;
    for (unsigned i = 0; i < p->count; i++) {
        if (p->batch[i].failed) {
            p->batch[i].failed = false;
            publish(p, &p->batch[i]);
        }
    }
}

static void changed_wait(struct publisher *p)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += BRIDGE_SLICE_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&p->changed, &p->lock, &until);
}

/* Wait for the batch, publishing again what was refused. False where a signal came first. */
static bool batch_wait(struct publisher *p)
{
    int64_t leave_ns = INT64_MAX;
    for (bool again = false;;) {
        if (os_signal_caught() != 0 && leave_ns == INT64_MAX) {
            leave_ns = os_monotonic_ns() + INT64_C(1000000) * LEAVE_MS;
        }
        if (!is_connected(p)) {
            take_back(p);
            if (!link_again(p->l)) {
                return false;
            }
            pthread_mutex_lock(&p->lock);
            again = p->open > 0 && p->failed == p->open;
            pthread_mutex_unlock(&p->lock);
            p->error_told = true; /* in other words */
        }
        if (again) {
            publish_again(p);
        }
        pthread_mutex_lock(&p->lock);
        if (p->open > p->failed) {
            changed_wait(p);
        }
        bool whole = p->open == 0;
        again = !whole && p->failed == p->open;
        pthread_mutex_unlock(&p->lock);
        if (whole || os_monotonic_ns() > leave_ns) {
            p->error_told = p->error_told && !whole;
            return whole;
        }
    }
}

static void batch_clear(struct publisher *p)
{
    for (unsigned i = 0; i < p->count; i++) {
        natsMsg_Destroy(p->batch[i].message);
    }
    p->count = p->open = p->failed = p->next = 0;
}

/* Publish what is there. How many records; or an error of the library that ends the batch, when there are none. */
static int batch_publish(struct publisher *p, int *code)
{
    struct bridge *b = p->l->b;
    struct shmq_message m;
    uint64_t bytes = 0;
    int count = 0, rc = 0;
    batch_clear(p);
    while (count < BATCH_RECORDS && bytes < BATCH_BYTES && (uint64_t)count < b->wanted - b->passed) {
        natsMsg *message = NULL;
        rc = shmq_peek(b->at.q, &m);
        if (rc < 0) {
            break;
        }
        if ((int64_t)m.size > p->payload_max) {
            report_text("bridge", b->at.name,
                        "a record of %u bytes is larger than the server takes, %jd (max_payload in its "
                        "configuration); it stays in the queue",
                        m.size, (intmax_t)p->payload_max);
            *code = EXIT_CODE_ERROR;
            return count;
        }
        natsStatus s = message_make(p, &m, &message);
        if (s != NATS_OK) {
            natsMsg_Destroy(message);
            *code = link_failed(p->l, "a message cannot be made", s, 0);
            return count;
        }
        pthread_mutex_lock(&p->lock);
        p->batch[p->count] = (struct entry){.message = message};
        p->count++;
        p->open++;
        pthread_mutex_unlock(&p->lock);
        publish(p, &p->batch[count]);
        bytes += m.size;
        count++;
    }
    p->finished = rc == -EPIPE;
    return count > 0 || rc >= 0 ? count : rc;
}

static int no_tick(void *arg)
{
    (void)arg;
    return 0;
}

/* Nothing to receive, or an error. True where it is over. */
static bool idle(struct publisher *p, int rc, int *code)
{
    struct bridge *b = p->l->b;
    if (rc == -EAGAIN) {
        rc = wait_for_queue(b->at.q, -1, no_tick, NULL);
    }
    /* All producers have finished: told once, by whichever call is the first to see it. */
    if (rc == -EPIPE && !b->to_end) {
        rc = 0;
    }
    if (rc != 0 && rc != -EINTR && rc != -EPIPE) {
        *code = report("bridge", b->at.name, rc);
    }
    return rc != 0;
}

static int pass_all(struct publisher *p)
{
    struct bridge *b = p->l->b;
    int code = EXIT_CODE_OK;
    while (os_signal_caught() == 0 && b->passed < b->wanted && code == EXIT_CODE_OK) {
        int rc = batch_publish(p, &code);
        if (rc <= 0) {
            if (rc < 0 && idle(p, rc, &code)) {
                break;
            }
            continue;
        }
        /* What is too large comes after others: they are passed, and it is the first of what stays. */
        if (!batch_wait(p)) {
            break;
        }
        if (code == EXIT_CODE_OK) {
            shmq_release(b->at.q);
        }
        b->passed += (uint64_t)rc;
        if (p->finished && b->to_end) {
            break;
        }
    }
    return code;
}

int bridge_to(struct link *l)
{
    struct bridge *b = l->b;
    struct publisher *p = calloc(1, sizeof *p);
    struct shmq_identity identity;
    if (p == NULL) {
        return report("bridge", b->at.name, -ENOMEM);
    }
    *p = (struct publisher){.l = l, .payload_max = natsConnection_GetMaxPayload(l->connection)};
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    l->js_options.PublishAsync.MaxPending = BATCH_RECORDS + 1;
    l->js_options.PublishAsync.AckHandler = acknowledged;
    l->js_options.PublishAsync.AckHandlerClosure = p;
    natsStatus s = natsConnection_JetStream(&l->js, l->connection, &l->js_options);
    int code = s == NATS_OK ? link_stream(l) : link_failed(l, "no JetStream", s, 0);
    code = code == EXIT_CODE_OK ? attach(&b->at) : code;
    if (code == EXIT_CODE_OK && snapshot_identity(b->at.name, &identity) && identity.blob_count != 0) {
        report_text("bridge", b->at.name, "its records have blobs, which are in shared memory and cannot travel");
        code = EXIT_CODE_ERROR;
    }
    if (code == EXIT_CODE_OK) {
        snapshot_id(p->id, &b->at.info);
        code = pass_all(p);
    }
    int left = detach(&b->at);
    pthread_mutex_lock(&p->lock);
    for (unsigned i = 0; i < p->count; i++) {
        /* What has not come back, the library destroys. */
        if (p->batch[i].failed) {
            natsMsg_Destroy(p->batch[i].message);
            p->batch[i].message = NULL;
        }
    }
    pthread_mutex_unlock(&p->lock);
    /* The library's threads end before what they use. */
    link_close(l);
    b->duplicates = p->duplicates;
    free(p);
    return code == EXIT_CODE_OK ? left : code;
}
