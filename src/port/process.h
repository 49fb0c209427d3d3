/* This process, for people to read, and random bytes. */
#ifndef SHMQ_PORT_PROCESS_H
#define SHMQ_PORT_PROCESS_H

#include <stddef.h>
#include <stdint.h>

uint32_t port_process_id(void);
uint32_t port_process_user(void);

/* 0 or a negative errno; size is at most 256 bytes. */
int port_process_random(void *bytes, size_t size);

#endif
