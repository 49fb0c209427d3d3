/* Questions and answers. */
#include "file.h"

#include <shmq/duplex.h>
#include <shmq/wait.h>
#include <string.h>

static struct shmq_client *client;
static struct shmq_server *server;

/* Its two handles. */
static void look_at_client(uint8_t how)
{
    struct shmq_status status = {.struct_size = sizeof status};

    adversary_allow("status", UINT64_C(1) << 20);
    (void)shmq_status(shmq_client_questions(client), &status);
    (void)shmq_request_cancel(shmq_client_questions(client));
    if ((how & 8) != 0)
        shmq_cancel(shmq_client_answers(client));
}

void duplex_ask(uint8_t how)
{
    const struct shmq_client_options options = {.struct_size = sizeof options, .capacity = 4096};
    struct shmq_reply reply;
    uint64_t call;

    begin("client", NULL);
    if (client == NULL) {
        leaves_files = true;
        if (shmq_client_open(name, &options, &client) != 0)
            client = NULL;
    } else if (how % 8 == 0) {
        shmq_client_close(client);
        client = NULL;
    } else if (how % 8 == 4) {
        look_at_client(how);
    } else if (how % 2 == 0) {
        if (shmq_call(client, "who?", how % 5, 1, how & 8 ? 1000 : 0, &reply) == 0)
            sink(reply.data, reply.size);
    } else if (shmq_call_begin(client, "who?", how % 5, 1, 0, &call) == 0) {
        begin("call_end", NULL);
        if (shmq_call_end(client, call, how & 8 ? 1000 : 0, &reply) == 0)
            sink(reply.data, reply.size);
        else if (how & 16)
            (void)shmq_call_forget(client, call);
    }
}

void duplex_answer(uint8_t how)
{
    struct shmq_message question;
    void *slot;

    begin("server", NULL);
    if (server == NULL) {
        if (shmq_server_open(name, &server) != 0)
            server = NULL;
    } else if (how % 8 == 0) {
        shmq_server_close(server);
        server = NULL;
    } else if (how % 8 == 7) {
        (void)shmq_report_begin(shmq_server_questions(server), how, how, "answers");
    } else if (how % 8 < 4) {
        if (shmq_server_next(server, how & 8 ? 1000 : 0, &question) == 0)
            sink(question.data, question.size);
    } else if (how % 8 < 6) {
        (void)shmq_server_reply(server, how, "I", how / 8 % 2, 1, 0);
    } else if (shmq_server_reserve(server, how, 0, &slot) == 0) {
        memset(slot, 0x5a, how);
        (void)shmq_server_commit(server, how, 0, 1);
    }
}

void duplex_close(void)
{
    begin("client_close", NULL);
    shmq_client_close(client);
    begin("server_close", NULL);
    shmq_server_close(server);
    client = NULL;
    server = NULL;
}
