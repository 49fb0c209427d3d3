/* Questions and answers: larger ones than their questions, in any order, and what a death on either side means. */
#include "peers.h"

#include <errno.h>
#include <shmq/layout.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MS INT64_C(1000000)

static struct shmq_client *client_opened(const char *name)
{
    const struct shmq_client_options o = {.struct_size = sizeof o, .capacity = 65536};
    struct shmq_client *client = NULL;

    assert_int_equal(shmq_client_open(name, &o, &client), 0);
    return client;
}

static struct shmq_server *server_opened(const char *name)
{
    struct shmq_server *server = NULL;

    assert_int_equal(shmq_server_open(name, &server), 0);
    return server;
}

static uint64_t begun(struct shmq_client *client, uint64_t question)
{
    uint64_t call = 0;

    assert_int_equal(shmq_call_begin(client, &question, sizeof question, 1, 0, &call), 0);
    return call;
}

/* As many bytes as were asked for, each of them the lowest of the question. */
static size_t size_for(uint64_t question)
{
    return question * 37 % 9000;
}

static int reply_to(struct shmq_server *server, const struct shmq_message *question)
{
    uint64_t number = *(uint64_t *)question->data;
    void *slot;
    int rc = shmq_server_reserve(server, size_for(number) + 5, -1, &slot);

    if (rc != 0)
        return rc;
    memset(slot, (int)(number & 0xff), size_for(number));
    return shmq_server_commit(server, size_for(number), (int32_t)number, (uint16_t)number);
}

static void answer_one(struct shmq_server *server)
{
    struct shmq_message m;

    assert_int_equal(shmq_server_next(server, 0, &m), 0);
    assert_int_equal(reply_to(server, &m), 0);
}

static bool is_answer(const struct shmq_reply *reply, uint64_t question)
{
    bool good =
        reply->size == size_for(question) && reply->code == (int32_t)question && reply->type == (uint16_t)question;

    for (uint32_t i = 0; i < reply->size; i++)
        good = good && ((const uint8_t *)reply->data)[i] == (question & 0xff);
    return good;
}

static int serve(struct peer *self, void *name)
{
    struct shmq_server *server = NULL;
    struct shmq_message m;
    int rc;

    CHILD_CHECK(shmq_server_open(name, &server) == 0);
    peer_pause(self);
    while ((rc = shmq_server_next(server, -1, &m)) == 0) {
        if (m.size == 3)
            CHILD_CHECK(shmq_server_reply(server, -ECANCELED, "not now", 7, 9, -1) == 0);
        else
            CHILD_CHECK(reply_to(server, &m) == 0);
    }
    shmq_server_close(server);
    return rc == -EPIPE ? 0 : 1;
}

static void answer_may_be_larger_than_its_question(void **state)
{
    const uint32_t kinds[] = {SHMQ_LANES, SHMQ_TOTAL_ORDER};

    (void)state;
    for (int i = 0; i < 2; i++) {
        const char *name = queue_made(i == 0 ? "larger" : "largerorder", 4096, 2, kinds[i]);
        struct peer peer = peer_start(serve, name);
        struct shmq_reply reply;

        assert_true(peer_await(&peer));
        struct shmq_client *one = client_opened(name);
        struct shmq_client *two = client_opened(name);

        peer_go(&peer);
        for (uint64_t n = 0; n < 3000; n++) {
            assert_int_equal(shmq_call(n % 3 == 0 ? two : one, &n, sizeof n, 1, -1, &reply), 0);
            assert_true(is_answer(&reply, n));
        }
        assert_int_equal(shmq_call(one, "xyz", 3, 1, -1, &reply), 0);
        assert_int_equal(reply.code, -ECANCELED);
        assert_int_equal(reply.type, 9);
        assert_memory_equal(reply.data, "not now", 7);
        shmq_client_close(one);
        shmq_client_close(two);
        assert_int_equal(peer_end(&peer), 0);
        assert_int_equal(shmq_remove(name, 0), 0);
    }
    assert_int_equal(test_names(), 0); /* the queues of answers have gone with their users */
}

