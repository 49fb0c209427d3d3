/*
 * Another process, which runs a function of this program
 *
 * It gets an argument, stops at each peer_pause until it is let go, and dies with the process that has started it. What
 * the function returns is its exit status.
 *
 *     static int work(struct peer *self, void *name);
 *
 *     struct peer peer = peer_start(work, name);
 *     if (peer_await(&peer))      until it has come to its peer_pause
 *         peer_let_go(&peer);
 *     int status = peer_end(&peer);
 *
 * On Linux it is a child by fork. On Windows there is none: the same program is started again, and finds the function by
 * its distance from the beginning of the program. So nothing reaches it but its argument, which is bytes without pointers,
 * and the environment; tests that run on both rely on no more than that.
 */
#ifndef SHMQ_TESTS_PEER_H
#define SHMQ_TESTS_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct peer {
    uint32_t pid;
    intptr_t process; /* the system's handle of it */
    intptr_t told;    /* reads what the other side has told */
    intptr_t tells;   /* and writes to it */
};

typedef int peer_work(struct peer *self, void *arg);

/* The exit status of one that was killed, or ended by that signal. */
#define PEER_KILLED (128 + 9)
#define PEER_FAULTED (128 + 11)

/* With a text, or `size` bytes, of which it gets a copy. A program that cannot start a process ends. */
struct peer peer_start(peer_work *work, const char *text);
struct peer peer_start_with(peer_work *work, const void *arg, size_t size);

/* In the other process. */
void peer_pause(struct peer *self);
_Noreturn void peer_die(void);

/* From one to the other, whichever. False: the other one is no more, and has not told as much. */
bool peer_tell(struct peer *peer, const void *data, size_t size);
bool peer_hear(struct peer *peer, void *data, size_t size);

/* Until it has come to its next pause; let it go on from there. False: it is no more. */
bool peer_await(struct peer *peer);
bool peer_let_go(struct peer *peer);

/* Kill it, as kill -9 does; peer_end comes behind that. Stop it wherever it is, and let it go on. */
void peer_strike(struct peer *peer);
void peer_stop(struct peer *peer);
void peer_continue(struct peer *peer);

/* Has it ended? Without waiting. */
bool peer_has_ended(struct peer *peer);

/* Its exit status, when it has ended: PEER_KILLED, where it was killed. */
int peer_end(struct peer *peer);

#endif
