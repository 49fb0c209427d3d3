/*
 * The mapping of a queue, byte for byte (format 1)
 *
 * For tools and for other languages: whoever wants to use a queue from C needs queue.h and not this. Everything is of
 * fixed width, naturally aligned and in the byte order of the machine that created it, which byte_order tells. What
 * different sides store lies on different 128-byte lines, so that no side slows another down. There are no pointers,
 * no types of varying size and no objects of an operating system in it, and all that is not named here is zero.
 *
 *     0        identity     written once, before the queue has a name
 *     256      consumer     who receives
 *     384      lanes open   one bit a lane
 *     512      name         whether the queue still has one
 *     640      order        the next number, in a queue of total order
 *     768      dump         when this was copied, and who had which role; zero in a queue that lives
 *     896      (zero, for later features)
 *     1024     status       what the application says of its work
 *     3328     (zero, for later features)
 *     4096     schemas      schemas_size bytes: what the record types look like; 0 where there are none
 *     lanes_offset          lane 0, lane 1, ... 640 bytes each: the words that producers and consumer share, side by
 *                           side, so that a consumer of 256 lanes touches few pages; and no power of two apart, so that
 *                           the lines it looks at do not crowd each other out of its cache
 *     blobs_offset          the blobs of lane 0, of lane 1, ... blob_count entries of 32 bytes each; none in most queues
 *     rings_offset          ring 0, ring 1, ... `capacity` bytes each
 *     mapping_size
 *
 * | offset | size | stored by | field                 | meaning                                                    |
 * |--------|------|-----------|-----------------------|------------------------------------------------------------|
 * |      0 |    8 | creator   | magic                 | 89 'S' 'H' 'M' 'Q' 0d 0a 1a                                |
 * |      8 |    4 | creator   | byte_order            | 0x01020304                                                 |
 * |     12 |    4 | creator   | format                | 1                                                          |
 * |     16 |    4 | creator   | features_incompatible | who does not know one of these bits must not open          |
 * |     20 |    4 | creator   | features_compatible   | who does not know one of these bits need not care          |
 * |     24 |    4 | creator   | lane_count            | 1 .. 256                                                   |
 * |     28 |    4 | creator   | lane_size             | 640: from one lane's header to the next                    |
 * |     32 |    8 | creator   | mapping_size          | bytes of the whole                                         |
 * |     40 |    8 | creator   | capacity              | bytes of a ring, a power of two, 4 KiB .. 1 TiB            |
 * |     48 |    8 | creator   | lanes_offset          | of lane 0's header                                         |
 * |     56 |    8 | creator   | rings_offset          | of lane 0's ring, a multiple of 4096                       |
 * |     64 |    8 | creator   | schemas_offset        | 4096                                                       |
 * |     72 |    8 | creator   | schemas_size          | a multiple of 4096                                         |
 * |     80 |   16 | creator   | id                    | random                                                     |
 * |     96 |    8 | creator   | created_ns            | since 1970, UTC                                            |
 * |    104 |    4 | creator   | creator_pid           | for people                                                 |
 * |    108 |    4 | creator   | creator_uid           | for people                                                 |
 * |    112 |    4 | creator   | library_version       | major << 16, minor << 8, patch; for people                 |
 * |    116 |    4 | creator   | blob_count            | of a lane, 0 .. 1024                                       |
 * |    120 |    8 | creator   | blobs_offset          | behind the lanes' headers; 0 where blob_count is 0         |
 * |    256 |    4 | consumer  | consumer.pid          | for people; who lives is known by the role locks only.     |
 * |        |      |           |                       | Not 0, and nobody has the lock: it died                    |
 * |    260 |    4 | both      | consumer.bell         | its bell, see below                                        |
 * |    264 |    8 | consumer  | consumer.attached_ns  | since 1970, UTC                                            |
 * |    272 |    8 | consumer  | consumer.attach_count | consumers so far                                           |
 * |    280 |    4 | consumer  | consumer.flags        | SHMQ_SIDE_FENCED                                           |
 * |    288 |    8 | consumer  | consumer.wait_count   | times it slept                                             |
 * |    384 |   32 | both      | lanes_open            | bit i of word i / 64: lane i has, or had, a producer whose |
 * |        |      |           |                       | end the consumer has not told yet                          |
 * |    512 |    4 | remover   | name.removed          | 1: its name was taken away                                 |
 * |    516 |    4 | anybody   | name.doorbell         | written to through the file, for those who watch it        |
 * |    640 |    8 | producers | order.next            | the number that the next record of the queue gets          |
 * |    768 |    8 | dumper    | dump.at_ns            | since 1970, UTC                                            |
 * |    776 |   32 | dumper    | dump.lanes            | bit i of word i / 64: lane i had a producer that lived     |
 * |    808 |    4 | dumper    | dump.roles            | SHMQ_DUMP_CONSUMER, SHMQ_DUMP_REPORTER: there was one      |
 * |    816 |    8 | dumper    | dump.note_size        | bytes behind mapping_size, of whoever made the dump        |
 * |   1024 |    8 | reporter  | report.sequence       | updates that made a new copy; the newest is copy           |
 * |        |      |           |                       | sequence % 16                                              |
 * |   1032 |    8 | reporter  | report.text_end       | words of texts that have been written, or are just being   |
 * |   1040 |    4 | reporter  | report.pid            | as consumer.pid                                            |
 * |   1044 |    4 | reporter  | report.flags          | SHMQ_SIDE_FENCED, SHMQ_SIDE_LENT                           |
 * |   1048 |    8 | reporter  | report.attached_ns    | since 1970, UTC                                            |
 * |   1056 |    8 | reporter  | report.attach_count   | reporters so far                                           |
 * |   1064 |    4 | reporter  | report.bell           | where it sleeps: 0 nowhere, 1 consumer.bell, 2 + i the     |
 * |        |      |           |                       | bell of lane i                                             |
 * |   1152 |    4 | both      | watch.bell            | of those who wait for any change, see below                |
 * |   1156 |    4 | both      | watch.end_bell        | of those who wait for the end of a task                    |
 * |   1160 |    4 | anybody   | watch.cancel          | the run that is to be cancelled                            |
 * |   1280 | 1024 | reporter  | status.copies         | sixteen copies, 64 bytes each                              |
 * |   + 0  |    8 | reporter  | copy.changes          | updates so far                                             |
 * |   + 8  |    8 | reporter  | copy.done             | of the task                                                |
 * |   +16  |    8 | reporter  | copy.updated_ns       | since 1970, UTC                                            |
 * |   +24  |    8 | reporter  | copy.total            | of the task; 0: not known                                  |
 * |   +32  |    8 | reporter  | copy.task             | the application's                                          |
 * |   +40  |    8 | reporter  | copy.started_ns       | since 1970, UTC                                            |
 * |   +48  |    4 | reporter  | copy.run              | tasks begun so far                                         |
 * |   +52  |    4 | reporter  | copy.text             | where its text begins: a count of words, the lower half    |
 * |   +56  |    2 | reporter  | copy.state            | 0 idle, 1 running, 2 done, 3 failed, 4 cancelled           |
 * |   +58  |    2 | reporter  | copy.text_size        | bytes of the message, 0 .. 240                             |
 * |   +60  |    4 | reporter  | copy.code             | the application's                                          |
 * |   2304 | 1024 | reporter  | status.texts          | a ring of 128 words, see below                             |
 * |   +  0 |    8 | producer  | lane.head             | position behind the last published record                  |
 * |   +  8 |    8 | producer  | lane.sent             | records published                                          |
 * |   + 16 |    8 | producer  | lane.full_count       | times there was no room                                    |
 * |   + 24 |    8 | producer  | lane.dropped          | records that were not sent because there was no room       |
 * |   + 32 |    4 | producer  | lane.ordering         | 1: it may hold numbers that it has not published           |
 * |   + 36 |    4 | producer  | lane.closed           | 1: its last producer has closed it, after its last publish |
 * |   + 40 |    8 | producer  | lane.claimed          | position up to which the producer may be writing, before   |
 * |        |      |           |                       | it has published; a recorder's tail tells that             |
 * |   +128 |    8 | consumer  | lane.tail             | position up to which the producer may overwrite; in a      |
 * |        |      | (producer)|                       | recorder the oldest record, which the producer moves       |
 * |   +256 |    8 | consumer  | lane.released         | position behind the last released record; the tail follows |
 * |        |      |           |                       | it in larger steps                                         |
 * |   +264 |    8 | consumer  | lane.received         | records released                                           |
 * |   +272 |    8 | consumer  | lane.missed           | records of a recorder that were overwritten before         |
 * |   +384 |    4 | producer  | lane.pid              | as consumer.pid                                            |
 * |   +388 |    4 | producer  | lane.wants_room       | 1: let the tail follow at once                             |
 * |   +392 |    4 | both      | lane.bell             | its bell, see below                                        |
 * |   +396 |    4 | producer  | lane.flags            | SHMQ_SIDE_FENCED                                           |
 * |   +400 |    8 | producer  | lane.attach_count     | producers so far                                           |
 * |   +408 |    8 | producer  | lane.wait_count       | times it slept                                             |
 * |   +416 |   96 | producer  | lane.attached         | the last four producers; producer n (the first is 1) is    |
 * |        |      |           |                       | in place n % 4: where it began, since when, its pid        |
 * |   +512 |  128 | producer  | lane.marks            | eight records, a position and a number each: see below     |
 *
 * A position counts the bytes since the lane's creation; its place in the ring is position & (capacity - 1). At all
 * times tail <= released <= head <= tail + capacity, head <= 2^63, and all of them are multiples of 8. (A recorder's tail
 * may pass `released`: then the consumer has missed what lies between.)
 *
 * The records between released and head lie one behind the other and never wrap. Where one does not fit in front of
 * the end of the ring, a padding record fills the rest and is no message:
 *
 *     0               4       6       8                  8+size
 *     +---------------+-------+-------+------------------+-------+
 *     | size: u32     | type  | flags | payload ...      | pad   |      span = 8 + size, rounded up to 8
 *     +---------------+-------+-------+------------------+-------+
 *
 *     type   the application's            flags  0, or 1 for padding
 *
 * Whoever only looks on copies a record out and then loads `claimed`: where that is more than a capacity in front of the
 * record's position, the copy may be torn. (In a recorder, where the tail has passed the record.) So released records
 * can be read, too, until they are overwritten. The marks tell where records begin: mark (position / (capacity / 8)) % 8
 * is a published one of that eighth of the ring, and its number, counted in the lane from 0. A position that is no
 * multiple of 8 is none: the mark is just being written.
 *
 * In a queue of total order, and in a recorder, the first 8 bytes of each payload are the record's number: of the
 * queue, or of the lane.
 *
 * The schemas describe the record types, so that whoever never saw one can print its records (see schema.h):
 *
 *     shmq_schemas_head     16 bytes
 *     for each type, nested ones in front of those that they are nested in:
 *         shmq_schema_entry      64 bytes
 *         shmq_field_entry       64 bytes for each field
 *
 * | offset | size | of a ...  | field                 | meaning                                                    |
 * |--------|------|-----------|-----------------------|------------------------------------------------------------|
 * |   +  0 |    4 | head      | format                | 1: of the schemas                                          |
 * |   +  4 |    4 | head      | size                  | bytes, this head included                                  |
 * |   +  8 |    4 | head      | count                 | types, 1 .. 128                                            |
 * |   +  0 |   48 | type      | name                  | C identifier, NUL-terminated, the rest zero                |
 * |   + 48 |    4 | type      | version               | the application's                                          |
 * |   + 52 |    4 | type      | size                  | bytes of the fixed part                                    |
 * |   + 56 |    4 | type      | field_count           | 1 or more; 2048 in all types together at most              |
 * |   + 60 |    2 | type      | record_type           | of its records: 0x8000 + its place among the types;        |
 * |        |      |           |                       | 0: it has none of its own, and is only nested              |
 * |   +  0 |   48 | field     | name                  | as above                                                   |
 * |   + 48 |    4 | field     | offset                | in the fixed part                                          |
 * |   + 52 |    4 | field     | count                 | elements of an array, at most so many of a span, or 1      |
 * |   + 56 |    2 | field     | kind                  | enum shmq_field_kind of schema.h                           |
 * |   + 58 |    2 | field     | shape                 | enum shmq_field_shape of schema.h                          |
 * |   + 60 |    2 | field     | nested                | kind SHMQ_FIELD_NESTED: place of its type, which comes     |
 * |        |      |           |                       | before this one; so nesting has an end                     |
 *
 * The fields of a type lie in their order, each at the next multiple of its alignment; the size of the type is rounded
 * up to its alignment, which is the largest of its fields'. A number is aligned to its size, a span to 4, a blob to 8.
 * A span (shmq_sm_span, 8 bytes) says where its data lies in the record: behind the fixed part, at a multiple of 8.
 *
 * A blob is a file of its own beside that of the queue; its name is that of the queue's file, '~', the first half of the
 * queue's id in hexadecimal, and .LANE.SLOT. Each lane has a table of them, of which its producer makes and uses again
 * what it needs:
 *
 * | offset | size | stored by | field                 | meaning                                                    |
 * |--------|------|-----------|-----------------------|------------------------------------------------------------|
 * |   +  0 |    8 | producer  | until                 | 8 + the position of the record that it belongs to: free    |
 * |        |      |           |                       | once `released` has come so far; 0: of no record           |
 * |   +  8 |    8 | producer  | size                  | bytes of the file; not 0: there may be one                 |
 * |   + 16 |    8 | producer  | file                  | which file it is, counted from 1                           |
 * |   + 24 |    8 | consumer  | taken                 | consumer.attach_count of who looks at it, or 0             |
 *
 *     until > head                 the producer's: not sent yet. If it has died, nobody's
 *     released < until <= head     the queue's, whoever lives
 *     until <= released            the consumer's, while that one lives and has it taken; else nobody's
 *
 * What is nobody's is removed by the lane's next producer or consumer, or by shmq_clean. Whoever stores to `until`,
 * `size` and `file` of a lane has the lock SHMQ_ROLE_BLOBS + lane.
 *
 * A bell is the word on which a side sleeps: a count of its sleeps from bit 3, and what the other side has to do:
 *
 *     bit 0 SHMQ_BELL_ASLEEP   wake it: FUTEX_WAKE on this word; on Windows, set the event that is named after it
 *     bit 1 SHMQ_BELL_ARMED    wake it: write the doorbell through the file, which it watches; on Windows, set off the timer
 *     bit 2 SHMQ_BELL_RUNG     somebody has set about it; set before waking, by compare-and-swap
 *
 * The two bells of watch are those of many: each who goes to sleep sets SHMQ_BELL_ASLEEP where it is not set, counting
 * one on; the reporter resets it, by compare-and-swap, and wakes all.
 *
 * The status is written to a copy that no reader looks at, and then made the newest by its sequence. In the newest copy
 * only `updated_ns`, `done` and `changes` are stored again, in this order. A reader loads the sequence, copies out, and
 * loads the sequence again: while it has moved by less than 15, what was copied was whole. A text is the unit, 16
 * bytes, and the message, each filled up with zeros to whole words; word n is at n % 128. It was whole while text_end,
 * loaded before the sequence, was at most 128 words behind its beginning.
 *
 * Roles are write locks of the open file (F_OFD_SETLK on Linux, LockFileEx on Windows) on one byte each, far behind the end:
 * SHMQ_ROLE_CONSUMER, SHMQ_ROLE_REPORTER, SHMQ_ROLE_REMOVER (whoever takes the name away), SHMQ_ROLE_REPORT_WRITE
 * (whoever writes the status, where a reporter lends it), SHMQ_ROLE_LANE + i for the producer of lane i, SHMQ_ROLE_BLOBS
 * + i for who makes and removes its blobs. F_OFD_GETLK asks who lives; on Windows, a read lock that is dropped at once. So
 * a read lock is nobody's role.
 */
