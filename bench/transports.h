/* What there is to measure. */
#ifndef BENCH_TRANSPORTS_H
#define BENCH_TRANSPORTS_H

#include "run.h"

/* bench_shmq.c: copied in and out one by one; in batches of 64 KiB; written and read in place in such batches. */
extern const struct transport shmq_single;
extern const struct transport shmq_batch;
extern const struct transport shmq_many;    /* 32 a call */
extern const struct transport shmq_waiting; /* one by one; sleeping where there is nothing, or no room */
extern const struct transport shmq_in_place;

/* bench_pipe.c: a system call a message at each end; a system call for 64 KiB of messages at each end. */
extern const struct transport pipe_single;
extern const struct transport pipe_batch;

/* bench_round_trip.c: there and back, one message at a time. */
extern const struct transport round_trip_lines; /* no queue: two cache lines each way */
extern const struct transport round_trip_shmq;
extern const struct transport round_trip_shmq_wait; /* waiting with shmq_wait */
extern const struct transport round_trip_await;     /* one queue: answered in place, and awaited */
extern const struct transport round_trip_pipe;

/* bench_limits.c: the lines of a ring from core to core, with nothing around them; copying in one process. */
extern const struct transport limit_stream;
extern const struct transport limit_stream_dirty;
extern const struct transport limit_memcpy;

/* bench_paced.c: at a fixed rate. */
extern const struct transport paced_shmq;
extern const struct transport paced_pipe;

/* bench_producers.c: as many as point.producers, and one consumer. */
extern const struct transport producers_shmq;
extern const struct transport producers_pipe;

/* bench_claim.c: two producers at once and no consumer, each with a lane of its own, or both with one shared tail. */
extern const struct transport claim_lanes;
extern const struct transport claim_order;
extern const struct transport claim_fetch_add;
extern const struct transport claim_cas;

/* bench_sm.c: typed records of 64 bytes beside untyped ones; blobs, and a pipe for as much. */
extern const struct transport sm_raw;
extern const struct transport sm_raw_batch;
extern const struct transport sm_bare;
extern const struct transport sm_bare_batch;
extern const struct transport sm_plain;
extern const struct transport sm_plain_batch;
extern const struct transport sm_checked;
extern const struct transport sm_checked_batch;
extern const struct transport sm_send;
extern const struct transport sm_send_batch;
extern const struct transport sm_put;
extern const struct transport sm_put_batch;
extern const struct transport sm_blob;
extern const struct transport sm_pipe;

/* bench_wake.c: a question to a side that sleeps, and its answer. */
extern const struct transport wake_futex;
extern const struct transport wake_shmq;

/* bench_status.c: reports and looks, one process alone, and with the other one looking or reporting all the time. */
extern const struct transport status_advance;
extern const struct transport status_advance_seen;
extern const struct transport status_message;
extern const struct transport status_message_seen;
extern const struct transport status_glance;
extern const struct transport status_glance_busy;
extern const struct transport status_look;

/* bench_observed.c: as shmq_single with a third process that watches; a recorder, with one that watches it. */
extern const struct transport observed_pair;
extern const struct transport observed_alone;

/*
 * Pipes, for both. Way 0 is there, way 1 is back; each side meets the other with the ways it reads and writes, and
 * closes the ends that are the other's. Read and write go on until all is through; -EPIPE is the end.
 */
int pipe_open(struct run *run, int ways);
void pipe_close(struct run *run);
int pipe_meet(struct run *run, int reading, int writing);
int pipe_write(struct run *run, int way, const uint8_t *data, size_t size);
int pipe_read(struct run *run, int way, uint8_t *data, size_t size);

#endif
