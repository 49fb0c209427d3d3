/* What heirs and others do with a queue. False: something is wrong, and the ledger has a complaint. */
#ifndef SHMQ_TESTS_HEIRS_H
#define SHMQ_TESTS_HEIRS_H

#include "world.h"

/* Take every lane that has no producer, and the consumer's role; one more of each must be refused. */
bool heirs_open_producers(struct world *w);
bool heirs_open_consumer(struct world *w);

/* A few records into whatever room there is. */
bool heirs_send_some(struct world *w);

/* Until each lane has seen two laps, received at once. */
bool heirs_two_laps(struct world *w);

/* Producers without a consumer: until all are told that there is no room. */
bool heirs_fill_up(struct world *w);

/* Run work(w, arg) in a process of its own with a watchdog, and wait for its end. */
pid_t heirs_start(struct world *w, bool (*work)(struct world *w, const void *arg), const void *arg);
void heirs_finish(struct world *w, pid_t process);

#endif
