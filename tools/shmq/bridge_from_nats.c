/*
 * A batch of messages is fetched and sent into the queue, and then acknowledged. What was sent and whose acknowledgement
 * got lost, with a server that died for instance, comes again; as long as this process lives it knows what it has sent,
 * and only acknowledges it. A bridge that dies between the two sends again what it had not acknowledged.
 */
#include "bridge_nats.h"
#include "os.h"
#include "report.h"
#include "units.h"
#include "wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH = 256,
    ACK_PENDING_MAX = 1024,
    ACK_WAIT_MS = 5000, /* the server gives again what was not acknowledged for so long */
    RECENT = 65536,     /* a power of two: numbers of messages that were sent last */
};

struct subscriber {
    struct link *l;
    natsSubscription *subscription;
    uint64_t recent[RECENT]; /* number n is at n % RECENT */
    natsMsgList batch;
    int at; /* the first of the batch that is not sent */
    int64_t alive_ns;
    bool error_told;
};

static uint64_t number_of(natsMsg *message)
{
    jsMsgMetaData *data = NULL;
    uint64_t number = natsMsg_GetMetaData(&data, message) == NATS_OK ? data->Sequence.Stream : 0;
    jsMsgMetaData_Destroy(data);
    return number;
}

static uint16_t type_of(natsMsg *message)
{
    const char *text = NULL;
    uint64_t type = 0;
    if (natsMsgHeader_Get(message, BRIDGE_HEADER_TYPE, &text) != NATS_OK || !units_parse_number(text, 10, &type) ||
        type > UINT16_MAX) {
        type = 0;
    }
    return (uint16_t)type;
}

/* While the queue is full: what we hold is still being worked on. */
static int hold(void *arg)
{
    struct subscriber *s = arg;
    int64_t now_ns = os_monotonic_ns();
    if (now_ns - s->alive_ns > INT64_C(1000000) * ACK_WAIT_MS / 3) {
        for (int i = 0; i < s->batch.Count; i++) {
            natsMsg_InProgress(s->batch.Msgs[i], NULL);
        }
        s->alive_ns = now_ns;
    }
    return 0;
}

static int record_send(struct subscriber *s, natsMsg *message)
{
    struct shmq *q = s->l->b->at.q;
    for (;;) {
        int rc = shmq_send(q, natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message), type_of(message),
                           SHMQ_MORE);
        if (rc != -EAGAIN) {
            return rc;
        }
        shmq_flush(q);
        rc = wait_for_queue(q, -1, hold, s);
        if (rc != 0) {
            return rc;
        }
    }
}

/* Send what was not sent yet. Returns an error of the library. */
static int batch_send(struct subscriber *s)
{
    struct bridge *b = s->l->b;
    int rc = 0;
    s->alive_ns = os_monotonic_ns();
    for (s->at = 0; s->at < s->batch.Count; s->at++) {
        uint64_t number = number_of(s->batch.Msgs[s->at]);
        if (number != 0 && s->recent[number % RECENT] == number) {
            b->duplicates++;
            continue;
        }
        rc = record_send(s, s->batch.Msgs[s->at]);
        if (rc != 0) {
            break;
        }
        s->recent[number % RECENT] = number;
        b->passed++;
    }
    int flushed = shmq_flush(b->at.q);
    return rc != 0 ? rc : flushed;
}

/* What was sent, and is published. The server answers to the last one, and has seen the others then. */
static void batch_acknowledge(struct subscriber *s)
{
    for (int i = 0; i < s->at; i++) {
        if (i + 1 < s->at) {
            natsMsg_Ack(s->batch.Msgs[i], NULL);
        } else {
            natsMsg_AckSync(s->batch.Msgs[i], NULL, NULL);
        }
    }
}

/* Fetch some. 1: there are some, 0: none, or the server is away; -1: over, code is set. */
static int batch_fetch(struct subscriber *s, int *code)
{
    struct bridge *b = s->l->b;
    jsErrCode error = 0;
    uint64_t left = b->wanted - b->passed;
    int most = left < BATCH ? (int)left : BATCH;
    natsStatus status = natsSubscription_Fetch(&s->batch, s->subscription, most, 5 * BRIDGE_SLICE_MS, &error);
    if (status == NATS_OK) {
        s->error_told = false;
        return 1;
    }
    if (status == NATS_TIMEOUT) {
        return 0;
    }
    if (status == NATS_CONNECTION_CLOSED || status == NATS_INVALID_SUBSCRIPTION) {
        *code = link_failed(s->l, "the subscription has ended", status, error);
        return -1;
    }
    if (!s->error_told && natsConnection_Status(s->l->connection) == NATS_CONN_STATUS_CONNECTED) {
        link_note(s->l, "nothing can be fetched: %s; trying again", natsStatus_GetText(status));
        s->error_told = true;
    }
    os_sleep(INT64_C(1000000) * BRIDGE_RETRY_MS);
    return 0;
}

