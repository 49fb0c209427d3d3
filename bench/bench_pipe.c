/* The baseline: a pipe, as most programs use it, and at its best. A pair of Unix sockets is used the same way. */
#include "transports.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void close_end(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

void pipe_close(struct run *run)
{
    for (int way = 0; way < 2; way++) {
        close_end(&run->pipes[way][0]);
        close_end(&run->pipes[way][1]);
    }
}

static int open_way(const struct point *point, int *ends)
{
    int flags = O_CLOEXEC | (point->spin ? O_NONBLOCK : 0);

    if (point->socket != 0) {
        int type = point->socket | SOCK_CLOEXEC | (point->spin ? SOCK_NONBLOCK : 0);

        return socketpair(AF_UNIX, type, 0, ends) == 0 ? 0 : -errno;
    }
    if (pipe2(ends, flags) != 0 || (point->pipe_bytes != 0 && fcntl(ends[1], F_SETPIPE_SZ, point->pipe_bytes) < 0)) {
        return -errno;
    }
    return 0;
}

int pipe_open(struct run *run, int ways)
{
    for (int way = 0; way < 2; way++) {
        run->pipes[way][0] = run->pipes[way][1] = -1;
    }
    for (int way = 0; way < ways; way++) {
        int rc = open_way(run->point, run->pipes[way]);

        if (rc != 0) {
            pipe_close(run);
            return rc;
        }
    }
    return 0;
}

int pipe_meet(struct run *run, int reading, int writing)
{
    close_end(&run->pipes[reading][1]);
    close_end(&run->pipes[writing][0]);
    return run_meet(run);
}

int pipe_write(struct run *run, int way, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t count = write(run->pipes[way][1], data, size);

        if (count > 0) {
            data += count;
            size -= (size_t)count;
        } else if (errno != EINTR && (errno != EAGAIN || !pair_wait(&run->pair))) {
            return -errno;
        }
    }
    return 0;
}

int pipe_read(struct run *run, int way, uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t count = read(run->pipes[way][0], data, size);

        if (count > 0) {
            data += count;
            size -= (size_t)count;
        } else if (count == 0) {
            return -EPIPE;
        } else if (errno != EINTR && (errno != EAGAIN || !pair_wait(&run->pair))) {
            return -errno;
        }
    }
    return 0;
}

static int prepare(struct run *run)
{
    return pipe_open(run, 1);
}

RUN_INLINE int send_single_of(struct run *run, size_t size)
{
    const struct payload payload = payload_of(&run->payload, size);
    const uint64_t lap = run_lap_messages(size);
    uint64_t sent = 0;
    int rc = pipe_meet(run, 1, 0);

    while (rc == 0 && run_lap(run, sent)) {
        for (uint64_t left = lap; left > 0 && rc == 0; left--) {
            rc = pipe_write(run, 0, payload_next(&payload, sent++), size);
        }
    }
    pair_finish(&run->pair, sent);
    close_end(&run->pipes[0][1]);
    return rc;
}

static int send_single(struct run *run)
{
    return run_sized(run, send_single_of);
}

RUN_INLINE int receive_single_of(struct run *run, size_t size)
{
    struct payload_account account = {.received = 0};
    uint8_t *buffer = aligned_alloc(PAYLOAD_LINE, RUN_BATCH_BYTES);
    int rc = buffer == NULL ? -ENOMEM : pipe_meet(run, 0, 1);

    while (rc == 0) {
        rc = pipe_read(run, 0, buffer, size);
        if (rc == 0) {
            payload_take(&account, buffer, size);
        }
    }
    run_account(run, account);
    free(buffer);
    return rc == -EPIPE ? 0 : rc;
}

static int receive_single(struct run *run)
{
    return run_sized(run, receive_single_of);
}

/* Each message is copied into the block. */
RUN_INLINE int send_batch_of(struct run *run, size_t size)
{
    const struct payload payload = payload_of(&run->payload, size);
    const uint64_t lap = run_lap_messages(size);
    uint8_t *block = aligned_alloc(PAYLOAD_LINE, RUN_BATCH_BYTES);
    uint64_t sent = 0;
    int rc = block == NULL ? -ENOMEM : pipe_meet(run, 1, 0);

    while (rc == 0 && run_lap(run, sent)) {
        for (uint64_t i = 0; i < lap; i++) {
            payload_copy(block + i * size, payload_next(&payload, sent++), size);
        }
        rc = pipe_write(run, 0, block, lap * size);
    }
    pair_finish(&run->pair, sent);
    close_end(&run->pipes[0][1]);
    free(block);
    return rc;
}

static int send_batch(struct run *run)
{
    return run_sized(run, send_batch_of);
}

/* A read takes what there is, up to a block, and may end in the middle of a message. */
RUN_INLINE int receive_batch_of(struct run *run, size_t size)
{
    struct payload_account account = {.received = 0};
    uint8_t *block = aligned_alloc(PAYLOAD_LINE, 2 * RUN_BATCH_BYTES);
    uint8_t *buffer = block + RUN_BATCH_BYTES;
    size_t filled = 0;
    int rc = block == NULL ? -ENOMEM : pipe_meet(run, 0, 1);

    while (rc == 0) {
        ssize_t count = read(run->pipes[0][0], block + filled, RUN_BATCH_BYTES - filled);
        size_t at = 0;

        if (count <= 0) {
            rc = count == 0 ? -EPIPE : -errno;
            break;
        }
        for (filled += (size_t)count; filled - at >= size; at += size) {
            payload_copy(buffer, block + at, size);
            payload_take(&account, buffer, size);
        }
        filled -= at;
        memmove(block, block + at, filled);
    }
    run_account(run, account);
    free(block);
    return rc == -EPIPE ? 0 : rc;
}

static int receive_batch(struct run *run)
{
    return run_sized(run, receive_batch_of);
}

const struct transport pipe_single = {prepare, send_single, receive_single, pipe_close};
const struct transport pipe_batch = {prepare, send_batch, receive_batch, pipe_close};
