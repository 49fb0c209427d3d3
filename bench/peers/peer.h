/*
 * The transports of a peer, made of its calls
 *
 * A peer's file has inline functions
 *
 *     static inline int put(struct way *way, const uint8_t *message, size_t size)
 *     static inline int get(struct way *way, uint8_t *buffer, size_t size)
 *
 * which return 0, -EAGAIN where there is no room or no message now, or another negative errno. In a way that does not
 * spin they may sleep instead. The macros here make transports of them, with a loop that is compiled for each
 * size, as run.h says. The last message is none: its first word is PEER_END, which no payload begins with.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include "loops.h"

/* NAME_single, NAME_round_trip and NAME_paced of put and get. */
#define PEER_COPIES(NAME, PUT, GET)                                                                                  \
    RUN_INLINE int NAME##_produce_of(struct run *run, size_t size)                                                   \
    {                                                                                                                \
        return peer_produce(run, size, PUT);                                                                         \
    }                                                                                                                \
    RUN_INLINE int NAME##_consume_of(struct run *run, size_t size)                                                   \
    {                                                                                                                \
        return peer_consume(run, size, GET);                                                                         \
    }                                                                                                                \
    static int NAME##_produce(struct run *run)                                                                       \
    {                                                                                                                \
        return run_sized(run, NAME##_produce_of);                                                                    \
    }                                                                                                                \
    static int NAME##_consume(struct run *run)                                                                       \
    {                                                                                                                \
        return run_sized(run, NAME##_consume_of);                                                                    \
    }                                                                                                                \
    static int NAME##_step_put(struct trips_side *side, uint8_t *message)                                            \
    {                                                                                                                \
        return peer_step_put(side, message, PUT);                                                                    \
    }                                                                                                                \
    static int NAME##_step_get(struct trips_side *side, uint8_t *message)                                            \
    {                                                                                                                \
        return peer_step_get(side, message, GET);                                                                    \
    }                                                                                                                \
    static int NAME##_trips(struct run *run)                                                                         \
    {                                                                                                                \
        return peer_trips(run, NAME##_step_put, NAME##_step_get, PUT);                                               \
    }                                                                                                                \
    static int NAME##_send_paced(struct run *run)                                                                    \
    {                                                                                                                \
        return peer_send_paced(run, NAME##_step_put);                                                                \
    }                                                                                                                \
    static int NAME##_receive_paced(struct run *run)                                                                 \
    {                                                                                                                \
        return peer_receive_paced(run, NAME##_step_get);                                                             \
    }                                                                                                                \
    static const struct transport NAME##_paced = {peer_prepare_one, NAME##_send_paced, NAME##_receive_paced,         \
                                                  peer_clean_one};                                                   \
    static const struct transport NAME##_single = {peer_prepare_one, NAME##_produce, NAME##_consume,                 \
                                                   peer_clean_one};                                                  \
    static const struct transport NAME##_round_trip = {peer_prepare_two, NAME##_trips, NAME##_trips, peer_clean_two}

/* NAME_batch of put_many and get_many. */
#define PEER_BATCHES(NAME, PUT_MANY, GET_MANY)                                                                       \
    RUN_INLINE int NAME##_produce_many_of(struct run *run, size_t size)                                              \
    {                                                                                                                \
        return peer_produce_many(run, size, PUT_MANY);                                                               \
    }                                                                                                                \
    RUN_INLINE int NAME##_consume_many_of(struct run *run, size_t size)                                              \
    {                                                                                                                \
        return peer_consume_many(run, size, GET_MANY);                                                               \
    }                                                                                                                \
    static int NAME##_produce_many(struct run *run)                                                                  \
    {                                                                                                                \
        return run_sized(run, NAME##_produce_many_of);                                                               \
    }                                                                                                                \
    static int NAME##_consume_many(struct run *run)                                                                  \
    {                                                                                                                \
        return run_sized(run, NAME##_consume_many_of);                                                               \
    }                                                                                                                \
    static const struct transport NAME##_batch = {peer_prepare_one, NAME##_produce_many, NAME##_consume_many,        \
                                                  peer_clean_one}

/* NAME_in_place of reserve, commit, peek and release. */
#define PEER_IN_PLACE(NAME, RESERVE, COMMIT, PEEK, RELEASE)                                                          \
    RUN_INLINE int NAME##_produce_in_place_of(struct run *run, size_t size)                                          \
    {                                                                                                                \
        return peer_produce_in_place(run, size, RESERVE, COMMIT);                                                    \
    }                                                                                                                \
    RUN_INLINE int NAME##_consume_in_place_of(struct run *run, size_t size)                                          \
    {                                                                                                                \
        return peer_consume_in_place(run, size, PEEK, RELEASE);                                                      \
    }                                                                                                                \
    static int NAME##_produce_in_place(struct run *run)                                                              \
    {                                                                                                                \
        return run_sized(run, NAME##_produce_in_place_of);                                                           \
    }                                                                                                                \
    static int NAME##_consume_in_place(struct run *run)                                                              \
    {                                                                                                                \
        return run_sized(run, NAME##_consume_in_place_of);                                                           \
    }                                                                                                                \
    static const struct transport NAME##_in_place = {peer_prepare_one, NAME##_produce_in_place,                      \
                                                     NAME##_consume_in_place, peer_clean_one}

/* NAME_producers, where PEER_COPIES has been: for peers that take many producers at once. */
#define PEER_PRODUCERS(NAME)                                                                                         \
    static int NAME##_other(struct run *run, unsigned number)                                                        \
    {                                                                                                                \
        return peer_other(run, number, NAME##_step_put);                                                             \
    }                                                                                                                \
    static int NAME##_lead(struct run *run)                                                                          \
    {                                                                                                                \
        return peer_lead(run, NAME##_other, NAME##_step_put);                                                        \
    }                                                                                                                \
    static int NAME##_receive_many(struct run *run)                                                                  \
    {                                                                                                                \
        return peer_receive_many(run, NAME##_step_get);                                                              \
    }                                                                                                                \
    static const struct transport NAME##_producers = {peer_prepare_producers, NAME##_lead, NAME##_receive_many,      \
                                                      peer_clean_producers}

#endif
