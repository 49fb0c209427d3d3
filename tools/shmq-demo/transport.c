#include "transport.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define BATCH_BYTES 65536u
#define LOOK_NS 100000000

/* A pipe's end with a buffer in front of it. */
struct batch {
    int fd;
    size_t at;
    size_t size;
    uint8_t bytes[BATCH_BYTES];
};

static int queue_send(const struct transport_end *end, const void *data, size_t size, unsigned flags)
{
    int rc;

    while ((rc = shmq_send(end->queue, data, size, 0, flags)) == -EAGAIN) {
        rc = shmq_wait(end->queue, LOOK_NS);
        if (rc == -ETIMEDOUT && !pair_worth_waiting(end->pair))
            return -ECHILD;
        if (rc != 0 && rc != -ETIMEDOUT && rc != -EINTR)
            return rc;
    }
    return rc;
}

static int queue_send_all(const struct transport_end *end, const struct data_records *records, unsigned flags)
{
    const uint8_t *from = records->bytes;

    for (size_t i = 0; i < records->count; i++) {
        int rc = queue_send(end, from, records->sizes[i], flags);

        if (rc != 0)
            return rc;
        from += records->sizes[i];
    }
    return queue_send(end, NULL, 0, 0);
}

static int queue_receive_all(const struct transport_end *end, struct sink *sink)
{
    for (;;) {
        struct shmq_message message;
        int rc = shmq_recv(end->queue, sink_room(sink), DATA_RECORD_MAX, &message);

        if (rc == 0 && message.size == 0)
            return 0;
        if (rc == 0) {
            sink_take(sink, message.size);
            continue;
        }
        if (rc == -EAGAIN)
            rc = shmq_wait(end->queue, -1);
        if (rc != 0 && rc != -EINTR)
            return rc;
    }
}

/* Go on behind the first `done` bytes of two pieces. */
static int remaining(struct iovec left[2], const struct iovec all[2], size_t done)
{
    int count = 0;

    for (int i = 0; i < 2; i++) {
        size_t skip = done < all[i].iov_len ? done : all[i].iov_len;

        done -= skip;
        if (skip < all[i].iov_len)
            left[count++] = (struct iovec){(uint8_t *)all[i].iov_base + skip, all[i].iov_len - skip};
    }
    return count;
}

typedef ssize_t vector_call(int fd, const struct iovec *pieces, int count);

/* Read or write both pieces whole, in one system call where the pipe allows it. */
static int whole(vector_call *call, int fd, const struct iovec pieces[2])
{
    size_t size = pieces[0].iov_len + pieces[1].iov_len;
    ssize_t part = call(fd, pieces, 2);
    size_t done = part > 0 ? (size_t)part : 0;

    while (done < size) {
        struct iovec left[2];

        if (part < 0 && errno != EINTR)
            return -errno;
        if (part == 0)
            return -EPIPE;
        part = call(fd, left, remaining(left, pieces, done));
        done += part > 0 ? (size_t)part : 0;
    }
    return 0;
}

static int pipe_send_all(int fd, const struct data_records *records)
{
    uint8_t *from = records->bytes;
    uint32_t size;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < records->count; i++) {
        size = records->sizes[i];
        rc = whole(writev, fd, (const struct iovec[2]){{&size, sizeof size}, {from, size}});
        from += size;
    }
    size = 0;
    return rc != 0 ? rc : whole(writev, fd, (const struct iovec[2]){{&size, sizeof size}, {NULL, 0}});
}

/* A record's payload comes together with the next record's size, so that a record takes one system call and not two.
 */
static int pipe_receive_all(int fd, struct sink *sink)
{
    uint32_t next;
    int rc = whole(readv, fd, (const struct iovec[2]){{&next, sizeof next}, {NULL, 0}});

    while (rc == 0 && next != 0) {
        uint32_t size = next;

        if (size > DATA_RECORD_MAX)
            return -EPROTO;
        rc = whole(readv, fd, (const struct iovec[2]){{sink_room(sink), size}, {&next, sizeof next}});
        if (rc == 0)
            sink_take(sink, size);
    }
    return rc;
}

