/*
 * Ways from one process to the other
 *
 * All of them carry records of 1 .. DATA_RECORD_MAX bytes, copy them out of the sender's memory and into the
 * receiver's, have room for 1 MiB under way, and say that it was the last with an empty record. On a pipe a record is
 * its size, in 4 bytes, and its payload.
 */
#ifndef DEMO_TRANSPORT_H
#define DEMO_TRANSPORT_H

#include "data.h"
#include "pair.h"
#include "sink.h"

#include <shmq/shmq.h>

enum transport {
    TRANSPORT_PIPE,         /* one system call a record at each end */
    TRANSPORT_PIPE_BATCHED, /* 64 KiB a system call at each end */
    TRANSPORT_SHMQ,         /* each record can be received as soon as it was sent */
    TRANSPORT_SHMQ_BATCHED, /* SHMQ_MORE */
};

/* One end. */
struct transport_end {
    struct shmq *queue;
    struct pair *pair;
    int fd;
};

/* Send them all. 0 or a negative errno; -ECHILD: the receiver has died. */
int transport_send(const struct transport_end *end, enum transport transport, const struct data_records *records);

/* Receive up to the empty record. 0 or a negative errno; -EPROTO: this is not what a sender sends. */
int transport_receive(const struct transport_end *end, enum transport transport, struct sink *sink);

#endif
