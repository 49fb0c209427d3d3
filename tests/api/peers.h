/* What tests of queues have in common: queues and handles without ceremony, and other processes that act when told. */
#ifndef SHMQ_TESTS_API_PEERS_H
#define SHMQ_TESTS_API_PEERS_H

#include "support.h"

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

/* What peer_let_go and peer_strike are, where the test is over if they do not do it. */
void peer_go(struct peer *peer);
void peer_kill(struct peer *peer);

/* Until the consumer, or the producer of a lane, has gone to sleep more often than `count` times. */
void await_consumer_sleep(const char *name, uint64_t count);
void await_producer_sleep(const char *name, uint32_t lane, uint64_t count);

#endif
