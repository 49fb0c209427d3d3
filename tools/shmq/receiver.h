/* Receiving: from the queue to standard output, batch by batch. */
#ifndef SHMQ_TOOL_RECEIVER_H
#define SHMQ_TOOL_RECEIVER_H

#include "attach.h"
#include "format.h"
#include "framing.h"
#include "output.h"

struct receiver {
    struct attachment at;
    enum framing framing;
    struct format *format; /* NULL: as the framing says */
    uint64_t wanted;       /* records still to take, UINT64_MAX: all */
    bool counted;
    bool to_end;
    int64_t timeout_ns;
    uint64_t ends[SHMQ_LANES_MAX];   /* with to_end: positions to receive up to, 0 where that is done */
    uint32_t ends_left;              /* lanes that are not done */
    uint64_t deaths[SHMQ_LANES_MAX]; /* of each lane the producer (from 1) whose death is no news; 0: none */
    bool any;                        /* a record came */
    uint64_t missed;                 /* records of a recorder, all so far */
    uint64_t missed_told;
    int64_t missed_ns; /* when that was told */
    int64_t tell_ns;   /* when to tell a person that it waits; INT64_MAX: never */
    uint64_t taken;    /* bytes of the batch, in the ring */
    struct output output;
};

/** What receive ends with. */
struct ending {
    bool is_output; /* error is of writing, not of the queue */
    int error;
};

/** Note what is there now. Returns 0 or an error of the library. */
int receive_prepare(struct receiver *r);

struct ending receive(struct receiver *r);

/** Tell how many records of a recorder were missed; at last, or where the time for it has come. */
void missed_tell(struct receiver *r, bool last);

#endif
