/*
 * What is sent, and how the receiver knows that it arrived
 *
 * A pool of messages full of random words. The first and the last word of each hold its sequence number, written anew
 * every time it is sent, some messages ahead of its turn: a wide load right behind a narrow store to the same bytes
 * waits for the store buffer to drain, which would measure the harness.
 *
 * The receiver, with the message copied out, checks the first word against the number that is due and adds up one
 * word of every cache line and the last word. At the end the sum must be what was sent. All transports pay for all of
 * it.
 */
#ifndef BENCH_PAYLOAD_H
#define BENCH_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PAYLOAD_LINE 64

struct payload {
    uint8_t *pool;
    size_t size;    /* of a message, a multiple of 8 */
    uint64_t mask;  /* messages in the pool, less one */
    uint64_t ahead; /* messages between stamping and sending */
};

/* The receiver's account. */
struct payload_account {
    uint64_t received;
    uint64_t sum;
    uint64_t wrong; /* not 0: a message was lost, doubled or out of order */
};

/* -ENOMEM */
int payload_open(struct payload *payload, size_t size);

void payload_close(struct payload *payload);

/* What the sum must be after `count` messages. */
uint64_t payload_sum(const struct payload *payload, uint64_t count);

/* The same pool, for a loop that is compiled for this size of its messages. */
static inline struct payload payload_of(const struct payload *payload, size_t size)
{
    return (struct payload){.pool = payload->pool, .size = size, .mask = payload->mask, .ahead = payload->ahead};
}

static inline void payload_stamp(void *message, size_t size, uint64_t sequence)
{
    memcpy(message, &sequence, sizeof sequence);
    memcpy((uint8_t *)message + size - sizeof sequence, &sequence, sizeof sequence);
}

/* The message of this number, which lies random words behind the stamps; numbers go up by one. */
static inline const uint8_t *payload_next(const struct payload *payload, uint64_t sequence)
{
    uint64_t later = sequence + payload->ahead;

    payload_stamp(payload->pool + (later & payload->mask) * payload->size, payload->size, later);
    return payload->pool + (sequence & payload->mask) * payload->size;
}

/*
 * As a program copies that knows the size of its messages: the small ones without a call. The larger ones go to the
 * C library, which knows the processor; a compiler that sees their size may prefer the slow `rep movs`.
 */
static inline void payload_copy(void *to, const void *from, size_t size)
{
    if (size <= PAYLOAD_LINE) {
        memcpy(to, from, size);
    } else {
        __asm__("" : "+r"(size));
        memcpy(to, from, size);
    }
}

static inline uint64_t payload_word(const uint8_t *message, size_t at)
{
    uint64_t word;

    memcpy(&word, message + at, sizeof word);
    return word;
}

static inline void payload_take(struct payload_account *account, const uint8_t *message, size_t size)
{
    size_t last = size - sizeof(uint64_t);
    uint64_t sum = payload_word(message, last);

    for (size_t at = 0; at < last; at += PAYLOAD_LINE) {
        sum += payload_word(message, at);
    }
    account->sum += sum;
    account->wrong |= payload_word(message, 0) ^ account->received;
    account->received++;
}

#ifdef __cplusplus
}
#endif
#endif
