#include "payload.h"

#include <errno.h>
#include <stdlib.h>

/* Small enough for the first-level cache, many enough for stamps to be old when they are copied. */
#define POOL_BYTES 16384u
#define POOL_MESSAGES_MAX 256u
#define POOL_MESSAGES_MIN 2u

static uint64_t random_word(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

int payload_open(struct payload *payload, size_t size)
{
    uint64_t count = POOL_MESSAGES_MAX;
    uint64_t state = size;
    uint8_t *pool;

    while (count > POOL_MESSAGES_MIN && count * size > POOL_BYTES) {
        count /= 2;
    }
    pool = aligned_alloc(PAYLOAD_LINE, (count * size + PAYLOAD_LINE - 1) / PAYLOAD_LINE * PAYLOAD_LINE);
    if (pool == NULL) {
        return -ENOMEM;
    }
    for (size_t at = 0; at < count * size; at += sizeof(uint64_t)) {
        uint64_t word = random_word(&state);

        memcpy(pool + at, &word, sizeof word);
    }
    *payload = (struct payload){.pool = pool, .size = size, .mask = count - 1, .ahead = count / 2};
    for (uint64_t i = 0; i < payload->ahead; i++) {
        payload_stamp(pool + i * size, size, i);
    }
    return 0;
}

void payload_close(struct payload *payload)
{
    free(payload->pool);
    payload->pool = NULL;
}

uint64_t payload_sum(const struct payload *payload, uint64_t count)
{
    size_t last = payload->size - sizeof(uint64_t);
    uint64_t messages = payload->mask + 1;
    uint64_t stamps = last == 0 ? 1 : 2;
    uint64_t sum = 0;

    for (uint64_t i = 0; i < messages && i < count; i++) {
        const uint8_t *message = payload->pool + i * payload->size;
        uint64_t times = (count - i + messages - 1) / messages;

        for (size_t at = PAYLOAD_LINE; at < last; at += PAYLOAD_LINE) {
            sum += times * payload_word(message, at);
        }
    }
    /* The numbers 0 .. count - 1; one of the two factors is even. */
    return sum + stamps * (count % 2 == 0 ? count / 2 * (count - 1) : (count - 1) / 2 * count);
}
