/*
 * Status: how far the work is
 *
 * A queue has one status. One process at a time reports it, usually the consumer; everybody may look, an observer too.
 *
 *     reporter                                             reader
 *     shmq_report_begin(q, 0, 500, "files");               struct shmq_status s = {.struct_size = sizeof s};
 *     for (...) {                                          while (shmq_status_wait(q, SHMQ_ENDED, 100 ms, &s) ==
 *         if (shmq_cancel_requested(q) == 1)                      -ETIMEDOUT)
 *             return shmq_report_cancelled(q, "as asked");     print(s.done, s.total, s.unit, s.message);
 *         compress(file);                                  print(s.state, s.code, s.message);
 *         shmq_report_advance(q, 1);
 *     }
 *     shmq_report_finish(q, 0, "all compressed");
 *
 *     idle ---begin---> running ---finish---> done
 *                        ^   ^----fail------> failed       begin starts the next task from each of them; resume goes on
 *                    resume  ---cancelled---> cancelled    with one whose reporter has died
 *
 * The reporter pays a few plain stores for its progress, and a system call only where somebody sleeps until the next
 * change. A reporter that dies leaves the last whole status, and readers are told SHMQ_DIED.
 *
 * Cancelling: anybody who may write asks for it, the reporter looks whether it was asked, stops where it can, and says
 * that it did. A request is for the task that is running, never for the next one.
 *
 * Workers of many processes, for instance a shell script: one process that lives as long as the work lends the status;
 * each of the others borrows it for a moment, reports, and leaves it.
 *
 * A text is UTF-8 without a zero byte. It may hold control characters: whoever shows it on a terminal has to mind them.
 */
#ifndef SHMQ_STATUS_H
#define SHMQ_STATUS_H

#include <shmq/export.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct shmq;

#define SHMQ_UNIT_MAX 16     /* bytes */
#define SHMQ_MESSAGE_MAX 240 /* bytes */

enum shmq_state {
    SHMQ_IDLE = 0,      /* nothing was ever begun */
    SHMQ_RUNNING = 1,   /* a task has begun and not ended; whether its reporter lives, `presence` tells */
    SHMQ_DONE = 2,      /* it ended well */
    SHMQ_FAILED = 3,    /* it ended, and not well */
    SHMQ_CANCELLED = 4, /* it ended before its time, because that was asked for */
};

/* What to wait for. */
enum shmq_until {
    SHMQ_CHANGED = 0, /* any change */
    SHMQ_ENDED = 1,   /* the end of a task, or the death of its reporter: progress wakes nobody, and costs nothing */
};

/** The status at one moment. All of it belongs together. */
struct shmq_status {
    size_t struct_size;  /* sizeof(struct shmq_status), set by the caller */
    uint64_t changes;    /* so far: another number is another status */
    uint32_t state;      /* enum shmq_state */
    uint32_t presence;   /* enum shmq_presence, of the reporter; SHMQ_DIED: the task runs and nobody has the role */
    uint32_t pid;        /* of the reporter, for people to read; 0: there is none */
    uint32_t run;        /* tasks begun so far */
    uint32_t cancelling; /* 1: it runs, and somebody has asked for its end */
    int32_t code;        /* as reported with the end; 0 before */
    uint64_t task;       /* as given to begin */
    uint64_t done;
    uint64_t total;        /* 0: not known */
    int64_t started_ns;    /* since 1970, UTC, to some milliseconds */
    int64_t updated_ns;    /* likewise: the last change */
    uint32_t message_size; /* bytes; the message ends with a zero byte besides */
    char unit[20];         /* what done and total count */
    char message[244];     /* bytes that are no UTF-8 were replaced by '?' */
};

/** How fast it goes: kept by the reader, from one look to the next. Begin with all zeros. */
struct shmq_rate {
    double per_second;  /* units; 0: not known yet */
    int64_t left_ns;    /* until done is total, at this rate; -1: not known */
    int64_t elapsed_ns; /* since the task began */
    uint64_t done;      /* what follows is of the last look */
    int64_t looked_ns;
    uint32_t run;
    uint32_t looks;
};

