/*
 * Questions in one queue, answers in another that the client provides
 *
 * A call is known by the position of its question in the client's lane: it is of this lane for ever, so that answers to
 * a dead predecessor's questions are known for what they are. An answer begins with that number and the server's code.
 */
#ifndef SHMQ_API_DUPLEX_H
#define SHMQ_API_DUPLEX_H

#include <shmq/duplex.h>
#include <stdint.h>

/* In front of each answer. */
struct duplex_prefix {
    uint64_t call;
    int32_t code;
    uint32_t zero;
};

/* NAME.reply.LANE, to be freed; NULL: out of memory. */
char *duplex_answers_name(const char *name, uint32_t lane);

#endif
