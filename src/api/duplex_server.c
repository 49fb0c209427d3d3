/* Who answers. */
#include "api/duplex.h"
#include "api/handle.h"

#include <errno.h>
#include <shmq/producer.h>
#include <shmq/wait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shmq_server {
    struct shmq *questions;
    char *name;
    struct shmq **clients; /* by lane; NULL: not needed so far */
    struct shmq_message question;
    bool has_question;
    void *slot; /* reserved, the prefix first; or NULL */
};

char *duplex_answers_name(const char *name, uint32_t lane)
{
    size_t size = strlen(name) + sizeof ".reply.255";
    char *full = malloc(size);

    if (full != NULL)
        snprintf(full, size, "%s.reply.%u", name, (unsigned)lane);
    return full;
}

int shmq_server_open(const char *name, struct shmq_server **server)
{
    if (name == NULL || server == NULL)
        return -EINVAL;
    struct shmq_server *made = calloc(1, sizeof *made);
    int rc = made == NULL ? -ENOMEM : shmq_open(name, SHMQ_CONSUMER, NULL, &made->questions);

    if (rc == 0 && made->questions->kind == SHMQ_RECORDER)
        rc = -EINVAL;
    if (rc == 0) {
        made->name = strdup(name);
        made->clients = calloc(made->questions->geometry.lane_count, sizeof(struct shmq *));
        if (made->name == NULL || made->clients == NULL)
            rc = -ENOMEM;
    }
    if (rc != 0)
        shmq_server_close(made);
    else
        *server = made;
    return rc;
}

void shmq_server_close(struct shmq_server *server)
{
    if (server == NULL)
        return;
    /* First: whoever serves next needs their lanes. */
    for (uint32_t i = 0; server->clients != NULL && i < server->questions->geometry.lane_count; i++)
        shmq_close(server->clients[i]);
    shmq_close(server->questions);
    free(server->clients);
    free(server->name);
    free(server);
}

struct shmq *shmq_server_questions(struct shmq_server *server)
{
    return server->questions;
}

static void give_back(struct shmq_server *server)
{
    if (server->has_question)
        (void)shmq_release(server->questions);
    server->has_question = false;
    server->slot = NULL;
}

int shmq_server_next(struct shmq_server *server, int64_t timeout_ns, struct shmq_message *question)
{
    if (server->slot != NULL)
        shmq_abort(server->clients[server->question.lane]);
    give_back(server);
    int rc = shmq_peek_wait(server->questions, timeout_ns, &server->question);

    if (rc != 0)
        return rc;
    server->has_question = true;
    *question = server->question;
    return 0;
}

/* The queue of who asked. One that somebody has removed by force is another by now. */
static int open_asker(struct shmq_server *server, struct shmq **q)
{
    struct shmq **client = &server->clients[server->question.lane];

    if (*client != NULL && handle_is_removed(*client)) {
        shmq_close(*client);
        *client = NULL;
    }
    int rc = 0;

    if (*client == NULL) {
        char *name = duplex_answers_name(server->name, server->question.lane);

        rc = name != NULL ? shmq_open(name, SHMQ_PRODUCER, NULL, client) : -ENOMEM;
        free(name);
    }
    *q = *client;
    return rc;
}

int shmq_server_reserve(struct shmq_server *server, size_t size, int64_t timeout_ns, void **slot)
{
    struct shmq *q;
    void *room;

    if (!server->has_question)
        return -EINVAL;
    if (size > UINT32_MAX)
        return -EMSGSIZE;
    int rc = open_asker(server, &q);

    if (rc == 0)
        rc = shmq_reserve_wait(q, size + sizeof(struct duplex_prefix), timeout_ns, &room);
    if (rc == -ENOENT || rc == -EOWNERDEAD || rc == -ESTALE)
        give_back(server);
    if (rc != 0)
        return rc == -ESTALE ? -ENOENT : rc;
    server->slot = room;
    *slot = (uint8_t *)room + sizeof(struct duplex_prefix);
    return 0;
}

int shmq_server_commit(struct shmq_server *server, size_t size, int32_t code, uint16_t type)
{
    if (server->slot == NULL)
        return -EINVAL;
    struct shmq *q = server->clients[server->question.lane];
    struct duplex_prefix prefix = {.call = server->question.ticket, .code = code};

    if (size > q->producer.slot_size - sizeof prefix)
        return -EINVAL;
    memcpy(server->slot, &prefix, sizeof prefix);
    int rc = shmq_commit(q, size + sizeof prefix, type, 0);

    if (rc == 0)
        give_back(server);
    return rc;
}

int shmq_server_reply(struct shmq_server *server, int32_t code, const void *data, size_t size, uint16_t type,
                      int64_t timeout_ns)
{
    void *slot;
    int rc = shmq_server_reserve(server, size, timeout_ns, &slot);

    if (rc != 0)
        return rc;
    if (size != 0)
        memcpy(slot, data, size);
    return shmq_server_commit(server, size, code, type);
}
