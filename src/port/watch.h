/*
 * Watching a mapping's file with a descriptor that an event loop can wait for
 *
 * Others ring by writing a word of the file; that, the close of a file that was open for writing (so each death of a
 * participant), and the loss of its name make the descriptor readable.
 */
#ifndef SHMQ_PORT_WATCH_H
#define SHMQ_PORT_WATCH_H

#include "port/shm.h"

#include <stdbool.h>
#include <stdint.h>

/* Where the system keeps a watch. */
struct port_watch {
    int poll;   /* what the event loop waits for */
    int events; /* inotify */
    int timer;  /* to look again */
};

#define PORT_NO_WATCH ((struct port_watch){-1, -1, -1})

/* `bell` is the word of the file that is rung for this watch. -EMFILE, -ENFILE, -ENOMEM, -ENOSPC. Readable at first. */
int port_watch_open(port_file file, const uint32_t *bell, struct port_watch *watch);
void port_watch_close(struct port_watch *watch);

/* Nothing is to be told any more: unreadable until the next event. True: somebody has closed the file since. */
bool port_watch_clear(const struct port_watch *watch);

/* Readable once more, at once or later. */
void port_watch_again(const struct port_watch *watch, int64_t delay_ns);

/* Make it readable for who watches `bell`, or all who watch this file; `offset` is that of the word to write, which becomes 0. */
void port_watch_ring(port_file file, int64_t offset, const uint32_t *bell);

#endif