static void calls_end_in_any_order(void **state)
{
    enum { CALLS = 100 };
    const char *name = queue_made("order", 65536, 1, SHMQ_LANES);
    struct shmq_client *client = client_opened(name);
    struct shmq_server *server = server_opened(name);
    uint64_t calls[CALLS];
    struct shmq_reply reply;

    (void)state;
    for (uint64_t n = 0; n < 20; n++)
        calls[n] = begun(client, n);
    assert_int_equal(shmq_call_end(client, calls[7], 0, &reply), -ETIMEDOUT);
    for (int i = 0; i < 20; i++)
        answer_one(server);
    for (uint64_t n = 20; n-- > 10;) {
        assert_int_equal(shmq_call_end(client, calls[n], -1, &reply), 0);
        assert_true(is_answer(&reply, n));
        assert_int_equal(shmq_call_end(client, calls[n], -1, &reply), -ENOENT);
    }
    assert_int_equal(shmq_call_forget(client, calls[3]), 0);
    assert_int_equal(shmq_call_end(client, calls[3], 0, &reply), -ENOENT);
    for (uint64_t n = 0; n < 10; n += n == 2 ? 2 : 1) {
        assert_int_equal(shmq_call_end(client, calls[n], -1, &reply), 0);
        assert_true(is_answer(&reply, n));
    }
    /* More than the queue of answers holds: those that are not waited for make way. */
    for (uint64_t n = 0; n < CALLS; n++)
        calls[n] = begun(client, 200 + n);
    struct shmq_message m;

    for (uint64_t n = 0; n < CALLS; n++) {
        void *slot;

        assert_int_equal(shmq_server_next(server, 0, &m), 0);
        while (shmq_server_reserve(server, size_for(200 + n), 0, &slot) == -ETIMEDOUT)
            assert_int_equal(shmq_call_end(client, calls[CALLS - 1], 0, &reply), -ETIMEDOUT);
        assert_int_equal(reply_to(server, &m), 0);
    }
    for (uint64_t n = CALLS; n-- > 0;) {
        assert_int_equal(shmq_call_end(client, calls[n], 0, &reply), 0);
        assert_true(is_answer(&reply, 200 + n));
    }
    shmq_client_close(client);
    shmq_server_close(server);
}

static void arguments_out_of_range_are_refused(void **state)
{
    const char *name = queue_made("refused", 4096, 1, SHMQ_LANES);
    const char *recorder = queue_made("recorder", 4096, 1, SHMQ_RECORDER);
    struct shmq_client_options bad = {.struct_size = sizeof bad, .zero = 1};
    struct shmq_client *client = NULL;
    struct shmq_client *other = NULL;
    struct shmq_server *server = NULL;
    struct shmq_reply reply;
    struct shmq_message m;
    static char bytes[40000];
    void *slot;

    (void)state;
    assert_int_equal(shmq_client_open(NULL, NULL, &client), -EINVAL);
    assert_int_equal(shmq_client_open(name, &bad, &client), -EINVAL);
    assert_int_equal(shmq_client_open(recorder, NULL, &client), -EINVAL);
    assert_int_equal(shmq_client_open(test_name("nothing"), NULL, &client), -ENOENT);
    assert_int_equal(shmq_server_open(recorder, &server), -EINVAL);
    assert_int_equal(shmq_server_open(test_name("nothing"), &server), -ENOENT);
    assert_null(client);
    assert_null(server);
    shmq_client_close(NULL);
    shmq_server_close(NULL);
    client = client_opened(name);
    server = server_opened(name);
    assert_int_equal(shmq_client_open(name, NULL, &other), -EBUSY);
    assert_int_equal(shmq_call(client, bytes, 4000, 1, -1, &reply), -EMSGSIZE);
    assert_int_equal(shmq_call_end(client, 16, 0, &reply), -ENOENT);
    assert_int_equal(shmq_call_forget(client, 16), -ENOENT);
    assert_int_equal(shmq_server_reply(server, 0, "x", 1, 1, 0), -EINVAL);
    assert_int_equal(shmq_server_commit(server, 0, 0, 0), -EINVAL);
    uint64_t call = begun(client, 1);

    assert_int_equal(shmq_server_next(server, 0, &m), 0);
    assert_int_equal(shmq_server_commit(server, 0, 0, 0), -EINVAL);
    assert_int_equal(shmq_server_reply(server, 0, bytes, sizeof bytes, 1, 0), -EMSGSIZE);
    assert_int_equal(shmq_server_reserve(server, SIZE_MAX, 0, &slot), -EMSGSIZE);
    assert_int_equal(shmq_server_reserve(server, 10, 0, &slot), 0);
    assert_int_equal(shmq_server_commit(server, 11, 0, 0), -EINVAL);
    assert_int_equal(shmq_server_commit(server, 0, 5, 6), 0);
    assert_int_equal(shmq_server_commit(server, 0, 5, 6), -EINVAL);
    assert_int_equal(shmq_server_reply(server, 0, "x", 1, 1, 0), -EINVAL);
    assert_int_equal(shmq_call_end(client, call, 0, &reply), 0);
    assert_int_equal(reply.size, 0);
    assert_int_equal(reply.code, 5);
    assert_int_equal(shmq_server_next(server, 0, &m), -ETIMEDOUT);
    shmq_cancel(shmq_client_answers(client));
    call = begun(client, 1);
    assert_int_equal(shmq_call_end(client, call, -1, &reply), -ECANCELED);
    shmq_client_close(client);
    shmq_server_close(server);
}

