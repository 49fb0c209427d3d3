/*
 * shmq top: what all queues do now, and what goes on in one of them
 *
 *     watched.c       looks             top_rates.c   what has changed since the look before
 *     top_rows.c      sorts and filters
 *     top_list.c      all queues        top_detail.c  one queue        top_help.c     the keys
 *     top_keys.c      what a key does   screen_*.c    the terminal
 */
#ifndef SHMQ_TOP_H
#define SHMQ_TOP_H

#include "watched.h"

#include <shmq/shmq.h>
#include <stdbool.h>
#include <stdint.h>

enum { TOP_HISTORY = 180, TOP_LANE_HISTORY = 60 };

/* What passes at once. */
struct top_counts {
    uint64_t sent;     /* records */
    uint64_t received; /* records */
    uint64_t bytes;    /* sent, with headers */
    uint64_t full;     /* times */
    uint64_t lost;     /* records dropped, in a recorder missed */
    uint64_t slept;    /* times, producers */
    uint64_t waited;   /* times, consumers */
};

/* The same a second. */
struct top_rates {
    double sent, received, bytes, full, lost, slept, waited;
};

struct top_lane {
    struct top_counts last;
    struct top_rates rates;
    uint64_t peak; /* the most bytes in use that were ever seen */
    unsigned history_count;
    float history[TOP_LANE_HISTORY]; /* of rates.sent, in a ring */
};

/* What is kept of a queue from one look to the next: watched.more. */
struct top_queue {
    bool has_rates;
    int64_t looked_ns;
    int64_t moved_ns; /* when something was received last, or nothing waited */
    struct top_counts last;
    struct top_rates rates;
    unsigned history_count;
    float sent[TOP_HISTORY];
    float received[TOP_HISTORY];
    struct shmq_rate task;
    struct top_lane lanes[];
};

enum top_order { TOP_BY_NAME, TOP_BY_SENT, TOP_BY_RECEIVED, TOP_BY_BYTES, TOP_BY_WAITING, TOP_BY_DEPTH, TOP_ORDERS };

struct top {
    struct watch watch;
    int64_t interval_ns;
    int64_t rates_ns; /* when rates were worked out last */
    enum top_order order;
    bool reverse;
    bool stopped; /* the picture stands still */
    bool utf8;
    char filter[64];
    bool typing;           /* the filter is being typed */
    struct watched **rows; /* those that are shown, in their order */
    int row_count;
    char selected[4096]; /* name */
    int place;           /* its row */
    int scroll;          /* first row shown */
    bool inside;         /* one queue is shown: the selected one */
    int lane_scroll;
    bool help;
    char note[160]; /* told at the bottom, until the next key */
};

/** Look, and every interval (or where `now`) work out what has changed. 0, or why they cannot be listed. */
int top_look(struct top *t, bool now);

/** Look at the selected queue for its high-water marks only. */
void top_moments(struct top *t);

/** A queue that was working and had something to receive, and received nothing for so long. */
int64_t top_stalled_ns(const struct watched *one);

/** How full the fullest lane is: its producer has to wait first. 0 .. 1. */
double top_depth(const struct watched *one);

/** Choose and sort the rows; the selection stays with its queue. */
void top_rows(struct top *t);
struct watched *top_selected(const struct top *t);

/** The key that sorts: what its column is called. */
const char *top_order_name(enum top_order order);

/** 1s, 500ms */
void top_interval_text(char text[32], int64_t ns);

/** Pictures on the screen. */
void top_list_draw(struct top *t, int width, int height);
void top_detail_draw(struct top *t, int width, int height);
void top_help_draw(int width, int height);

/** The list as lines on standard output. */
void top_list_print(const struct top *t, int width);

/** Returns false where the user wants to leave. */
bool top_key(struct top *t, int key, int height);

/** How many lanes of a queue are shown. */
int top_lanes_shown(const struct watched *one);

#endif
