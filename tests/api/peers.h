/* What tests of queues have in common: queues and handles without ceremony, and other processes that act when told. */
#ifndef SHMQ_TESTS_API_PEERS_H
#define SHMQ_TESTS_API_PEERS_H

#include "support.h"

#include <sys/types.h>

/* A new queue under a name of this process. */
struct shmq_create_options queue_options(uint64_t capacity, uint32_t lane_count, uint32_t kind);
const char *queue_made(const char *word, uint64_t capacity, uint32_t lane_count, uint32_t kind);

/* A handle, or what open says (and the handle closed again). */
struct shmq *queue_opened(const char *name, enum shmq_role role);
struct shmq *queue_opened_lane(const char *name, enum shmq_role role, uint32_t lane);
int queue_try(const char *name, enum shmq_role role);

struct shmq_info queue_info(struct shmq *q);
struct shmq_lane_info queue_lane(struct shmq *q, uint32_t lane);

/* Put this process, or thread, on one processor of those it may use. False: there are fewer. */
bool pinned_to(unsigned index);

/*
 * Another process: it runs `work`, stops at each peer_pause until the test says peer_go, and dies with the test. What
 * `work` returns is its exit status.
 */
struct peer {
    pid_t pid;
    int told;  /* reads what the other side has told */
    int tells; /* and writes to it */
};

typedef int peer_work(struct peer *self, void *arg);

struct peer peer_start(peer_work *work, const void *arg);

/* In the other process. */
void peer_pause(struct peer *self);

/* In the test: until it has come to its next pause; let it go on; both. False: it is no more. */
bool peer_await(struct peer *peer);
void peer_go(struct peer *peer);

/* Its exit status, or 128 and the signal that ended it. */
int peer_end(struct peer *peer);
void peer_kill(struct peer *peer);

/* Until the consumer, or the producer of a lane, has gone to sleep more often than `count` times. */
void await_consumer_sleep(const char *name, uint64_t count);
void await_producer_sleep(const char *name, uint32_t lane, uint64_t count);

#endif