static int take_and_die(struct peer *self, void *name)
{
    struct shmq_server *server = NULL;
    struct shmq_message m;

    CHILD_CHECK(shmq_server_open(name, &server) == 0);
    CHILD_CHECK(shmq_server_next(server, -1, &m) == 0);
    CHILD_CHECK(reply_to(server, &m) == 0);
    CHILD_CHECK(shmq_server_next(server, -1, &m) == 0);
    peer_pause(self);
    usleep(10000);
    peer_die();
}

static void death_of_the_server_is_told_and_its_successor_answers(void **state)
{
    const char *name = queue_made("death", 4096, 1, SHMQ_LANES);
    struct shmq_client *client = client_opened(name);
    struct peer peer = peer_start(take_and_die, name);
    uint64_t first = begun(client, 11);
    uint64_t second = begun(client, 12);
    struct shmq_reply reply;

    (void)state;
    assert_true(peer_await(&peer));
    peer_go(&peer);
    assert_int_equal(shmq_call_end(client, second, -1, &reply), -EOWNERDEAD);
    assert_int_equal(peer_end(&peer), PEER_KILLED);
    assert_int_equal(shmq_call_end(client, second, 3 * MS, &reply), -ETIMEDOUT);
    assert_int_equal(shmq_call_end(client, first, 0, &reply), 0); /* it had answered this one */
    assert_true(is_answer(&reply, 11));
    struct peer heir = peer_start(serve, name);

    assert_true(peer_await(&heir));
    peer_go(&heir);
    assert_int_equal(shmq_call_end(client, second, -1, &reply), 0);
    assert_true(is_answer(&reply, 12));
    shmq_client_close(client);
    assert_int_equal(peer_end(&heir), 0);
}

static int answer_and_die(struct peer *self, void *name)
{
    struct shmq_server *server = NULL;
    struct shmq_message m;
    struct shmq *answers = NULL;
    uint64_t prefix[2] = {0};

    (void)self;
    CHILD_CHECK(shmq_server_open(name, &server) == 0);
    CHILD_CHECK(shmq_server_next(server, -1, &m) == 0);
    /* The answer is published, and the question not given back yet. */
    char full[96];

    snprintf(full, sizeof full, "%s.reply.0", (const char *)name);
    CHILD_CHECK(shmq_open(full, SHMQ_PRODUCER, NULL, &answers) == 0);
    prefix[0] = m.ticket;
    prefix[1] = 5;
    CHILD_CHECK(shmq_send(answers, prefix, sizeof prefix, 5, 0) == 0);
    peer_die();
}

static void question_that_was_answered_twice_has_one_answer(void **state)
{
    const char *name = queue_made("twice", 4096, 1, SHMQ_LANES);
    struct shmq_client *client = client_opened(name);
    struct peer peer = peer_start(answer_and_die, name);
    uint64_t call = begun(client, 5);
    struct shmq_reply reply;

    (void)state;
    assert_int_equal(peer_end(&peer), PEER_KILLED);
    struct shmq_server *server = server_opened(name);

    answer_one(server);
    assert_int_equal(shmq_call_end(client, call, 0, &reply), 0);
    assert_int_equal(reply.size, 0); /* the first one */
    assert_int_equal(reply.code, 5);
    call = begun(client, 6);
    answer_one(server);
    assert_int_equal(shmq_call_end(client, call, 0, &reply), 0);
    assert_true(is_answer(&reply, 6));
    shmq_client_close(client);
    shmq_server_close(server);
}

static int ask_and_die(struct peer *self, void *name)
{
    struct shmq_client *client = NULL;
    uint64_t call;
    uint64_t question = 77;

    CHILD_CHECK(shmq_client_open(name, NULL, &client) == 0);
    CHILD_CHECK(shmq_call_begin(client, &question, sizeof question, 1, 0, &call) == 0);
    CHILD_CHECK(shmq_call_begin(client, &question, sizeof question, 1, 0, &call) == 0);
    peer_pause(self);
    peer_die();
}

