/*
 * Running a process instruction by instruction
 *
 * The traced process says which of its calls are of interest: trace_enter and trace_leave stand around each. Between
 * them it is single-stepped (a system call is one step); elsewhere it runs freely. A point is a place where it is
 * stopped: in front of the first instruction of such a call, and behind each.
 *
 * Who has recorded the addresses of all points can go to one of them without stepping all the way: it runs to a
 * breakpoint in front of it, as often as that address occurs, and is stepped from there. The address found in the end
 * must be the recorded one; where it is not, trace_go says so, and the way has to be stepped from the beginning.
 */
#ifndef SHMQ_TESTS_TRACE_H
#define SHMQ_TESTS_TRACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Shared with the traced process. */
struct trace_page {
    _Atomic uint32_t stepping; /* it is in a call of interest */
    _Atomic uint32_t told;     /* whatever the tracer wants to tell it */
};

struct trace {
    pid_t process;
    int status; /* as of waitpid */
    bool alive;
    bool asleep;    /* its last step is a system call that has not returned */
    bool may_sleep; /* set it where steps may take for ever */
    uint64_t at;    /* address of the next instruction */
    uint32_t point; /* number of the point it is at */
    struct trace_page *page;
};

/* The addresses of all points of one run. */
struct trace_record {
    uint64_t *at;
    uint64_t *image; /* what was seen there, whatever that is */
    uint32_t *turn;  /* so often has the address occurred up to here, 1 the first time */
    uint32_t count;
    uint32_t room;
};

enum trace_stop {
    TRACE_POINT,
    TRACE_ASLEEP, /* a point too: only a system call of somebody else, or a kill, brings it further */
    TRACE_ENDED,
};

/* Start a process that runs body(arg), up to its first point. False: this machine does not let us. */
bool trace_start(struct trace *trace, void (*body)(void *arg), void *arg);

/* To the next point. */
enum trace_stop trace_next(struct trace *trace);

/* To the point with this number, which is not behind it. False: it got elsewhere. */
bool trace_go(struct trace *trace, const struct trace_record *record, uint32_t point);

/* Let it run to its end. */
void trace_finish(struct trace *trace);

/* SIGKILL, and wait until it is gone. */
void trace_kill(struct trace *trace);

/* Note where it is, and what is to be seen. */
void trace_note(struct trace_record *record, const struct trace *trace, uint64_t image);

/* All is noted. */
void trace_record_finish(struct trace_record *record);
void trace_record_clear(struct trace_record *record);

/* Calls of the traced process; in all others they do nothing. Before trace_watch no call is of interest. */
void trace_watch(void);
void trace_enter(void);
void trace_leave(void);
bool trace_told(void);

#endif
