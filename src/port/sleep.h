/* Sleeping on a word of shared memory until another process wakes who sleeps there. */
#ifndef SHMQ_PORT_SLEEP_H
#define SHMQ_PORT_SLEEP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Sleep while *word is `value`, `timeout_ns` at most. 0: woken, or it is another value; it may also be for nothing.
 * -ETIMEDOUT, -EINTR.
 */
int port_sleep(const uint32_t *word, uint32_t value, int64_t timeout_ns);

/* Wake all who sleep there. */
void port_wake(const uint32_t *word);

/* Is there another processor on which the other side can run meanwhile? */
bool port_spinning_helps(void);

#endif