static void successor_of_a_dead_client_gets_only_its_own_answers(void **state)
{
    const char *name = queue_made("heir", 4096, 1, SHMQ_LANES);
    struct shmq_server *server = server_opened(name);
    struct peer peer = peer_start(ask_and_die, name);
    struct shmq_reply reply;

    (void)state;
    assert_true(peer_await(&peer));
    answer_one(server); /* while it lives, and */
    peer_go(&peer);
    assert_int_equal(peer_end(&peer), PEER_KILLED);
    answer_one(server); /* when it is dead */
    struct shmq_client *client = client_opened(name);
    uint64_t call = begun(client, 33);

    assert_int_equal(shmq_call_end(client, call, 0, &reply), -ETIMEDOUT);
    answer_one(server);
    assert_int_equal(shmq_call_end(client, call, 0, &reply), 0);
    assert_true(is_answer(&reply, 33));
    shmq_client_close(client);

    /* One that closes takes its memory with it, unless the server holds it: here it does. */
    client = client_opened(name);
    (void)begun(client, 34);
    shmq_client_close(client);
    answer_one(server);
    shmq_server_close(server);

    client = client_opened(name);
    (void)begun(client, 35);
    shmq_client_close(client);
    struct shmq_message m;

    server = server_opened(name);
    assert_int_equal(shmq_server_next(server, 0, &m), 0);
    assert_int_equal(shmq_server_reply(server, 0, "x", 1, 1, 0), -ENOENT);
    assert_int_equal(shmq_server_next(server, 0, &m), -EPIPE); /* and was given back */
    shmq_server_close(server);
}

static void queue_of_answers_that_was_removed_is_found_again(void **state)
{
    const char *name = queue_made("removed", 4096, 1, SHMQ_LANES);
    struct shmq_server *server = server_opened(name);
    struct shmq_client *client = client_opened(name);
    char answers[96];
    struct shmq_reply reply;

    (void)state;
    snprintf(answers, sizeof answers, "%s.reply.0", name);
    uint64_t call = begun(client, 1);

    answer_one(server);
    assert_int_equal(shmq_call_end(client, call, 0, &reply), 0);
    assert_int_equal(shmq_remove(answers, SHMQ_REMOVE_USED), 0);
    shmq_client_close(client);
    client = client_opened(name);
    call = begun(client, 2);
    answer_one(server);
    assert_int_equal(shmq_call_end(client, call, 0, &reply), 0);
    assert_true(is_answer(&reply, 2));
    shmq_client_close(client);
    shmq_server_close(server);
}

static void damaged_answers_are_no_answers(void **state)
{
    const char *name = queue_made("damage", 4096, 1, SHMQ_LANES);
    struct shmq_client *client = client_opened(name);
    uint64_t call = begun(client, 1);
    struct shmq *forger = NULL;
    struct shmq_reply reply;
    char answers[96];

    (void)state;
    snprintf(answers, sizeof answers, "%s.reply.0", name);
    assert_int_equal(shmq_open(answers, SHMQ_PRODUCER, NULL, &forger), 0);
    assert_int_equal(shmq_send(forger, NULL, 0, 1, 0), 0);
    assert_int_equal(shmq_send(forger, &call, 8, 1, 0), 0);
    assert_int_equal(shmq_send(forger, (uint64_t[]){call, 0}, 15, 1, 0), 0);
    assert_int_equal(shmq_call_end(client, call, 0, &reply), -ETIMEDOUT);
    assert_int_equal(shmq_send(forger, (uint64_t[]){call, 0}, 16, 1, 0), 0);
    assert_int_equal(shmq_call_end(client, call, 0, &reply), 0);
    shmq_close(forger);
    shmq_client_close(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answer_may_be_larger_than_its_question),
        cmocka_unit_test(calls_end_in_any_order),
        cmocka_unit_test(arguments_out_of_range_are_refused),
        cmocka_unit_test(death_of_the_server_is_told_and_its_successor_answers),
        cmocka_unit_test(question_that_was_answered_twice_has_one_answer),
        cmocka_unit_test(successor_of_a_dead_client_gets_only_its_own_answers),
        cmocka_unit_test(queue_of_answers_that_was_removed_is_found_again),
        cmocka_unit_test(damaged_answers_are_no_answers),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
