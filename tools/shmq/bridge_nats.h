/* A connection to NATS, and what both directions do with it. */
#ifndef SHMQ_BRIDGE_NATS_H
#define SHMQ_BRIDGE_NATS_H

#include "bridge.h"

#include <nats/nats.h>
#include <stdatomic.h>

/* Headers of a message. The first is NATS's own: within the stream's window it is stored once. */
#define BRIDGE_HEADER_ID "Nats-Msg-Id"
#define BRIDGE_HEADER_TYPE "Shmq-Type"
#define BRIDGE_HEADER_LANE "Shmq-Lane"
#define BRIDGE_HEADER_SCHEMA "Shmq-Schema"

/* Both directions wait in slices, so that signals are noticed. */
#define BRIDGE_SLICE_MS 200
#define BRIDGE_RETRY_MS 250

struct link {
    struct bridge *b;
    natsOptions *options;
    natsConnection *connection;
    jsCtx *js;
    jsOptions js_options;
    char stream[256];    /* that has the subject */
    atomic_bool closing; /* by ourselves */
};

/** Connect. Returns the exit code; what went wrong is told. js_options are to be set where they matter before. */
int link_open(struct link *l, struct bridge *b);
/** Connect anew, with nothing left of what was before. False where a signal came first. */
bool link_again(struct link *l);

/** Its threads have ended then. A second time it does nothing. */
void link_close(struct link *l);

/** The stream that has the subject, made where that was asked for. Returns the exit code. */
int link_stream(struct link *l);

/** Tell what NATS refused. Returns the exit code. */
int link_failed(const struct link *l, const char *what, natsStatus status, jsErrCode error);

/** A note on standard error, unless it is to be quiet. */
void link_note(const struct link *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

int bridge_to(struct link *l);
int bridge_from(struct link *l);

#endif