/* What the server knows of us. Asked by name: a subscription to a consumer that was there before does not tell. */
static natsStatus consumer_ask(struct subscriber *s, jsConsumerInfo **info)
{
    return js_GetConsumerInfo(info, s->l->js, s->l->stream, s->l->b->durable, NULL, NULL);
}

/* Does the server have nothing more for us? */
static bool is_end(struct subscriber *s)
{
    jsConsumerInfo *info = NULL;
    bool end = consumer_ask(s, &info) == NATS_OK && info->NumPending == 0 && info->NumAckPending == 0;
    jsConsumerInfo_Destroy(info);
    return end;
}

static int pass_all(struct subscriber *s)
{
    struct bridge *b = s->l->b;
    int code = EXIT_CODE_OK;
    while (os_signal_caught() == 0 && b->passed < b->wanted) {
        int got = batch_fetch(s, &code);
        if (got < 0 || (got == 0 && b->to_end && is_end(s))) {
            break;
        }
        if (got == 0) {
            continue;
        }
        int rc = batch_send(s);
        batch_acknowledge(s);
        natsMsgList_Destroy(&s->batch);
        if (rc == -EMSGSIZE) {
            report_text("bridge", b->at.name, "a message is larger than a record of this queue can be (%ju bytes)",
                        (uintmax_t)b->at.info.record_max);
            code = EXIT_CODE_ERROR;
            break;
        }
        if (rc != 0) {
            code = rc == -EINTR ? EXIT_CODE_OK : report("bridge", b->at.name, rc);
            break;
        }
    }
    return code;
}

/*
 * A bridge that was here before, and died, may have left some unacknowledged. The server gives them again when their time
 * is over, and before all that is newer: so that is when to begin, for the order to stay.
 */
static void predecessor_wait(struct subscriber *s)
{
    jsConsumerInfo *info = NULL;
    bool left = consumer_ask(s, &info) == NATS_OK && info->NumAckPending > 0;
    jsConsumerInfo_Destroy(info);
    if (left) {
        link_note(s->l, "waiting %d s for what a bridge before this one has not acknowledged", ACK_WAIT_MS / 1000);
        int64_t until_ns = os_monotonic_ns() + INT64_C(1000000) * (ACK_WAIT_MS + BRIDGE_SLICE_MS);
        while (os_signal_caught() == 0 && os_monotonic_ns() < until_ns) {
            os_sleep(INT64_C(1000000) * BRIDGE_SLICE_MS);
        }
    }
}

int bridge_from(struct link *l)
{
    struct bridge *b = l->b;
    struct subscriber *s = calloc(1, sizeof *s);
    jsErrCode error = 0;
    if (s == NULL) {
        return report("bridge", b->at.name, -ENOMEM);
    }
    s->l = l;
    natsStatus status = natsConnection_JetStream(&l->js, l->connection, &l->js_options);
    int code = status == NATS_OK ? link_stream(l) : link_failed(l, "no JetStream", status, 0);
    code = code == EXIT_CODE_OK ? attach(&b->at) : code;
    if (code == EXIT_CODE_OK) {
        jsSubOptions options;
        jsSubOptions_Init(&options);
        options.Config.AckPolicy = js_AckExplicit;
        options.Config.AckWait = INT64_C(1000000) * ACK_WAIT_MS;
        options.Config.MaxAckPending = ACK_PENDING_MAX;
        status = js_PullSubscribe(&s->subscription, l->js, b->subject, b->durable, NULL, &options, &error);
        code = status == NATS_OK ? EXIT_CODE_OK : link_failed(l, "cannot subscribe", status, error);
    }
    if (code == EXIT_CODE_OK) {
        predecessor_wait(s);
        code = pass_all(s);
    }
    natsSubscription_Destroy(s->subscription);
    int left = detach(&b->at);
    free(s);
    return code == EXIT_CODE_OK ? left : code;
}