/**
 * Look at the status.
 *
 * @param q       [in]   any role
 * @param status  [out]  its struct_size set by the caller
 *
 * @return 0, or
 *   -EAGAIN   the reporter does nothing but change its text, faster than this can copy it
 *   -EBADMSG  the status is damaged
 *   -EINVAL   struct_size is not one of this library
 *   -ECHILD   the handle is of the process that this one was forked from
 *
 * Threads   the handle's own
 * Progress  wait-free; a system call to ask who lives
 * Order     acquire: what the reporter stored before this report is seen
 * Since     0.1
 */
SHMQ_API int shmq_status(struct shmq *q, struct shmq_status *status);

/**
 * The same without asking who lives: no system call. `presence` is SHMQ_PRESENT while the task runs, whether or not its
 * reporter lives, and SHMQ_ABSENT else.
 *
 * Threads, Order, Since: as shmq_status
 * Progress  wait-free, no system call
 */
SHMQ_API int shmq_status_glance(struct shmq *q, struct shmq_status *status);

/**
 * Wait for another status than the one given, which is that of the last call, or all zeros but its struct_size.
 *
 * SHMQ_ENDED: until the last task has ended, or its reporter died; also where the task that is known to run gave way to
 * another meanwhile (`run` tells). An end that is known is not waited for again.
 *
 * @param q           [in]     any role; an observer looks every few milliseconds, others are woken
 * @param until       [in]     enum shmq_until
 * @param timeout_ns  [in]     nanoseconds of the monotonic clock; 0 looks once, < 0 is for ever
 * @param status      [in,out] what is known; the new one
 *
 * @return 0, or
 *   -ETIMEDOUT  the time has passed; status is what it is now (the one failure that sets it)
 *   -ECANCELED  shmq_cancel was called
 *   -ESTALE     the queue was removed, and nobody reports
 *   -EINTR      a signal handler ran while it slept
 *   -EBADMSG -EINVAL -ECHILD  as shmq_status
 *
 * Threads   the handle's own
 * Progress  blocks
 * Since     0.1
 */
SHMQ_API int shmq_status_wait(struct shmq *q, enum shmq_until until, int64_t timeout_ns, struct shmq_status *status);

/**
 * Take one more look into account: the rate is that of the last seconds, older looks count less and less.
 *
 * @param rate    [in,out]
 * @param status  [in]
 *
 * Threads   any
 * Since     0.1
 */
SHMQ_API void shmq_rate_look(struct shmq_rate *rate, const struct shmq_status *status);

/**
 * Ask for the end of the task that is running. A reporter that waits on this queue for something else (shmq_wait) is
 * woken with -ECANCELED, once for a task.
 *
 * @param q  [in]  any role but observer
 *
 * @return 0, or 1 where no task is running; or
 *   -EAGAIN   as shmq_status; or somebody else does nothing but ask for the end of other tasks
 *   -EBADMSG  the status is damaged
 *   -EINVAL   an observer's handle
 *   -ECHILD   the handle is of the process that this one was forked from
 *
 * Threads   the handle's own
 * Progress  wait-free
 * Since     0.1
 */
SHMQ_API int shmq_request_cancel(struct shmq *q);

/**
 * Reporter: has somebody asked for the end of this task?
 *
 * @return 1 yes, 0 no, or
 *   -EINVAL  this handle reports no running task
 *   -ECHILD  the handle is of the process that this one was forked from
 *
 * Threads   the handle's own
 * Progress  wait-free: one load
 * Since     0.1
 */
SHMQ_API int shmq_cancel_requested(struct shmq *q);

/**
 * Begin a task, as the reporter. The first one takes the role, which is kept until shmq_report_leave or shmq_close. Where
 * somebody lends the status, it is borrowed, and kept as long.
 *
 * @param q      [in]  any role but observer
 * @param task   [in]  the application's, any value
 * @param total  [in]  what will be done at the end; 0: not known
 * @param unit   [in]  what done and total count; at most 16 bytes; NULL: ""
 *
 * @return 0, or
 *   -EBUSY     somebody else reports, who lives and does not lend it; or somebody has borrowed it for a second
 *   -EMSGSIZE  the unit is longer than that
 *   -EINVAL    an observer's handle, or the unit is not UTF-8
 *   -ECHILD    the handle is of the process that this one was forked from
 *
 * Threads   the handle's own
 * Progress  wait-free; system calls the first time
 * Order     release
 * Since     0.1
 */
