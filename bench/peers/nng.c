/* nng: push and pull over ipc. */
#include "peer.h"

#include <nng/nng.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <stdio.h>
#include <unistd.h>

#define TRIES 2000
#define TRY_US 1000

static void path_of(char path[96], const struct way *way)
{
    snprintf(path, 96, "/tmp/%s.nng", way->name);
}

static int failed(int rc)
{
    switch (rc) {
    case 0:
        return 0;
    case NNG_EAGAIN:
        return -EAGAIN;
    case NNG_ENOMEM:
        return -ENOMEM;
    default:
        return -EIO;
    }
}

/* The other process may not listen yet. */
static int dial(nng_socket socket, const char *address)
{
    int rc = 0;

    for (int i = 0; i < TRIES; i++) {
        rc = nng_dial(socket, address, NULL, 0);
        if (rc != NNG_ECONNREFUSED) {
            break;
        }
        usleep(TRY_US);
    }
    return rc;
}

static int open_end(struct way *way, bool sends)
{
    nng_socket *socket = calloc(1, sizeof *socket);
    char path[96];
    char address[112];
    int rc;

    if (socket == NULL) {
        return -ENOMEM;
    }
    way->own = socket;
    path_of(path, way);
    snprintf(address, sizeof address, "ipc://%s", path);
    rc = sends ? nng_push0_open(socket) : nng_pull0_open(socket);
    if (rc == 0) {
        rc = sends ? nng_listen(*socket, address, NULL, 0) : dial(*socket, address);
    }
    return failed(rc);
}

static void close_end(struct way *way)
{
    nng_socket *socket = way->own;

    if (socket != NULL) {
        nng_close(*socket);
        free(socket);
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
    nng_socket *socket = way->own;

    return failed(nng_send(*socket, (void *)(uintptr_t)message, size, way->spin ? NNG_FLAG_NONBLOCK : 0));
}

static inline int get(struct way *way, uint8_t *buffer, size_t size)
{
    nng_socket *socket = way->own;
    size_t got = size;
    int rc = nng_recv(*socket, buffer, &got, way->spin ? NNG_FLAG_NONBLOCK : 0);

    return rc == 0 && got != size ? -EBADMSG : failed(rc);
}

PEER_COPIES(nng, put, get);

const struct peer peer_nng = {
    .name = "nng",
    .blocks = true,
    .prepare = peer_nothing,
    .open = open_end,
    .close = close_end,
    .clean = clean,
    .single = &nng_single,
    .round_trip = &nng_round_trip,
    .paced = &nng_paced,
};
