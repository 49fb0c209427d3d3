/*
 * Typed records beside untyped ones, and blobs beside a pipe
 *
 * A message of 64 bytes is converted into the slot and out of it: `plain` has numbers only, `checked` a text and a bool,
 * which are looked at on receive. `bare` is plain in a slot that was not set to zero before, and `raw` does the same
 * without a type. `put` sends a structure of that type as it is, `send` as many bytes. One commit and one release a
 * message, or (batch) a publish and a release for 64 KiB.
 *
 * A blob is filled from the pool, as a pipe is written from it, and read where it lies, as a pipe's data is where it was
 * read to.
 */
#include "transports.h"

#include <errno.h>
#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PLAIN(F) F(u64, first) F(array, words, u64, 6) F(u64, last)
SHMQ_SM(plain, 1, PLAIN)

#define CHECKED(F) F(u64, first) F(array, words, u64, 4) F(text, symbol, 15) F(bool, open) F(u64, last)
SHMQ_SM(checked, 1, CHECKED)

#define PICTURE(F) F(u64, number) F(blob, pixels)
SHMQ_SM(picture, 1, PICTURE)

#define SIZE 64

static const struct shmq_sm *const types[] = {&plain_sm, &checked_sm, &picture_sm};

static int prepare(struct run *run)
{
    struct shmq_create_options options = {
        .struct_size = sizeof options,
        .capacity = run->point->capacity,
        .types = types,
        .type_count = 3,
        .blob_count = run->point->blobs,
    };

    snprintf(run->queues[0], sizeof run->queues[0], "shmq-bench-%ld", (long)getpid());
    int rc = shmq_create(run->queues[0], &options);

    return rc == 1 ? -EEXIST : rc;
}

static void clean(struct run *run)
{
    shmq_remove(run->queues[0], SHMQ_REMOVE_USED);
}

static int open_side(struct run *run, enum shmq_role role, struct shmq **q)
{
    int rc = shmq_open(run->queues[0], role, NULL, q);

    if (rc == 0) {
        rc = run_meet(run);
        if (rc != 0) {
            shmq_close(*q);
        }
    }
    return rc;
}

/* One message of that number into the queue, and the next one out of it. */
typedef int put_one(struct shmq *q, const uint8_t *message, size_t size, unsigned flags);
typedef int take_one(struct shmq *q, struct payload_account *account, size_t size);

RUN_INLINE int send_all(struct run *run, put_one *put, size_t size, unsigned more)
{
    const struct payload payload = payload_of(&run->payload, size);
    const uint64_t lap = run_lap_messages(size);
    struct shmq *q;
    uint64_t sent = 0;
    int rc = open_side(run, SHMQ_PRODUCER, &q);

    if (rc != 0) {
        return rc;
    }
    while (rc == 0 && run_lap(run, sent)) {
        for (uint64_t left = lap; left > 0 && rc == 0; left--) {
            const uint8_t *message = payload_next(&payload, sent++);

            do {
                rc = put(q, message, size, left > 1 ? more : 0);
            } while (rc == -EAGAIN && pair_wait(&run->pair));
        }
    }
    shmq_flush(q);
    pair_finish(&run->pair, sent);
    shmq_close(q);
    return rc;
}

/* The producer may be gone before its last messages are taken. It is over when there is nothing after it finished. */
RUN_INLINE int receive_all(struct run *run, take_one *take, size_t size, uint64_t lap)
{
    struct payload_account account = {.received = 0};
    uint64_t peeked = 0;
    struct shmq *q;
    int rc = open_side(run, SHMQ_CONSUMER, &q);

    if (rc != 0) {
        return rc;
    }
    for (bool over = false;;) {
        rc = take(q, &account, size);
        if (rc == 0) {
            peeked++;
        } else if ((rc != -EAGAIN && rc != -EPIPE) || over) {
            break;
        } else {
            over = pair_finished(&run->pair);
            pair_pause();
        }
        if (peeked == lap || (rc != 0 && peeked > 0)) {
            shmq_release(q);
            peeked = 0;
        }
    }
    run_account(run, account);
    shmq_close(q);
    return rc == -EAGAIN || rc == -EPIPE ? 0 : rc;
}

static inline int put_raw(struct shmq *q, const uint8_t *message, size_t size, unsigned flags)
{
    void *slot;
    int rc = shmq_reserve(q, size, &slot);

    if (rc == 0) {
        payload_copy(slot, message, size);
        rc = shmq_commit(q, size, 7, flags);
    }
    return rc;
}

static inline int take_raw(struct shmq *q, struct payload_account *account, size_t size)
{
    uint8_t object[SIZE];
    struct shmq_message message;
    int rc = shmq_peek(q, &message);

    if (rc == 0 && (message.size != size || message.type != 7)) {
        rc = -EBADMSG;
    }
    if (rc == 0) {
        payload_copy(object, message.data, size);
        payload_take(account, object, size);
    }
    return rc;
}

