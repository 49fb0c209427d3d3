/* What actors do. Those of the scenarios' tables; each call to the library in them is of interest to the tracer. */
#ifndef SHMQ_TESTS_PARTS_H
#define SHMQ_TESTS_PARTS_H

#include "world.h"

/* Open in the part's role. A refusal (-EBUSY) is counted; the actor has no handle then. */
int open_queue(struct actor *a);
void open_only(struct actor *a);
void open_and_calm(struct actor *a);
void open_with_descriptor(struct actor *a);

/* Who has waited in vain often enough looks for a short time only before it sleeps. */
void calm(struct actor *a);

void wait_for(struct actor *a, int64_t timeout_ns);
void close_only(struct actor *a);

/* Producers. */
void send_small(struct actor *a);
void send_words(struct actor *a);
void send_medium(struct actor *a);
void send_large(struct actor *a);
void send_two(struct actor *a);
void send_arrays(struct actor *a);
void send_batch(struct actor *a);
void send_batch_and_close(struct actor *a);
void send_many_unpublished(struct actor *a);
void send_gathered(struct actor *a);
void write_in_place(struct actor *a);
void write_twice_and_abort(struct actor *a);
void scribble_and_close(struct actor *a);
void poll_a_full_lane(struct actor *a);
void wait_for_room(struct actor *a);
void fill_a_lane(struct actor *a);
void fill_a_lane_and_ask(struct actor *a);
void fill_ask_and_drain(struct actor *a);
void leave_some_unpublished(struct actor *a);
void open_send_close(struct actor *a);

void fill_a_lane_and_calm(struct actor *a);
void fill_a_lane_with_descriptor(struct actor *a);
void sleep_for_room(struct actor *a);
void fill_and_sleep_for_ever(struct actor *a);
void go_round_twice(struct actor *a);

/* Consumers. */
void sleep_for_records(struct actor *a);
void sleep_for_ever(struct actor *a);
void arm(struct actor *a);
void peek_one(struct actor *a);
void peek_and_release(struct actor *a);
void peek_three_and_release(struct actor *a);
void peek_all(struct actor *a);
void peek_some(struct actor *a);
void receive_one(struct actor *a);
void receive_all(struct actor *a);
void receive_arrays(struct actor *a);
void receive_into_too_little(struct actor *a);
void peek_to_the_end(struct actor *a);
void peek_to_the_end_and_close(struct actor *a);
void peek_and_close(struct actor *a);
void wait_for_records(struct actor *a);
void release_much(struct actor *a);
void peek_much(struct actor *a);
void open_receive_close(struct actor *a);

/* Records with types, and with blobs. */
void send_notes(struct actor *a);
void send_load(struct actor *a);
void send_two_loads(struct actor *a);
void send_loads_in_vain(struct actor *a);
void open_and_send_loads(struct actor *a);
void leave_loads(struct actor *a);
void use_loads(struct actor *a);
void open_load_close(struct actor *a);
void open_peek_close(struct actor *a);
void take_loads(struct actor *a);

/* Reporters, and those who await. */
void report_all(struct actor *a);
void report_much(struct actor *a);
void send_and_see_it_done(struct actor *a);
void await_done(struct actor *a);
void await_in_vain(struct actor *a);
void await_with_patience(struct actor *a);

/* Somebody receives all there is, and closes. */
void drain_for_a_while(struct world *w);

/* Keepers. */
void create_queue(struct actor *a);
void create_queue_with_alias(struct actor *a);
void remove_queue(struct actor *a);
void open_as_producer(struct actor *a);
void close_as_producer(struct actor *a);

#endif
