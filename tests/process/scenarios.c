#include "scenarios.h"

#include "parts.h"

#include <shmq/shmq.h>

static void consumer(struct world *w)
{
    peer_consumer(w);
}

/* Some records, and an end of the ring that the next does not fit in front of. */
static void consumer_near_the_end(struct world *w)
{
    go_round(w, WORLD_CAPACITY - 80);
    peer_consumer(w);
}

/* A record of 72 bytes ends the ring exactly. */
static void consumer_at_the_end(struct world *w)
{
    go_round(w, WORLD_CAPACITY - 48);
    peer_consumer(w);
}

static void neighbour_and_consumer(struct world *w)
{
    peer_producer(w);
    peer_consumer(w);
    peer_send(w, 0, 3, 40);
    peer_drain(w, 1);
}

static void dead_producer(struct world *w)
{
    peer_consumer(w);
    predecessor(w, PART_PRODUCER, leave_some_unpublished);
}

static void dead_producer_in_a_full_lane(struct world *w)
{
    peer_consumer(w);
    predecessor(w, PART_PRODUCER, fill_a_lane_and_ask);
}

/* Nobody lives; the next record does not fit in front of the end of the ring. */
static void near_the_end(struct world *w)
{
    go_round(w, WORLD_CAPACITY - 80);
}

static void nothing_else(struct world *w)
{
    (void)w;
}

static void producer(struct world *w)
{
    peer_producer(w);
    peer_send(w, 0, 2, 40);
    peer_send(w, 0, 1, 700);
    peer_send(w, 0, 3, 12);
}

static void producer_of_one_size(struct world *w, size_t size, uint32_t count)
{
    peer_producer(w);
    peer_send(w, 0, count, size);
}

static void producer_of_large_ones(struct world *w)
{
    producer_of_one_size(w, 200, 12);
}

static void full_lane(struct world *w)
{
    peer_producer(w);
    while (sender_send(&w->producers[0].sender, w->producers[0].q, 100, 0) == 0)
        continue;
}

static void full_lane_that_asks(struct world *w)
{
    full_lane(w);
    for (int i = 0; i < 100000 && world_lane(w, 0)->owner.wants_room == 0; i++)
        (void)sender_send(&w->producers[0].sender, w->producers[0].q, 100, 0);
    must(world_lane(w, 0)->owner.wants_room == 1, "a producer that wants room");
}

static void producer_behind_the_end(struct world *w)
{
    go_round(w, WORLD_CAPACITY - 80);
    peer_producer(w);
    peer_send(w, 0, 1, 24);
    peer_send(w, 0, 2, 100);
}

static void two_producers(struct world *w)
{
    peer_producer(w);
    peer_producer(w);
    for (int i = 0; i < 3; i++) {
        peer_send(w, 0, 1, 40);
        peer_send(w, 1, 2, 100);
    }
}

static void no_records(struct world *w)
{
    peer_producer(w);
}

static void closed_producer(struct world *w)
{
    producer(w);
    sender_close(&w->producers[0].sender, w->producers[0].q);
    w->producer_count = 0;
}

static void dead_producer_alone(struct world *w)
{
    predecessor(w, PART_PRODUCER, leave_some_unpublished);
}

static void dead_consumer(struct world *w)
{
    two_producers(w);
    predecessor(w, PART_CONSUMER, peek_some);
}

static void dead_consumer_of_a_full_lane(struct world *w)
{
    full_lane_that_asks(w);
    predecessor(w, PART_CONSUMER, peek_some);
}

static void both_dead(struct world *w)
{
    predecessor(w, PART_PRODUCER, leave_some_unpublished);
    predecessor(w, PART_CONSUMER, peek_some);
}

static void dead_sleeping_consumer(struct world *w)
{
    predecessor_asleep(w, PART_CONSUMER, sleep_for_ever);
}

static void dead_armed_consumer(struct world *w)
{
    predecessor(w, PART_CONSUMER, arm);
}

static void dead_sleeping_producer(struct world *w)
{
    predecessor_asleep(w, PART_PRODUCER, fill_and_sleep_for_ever);
}

static void notes(struct world *w)
{
    peer_producer(w);
    for (int i = 0; i < 6; i++)
        must(sender_note(&w->producers[0].sender, w->producers[0].q, i % 2 == 0) == 0, "a note");
}

