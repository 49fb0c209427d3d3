/*
 * Boost.Lockfree: spsc_queue, in shared memory, of cells that are messages
 *
 * It has no name and no way to wait. Its capacity is fixed when it is compiled, so that nothing of it lies elsewhere.
 */
#include "peer.h"

#include <boost/lockfree/spsc_queue.hpp>
#include <new>

namespace
{

template <size_t Size> struct cell {
    uint8_t bytes[Size];
};

constexpr size_t cells(size_t size)
{
    return PEER_ROOM / size > PEER_CELLS_MIN ? PEER_ROOM / size : PEER_CELLS_MIN;
}

template <size_t Size> using queue = boost::lockfree::spsc_queue<cell<Size>, boost::lockfree::capacity<cells(Size)>>;

template <size_t Size> inline const cell<Size> *cells_of(const uint8_t *messages, const cell<Size> *)
{
    return reinterpret_cast<const cell<Size> *>(messages);
}

/* Calls with a null pointer to a cell of the message's size. */
template <typename Function> inline int sized(size_t size, Function function)
{
    switch (size) {
    case 8:
        return function(static_cast<cell<8> *>(nullptr));
    case 64:
        return function(static_cast<cell<64> *>(nullptr));
    case 256:
        return function(static_cast<cell<256> *>(nullptr));
    case 1024:
        return function(static_cast<cell<1024> *>(nullptr));
    case 4096:
        return function(static_cast<cell<4096> *>(nullptr));
    case 65536:
        return function(static_cast<cell<65536> *>(nullptr));
    default:
        return -EMSGSIZE;
    }
}

template <size_t Size> inline queue<Size> *queue_of(struct way *way, const cell<Size> *)
{
    return static_cast<queue<Size> *>(way->shared);
}

template <size_t Size> int construct(struct way *way, const cell<Size> *)
{
    int rc = peer_share(way, sizeof(queue<Size>));

    if (rc == 0) {
        new (way->shared) queue<Size>();
    }
    return rc;
}

int prepare(struct way *way)
{
    return sized(way->size, [way](auto *kind) { return construct(way, kind); });
}

inline int put(struct way *way, const uint8_t *message, size_t size)
{
    return sized(size, [way, message](auto *kind) {
        return queue_of(way, kind)->push(*cells_of(message, kind)) ? 0 : -EAGAIN;
    });
}

inline int get(struct way *way, uint8_t *buffer, size_t size)
{
    return sized(size, [way, buffer](auto *kind) {
        return queue_of(way, kind)->pop(*reinterpret_cast<decltype(kind)>(buffer)) ? 0 : -EAGAIN;
    });
}

inline int put_many(struct way *way, const uint8_t *messages, size_t size, unsigned count)
{
    return sized(size, [way, messages, count](auto *kind) {
        return static_cast<int>(queue_of(way, kind)->push(cells_of(messages, kind), count));
    });
}

inline int get_many(struct way *way, uint8_t *buffer, size_t size, unsigned count)
{
    return sized(size, [way, buffer, count](auto *kind) {
        return static_cast<int>(queue_of(way, kind)->pop(reinterpret_cast<decltype(kind)>(buffer), count));
    });
}

PEER_COPIES(spsc, put, get);
PEER_BATCHES(spsc, put_many, get_many);

} // namespace

extern const struct peer peer_boost_spsc;
const struct peer peer_boost_spsc = {
    .name = "boost_spsc",
    .size_max = 0,
    .spins = true,
    .blocks = false,
    .exits = false,
    .start = nullptr,
    .stop = nullptr,
    .prepare = prepare,
    .open = peer_no_open,
    .ready = nullptr,
    .close = peer_no_end,
    .clean = peer_unshare,
    .single = &spsc_single,
    .batch = &spsc_batch,
    .in_place = nullptr,
    .round_trip = &spsc_round_trip,
    .paced = &spsc_paced,
    .producers = nullptr,
};
