/* In a child of fork every call refuses the handles of its parent, which goes on with them; fork.c tells the rest. */
#include "peers.h"

#include <errno.h>
#include <shmq/layout.h>
#include <shmq/sm.h>
#include <unistd.h>

#define PART(F) F(u64, id)
SHMQ_SM(part, 1, PART)

static struct shmq_ticket asked(struct shmq *p)
{
    struct shmq_ticket ticket;

    assert_int_equal(shmq_send(p, "12345678", 8, 0, 0), 0);
    assert_int_equal(shmq_ticket(p, &ticket), 0);
    return ticket;
}

struct asking {
    struct shmq *p;
    struct shmq_ticket ticket;
};

static int await_in_child(struct peer *self, void *arg)
{
    struct asking *asking = arg;

    (void)self;
    CHILD_CHECK(shmq_await(asking->p, &asking->ticket, 0, NULL) == -ECHILD);
    CHILD_CHECK(shmq_ticket(asking->p, &asking->ticket) == -ECHILD);
    return 0;
}

static void child_does_not_await_for_its_parent(void **state)
{
    const char *name = queue_made("await", 4096, 1, SHMQ_LANES);
    struct asking asking = {.p = queue_opened(name, SHMQ_PRODUCER)};

    (void)state;
    asking.ticket = asked(asking.p);
    assert_int_equal(test_child_with(await_in_child, &asking, sizeof asking), 0);
    assert_int_equal(shmq_await(asking.p, &asking.ticket, 0, NULL), -ETIMEDOUT);
    shmq_close(asking.p);
}

struct calling {
    struct shmq_client *client;
    struct shmq_server *server;
    uint64_t call;
};

static int call_in_child(struct peer *self, void *arg)
{
    struct calling *calling = arg;
    struct shmq_reply reply;
    struct shmq_message m;
    uint64_t again;

    (void)self;
    CHILD_CHECK(shmq_call_end(calling->client, calling->call, 0, &reply) == -ECHILD);
    CHILD_CHECK(shmq_call_begin(calling->client, "x", 1, 1, 0, &again) == -ECHILD);
    CHILD_CHECK(shmq_server_next(calling->server, 0, &m) == -ECHILD);
    shmq_client_close(calling->client);
    shmq_server_close(calling->server);
    return 0;
}

static void child_does_not_call_for_its_parent(void **state)
{
    const char *name = queue_made("call", 4096, 1, SHMQ_LANES);
    struct calling calling = {NULL, NULL, 0};
    struct shmq_reply reply;
    struct shmq_message m;

    (void)state;
    assert_int_equal(shmq_client_open(name, NULL, &calling.client), 0);
    assert_int_equal(shmq_server_open(name, &calling.server), 0);
    assert_int_equal(shmq_call_begin(calling.client, "?", 1, 1, 0, &calling.call), 0);
    assert_int_equal(test_child_with(call_in_child, &calling, sizeof calling), 0);
    assert_int_equal(shmq_server_next(calling.server, 0, &m), 0);
    assert_int_equal(shmq_server_reply(calling.server, 0, "!", 1, 1, 0), 0);
    assert_int_equal(shmq_call_end(calling.client, calling.call, 0, &reply), 0);
    shmq_client_close(calling.client);
    shmq_server_close(calling.server);
}

struct looking {
    struct shmq *q;
    struct shmq_cursor *cursor;
};

static int look_in_child(struct peer *self, void *arg)
{
    struct looking *looking = arg;
    struct shmq_seen seen = {.struct_size = sizeof seen};
    struct shmq_cursor *cursor;

    (void)self;
    CHILD_CHECK(shmq_cursor_next(looking->cursor, &seen) == -ECHILD);
    CHILD_CHECK(shmq_cursor_open(looking->q, NULL, &cursor) == -ECHILD);
    return 0;
}

