/* Boost.Interprocess: message_queue, which locks a mutex in shared memory. */
#include "peer.h"

#include <boost/interprocess/ipc/message_queue.hpp>

namespace
{

using boost::interprocess::message_queue;

int prepare(struct way *way)
{
    try {
        message_queue queue(boost::interprocess::create_only, way->name, peer_cells(way), way->size);
        return 0;
    } catch (const boost::interprocess::interprocess_exception &) {
        return -EIO;
    }
}

int open_end(struct way *way, bool)
{
    try {
        way->own = new message_queue(boost::interprocess::open_only, way->name);
        return 0;
    } catch (const boost::interprocess::interprocess_exception &) {
        return -EIO;
    }
}

void close_end(struct way *way)
{
    delete static_cast<message_queue *>(way->own);
    way->own = nullptr;
}

void clean(struct way *way)
{
    message_queue::remove(way->name);
}

inline int put(struct way *way, const uint8_t *message, size_t size)
{
    message_queue *queue = static_cast<message_queue *>(way->own);

    if (way->spin) {
        return queue->try_send(message, size, 0) ? 0 : -EAGAIN;
    }
    queue->send(message, size, 0);
    return 0;
}

inline int get(struct way *way, uint8_t *buffer, size_t size)
{
    message_queue *queue = static_cast<message_queue *>(way->own);
    message_queue::size_type got = 0;
    unsigned priority;

    if (!way->spin) {
        queue->receive(buffer, size, got, priority);
    } else if (!queue->try_receive(buffer, size, got, priority)) {
        return -EAGAIN;
    }
    return got == size ? 0 : -EBADMSG;
}

PEER_COPIES(queue, put, get);
PEER_PRODUCERS(queue);

} // namespace

extern const struct peer peer_boost_queue;
const struct peer peer_boost_queue = {
    .name = "boost_message_queue",
    .size_max = 0,
    .spins = true,
    .blocks = true,
    .exits = false,
    .start = nullptr,
    .stop = nullptr,
    .prepare = prepare,
    .open = open_end,
    .ready = nullptr,
    .close = close_end,
    .clean = clean,
    .single = &queue_single,
    .batch = nullptr,
    .in_place = nullptr,
    .round_trip = &queue_round_trip,
    .paced = &queue_paced,
    .producers = &queue_producers,
};
