/*
 * shmq: a message queue in shared memory
 *
 * One named mapping holds the whole queue. A producer owns a lane in it, a ring of bytes with one writer and one
 * reader; the consumer serves all lanes. Sending and receiving are plain loads and stores: no system call, no lock,
 * no atomic read-modify-write.
 *
 *     shmq_create("ticks", NULL);
 *
 *     struct shmq *q;                                     struct shmq *q;
 *     shmq_open("ticks", SHMQ_PRODUCER, NULL, &q);        shmq_open("ticks", SHMQ_CONSUMER, NULL, &q);
 *     shmq_send(q, &tick, sizeof tick, 7, 0);             struct shmq_message m;
 *     shmq_close(q);                                      while (shmq_peek_wait(q, -1, &m) == 0) {
 *                                                             use(m.data, m.size);
 *                                                             shmq_release(q);
 *                                                         }
 *
 * Every function returns 0 (or what it says) on success and a negative errno on failure; error.h has the one table of
 * what each of them means. Outputs are untouched on failure.
 */
#ifndef SHMQ_SHMQ_H
#define SHMQ_SHMQ_H

/* The library's version. The format of the mapping has one of its own: SHMQ_FORMAT in layout.h. */
#define SHMQ_VERSION_MAJOR 0
#define SHMQ_VERSION_MINOR 1
#define SHMQ_VERSION_PATCH 0

#include <shmq/await.h>    /* IWYU pragma: export */
#include <shmq/blob.h>     /* IWYU pragma: export */
#include <shmq/clean.h>    /* IWYU pragma: export */
#include <shmq/consumer.h> /* IWYU pragma: export */
#include <shmq/cursor.h>   /* IWYU pragma: export */
#include <shmq/dump.h>     /* IWYU pragma: export */
#include <shmq/duplex.h>   /* IWYU pragma: export */
#include <shmq/error.h>    /* IWYU pragma: export */
#include <shmq/info.h>     /* IWYU pragma: export */
#include <shmq/mapping.h>  /* IWYU pragma: export */
#include <shmq/producer.h> /* IWYU pragma: export */
#include <shmq/queue.h>    /* IWYU pragma: export */
#include <shmq/schema.h>   /* IWYU pragma: export */
#include <shmq/sm.h>       /* IWYU pragma: export */
#include <shmq/status.h>   /* IWYU pragma: export */
#include <shmq/wait.h>     /* IWYU pragma: export */

#endif