/* Three blobs are in use. */
static void loads(struct world *w)
{
    peer_producer(w);
    for (int i = 0; i < 3; i++)
        must(sender_load(&w->producers[0].sender, w->producers[0].q, 100) == 0, "a record with a blob");
    peer_send(w, 0, 1, 40);
}

static void loads_of_a_closed_producer(struct world *w)
{
    loads(w);
    sender_close(&w->producers[0].sender, w->producers[0].q);
    w->producer_count = 0;
}

static void dead_producer_of_loads(struct world *w)
{
    peer_consumer(w);
    predecessor(w, PART_PRODUCER, leave_loads);
}

static void dead_consumer_of_loads(struct world *w)
{
    loads(w);
    predecessor(w, PART_CONSUMER, peek_some);
}

static void both_dead_with_loads(struct world *w)
{
    predecessor(w, PART_PRODUCER, leave_loads);
    predecessor(w, PART_CONSUMER, peek_some);
}

static void much_recorded(struct world *w)
{
    peer_producer(w);
    peer_send(w, 0, 70, 100);
}

#define PRODUCER(ready, act)                                                                                         \
    {                                                                                                                \
        PART_PRODUCER, ready, act                                                                                    \
    }
#define CONSUMER(ready, act)                                                                                         \
    {                                                                                                                \
        PART_CONSUMER, ready, act                                                                                    \
    }
#define KEEPER(ready, act)                                                                                           \
    {                                                                                                                \
        PART_KEEPER, ready, act                                                                                      \
    }