static void child_does_not_look_for_its_parent(void **state)
{
    const char *name = queue_made("look", 4096, 1, SHMQ_LANES);
    struct looking looking = {queue_opened(name, SHMQ_OBSERVER), NULL};
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq_seen seen = {.struct_size = sizeof seen};

    (void)state;
    assert_int_equal(shmq_cursor_open(looking.q, NULL, &looking.cursor), 0);
    asked(p);
    assert_int_equal(test_child_with(look_in_child, &looking, sizeof looking), 0);
    assert_int_equal(shmq_cursor_next(looking.cursor, &seen), 0); /* nothing is lost by it */
    assert_memory_equal(seen.message.data, "12345678", 8);
    shmq_cursor_close(looking.cursor);
    shmq_close(p);
    shmq_close(looking.q);
}

static int report_in_child(struct peer *self, void *arg)
{
    struct shmq *q = *(struct shmq **)arg;
    struct shmq_status s = {.struct_size = sizeof s};

    (void)self;
    CHILD_CHECK(shmq_report_advance(q, 1) == -ECHILD && shmq_report_set(q, 1) == -ECHILD);
    CHILD_CHECK(shmq_report_message(q, "x") == -ECHILD && shmq_report_finish(q, 0, NULL) == -ECHILD);
    CHILD_CHECK(shmq_report_begin(q, 1, 1, NULL) == -ECHILD && shmq_report_resume(q) == -ECHILD);
    CHILD_CHECK(shmq_report_lend(q) == -ECHILD && shmq_report_borrow(q, 0) == -ECHILD);
    CHILD_CHECK(shmq_cancel_requested(q) == -ECHILD && shmq_request_cancel(q) == -ECHILD);
    CHILD_CHECK(shmq_status(q, &s) == -ECHILD && shmq_status_glance(q, &s) == -ECHILD);
    CHILD_CHECK(shmq_status_wait(q, SHMQ_CHANGED, 0, &s) == -ECHILD);
    shmq_report_leave(q);
    shmq_close(q);
    return 0;
}

static void child_does_not_report_for_its_parent(void **state)
{
    struct shmq *q = queue_opened(queue_made("report", 4096, 2, SHMQ_LANES), SHMQ_CONSUMER);
    struct shmq_status s = {.struct_size = sizeof s};

    (void)state;
    assert_int_equal(shmq_report_begin(q, 1, 100, NULL), 0);
    assert_int_equal(test_child_with(report_in_child, &q, sizeof q), 0);
    assert_int_equal(shmq_report_advance(q, 1), 0);
    assert_int_equal(shmq_status(q, &s), 0);
    assert_int_equal(s.presence, SHMQ_PRESENT);
    assert_int_equal(s.pid, getpid());
    assert_int_equal(s.done, 1);
    shmq_close(q);
}

static int convert_in_child(struct peer *self, void *arg)
{
    struct shmq *q = *(struct shmq **)arg;
    struct part *smo = NULL;

    (void)self;
    CHILD_CHECK(shmq_schema_count(q) == -ECHILD);
    CHILD_CHECK(shmq_sm_type(q, &part_sm) == -ECHILD);
    CHILD_CHECK(part_reserve(q, &smo) == -ECHILD);
    shmq_close(q);
    return 0;
}

static void child_does_not_convert_for_its_parent(void **state)
{
    static const struct shmq_sm *const types[] = {&part_sm};
    struct shmq_create_options o = queue_options(4096, 1, SHMQ_LANES);
    const char *name = test_name("convert");
    struct part *smo = NULL;

    (void)state;
    o.types = types;
    o.type_count = 1;
    assert_int_equal(shmq_create(name, &o), 0);
    struct shmq *q = queue_opened(name, SHMQ_PRODUCER);

    assert_int_equal(part_reserve(q, &smo), 0);
    assert_int_equal(test_child_with(convert_in_child, &q, sizeof q), 0);
    assert_int_equal(part_commit(q, 0), 0);
    shmq_close(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(child_does_not_await_for_its_parent),
        cmocka_unit_test(child_does_not_call_for_its_parent),
        cmocka_unit_test(child_does_not_look_for_its_parent),
        cmocka_unit_test(child_does_not_report_for_its_parent),
        cmocka_unit_test(child_does_not_convert_for_its_parent),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
