/*
 * Roles: locks on a mapping's file that the kernel drops when their owner dies, whatever the cause
 *
 * A role is one byte of the file, far behind its end. A lock belongs to the open file, not to the process: two
 * handles in one process exclude each other too.
 */
#ifndef SHMQ_PORT_ROLE_H
#define SHMQ_PORT_ROLE_H

#include "port/shm.h"

#include <stdint.h>

/* 0, -EBUSY where somebody living has it, or what the file system says. */
int port_role_claim(port_file file, int64_t role);

/* All of `count` roles from `first` on, together or none: -EBUSY where somebody else has one. */
int port_role_claim_all(port_file file, int64_t first, int64_t count);

/* Also in a process that has inherited the open file. */
void port_role_release(port_file file, int64_t role);
void port_role_release_all(port_file file, int64_t first, int64_t count);

/* 1: somebody has it, through another open file than this; 0: nobody; or a negative errno. */
int port_role_taken(port_file file, int64_t role);

#endif