SHMQ_API int shmq_report_begin(struct shmq *q, uint64_t task, uint64_t total, const char *unit);

/**
 * Take the role over with the task that is there, as its reporter left it when it died.
 *
 * @return 0, or
 *   -EBUSY    somebody else reports, who lives
 *   -ENOENT   no task is running
 *   -EBADMSG  the status is damaged
 *   -EINVAL   an observer's handle, or one that reports already
 *   -ECHILD   the handle is of the process that this one was forked from
 *
 * Threads, Since: as shmq_report_begin
 */
SHMQ_API int shmq_report_resume(struct shmq *q);

/**
 * Progress: so much more is done (it stays at 2^64 - 1 where the sum is larger), or so much is done.
 *
 * @return 0, or
 *   -EINVAL  this handle reports no running task
 *   -EBUSY   where this handle lends it: somebody has borrowed it for a second
 *   -ECHILD  the handle is of the process that this one was forked from
 *
 * Threads   the handle's own
 * Progress  wait-free, no system call and no fence unless somebody sleeps until the next change (or it is lent)
 * Order     release
 * Since     0.1
 */
SHMQ_API int shmq_report_advance(struct shmq *q, uint64_t count);
SHMQ_API int shmq_report_set(struct shmq *q, uint64_t done);

/**
 * More about the running task: a message; a message and progress in one change; another total, another unit.
 *
 * @param message  [in]  at most 240 bytes
 * @param unit     [in]  at most 16 bytes; NULL: ""
 *
 * @return as shmq_report_set, or
 *   -EMSGSIZE  the text is longer than that
 *   -EINVAL    the text is not UTF-8
 *   -EBADMSG   unit only: the message that is there is damaged
 *
 * Threads, Progress, Order, Since: as shmq_report_set
 */
SHMQ_API int shmq_report_message(struct shmq *q, const char *message);
SHMQ_API int shmq_report_step(struct shmq *q, uint64_t done, const char *message);
SHMQ_API int shmq_report_total(struct shmq *q, uint64_t total);
SHMQ_API int shmq_report_unit(struct shmq *q, const char *unit);

/**
 * The end of the running task: well, not well, or because it was asked for.
 *
 * @param code     [in]  the application's: of finish and fail
 * @param message  [in]  at most 240 bytes; NULL: the last one stays
 *
 * @return as shmq_report_message
 *
 * Threads, Progress, Order, Since: as shmq_report_set
 */
SHMQ_API int shmq_report_finish(struct shmq *q, int32_t code, const char *message);
SHMQ_API int shmq_report_fail(struct shmq *q, int32_t code, const char *message);
SHMQ_API int shmq_report_cancelled(struct shmq *q, const char *message);

/**
 * Lend the status: as long as this handle lives and does not leave, it is what tells that the work goes on, and other
 * processes may report, for a moment each or until they leave. This handle's own reports still work, and take such a
 * moment too. It takes the role where it has not got it.
 *
 * @return 0, or
 *   -EBUSY   somebody else reports, who lives
 *   -EINVAL  an observer's handle
 *   -ECHILD  the handle is of the process that this one was forked from
 *
 * Threads   the handle's own
 * Since     0.1
 */
SHMQ_API int shmq_report_lend(struct shmq *q);

/**
 * Borrow the status, to report until shmq_report_leave; whoever else wants to has to wait as long.
 *
 * @param q           [in]  any role but observer
 * @param timeout_ns  [in]  how long to wait for others; 0 tries once, < 0 is for ever
 *
 * @return 0, or
 *   -ETIMEDOUT   others had it all the time
 *   -EOWNERDEAD  nobody lives who lends it
 *   -EBUSY       somebody reports, and does not lend it
 *   -EINTR       a signal handler ran while it waited
 *   -EINVAL      an observer's handle, or one that reports already
 *   -ECHILD      the handle is of the process that this one was forked from
 *
 * Threads   the handle's own
 * Since     0.1
 */
SHMQ_API int shmq_report_borrow(struct shmq *q, int64_t timeout_ns);

/**
 * Give the role back, or what was borrowed. A task that is still running is then one whose reporter has died. Where
 * there is nothing to give back it does nothing.
 *
 * Threads   the handle's own
 * Since     0.1
 */
SHMQ_API void shmq_report_leave(struct shmq *q);

#ifdef __cplusplus
}
#endif
#endif