/* clang-format off */
const struct scenario scenarios[] = {
    {.name = "send 12 bytes",                      .before = consumer,                .part = PRODUCER(open_only, send_small)},
    {.name = "send 40 bytes",                      .before = consumer,                .part = PRODUCER(open_only, send_words)},
    {.name = "send 100 bytes",                     .before = consumer,                .part = PRODUCER(open_only, send_medium)},
    {.name = "send 700 bytes",                     .before = consumer,                .part = PRODUCER(open_only, send_large)},
    {.name = "send two",                           .before = consumer,                .part = PRODUCER(open_only, send_two)},
    {.name = "send beside a neighbour",            .before = neighbour_and_consumer,  .part = PRODUCER(open_only, send_two), .lanes = 2},
    {.name = "send with padding",                  .before = consumer_near_the_end,   .part = PRODUCER(open_only, send_medium)},
    {.name = "send up to the end of the ring",     .before = consumer_at_the_end,     .part = PRODUCER(open_only, send_words)},
    {.name = "send a batch",                       .before = consumer,                .part = PRODUCER(open_only, send_batch)},
    {.name = "send a batch round the end",         .before = consumer_near_the_end,   .part = PRODUCER(open_only, send_batch)},
    {.name = "send a batch and close",             .before = consumer,                .part = PRODUCER(open_only, send_batch_and_close)},
    {.name = "send more than stays unpublished",   .before = consumer,                .part = PRODUCER(open_only, send_many_unpublished)},
    {.name = "send into a full lane",              .before = consumer,                .part = PRODUCER(fill_a_lane, poll_a_full_lane)},
    {.name = "send into a full lane that asks",    .before = consumer,                .part = PRODUCER(fill_a_lane_and_ask, poll_a_full_lane)},
    {.name = "send where there is room again",     .before = nothing_else,            .part = PRODUCER(fill_ask_and_drain, send_two)},
    {.name = "wait for room",                      .before = consumer,                .part = PRODUCER(fill_a_lane, wait_for_room)},
    {.name = "sendv",                              .before = consumer,                .part = PRODUCER(open_only, send_gathered)},
    {.name = "sendv with padding",                 .before = consumer_near_the_end,   .part = PRODUCER(open_only, send_gathered)},
    {.name = "send arrays",                        .before = consumer,                .part = PRODUCER(open_only, send_arrays)},
    {.name = "send arrays with padding",           .before = consumer_near_the_end,   .part = PRODUCER(open_only, send_arrays)},
    {.name = "reserve and commit",                 .before = consumer,                .part = PRODUCER(open_only, write_in_place)},
    {.name = "reserve and commit with padding",    .before = consumer_near_the_end,   .part = PRODUCER(open_only, write_in_place)},
    {.name = "reserve, abort, reserve",            .before = consumer_near_the_end,   .part = PRODUCER(open_only, write_twice_and_abort)},
    {.name = "close with a slot reserved",         .before = consumer,                .part = PRODUCER(open_only, scribble_and_close)},
    {.name = "open as producer",                   .before = consumer,                .part = PRODUCER(NULL, open_only)},
    {.name = "open as second producer",            .before = neighbour_and_consumer,  .part = PRODUCER(NULL, open_only), .lanes = 3},
    {.name = "open as producer without consumer",  .before = nothing_else,            .part = PRODUCER(NULL, open_send_close)},
    {.name = "take over from a dead producer",     .before = dead_producer,           .part = PRODUCER(NULL, open_send_close)},
    {.name = "take over a full lane",              .before = dead_producer_in_a_full_lane, .part = PRODUCER(NULL, open_send_close)},
    {.name = "close as producer",                  .before = consumer,                .part = PRODUCER(leave_some_unpublished, close_only)},

    {.name = "peek",                               .before = producer,                .part = CONSUMER(open_only, peek_one)},
    {.name = "peek and release",                   .before = producer,                .part = CONSUMER(open_only, peek_and_release)},
    {.name = "peek three and release",             .before = producer,                .part = CONSUMER(open_only, peek_three_and_release)},
    {.name = "peek behind padding",                .before = producer_behind_the_end, .part = CONSUMER(open_only, peek_three_and_release)},
    {.name = "peek all of two lanes",              .before = two_producers,           .part = CONSUMER(open_only, peek_all), .lanes = 2},
    {.name = "peek three of two lanes",            .before = two_producers,           .part = CONSUMER(open_only, peek_three_and_release), .lanes = 2},
    {.name = "peek where there is nothing",        .before = no_records,              .part = CONSUMER(open_only, peek_all)},
    {.name = "release much, plain",                .before = producer_of_large_ones,  .part = CONSUMER(peek_much, release_much), .hand_back = SHMQ_HAND_BACK_NONE},
    {.name = "release much, dirty",                .before = producer_of_large_ones,  .part = CONSUMER(peek_much, release_much), .hand_back = SHMQ_HAND_BACK_DIRTY},
    {.name = "release much, own",                  .before = producer_of_large_ones,  .part = CONSUMER(peek_much, release_much), .hand_back = SHMQ_HAND_BACK_OWN},
    {.name = "release what the producer wants",    .before = full_lane_that_asks,     .part = CONSUMER(open_only, peek_and_release)},
    {.name = "recv",                               .before = producer,                .part = CONSUMER(open_only, receive_one)},
    {.name = "recv all",                           .before = producer,                .part = CONSUMER(open_only, receive_all)},
    {.name = "recv arrays",                        .before = producer,                .part = CONSUMER(open_only, receive_arrays)},
    {.name = "recv arrays of two lanes",           .before = two_producers,           .part = CONSUMER(open_only, receive_arrays), .lanes = 2},
    {.name = "recv all of two lanes",              .before = two_producers,           .part = CONSUMER(open_only, receive_all), .lanes = 2},
    {.name = "recv behind padding",                .before = producer_behind_the_end, .part = CONSUMER(open_only, receive_all)},
    {.name = "recv into too little",               .before = producer,                .part = CONSUMER(open_only, receive_into_too_little)},
    {.name = "wait for records",                   .before = producer,                .part = CONSUMER(open_only, wait_for_records)},
    {.name = "peek to the end",                    .before = closed_producer,         .part = CONSUMER(open_only, peek_to_the_end)},
    {.name = "peek to the end of a dead producer", .before = dead_producer_alone,     .part = CONSUMER(open_only, peek_to_the_end)},
    {.name = "peek to the end and close",          .before = closed_producer,         .part = CONSUMER(open_only, peek_to_the_end_and_close)},
    {.name = "open as consumer",                   .before = producer,                .part = CONSUMER(NULL, open_only)},
    {.name = "open, receive, close",               .before = two_producers,           .part = CONSUMER(NULL, open_receive_close), .lanes = 2},
    {.name = "take over from a dead consumer",     .before = dead_consumer,           .part = CONSUMER(NULL, open_receive_close), .lanes = 2},
    {.name = "take over from a consumer of a full lane", .before = dead_consumer_of_a_full_lane, .part = CONSUMER(NULL, open_receive_close)},
    {.name = "take over where both are dead",      .before = both_dead,               .part = CONSUMER(NULL, open_receive_close)},
    {.name = "produce where both are dead",        .before = both_dead,               .part = PRODUCER(NULL, open_send_close)},
    {.name = "close as consumer",                  .before = producer,                .part = CONSUMER(peek_some, close_only)},
    {.name = "close with records peeked",          .before = producer,                .part = CONSUMER(open_only, peek_and_close)},

    {.name = "sleep for records",                  .before = no_records,              .part = CONSUMER(open_and_calm, sleep_for_records), .may_sleep = true},
    {.name = "sleep for room",                     .before = consumer,                .part = PRODUCER(fill_a_lane_and_calm, sleep_for_room), .may_sleep = true},
    {.name = "sleep for room without consumer",    .before = nothing_else,            .part = PRODUCER(fill_a_lane_and_calm, sleep_for_room), .may_sleep = true},
    {.name = "send to a dead sleeper",             .before = dead_sleeping_consumer,  .part = PRODUCER(open_only, send_two)},
    {.name = "send to a dead event loop",          .before = dead_armed_consumer,     .part = PRODUCER(open_only, send_two)},
    {.name = "open beside a dead sleeper",         .before = dead_sleeping_consumer,  .part = PRODUCER(NULL, open_send_close)},
    {.name = "release to a dead sleeper",          .before = dead_sleeping_producer,  .part = CONSUMER(open_only, peek_all)},
    {.name = "take over from a dead sleeper",      .before = dead_sleeping_consumer,  .part = CONSUMER(NULL, open_receive_close)},
    {.name = "arm for records",                    .before = no_records,              .part = CONSUMER(open_with_descriptor, peek_all)},
    {.name = "arm for room",                       .before = consumer,                .part = PRODUCER(fill_a_lane_with_descriptor, poll_a_full_lane)},

    {.name = "order: send two",                    .before = neighbour_and_consumer,  .part = PRODUCER(open_only, send_two), .lanes = 2, .kind = SHMQ_TOTAL_ORDER},
    {.name = "order: send a batch",                .before = neighbour_and_consumer,  .part = PRODUCER(open_only, send_batch), .lanes = 2, .kind = SHMQ_TOTAL_ORDER},
    {.name = "order: send with padding",           .before = consumer_near_the_end,   .part = PRODUCER(open_only, send_two), .kind = SHMQ_TOTAL_ORDER},
    {.name = "order: send a batch and close",      .before = neighbour_and_consumer,  .part = PRODUCER(open_only, send_batch_and_close), .lanes = 2, .kind = SHMQ_TOTAL_ORDER},
    {.name = "order: reserve and commit",          .before = neighbour_and_consumer,  .part = PRODUCER(open_only, write_in_place), .lanes = 2, .kind = SHMQ_TOTAL_ORDER},
    {.name = "order: send into a full lane",       .before = consumer,                .part = PRODUCER(fill_a_lane, poll_a_full_lane), .kind = SHMQ_TOTAL_ORDER},
    {.name = "order: produce where both are dead", .before = both_dead,               .part = PRODUCER(NULL, open_send_close), .lanes = 2, .kind = SHMQ_TOTAL_ORDER},
    {.name = "order: peek all",                    .before = two_producers,           .part = CONSUMER(open_only, peek_all), .lanes = 3, .kind = SHMQ_TOTAL_ORDER},
    {.name = "order: recv all",                    .before = two_producers,           .part = CONSUMER(open_only, receive_all), .lanes = 2, .kind = SHMQ_TOTAL_ORDER},
    {.name = "order: send arrays",                 .before = neighbour_and_consumer,  .part = PRODUCER(open_only, send_arrays), .lanes = 2, .kind = SHMQ_TOTAL_ORDER},
    {.name = "order: recv arrays",                 .before = two_producers,           .part = CONSUMER(open_only, receive_arrays), .lanes = 2, .kind = SHMQ_TOTAL_ORDER},
    {.name = "order: recv into too little",        .before = two_producers,           .part = CONSUMER(open_only, receive_into_too_little), .lanes = 2, .kind = SHMQ_TOTAL_ORDER},
    {.name = "order: take over from a consumer",   .before = dead_consumer,           .part = CONSUMER(NULL, open_receive_close), .lanes = 2, .kind = SHMQ_TOTAL_ORDER},

    {.name = "recorder: send two",                 .before = consumer,                .part = PRODUCER(open_only, send_two), .kind = SHMQ_RECORDER},
    {.name = "recorder: send over the oldest",     .before = consumer,                .part = PRODUCER(go_round_twice, send_large), .kind = SHMQ_RECORDER},
    {.name = "recorder: send a batch over them",   .before = nothing_else,            .part = PRODUCER(go_round_twice, send_batch), .kind = SHMQ_RECORDER},
    {.name = "recorder: take over a lane",         .before = both_dead,               .part = PRODUCER(NULL, open_send_close), .kind = SHMQ_RECORDER},
    {.name = "recorder: peek and release",         .before = much_recorded,           .part = CONSUMER(open_only, peek_and_release), .kind = SHMQ_RECORDER},
    {.name = "recorder: peek all",                 .before = producer,                .part = CONSUMER(open_only, peek_all), .kind = SHMQ_RECORDER},
    {.name = "recorder: recv",                     .before = much_recorded,           .part = CONSUMER(open_only, receive_into_too_little), .kind = SHMQ_RECORDER},
    {.name = "recorder: take over from a consumer", .before = dead_consumer,          .part = CONSUMER(NULL, open_receive_close), .lanes = 2, .kind = SHMQ_RECORDER},

    {.name = "report",                             .before = consumer,                .part = PRODUCER(open_only, report_all), .reports = true},
    {.name = "report in rings that have gone round", .before = producer,              .part = CONSUMER(report_much, report_all), .reports = true},
    {.name = "await what is done",                 .before = nothing_else,            .part = PRODUCER(send_and_see_it_done, await_done)},
    {.name = "await what is not done",             .before = consumer,                .part = PRODUCER(open_only, await_in_vain)},
    {.name = "sleep for a ticket",                 .before = nothing_else,            .part = PRODUCER(open_and_calm, await_with_patience), .may_sleep = true},

    {.name = "typed: reserve, commit, put",        .before = consumer,                .part = PRODUCER(open_only, send_notes), .typed = true},
    {.name = "typed: put with padding",            .before = consumer_near_the_end,   .part = PRODUCER(open_only, send_notes), .typed = true},
    {.name = "typed: peek and release",            .before = notes,                   .part = CONSUMER(open_only, peek_three_and_release), .typed = true},
    {.name = "blobs: send",                        .before = consumer,                .part = PRODUCER(open_only, send_load), .typed = true},
    {.name = "blobs: send in memory that was used", .before = nothing_else,           .part = PRODUCER(use_loads, send_two_loads), .typed = true},
    {.name = "blobs: send more than there is",     .before = consumer,                .part = PRODUCER(open_and_send_loads, send_two_loads), .typed = true},
    {.name = "blobs: send and abort",              .before = consumer,                .part = PRODUCER(open_only, send_loads_in_vain), .typed = true},
    {.name = "blobs: close as producer",           .before = consumer,                .part = PRODUCER(leave_loads, close_only), .typed = true},
    {.name = "blobs: take over from a dead producer", .before = dead_producer_of_loads, .part = PRODUCER(NULL, open_load_close), .typed = true},
    {.name = "blobs: peek, take, release, drop",   .before = loads,                   .part = CONSUMER(open_only, take_loads), .typed = true},
    {.name = "blobs: drop what a closed producer sent", .before = loads_of_a_closed_producer, .part = CONSUMER(open_only, peek_to_the_end), .typed = true},
    {.name = "blobs: close with blobs open",       .before = loads,                   .part = CONSUMER(peek_some, close_only), .typed = true},
    {.name = "blobs: take over from a dead consumer", .before = dead_consumer_of_loads, .part = CONSUMER(NULL, open_peek_close), .typed = true},
    {.name = "blobs: produce where both are dead", .before = both_dead_with_loads,    .part = PRODUCER(NULL, open_load_close), .typed = true},
    {.name = "blobs: consume where both are dead", .before = both_dead_with_loads,    .part = CONSUMER(NULL, open_peek_close), .typed = true},

    {.name = "close the last of a transient queue", .before = NULL,                   .part = KEEPER(open_as_producer, close_as_producer), .transient = true},
    {.name = "create a transient queue",           .before = NULL,                    .part = KEEPER(NULL, create_queue), .no_queue = true, .transient = true},
    {.name = "create",                             .before = NULL,                    .part = KEEPER(NULL, create_queue), .no_queue = true},
    {.name = "create in a file",                   .before = NULL,                    .part = KEEPER(NULL, create_queue_with_alias), .no_queue = true, .aliased = true},
    {.name = "create what exists",                 .before = producer,                .part = KEEPER(NULL, create_queue)},
    {.name = "remove",                             .before = NULL,                    .part = KEEPER(NULL, remove_queue)},
    {.name = "remove while it is used",            .before = neighbour_and_consumer,  .part = KEEPER(NULL, remove_queue), .lanes = 2},
};

