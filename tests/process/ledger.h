/*
 * What was sent and received, kept outside of the queue: in memory that the processes under test share and that no
 * death takes away
 *
 * A stream is what one producer process sends: records number 0, 1, 2 ... whose contents follow from the stream, the
 * number and the size. Of each stream the ledger knows
 *
 *     sure        so many must be delivered: their commit has returned
 *     attempted   more than that were never sent
 *     peeked      so many were received and checked: who comes next may not begin behind that
 *     released    so many were given back: who comes next may not begin in front of that
 *
 * Each word has one writer at a time, and is written before (attempted) or after (sure, peeked, released) the call
 * that it speaks of. So what the ledger says holds whenever the writer dies. Two calls do two things at once: a consumer
 * that dies in shmq_recv or shmq_recv_many may have released records that nobody has seen. It says so before (doubt), and
 * the next consumer may then miss those.
 *
 * In a queue of total order the numbers of the records must rise, whatever their lanes. A flight recorder may leave
 * records out, as long as it says how many.
 *
 * All calls here that go to the queue are of interest to a tracer.
 */
#ifndef SHMQ_TESTS_LEDGER_H
#define SHMQ_TESTS_LEDGER_H

#include <shmq/shmq.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEDGER_NONE UINT32_MAX
#define LEDGER_RECORD_MIN 12
#define LEDGER_RECORD_MAX (1u << 16)
#define LEDGER_HELD_MAX 1024

struct ledger_stream {
    _Atomic uint32_t sure;
    _Atomic uint32_t attempted;
    _Atomic uint32_t peeked;
    _Atomic uint32_t released;
};

struct ledger {
    _Atomic uint64_t received;
    _Atomic uint64_t again; /* received by a successor although it had been peeked */
    _Atomic uint32_t
        doubt; /* records of consumers that died in shmq_recv, or are in it, and that are still missing */
    _Atomic uint32_t refused; /* opens that said -EBUSY */
    _Atomic uint32_t wrong;   /* complaints */
    uint32_t kind;            /* of the queue, enum shmq_kind */
    uint32_t typed;           /* records may have types: cargo.h */
    _Atomic uint32_t told;    /* reports that have returned */
    _Atomic uint32_t telling; /* reports that have begun */
    char complaint[200];      /* the first of them */
    uint32_t stream_count;
    struct ledger_stream streams[];
};

/* In memory of that size, all zero, which those who write into it share. */
struct ledger *ledger_create(void *memory, uint32_t stream_count);
size_t ledger_size(uint32_t stream_count);
void ledger_clear(struct ledger *ledger, uint32_t kind);

/* Note what is wrong, if it is the first. Returns false, so that checks can end with it. */
bool ledger_complain(struct ledger *ledger, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct sender {
    struct ledger *ledger;
    uint32_t stream;
    uint32_t next;
};

/* Send the stream's next record; what the send says. Sizes below LEDGER_RECORD_MIN are rounded up to it. */
int sender_send(struct sender *sender, struct shmq *q, size_t size, unsigned flags);

/* The same with shmq_sendv, from `count` spans of about the same size, at most 8. */
int sender_sendv(struct sender *sender, struct shmq *q, size_t size, size_t count, unsigned flags);

/* As many as are left of a run, of one size, with shmq_send_many; its error, or how many were sent. */
int sender_send_many(struct sender *sender, struct shmq *q, size_t size, unsigned flags);

/* The same in place, with `spare` bytes more reserved than committed. */
int sender_write(struct sender *sender, struct shmq *q, size_t size, size_t spare, unsigned flags);

/* Reserve and scribble, without a commit. */
int sender_scribble(struct sender *sender, struct shmq *q, size_t size);

/* The same as a record with a type, in place or, `put`, in one call; its size is given. */
int sender_note(struct sender *sender, struct shmq *q, bool put);

/* The same with what it holds in a blob of that size. */
int sender_load(struct sender *sender, struct shmq *q, size_t size);

/* Reserve and scribble into a blob, and abort. */
int sender_load_in_vain(struct sender *sender, struct shmq *q, size_t size);

/* Publish what was sent with SHMQ_MORE. */
void sender_flush(struct sender *sender, struct shmq *q);

/* Close, which publishes too. */
void sender_close(struct sender *sender, struct shmq *q);

/* A record that was peeked and not released. */
struct held {
    struct shmq_message message; /* or what is in its blob */
    struct shmq_blob blob;
    uint32_t stream;
    uint32_t number;
};

struct receiver {
    struct ledger *ledger;
    uint32_t *next;   /* of each stream, or LEDGER_NONE */
    uint32_t *stream; /* of each lane, or LEDGER_NONE */
    struct held *held;
    uint32_t held_count;
    uint32_t own_doubt;
    bool peeked_last; /* the last peek has found a record */
    uint64_t number;  /* total order: of the last record, plus 1 */
};

void receiver_create(struct receiver *receiver, struct ledger *ledger);
void receiver_destroy(struct receiver *receiver);

/* What peek says, 0 or less; the record is checked and written down. -EILSEQ: it is not what it has to be; a complaint says why. */
int receiver_peek(struct receiver *receiver, struct shmq *q);

/* The same for recv. */
int receiver_recv(struct receiver *receiver, struct shmq *q, size_t capacity);

/* The same for recv_many, of the size that the next record has: how many, or what it says. */
int receiver_recv_many(struct receiver *receiver, struct shmq *q);

/* Are the records that were peeked still what they were? Then release them, and drop their blobs. */
bool receiver_release(struct receiver *receiver, struct shmq *q);

/* Peek until there is nothing, but at most `limit` records, and release every `batch`: how many, or -1, a complaint. */
int receiver_drain(struct receiver *receiver, struct shmq *q, uint32_t batch, uint32_t limit);

/* Is everything delivered that had to be? */
bool ledger_balances(struct ledger *ledger);

#endif
