/*
 * From a queue to another machine, and back
 *
 *     cmd_bridge.c         what is asked for
 *     bridge_nats.c        the connection
 *     bridge_to_nats.c     a queue's consumer that publishes          bridge_from_nats.c   a producer that subscribes
 *
 * All but the first are a module, for the sake of the client's library.
 */
#ifndef SHMQ_BRIDGE_H
#define SHMQ_BRIDGE_H

#include "attach.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BRIDGE_SERVERS_MAX = 16 };

struct bridge {
    struct attachment at;
    bool to;                                 /* to NATS; else from it */
    char *place;                             /* memory of what follows */
    const char *servers[BRIDGE_SERVERS_MAX]; /* URLs */
    int server_count;
    const char *subject;
    const char *stream;      /* NULL: the one that has the subject */
    const char *durable;     /* what the server calls this receiver, and keeps its place by */
    const char *credentials; /* file */
    const char *tls_ca;      /* files */
    const char *tls_cert;
    const char *tls_key;
    bool wait;       /* for a server that is not there yet */
    bool to_end;     /* end when there is no more */
    uint64_t wanted; /* records; UINT64_MAX: all */
    bool quiet;
    uint64_t passed;     /* records */
    uint64_t duplicates; /* of them, those that were there already */
};

/** Pass records until a signal, an error or the end. Returns the exit code; what went wrong is told. */
typedef int bridge_function(struct bridge *b);

bridge_function bridge_run;

/* In the module: bridge_run calls it. */
bridge_function bridge_module;

#endif
