/*
 * Questions and answers, where an answer may be larger than its question
 *
 * (Where it is not, await.h needs no second queue: the consumer answers in place.)
 *
 * A client sends its questions through a lane of the queue NAME, and provides the memory for the answers: a queue of its
 * own, NAME.reply.LANE, which is there as long as one of the two uses it. The server receives from NAME and answers each
 * client in its queue.
 *
 *     client                                               server
 *     shmq_client_open("NAME", NULL, &client);             shmq_server_open("NAME", &server);
 *     rc = shmq_call(client, q, q_size, ASK, -1, &reply);  while (shmq_server_next(server, -1, &m) == 0) {
 *     if (rc == 0)                                             rc = shmq_server_reserve(server, size, -1, &slot);
 *         use(reply.data, reply.size, reply.code);             if (rc == 0)
 *                                                                  shmq_server_commit(server, work(&m, slot), 0, 7);
 *                                                          }
 *
 * Any number of calls may be open: begin them, and end them in any order. Each question is answered once: a server that
 * dies before it has answered leaves the question to its successor, and what the client has been given already, has given
 * up, or was never asked by this client (but by a dead one in its lane), is dropped. How a question ended is the server's
 * to say, with a code: 0, or for instance -ECANCELED.
 */
#ifndef SHMQ_DUPLEX_H
#define SHMQ_DUPLEX_H

#include <shmq/consumer.h>
#include <shmq/export.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct shmq;

/** Both opaque; used by one thread at a time. */
struct shmq_client;
struct shmq_server;

/** The queue of answers. Zero in a field means its default, as in shmq_create_options. */
struct shmq_client_options {
    size_t struct_size; /* sizeof(struct shmq_client_options) */
    uint64_t capacity;  /* bytes of its ring; an answer may have half of that, less 24 */
    uint32_t mode;
    uint32_t group;
    uint32_t has_group;
    uint32_t zero; /* 0 */
};

/** An answer. */
struct shmq_reply {
    const void *data; /* until the next call on this client */
    uint32_t size;    /* bytes */
    int32_t code;     /* the server's: 0, or why there is no answer */
    uint16_t type;    /* the server's */
};

/**
 * Open a client, with a lane of its own in a queue that exists.
 *
 * @param name     [in]   of the queue, not longer than 54 characters
 * @param options  [in]   NULL for all defaults
 * @param client   [out]  for shmq_client_close
 *
 * @return as shmq_open and shmq_create; -EINVAL also where the queue is a flight recorder; -EPROTO also where there is
 *         a queue already in the place of that of answers, of another kind
 *
 * Threads   any
 * Since     0.1
 */
SHMQ_API int shmq_client_open(const char *name, const struct shmq_client_options *options,
                              struct shmq_client **client);

/** Close a client: open calls are given up. NULL does nothing. */
SHMQ_API void shmq_client_close(struct shmq_client *client);

/**
 * Ask, and wait for the answer.
 *
 * @param client      [in]
 * @param data        [in]   may be NULL where size is 0
 * @param size        [in]   bytes
 * @param type        [in]   the application's, any value
 * @param timeout_ns  [in]   nanoseconds of the monotonic clock, for both; < 0 is for ever
 * @param reply       [out]
 *
 * @return as shmq_call_begin and shmq_call_end. On failure the call is given up
 *
 * Threads   the client's own
 * Since     0.1
 */
SHMQ_API int shmq_call(struct shmq_client *client, const void *data, size_t size, uint16_t type, int64_t timeout_ns,
                       struct shmq_reply *reply);

/**
 * Ask.
 *
 * @param timeout_ns  [in]   how long to wait for room
 * @param call        [out]  for shmq_call_end
 *
 * @return as shmq_send_wait; -ENOMEM
 *
 * Threads   the client's own
 * Since     0.1
 */
SHMQ_API int shmq_call_begin(struct shmq_client *client, const void *data, size_t size, uint16_t type,
                             int64_t timeout_ns, uint64_t *call);

/**
 * Wait for the answer of one call. Answers of others that come meanwhile are kept for theirs.
 *
 * @return 0, or
 *   -ETIMEDOUT   the time has passed; the call stays open
 *   -EOWNERDEAD  the server died. Told once: the next call of this waits for its successor. It answers what the dead one
 *                has not
 *   -ESTALE      the queue was removed and there is no server
 *   -ENOENT      no such call is open
 *   -EBADMSG     the queue of answers is damaged
 *   -ECANCELED   shmq_cancel was called for the client's queue of answers
 *   -EINTR       a signal handler ran while it slept
 *   -ENOMEM      there is no memory to keep the answer of another call
 *   -ECHILD      the client is of the process that this one was forked from
 *
 * Threads   the client's own
 * Since     0.1
 */
SHMQ_API int shmq_call_end(struct shmq_client *client, uint64_t call, int64_t timeout_ns, struct shmq_reply *reply);

/** Give a call up: its answer will be dropped. -ENOENT: no such call is open. */
SHMQ_API int shmq_call_forget(struct shmq_client *client, uint64_t call);

/** The client's handles, for shmq_cancel, shmq_fd, shmq_status, shmq_request_cancel and the like. */
SHMQ_API struct shmq *shmq_client_questions(struct shmq_client *client);
SHMQ_API struct shmq *shmq_client_answers(struct shmq_client *client);

/**
 * Open the server of a queue that exists: its consumer.
 *
 * @return as shmq_open; -EINVAL also where the queue is a flight recorder
 *
 * Threads   any
 * Since     0.1
 */
SHMQ_API int shmq_server_open(const char *name, struct shmq_server **server);

/** Close a server. A question that was not answered is left to the next one. NULL does nothing. */
SHMQ_API void shmq_server_close(struct shmq_server *server);

/**
 * Receive the next question, in place. One that was received before and not answered is given back without an answer.
 *
 * @return as shmq_peek_wait
 *
 * Threads   the server's own
 * Since     0.1
 */
SHMQ_API int shmq_server_next(struct shmq_server *server, int64_t timeout_ns, struct shmq_message *question);

/**
 * Answer the question that was received last, which is given back with it.
 *
 * @param code        [in]  0, or why there is no answer
 * @param data        [in]  may be NULL where size is 0
 * @param timeout_ns  [in]  how long to wait for room
 *
 * @return 0, or
 *   -ETIMEDOUT   there is no room; it may be tried again
 *   -EMSGSIZE    no answer of that client's may be as large
 *   -ENOENT      the client is gone, and took its queue with it. The question is given back
 *   -EOWNERDEAD  the client died, and there is no room. The question is given back
 *   -EINVAL      there is no question, or size exceeds what was reserved
 *   as shmq_open, for the client's queue, and as shmq_send_wait
 *
 * Threads   the server's own
 * Since     0.1
 */
SHMQ_API int shmq_server_reply(struct shmq_server *server, int32_t code, const void *data, size_t size, uint16_t type,
                               int64_t timeout_ns);

/**
 * The same in place: reserve room in the client's memory, write there, commit as much as counts.
 *
 * Threads, Since: as shmq_server_reply
 */
SHMQ_API int shmq_server_reserve(struct shmq_server *server, size_t size, int64_t timeout_ns, void **slot);
SHMQ_API int shmq_server_commit(struct shmq_server *server, size_t size, int32_t code, uint16_t type);

/** The server's handle, for shmq_cancel, shmq_fd, shmq_report_begin and the like. */
SHMQ_API struct shmq *shmq_server_questions(struct shmq_server *server);

#ifdef __cplusplus
}
#endif
#endif