static int batch_flush(struct batch *batch)
{
    int rc = whole(writev, batch->fd, (const struct iovec[2]){{batch->bytes, batch->size}, {NULL, 0}});

    batch->size = 0;
    return rc;
}

static inline int batch_put(struct batch *batch, const void *data, size_t size)
{
    const uint8_t *from = data;

    while (size > BATCH_BYTES - batch->size) {
        size_t part = BATCH_BYTES - batch->size;
        int rc;

        memcpy(batch->bytes + batch->size, from, part);
        batch->size = BATCH_BYTES;
        rc = batch_flush(batch);
        if (rc != 0)
            return rc;
        from += part;
        size -= part;
    }
    memcpy(batch->bytes + batch->size, from, size);
    batch->size += size;
    return 0;
}

static inline int batch_take(struct batch *batch, void *data, size_t size)
{
    uint8_t *to = data;

    while (size > batch->size - batch->at) {
        size_t part = batch->size - batch->at;
        ssize_t got;

        memcpy(to, batch->bytes + batch->at, part);
        to += part;
        size -= part;
        batch->at = batch->size = 0;
        while ((got = read(batch->fd, batch->bytes, BATCH_BYTES)) < 0 && errno == EINTR)
            ;
        if (got <= 0)
            return got == 0 ? -EPIPE : -errno;
        batch->size = (size_t)got;
    }
    memcpy(to, batch->bytes + batch->at, size);
    batch->at += size;
    return 0;
}

static int batch_send_all(int fd, const struct data_records *records)
{
    struct batch batch = {.fd = fd};
    const uint8_t *from = records->bytes;
    uint32_t last = 0;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < records->count; i++) {
        rc = batch_put(&batch, &records->sizes[i], sizeof *records->sizes);
        if (rc == 0)
            rc = batch_put(&batch, from, records->sizes[i]);
        from += records->sizes[i];
    }
    if (rc == 0)
        rc = batch_put(&batch, &last, sizeof last);
    return rc != 0 ? rc : batch_flush(&batch);
}

static int batch_receive_all(int fd, struct sink *sink)
{
    struct batch batch = {.fd = fd};

    for (;;) {
        uint32_t size = 0;
        int rc = batch_take(&batch, &size, sizeof size);

        if (rc != 0 || size == 0)
            return rc;
        if (size > DATA_RECORD_MAX)
            return -EPROTO;
        rc = batch_take(&batch, sink_room(sink), size);
        if (rc != 0)
            return rc;
        sink_take(sink, size);
    }
}

int transport_send(const struct transport_end *end, enum transport transport, const struct data_records *records)
{
    switch (transport) {
    case TRANSPORT_PIPE:
        return pipe_send_all(end->fd, records);
    case TRANSPORT_PIPE_BATCHED:
        return batch_send_all(end->fd, records);
    case TRANSPORT_SHMQ:
        return queue_send_all(end, records, 0);
    case TRANSPORT_SHMQ_BATCHED:
        return queue_send_all(end, records, SHMQ_MORE);
    }
    return -EINVAL;
}

static int receive(const struct transport_end *end, enum transport transport, struct sink *sink)
{
    switch (transport) {
    case TRANSPORT_PIPE:
        return pipe_receive_all(end->fd, sink);
    case TRANSPORT_PIPE_BATCHED:
        return batch_receive_all(end->fd, sink);
    case TRANSPORT_SHMQ:
    case TRANSPORT_SHMQ_BATCHED:
        return queue_receive_all(end, sink);
    }
    return -EINVAL;
}

int transport_receive(const struct transport_end *end, enum transport transport, struct sink *sink)
{
    int rc = receive(end, transport, sink);

    sink_drain(sink);
    return rc;
}
