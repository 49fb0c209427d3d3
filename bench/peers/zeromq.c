/* ZeroMQ: push and pull over ipc, with the buffers it has when nobody sets them. */
#include "peer.h"

#include <stdio.h>
#include <unistd.h>
#include <zmq.h>

#define TRIES 2000
#define TRY_US 1000

struct ends {
    void *context;
    void *socket;
};

static void path_of(char path[96], const struct way *way)
{
    snprintf(path, 96, "/tmp/%s.zmq", way->name);
}

static int open_end(struct way *way, bool sends)
{
    struct ends *ends = calloc(1, sizeof *ends);
    char path[96];
    char address[112];

    if (ends == NULL) {
        return -ENOMEM;
    }
    way->own = ends;
    path_of(path, way);
    snprintf(address, sizeof address, "ipc://%s", path);
    ends->context = zmq_ctx_new();
    ends->socket = zmq_socket(ends->context, sends ? ZMQ_PUSH : ZMQ_PULL);
    /* A connection that finds nobody is tried again only after a tenth of a second. */
    for (int i = 0; !sends && i < TRIES && access(path, F_OK) != 0; i++) {
        usleep(TRY_US);
    }
    if (ends->socket == NULL || (sends ? zmq_bind(ends->socket, address) : zmq_connect(ends->socket, address)) != 0) {
        return -zmq_errno();
    }
    return 0;
}

static void close_end(struct way *way)
{
    struct ends *ends = way->own;

    if (ends != NULL) {
        zmq_close(ends->socket);
        zmq_ctx_term(ends->context);
        free(ends);
    }
    way->own = NULL;
}

static void clean(struct way *way)
{
    char path[96];

    path_of(path, way);
    unlink(path);
}

static inline int put(struct way *way, const uint8_t *message, size_t size)
{
    struct ends *ends = way->own;
    int rc;

    while ((rc = zmq_send(ends->socket, message, size, way->spin ? ZMQ_DONTWAIT : 0)) < 0 && zmq_errno() == EINTR) {
    }
    return rc == (int)size ? 0 : -zmq_errno();
}

static inline int get(struct way *way, uint8_t *buffer, size_t size)
{
    struct ends *ends = way->own;
    int rc;

    while ((rc = zmq_recv(ends->socket, buffer, size, way->spin ? ZMQ_DONTWAIT : 0)) < 0 && zmq_errno() == EINTR) {
    }
    if (rc < 0) {
        return -zmq_errno();
    }
    return rc == (int)size ? 0 : -EBADMSG;
}

PEER_COPIES(zeromq, put, get);

const struct peer peer_zeromq = {
    .name = "zeromq",
    .blocks = true,
    .prepare = peer_nothing,
    .open = open_end,
    .close = close_end,
    .clean = clean,
    .single = &zeromq_single,
    .round_trip = &zeromq_round_trip,
    .paced = &zeromq_paced,
};