static inline int put_send(struct shmq *q, const uint8_t *message, size_t size, unsigned flags)
{
    return shmq_send(q, message, size, 7, flags);
}

static inline int put_plain(struct shmq *q, const uint8_t *message, size_t size, unsigned flags)
{
    struct plain *smo;
    int rc = plain_reserve(q, &smo);

    if (rc == 0) {
        payload_copy(smo, message, size);
        rc = plain_commit(q, flags);
    }
    return rc;
}

static inline int take_plain(struct shmq *q, struct payload_account *account, size_t size)
{
    uint8_t object[SIZE];
    struct shmq_message message;
    const struct plain *smo;
    int rc = plain_peek(q, &message, &smo);

    if (rc == 0) {
        payload_copy(object, smo, size);
        payload_take(account, object, size);
    }
    return rc;
}

static inline int put_bare(struct shmq *q, const uint8_t *message, size_t size, unsigned flags)
{
    void *smo;
    int rc = shmq_sm_reserve(q, &plain_sm, 0, &smo);

    if (rc == 0) {
        payload_copy(smo, message, size);
        rc = plain_commit(q, flags);
    }
    return rc;
}

static inline int put_put(struct shmq *q, const uint8_t *message, size_t size, unsigned flags)
{
    (void)size;
    return plain_put(q, (const struct plain *)(const void *)message, flags);
}

static inline int put_checked(struct shmq *q, const uint8_t *message, size_t size, unsigned flags)
{
    struct checked *smo;
    int rc = checked_reserve(q, &smo);

    if (rc == 0) {
        payload_copy(smo, message, size);
        smo->symbol[14] = '\0';
        smo->open = 1;
        rc = checked_commit(q, flags);
    }
    return rc;
}

static inline int take_checked(struct shmq *q, struct payload_account *account, size_t size)
{
    uint8_t object[SIZE];
    struct shmq_message message;
    const struct checked *smo;
    int rc = checked_peek(q, &message, &smo);

    if (rc == 0) {
        payload_copy(object, smo, size);
        payload_take(account, object, size);
    }
    return rc;
}

static inline int put_picture(struct shmq *q, const uint8_t *message, size_t size, unsigned flags)
{
    struct picture *smo;
    int rc = picture_reserve(q, &smo);

    if (rc != 0) {
        return rc;
    }
    rc = shmq_blob_put(q, &smo->pixels, message, size);
    if (rc == 0) {
        return picture_commit(q, flags);
    }
    picture_abort(q);
    return rc;
}

static inline int take_picture(struct shmq *q, struct payload_account *account, size_t size)
{
    struct shmq_message message;
    const struct picture *smo;
    struct shmq_blob blob;
    int rc = picture_peek(q, &message, &smo);

    if (rc == 0) {
        rc = shmq_blob_open(q, &message, &smo->pixels, &blob);
    }
    if (rc == 0) {
        payload_take(account, blob.data, size);
        shmq_blob_drop(q, &blob);
    }
    return rc;
}

/* A pipe of messages of any size. */
static int pipe_prepare(struct run *run)
{
    return pipe_open(run, 1);
}

static int pipe_send(struct run *run)
{
    uint64_t sent = 0;
    int rc = pipe_meet(run, 1, 0);

    while (rc == 0 && run_lap(run, sent)) {
        rc = pipe_write(run, 0, payload_next(&run->payload, sent++), run->payload.size);
    }
    pair_finish(&run->pair, sent);
    pipe_close(run);
    return rc;
}

static int pipe_receive(struct run *run)
{
    const size_t size = run->point->size;
    struct payload_account account = {.received = 0};
    uint8_t *buffer = aligned_alloc(PAYLOAD_LINE, size);
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

#define SIDES(name, put, take, size, more, lap)                                                                      \
    static int send_##name(struct run *run)                                                                          \
    {                                                                                                                \
        return send_all(run, put_##put, size, more);                                                                 \
    }                                                                                                                \
    static int receive_##name(struct run *run)                                                                       \
    {                                                                                                                \
        return receive_all(run, take_##take, size, lap);                                                             \
    }                                                                                                                \
    const struct transport sm_##name = {prepare, send_##name, receive_##name, clean};

#define WAYS(put, take)                                                                                              \
    SIDES(put, put, take, SIZE, 0, 1)                                                                                \
    SIDES(put##_batch, put, take, SIZE, SHMQ_MORE, RUN_BATCH_BYTES / SIZE)

WAYS(raw, raw)
WAYS(bare, plain)
WAYS(plain, plain)
WAYS(checked, checked)
WAYS(send, raw)
WAYS(put, plain)
SIDES(blob, picture, picture, run->point->size, 0, 1)

const struct transport sm_pipe = {pipe_prepare, pipe_send, pipe_receive, pipe_close};