const struct scenario pairs[] = {
    {.name = "send x peek and release",            .before = nothing_else,            .part = PRODUCER(open_only, send_two),             .other = CONSUMER(open_only, peek_and_release)},
    {.name = "send x recv all",                    .before = dead_producer_alone,     .part = PRODUCER(open_only, send_two),             .other = CONSUMER(open_only, receive_all)},
    {.name = "send with padding x recv all",       .before = near_the_end,            .part = PRODUCER(open_only, send_medium),          .other = CONSUMER(open_only, receive_all)},
    {.name = "batch x peek all",                   .before = near_the_end,            .part = PRODUCER(open_only, send_batch),           .other = CONSUMER(open_only, peek_all)},
    {.name = "full lane x release",                .before = nothing_else,            .part = PRODUCER(fill_a_lane, poll_a_full_lane),   .other = CONSUMER(peek_much, release_much)},
    {.name = "full lane that asks x release",      .before = nothing_else,            .part = PRODUCER(fill_a_lane_and_ask, poll_a_full_lane), .other = CONSUMER(open_only, peek_and_release)},
    {.name = "in place x recv all",                .before = nothing_else,            .part = PRODUCER(open_only, write_in_place),       .other = CONSUMER(open_only, receive_all)},
    {.name = "close x to the end",                 .before = nothing_else,            .part = PRODUCER(leave_some_unpublished, close_only), .other = CONSUMER(open_only, peek_to_the_end)},
    {.name = "close x to the end and close",       .before = nothing_else,            .part = PRODUCER(leave_some_unpublished, close_only), .other = CONSUMER(open_only, peek_to_the_end_and_close)},
    {.name = "open x to the end",                  .before = dead_producer_alone,     .part = PRODUCER(NULL, open_send_close),           .other = CONSUMER(open_only, peek_to_the_end)},
    {.name = "open x to the end and close",        .before = closed_producer,         .part = PRODUCER(NULL, open_send_close),           .other = CONSUMER(open_only, peek_to_the_end_and_close)},
    {.name = "open x open",                        .before = both_dead,               .part = PRODUCER(NULL, open_send_close),           .other = CONSUMER(NULL, open_receive_close)},
    {.name = "send x open",                        .before = both_dead,               .part = PRODUCER(open_only, send_two),             .other = CONSUMER(NULL, open_receive_close)},
    {.name = "send x sleep",                       .before = nothing_else,            .part = PRODUCER(open_only, send_two),             .other = CONSUMER(open_and_calm, sleep_for_records), .may_sleep = true},
    {.name = "close x sleep",                      .before = nothing_else,            .part = PRODUCER(leave_some_unpublished, close_only), .other = CONSUMER(open_and_calm, sleep_for_records), .may_sleep = true},
    {.name = "sleep for room x release",           .before = nothing_else,            .part = PRODUCER(fill_a_lane_and_calm, sleep_for_room), .other = CONSUMER(open_only, peek_and_release), .may_sleep = true},
    {.name = "await x release",                    .before = nothing_else,            .part = PRODUCER(open_and_calm, await_with_patience), .other = CONSUMER(open_only, peek_and_release), .may_sleep = true},
    {.name = "order: send x peek all",             .before = dead_producer_alone,     .part = PRODUCER(open_only, send_batch),           .other = CONSUMER(open_only, peek_all), .lanes = 2, .kind = SHMQ_TOTAL_ORDER},
    {.name = "order: send x open",                 .before = both_dead,               .part = PRODUCER(open_only, send_two),             .other = CONSUMER(NULL, open_receive_close), .lanes = 2, .kind = SHMQ_TOTAL_ORDER},
    {.name = "recorder: send x peek all",          .before = nothing_else,            .part = PRODUCER(go_round_twice, send_large),      .other = CONSUMER(open_only, peek_all), .kind = SHMQ_RECORDER},
    {.name = "recorder: send x recv",              .before = nothing_else,            .part = PRODUCER(go_round_twice, send_batch),      .other = CONSUMER(open_only, receive_into_too_little), .kind = SHMQ_RECORDER},
};
/* clang-format on */

const size_t scenario_count = sizeof scenarios / sizeof *scenarios;
const size_t pair_count = sizeof pairs / sizeof *pairs;
