/* POSIX message queues, as deep as a user may make them without asking the administrator. */
#include "peer.h"

#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>

#define DEPTH 10 /* the system's default limit, msg_max */

static int prepare(struct way *way)
{
    struct mq_attr attributes = {.mq_maxmsg = DEPTH, .mq_msgsize = (long)way->size};
    char name[80];
    mqd_t queue;

    snprintf(name, sizeof name, "/%s", way->name);
    queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attributes);
    if (queue == (mqd_t)-1) {
        return -errno;
    }
    mq_close(queue);
    return 0;
}

static int open_end(struct way *way, bool sends)
{
    char name[80];
    mqd_t queue;

    snprintf(name, sizeof name, "/%s", way->name);
    queue = mq_open(name, (sends ? O_WRONLY : O_RDONLY) | (way->spin ? O_NONBLOCK : 0));
    way->fd = (int)queue;
    return queue == (mqd_t)-1 ? -errno : 0;
}

static void close_end(struct way *way)
{
    if (way->fd >= 0) {
        mq_close((mqd_t)way->fd);
    }
    way->fd = -1;
}

static void clean(struct way *way)
{
    char name[80];

    snprintf(name, sizeof name, "/%s", way->name);
    mq_unlink(name);
}

static inline int put(struct way *way, const uint8_t *message, size_t size)
{
    int rc;

    while ((rc = mq_send((mqd_t)way->fd, (const char *)message, size, 0)) != 0 && errno == EINTR) {
    }
    return rc == 0 ? 0 : -errno;
}

static inline int get(struct way *way, uint8_t *buffer, size_t size)
{
    ssize_t count;

    while ((count = mq_receive((mqd_t)way->fd, (char *)buffer, size, NULL)) < 0 && errno == EINTR) {
    }
    if (count < 0) {
        return -errno;
    }
    return (size_t)count == size ? 0 : -EBADMSG;
}

PEER_COPIES(mqueue, put, get);
PEER_PRODUCERS(mqueue);

const struct peer peer_mqueue = {
    .name = "posix_mq",
    .size_max = 8192, /* the system's default limit, msgsize_max */
    .blocks = true,
    .prepare = prepare,
    .open = open_end,
    .close = close_end,
    .clean = clean,
    .single = &mqueue_single,
    .round_trip = &mqueue_round_trip,
    .paced = &mqueue_paced,
    .producers = &mqueue_producers,
};