#ifndef SHMQ_LAYOUT_H
#define SHMQ_LAYOUT_H

/* Words of 64 bits are loaded and stored whole, and the header of a record is one of them. */
#if (defined(__SIZEOF_POINTER__) && __SIZEOF_POINTER__ != 8) ||                                                      \
    (defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
#error "shmq needs a 64-bit little-endian machine, such as x86_64 or aarch64; this compiler builds for another kind"
#endif

#include <stddef.h>
#include <stdint.h>

#define SHMQ_MAGIC                                                                                                   \
    {                                                                                                                \
        0x89, 'S', 'H', 'M', 'Q', '\r', '\n', 0x1a                                                                   \
    }
#define SHMQ_BYTE_ORDER UINT32_C(0x01020304)
#define SHMQ_FORMAT UINT32_C(1)
#define SHMQ_LINE 128
#define SHMQ_PAGE UINT64_C(4096)

#define SHMQ_ROLE_CONSUMER (INT64_C(1) << 62)
#define SHMQ_ROLE_REPORTER ((INT64_C(1) << 62) + 1)
#define SHMQ_ROLE_REMOVER ((INT64_C(1) << 62) + 2)
#define SHMQ_ROLE_REPORT_WRITE ((INT64_C(1) << 62) + 3)
#define SHMQ_ROLE_LANE ((INT64_C(1) << 62) + 256)
#define SHMQ_ROLE_BLOBS ((INT64_C(1) << 62) + 512)

/* Incompatible features. */
#define SHMQ_FEATURE_TOTAL_ORDER UINT32_C(1)
#define SHMQ_FEATURE_RECORDER UINT32_C(2)

/* Compatible features. */
#define SHMQ_FEATURE_TRANSIENT UINT32_C(1) /* its last user takes it away */

#define SHMQ_FEATURE_DUMP UINT32_C(2) /* a copy: nobody has a role in it, and nothing changes any more */

#define SHMQ_DUMP_CONSUMER UINT32_C(1)
#define SHMQ_DUMP_REPORTER UINT32_C(2)

#define SHMQ_SIDE_FENCED UINT32_C(1) /* this side answers membarrier(GLOBAL_EXPEDITED); never on Windows */

#define SHMQ_SIDE_LENT UINT32_C(2) /* reporter: whoever holds SHMQ_ROLE_REPORT_WRITE writes the status */

#define SHMQ_STATUS_COPIES 16
#define SHMQ_STATUS_WORDS 128 /* of the ring of texts */
#define SHMQ_STATUS_UNIT 16
#define SHMQ_STATUS_TEXT 240

#define SHMQ_BELL_ASLEEP UINT32_C(1)
#define SHMQ_BELL_ARMED UINT32_C(2)
#define SHMQ_BELL_RUNG UINT32_C(4)
#define SHMQ_BELL_STEP UINT32_C(8) /* from one sleep to the next */

#define SHMQ_ATTACHED_MAX 4

#define SHMQ_MARKS 8 /* of a lane */

#define SHMQ_RECORD_PADDING UINT16_C(1)

struct shmq_identity {
    uint8_t magic[8];               /*   0 */
    uint32_t byte_order;            /*   8 */
    uint32_t format;                /*  12 */
    uint32_t features_incompatible; /*  16 */
    uint32_t features_compatible;   /*  20 */
    uint32_t lane_count;            /*  24 */
    uint32_t lane_size;             /*  28 */
    uint64_t mapping_size;          /*  32 */
    uint64_t capacity;              /*  40 */
    uint64_t lanes_offset;          /*  48 */
    uint64_t rings_offset;          /*  56 */
    uint64_t schemas_offset;        /*  64 */
    uint64_t schemas_size;          /*  72 */
    uint8_t id[16];                 /*  80 */
    int64_t created_ns;             /*  96 */
    uint32_t creator_pid;           /* 104 */
    uint32_t creator_uid;           /* 108 */
    uint32_t library_version;       /* 112 */
    uint32_t blob_count;            /* 116 */
    uint64_t blobs_offset;          /* 120 */
    uint8_t zero[128];              /* 128 */
};

struct shmq_consumer_line {
    uint32_t pid;          /* 256 */
    uint32_t bell;         /* 260 */
    uint64_t attached_ns;  /* 264 */
    uint64_t attach_count; /* 272 */
    uint32_t flags;        /* 280 */
    uint32_t zero;         /* 284 */
    uint64_t wait_count;   /* 288 */
    uint8_t zeros[88];     /* 296 */
};

struct shmq_lanes_open_line {
    uint64_t bits[4]; /* 384 */
    uint8_t zero[96]; /* 416 */
};

struct shmq_name_line {
    uint32_t removed;  /* 512 */
    uint32_t doorbell; /* 516 */
    uint8_t zero[120]; /* 520 */
};

struct shmq_order_line {
    uint64_t next;     /* 640 */
    uint8_t zero[120]; /* 648 */
};

struct shmq_dump_line {
    uint64_t at_ns;     /* 768 */
    uint64_t lanes[4];  /* 776 */
    uint32_t roles;     /* 808 */
    uint32_t zero;      /* 812 */
    uint64_t note_size; /* 816 */
    uint8_t zeros[72];  /* 824 */
};

struct shmq_report_line {
    uint64_t sequence;     /* 1024 */
    uint64_t text_end;     /* 1032 */
    uint32_t pid;          /* 1040 */
    uint32_t flags;        /* 1044 */
    uint64_t attached_ns;  /* 1048 */
    uint64_t attach_count; /* 1056 */
    uint32_t bell;         /* 1064 */
    uint8_t zero[84];      /* 1068 */
};

struct shmq_watch_line {
    uint32_t bell;     /* 1152 */
    uint32_t end_bell; /* 1156 */
    uint32_t cancel;   /* 1160 */
    uint8_t zero[116]; /* 1164 */
};

struct shmq_status_copy {
    uint64_t changes;    /*  0 */
    uint64_t done;       /*  8 */
    uint64_t updated_ns; /* 16 */
    uint64_t total;      /* 24 */
    uint64_t task;       /* 32 */
    uint64_t started_ns; /* 40 */
    uint32_t run;        /* 48 */
    uint32_t text;       /* 52 */
    uint16_t state;      /* 56 */
    uint16_t text_size;  /* 58 */
    int32_t code;        /* 60 */
};

struct shmq_status_area {
    struct shmq_report_line report;                     /* 1024 */
    struct shmq_watch_line watch;                       /* 1152 */
    struct shmq_status_copy copies[SHMQ_STATUS_COPIES]; /* 1280 */
    uint64_t texts[SHMQ_STATUS_WORDS];                  /* 2304 */
};

struct shmq_header {
    struct shmq_identity identity;          /*    0 */
    struct shmq_consumer_line consumer;     /*  256 */
    struct shmq_lanes_open_line lanes_open; /*  384 */
    struct shmq_name_line name;             /*  512 */
    struct shmq_order_line order;           /*  640 */
    struct shmq_dump_line dump;             /*  768 */
    uint8_t zero[128];                      /*  896 */
    struct shmq_status_area status;         /* 1024 */
    uint8_t zeros[768];                     /* 3328 */
};

struct shmq_lane_producer_line {
    uint64_t head;       /*   0 */
    uint64_t sent;       /*   8 */
    uint64_t full_count; /*  16 */
    uint64_t dropped;    /*  24 */
    uint32_t ordering;   /*  32 */
    uint32_t closed;     /*  36 */
    uint64_t claimed;    /*  40 */
    uint8_t zeros[80];   /*  48 */
};

struct shmq_lane_tail_line {
    uint64_t tail;     /* 128 */
    uint8_t zero[120]; /* 136 */
};

struct shmq_lane_released_line {
    uint64_t released; /* 256 */
    uint64_t received; /* 264 */
    uint64_t missed;   /* 272 */
    uint8_t zero[104]; /* 280 */
};

struct shmq_lane_attached {
    uint64_t position;    /* 0 */
    uint64_t attached_ns; /* 8 */
    uint32_t pid;         /* 16 */
    uint32_t zero;        /* 20 */
};

struct shmq_lane_mark {
    uint64_t position; /* 0 */
    uint64_t number;   /* 8 */
};

struct shmq_lane_owner_line {
    uint32_t pid;                                          /* 384 */
    uint32_t wants_room;                                   /* 388 */
    uint32_t bell;                                         /* 392 */
    uint32_t flags;                                        /* 396 */
    uint64_t attach_count;                                 /* 400 */
    uint64_t wait_count;                                   /* 408 */
    struct shmq_lane_attached attached[SHMQ_ATTACHED_MAX]; /* 416 */
};

struct shmq_lane {
    struct shmq_lane_producer_line producer; /*   0 */
    struct shmq_lane_tail_line tail;         /* 128 */
    struct shmq_lane_released_line released; /* 256 */
    struct shmq_lane_owner_line owner;       /* 384 */
    struct shmq_lane_mark marks[SHMQ_MARKS]; /* 512 */
};

struct shmq_record {
    uint32_t size;  /* 0 */
    uint16_t type;  /* 4 */
    uint16_t flags; /* 6 */
};

#define SHMQ_SCHEMAS_FORMAT UINT32_C(1)
#define SHMQ_SCHEMAS_MAX 128
#define SHMQ_FIELDS_MAX 2048
#define SHMQ_SCHEMA_NAME 48 /* bytes, with the NUL */
#define SHMQ_SCHEMA_TYPE 0x8000

struct shmq_schemas_head {
    uint32_t format; /*  0 */
    uint32_t size;   /*  4 */
    uint32_t count;  /*  8 */
    uint32_t zero;   /* 12 */
};

struct shmq_schema_entry {
    char name[SHMQ_SCHEMA_NAME]; /*  0 */
    uint32_t version;            /* 48 */
    uint32_t size;               /* 52 */
    uint32_t field_count;        /* 56 */
    uint16_t record_type;        /* 60 */
    uint16_t zero;               /* 62 */
};

struct shmq_field_entry {
    char name[SHMQ_SCHEMA_NAME]; /*  0 */
    uint32_t offset;             /* 48 */
    uint32_t count;              /* 52 */
    uint16_t kind;               /* 56 */
    uint16_t shape;              /* 58 */
    uint16_t nested;             /* 60 */
    uint16_t zero;               /* 62 */
};

#define SHMQ_BLOBS_MAX 1024

struct shmq_blob_slot {
    uint64_t until; /*  0 */
    uint64_t size;  /*  8 */
    uint64_t file;  /* 16 */
    uint64_t taken; /* 24 */
};

/* In a record: where the data of a span lies, from the beginning of the payload. Both 0: there is none. */
struct shmq_sm_span {
    uint32_t offset; /* 0 */
    uint32_t size;   /* 4: bytes */
};

/* In a record: a blob of the lane that the record came through. Both 0: there is none. */
struct shmq_sm_blob {
    uint64_t size; /*  0: bytes */
    uint32_t slot; /*  8: its place in the lane's table of blobs, from 1 */
    uint32_t zero; /* 12 */
};

#if defined(__cplusplus)
#define SHMQ_LAYOUT_ASSERT(fact, text) static_assert(fact, text)
#else
#define SHMQ_LAYOUT_ASSERT(fact, text) _Static_assert(fact, text)
#endif
#define SHMQ_AT(type, field, offset, size)                                                                           \
    SHMQ_LAYOUT_ASSERT(offsetof(struct type, field) == (offset) && sizeof(((struct type *)0)->field) == (size),      \
                       #type "." #field)

SHMQ_AT(shmq_identity, magic, 0, 8);
SHMQ_AT(shmq_identity, byte_order, 8, 4);
SHMQ_AT(shmq_identity, format, 12, 4);
SHMQ_AT(shmq_identity, features_incompatible, 16, 4);
SHMQ_AT(shmq_identity, features_compatible, 20, 4);
SHMQ_AT(shmq_identity, lane_count, 24, 4);
SHMQ_AT(shmq_identity, lane_size, 28, 4);
SHMQ_AT(shmq_identity, mapping_size, 32, 8);
SHMQ_AT(shmq_identity, capacity, 40, 8);
SHMQ_AT(shmq_identity, lanes_offset, 48, 8);
SHMQ_AT(shmq_identity, rings_offset, 56, 8);
SHMQ_AT(shmq_identity, schemas_offset, 64, 8);
SHMQ_AT(shmq_identity, schemas_size, 72, 8);
SHMQ_AT(shmq_identity, id, 80, 16);
SHMQ_AT(shmq_identity, created_ns, 96, 8);
SHMQ_AT(shmq_identity, creator_pid, 104, 4);
SHMQ_AT(shmq_identity, creator_uid, 108, 4);
SHMQ_AT(shmq_identity, library_version, 112, 4);
SHMQ_AT(shmq_identity, blob_count, 116, 4);
SHMQ_AT(shmq_identity, blobs_offset, 120, 8);
SHMQ_AT(shmq_identity, zero, 128, 128);
SHMQ_AT(shmq_header, identity, 0, 256);
SHMQ_AT(shmq_header, consumer, 256, 128);
SHMQ_AT(shmq_header, consumer.pid, 256, 4);
SHMQ_AT(shmq_header, consumer.bell, 260, 4);
SHMQ_AT(shmq_header, consumer.attached_ns, 264, 8);
SHMQ_AT(shmq_header, consumer.attach_count, 272, 8);
SHMQ_AT(shmq_header, consumer.flags, 280, 4);
SHMQ_AT(shmq_header, consumer.wait_count, 288, 8);
SHMQ_AT(shmq_header, lanes_open, 384, 128);
SHMQ_AT(shmq_header, lanes_open.bits, 384, 32);
SHMQ_AT(shmq_header, name, 512, 128);
SHMQ_AT(shmq_header, name.removed, 512, 4);
SHMQ_AT(shmq_header, name.doorbell, 516, 4);
SHMQ_AT(shmq_header, order, 640, 128);
SHMQ_AT(shmq_header, order.next, 640, 8);
SHMQ_AT(shmq_header, dump, 768, 128);
SHMQ_AT(shmq_header, dump.at_ns, 768, 8);
SHMQ_AT(shmq_header, dump.lanes, 776, 32);
SHMQ_AT(shmq_header, dump.roles, 808, 4);
SHMQ_AT(shmq_header, dump.note_size, 816, 8);
SHMQ_AT(shmq_header, zero, 896, 128);
SHMQ_AT(shmq_header, status, 1024, 2304);
SHMQ_AT(shmq_header, status.report, 1024, 128);
SHMQ_AT(shmq_header, status.report.sequence, 1024, 8);
SHMQ_AT(shmq_header, status.report.text_end, 1032, 8);
SHMQ_AT(shmq_header, status.report.pid, 1040, 4);
SHMQ_AT(shmq_header, status.report.flags, 1044, 4);
SHMQ_AT(shmq_header, status.report.attached_ns, 1048, 8);
SHMQ_AT(shmq_header, status.report.attach_count, 1056, 8);
SHMQ_AT(shmq_header, status.report.bell, 1064, 4);
SHMQ_AT(shmq_header, status.watch, 1152, 128);
SHMQ_AT(shmq_header, status.watch.bell, 1152, 4);
SHMQ_AT(shmq_header, status.watch.end_bell, 1156, 4);
SHMQ_AT(shmq_header, status.watch.cancel, 1160, 4);
SHMQ_AT(shmq_header, status.copies, 1280, 1024);
SHMQ_AT(shmq_header, status.texts, 2304, 1024);
SHMQ_AT(shmq_header, zeros, 3328, 768);
SHMQ_AT(shmq_status_copy, changes, 0, 8);
SHMQ_AT(shmq_status_copy, done, 8, 8);
SHMQ_AT(shmq_status_copy, updated_ns, 16, 8);
SHMQ_AT(shmq_status_copy, total, 24, 8);
SHMQ_AT(shmq_status_copy, task, 32, 8);
SHMQ_AT(shmq_status_copy, started_ns, 40, 8);
SHMQ_AT(shmq_status_copy, run, 48, 4);
SHMQ_AT(shmq_status_copy, text, 52, 4);
SHMQ_AT(shmq_status_copy, state, 56, 2);
SHMQ_AT(shmq_status_copy, text_size, 58, 2);
SHMQ_AT(shmq_status_copy, code, 60, 4);
SHMQ_AT(shmq_lane, producer, 0, 128);
SHMQ_AT(shmq_lane, producer.head, 0, 8);
SHMQ_AT(shmq_lane, producer.sent, 8, 8);
SHMQ_AT(shmq_lane, producer.full_count, 16, 8);
SHMQ_AT(shmq_lane, producer.dropped, 24, 8);
SHMQ_AT(shmq_lane, producer.ordering, 32, 4);
SHMQ_AT(shmq_lane, producer.closed, 36, 4);
SHMQ_AT(shmq_lane, producer.claimed, 40, 8);
SHMQ_AT(shmq_lane, tail, 128, 128);
SHMQ_AT(shmq_lane, tail.tail, 128, 8);
SHMQ_AT(shmq_lane, released, 256, 128);
SHMQ_AT(shmq_lane, released.released, 256, 8);
SHMQ_AT(shmq_lane, released.received, 264, 8);
SHMQ_AT(shmq_lane, released.missed, 272, 8);
SHMQ_AT(shmq_lane, owner, 384, 128);
SHMQ_AT(shmq_lane, owner.pid, 384, 4);
SHMQ_AT(shmq_lane, owner.wants_room, 388, 4);
SHMQ_AT(shmq_lane, owner.bell, 392, 4);
SHMQ_AT(shmq_lane, owner.flags, 396, 4);
SHMQ_AT(shmq_lane, owner.attach_count, 400, 8);
SHMQ_AT(shmq_lane, owner.wait_count, 408, 8);
SHMQ_AT(shmq_lane, owner.attached, 416, 96);
SHMQ_AT(shmq_lane, marks, 512, 128);
SHMQ_AT(shmq_lane_attached, position, 0, 8);
SHMQ_AT(shmq_lane_attached, attached_ns, 8, 8);
SHMQ_AT(shmq_lane_attached, pid, 16, 4);
SHMQ_AT(shmq_record, size, 0, 4);
SHMQ_AT(shmq_record, type, 4, 2);
SHMQ_AT(shmq_record, flags, 6, 2);
SHMQ_AT(shmq_schemas_head, format, 0, 4);
SHMQ_AT(shmq_schemas_head, size, 4, 4);
SHMQ_AT(shmq_schemas_head, count, 8, 4);
SHMQ_AT(shmq_schema_entry, name, 0, 48);
SHMQ_AT(shmq_schema_entry, version, 48, 4);
SHMQ_AT(shmq_schema_entry, size, 52, 4);
SHMQ_AT(shmq_schema_entry, field_count, 56, 4);
SHMQ_AT(shmq_schema_entry, record_type, 60, 2);
SHMQ_AT(shmq_field_entry, name, 0, 48);
SHMQ_AT(shmq_field_entry, offset, 48, 4);
SHMQ_AT(shmq_field_entry, count, 52, 4);
SHMQ_AT(shmq_field_entry, kind, 56, 2);
SHMQ_AT(shmq_field_entry, shape, 58, 2);
SHMQ_AT(shmq_field_entry, nested, 60, 2);
SHMQ_AT(shmq_blob_slot, until, 0, 8);
SHMQ_AT(shmq_blob_slot, size, 8, 8);
SHMQ_AT(shmq_blob_slot, file, 16, 8);
SHMQ_AT(shmq_blob_slot, taken, 24, 8);
SHMQ_AT(shmq_sm_span, offset, 0, 4);
SHMQ_AT(shmq_sm_span, size, 4, 4);
SHMQ_AT(shmq_sm_blob, size, 0, 8);
SHMQ_AT(shmq_sm_blob, slot, 8, 4);
SHMQ_LAYOUT_ASSERT(sizeof(struct shmq_schemas_head) == 16, "shmq_schemas_head");
SHMQ_LAYOUT_ASSERT(sizeof(struct shmq_schema_entry) == 64, "shmq_schema_entry");
SHMQ_LAYOUT_ASSERT(sizeof(struct shmq_field_entry) == 64, "shmq_field_entry");
SHMQ_LAYOUT_ASSERT(sizeof(struct shmq_blob_slot) == 32, "shmq_blob_slot");
SHMQ_LAYOUT_ASSERT(sizeof(struct shmq_sm_span) == 8, "shmq_sm_span");
SHMQ_LAYOUT_ASSERT(sizeof(struct shmq_sm_blob) == 16, "shmq_sm_blob");
SHMQ_LAYOUT_ASSERT(sizeof(struct shmq_header) == 4096, "shmq_header");
SHMQ_LAYOUT_ASSERT(sizeof(struct shmq_status_copy) == 64, "shmq_status_copy");
SHMQ_LAYOUT_ASSERT(sizeof(struct shmq_lane) == 640, "shmq_lane");
SHMQ_LAYOUT_ASSERT(sizeof(struct shmq_record) == 8, "shmq_record");

#endif
