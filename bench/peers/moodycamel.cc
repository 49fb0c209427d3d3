/*
 * moodycamel's ReaderWriterQueue, with cells that are messages
 *
 * It is for two threads of one process. Its blocks come from malloc, all of them when it is made; here malloc is
 * answered from memory of both processes for so long, and the queue works as it does between threads.
 */
#include "peer.h"

#include <new>
#include <readerwriterqueue/readerwriterqueue.h>

namespace
{

/* Where malloc takes from, while a queue is made. */
uint8_t *arena;
size_t arena_left;

} // namespace

extern "C" void *__real_malloc(size_t size);
extern "C" void *__wrap_malloc(size_t size);

/* The linker puts this one in place of malloc, for this program's own files. */
extern "C" void *__wrap_malloc(size_t size)
{
    if (arena == nullptr) {
        return __real_malloc(size);
    }
    size = (size + 127) / 128 * 128;
    if (size > arena_left) {
        return nullptr;
    }
    void *memory = arena;

    arena += size;
    arena_left -= size;
    return memory;
}

namespace
{

template <size_t Size> struct cell {
    uint8_t bytes[Size];
};

template <size_t Size> using queue = moodycamel::ReaderWriterQueue<cell<Size>>;

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
    const size_t head = (sizeof(queue<Size>) + 127) / 128 * 128;
    int rc = peer_share(way, head + 4 * way->room + (8u << 20));

    if (rc != 0) {
        return rc;
    }
    arena = static_cast<uint8_t *>(way->shared) + head;
    arena_left = way->shared_size - head;
    try {
        new (way->shared) queue<Size>(peer_cells(way));
    } catch (const std::bad_alloc &) {
        rc = -ENOMEM;
    }
    arena = nullptr;
    return rc;
}

int prepare(struct way *way)
{
    return sized(way->size, [way](auto *kind) { return construct(way, kind); });
}

inline int put(struct way *way, const uint8_t *message, size_t size)
{
    return sized(size, [way, message](auto *kind) {
        return queue_of(way, kind)->try_enqueue(*cells_of(message, kind)) ? 0 : -EAGAIN;
    });
}

inline int get(struct way *way, uint8_t *buffer, size_t size)
{
    return sized(size, [way, buffer](auto *kind) {
        return queue_of(way, kind)->try_dequeue(*reinterpret_cast<decltype(kind)>(buffer)) ? 0 : -EAGAIN;
    });
}

PEER_COPIES(queue, put, get);

} // namespace

extern const struct peer peer_moodycamel;
const struct peer peer_moodycamel = {
    .name = "moodycamel",
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
    .single = &queue_single,
    .batch = nullptr,
    .in_place = nullptr,
    .round_trip = &queue_round_trip,
    .paced = &queue_paced,
    .producers = nullptr,
};
