/*
 * A pipe whose pages are the sender's own: vmsplice
 *
 * Messages are collected in a block of 64 KiB, and the block's pages go into the pipe without a copy. They must not be
 * written again before the reader has copied them out: a vmsplice that has returned has left at most the pipe's
 * capacity unread, so a ring of blocks twice as large is safe.
 */
#include "peer.h"
#include "transports.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define PIPE_BYTES (1u << 20)
#define BLOCKS (2 * PIPE_BYTES / RUN_BATCH_BYTES + 1)

static int prepare(struct way *way)
{
    (void)way;
    return 0;
}

static int prepare_pipe(struct run *run)
{
    return pipe_open(run, 1);
}

static int splice_block(int fd, uint8_t *block, size_t size)
{
    while (size > 0) {
        struct iovec piece = {.iov_base = block, .iov_len = size};
        ssize_t count = vmsplice(fd, &piece, 1, 0);

        if (count < 0 && errno != EINTR) {
            return -errno;
        }
        block += count > 0 ? count : 0;
        size -= count > 0 ? (size_t)count : 0;
    }
    return 0;
}

RUN_INLINE int send_of(struct run *run, size_t size)
{
    const struct payload payload = payload_of(&run->payload, size);
    const uint64_t lap = run_lap_messages(size);
    uint8_t *blocks = mmap(NULL, BLOCKS * RUN_BATCH_BYTES, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    uint64_t number = 0;
    uint64_t sent = 0;
    int rc = blocks == MAP_FAILED ? -errno : pipe_meet(run, 1, 0);

    while (rc == 0 && run_lap(run, sent)) {
        uint8_t *block = blocks + number++ % BLOCKS * RUN_BATCH_BYTES;

        for (uint64_t i = 0; i < lap; i++) {
            payload_copy(block + i * size, payload_next(&payload, sent++), size);
        }
        rc = splice_block(run->pipes[0][1], block, lap * size);
    }
    pair_finish(&run->pair, sent);
    close(run->pipes[0][1]);
    run->pipes[0][1] = -1;
    return rc;
}

static int send_blocks(struct run *run)
{
    return run_sized(run, send_of);
}

static int receive_blocks(struct run *run)
{
    return pipe_batch.consume(run);
}

static const struct transport batch = {prepare_pipe, send_blocks, receive_blocks, pipe_close};

const struct peer peer_vmsplice = {
    .name = "pipe_vmsplice",
    .blocks = true,
    .prepare = prepare,
    .open = peer_no_open,
    .close = peer_no_end,
    .clean = peer_no_end,
    .batch = &batch,
};
