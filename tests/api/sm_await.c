/* Typed answers in place: what a consumer leaves in a record, its producer is shown as what it is, or not at all. */
#include "peers.h"

#include <errno.h>
#include <shmq/sm.h>
#include <string.h>

#define MS INT64_C(1000000)

#define JOB(F) F(u64, number) F(text, reason, 8) F(bool, is_done) F(string, note, 32)
SHMQ_SM(job, 1, JOB)

#define OTHER(F) F(u64, a)
SHMQ_SM(other, 1, OTHER)

#define STRANGER(F) F(u32, a)
SHMQ_SM(stranger, 1, STRANGER)

static const struct shmq_sm *const types[] = {&job_sm, &other_sm};

static const char *make(const char *word, uint32_t kind)
{
    struct shmq_create_options o = queue_options(4096, 1, kind);
    const char *name = test_name(word);

    o.types = types;
    o.type_count = 2;
    assert_int_equal(shmq_create(name, &o), 0);
    return name;
}

static struct shmq_ticket sent(struct shmq *q, uint64_t number, const char *note)
{
    struct shmq_ticket ticket;
    struct job *job = NULL;

    assert_int_equal(job_reserve(q, &job), 0);
    job->number = number;
    assert_int_equal(shmq_string_put(q, &job->note, note), 0);
    assert_int_equal(job_commit(q, 0), 0);
    assert_int_equal(shmq_ticket(q, &ticket), 0);
    return ticket;
}

static struct job *peeked(struct shmq *q)
{
    const struct job *question = NULL;
    struct shmq_message m;

    assert_int_equal(job_peek(q, &m, &question), 0);
    assert_ptr_equal(question, m.data);
    return m.data;
}

static void what_was_left_in_place_is_shown(void **state)
{
    const uint32_t kinds[] = {SHMQ_LANES, SHMQ_TOTAL_ORDER};

    (void)state;
    for (int i = 0; i < 2; i++) {
        const char *name = make(i == 0 ? "left" : "leftorder", kinds[i]);
        struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
        struct shmq *c = queue_opened(name, SHMQ_CONSUMER);

        for (uint64_t n = 0; n < 200; n++) { /* round the ring several times */
            struct shmq_ticket ticket = sent(p, n, n % 2 == 0 ? "even" : "uneven, and longer");
            const struct job *answer = NULL;
            struct shmq_message m = {.size = 77};
            const char *note = NULL;

            assert_int_equal(job_await(p, &ticket, 0, &m, &answer), -ETIMEDOUT);
            assert_int_equal(m.size, 77);
            assert_null(answer);
            struct job *job = peeked(c);

            job->number = n * n;
            job->is_done = 1;
            assert_int_equal(shmq_text_set(job->reason, sizeof job->reason, "square"), 0);
            assert_int_equal(shmq_release(c), 0);
            assert_int_equal(job_await(p, &ticket, 0, &m, &answer), 0);
            assert_int_equal(answer->number, n * n);
            assert_int_equal(answer->is_done, 1);
            assert_string_equal(answer->reason, "square");
            assert_int_equal(shmq_string_get(&m, &answer->note, &note), 0);
            assert_string_equal(note, n % 2 == 0 ? "even" : "uneven, and longer");
            assert_int_equal(m.ticket, ticket.position);
            assert_int_equal(m.type, ticket.type);
            assert_int_equal(m.size, ticket.size);
        }
        shmq_close(p);
        shmq_close(c);
    }
}

static void what_is_not_sound_is_not_shown(void **state)
{
    const char *name = make("unsound", SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct shmq_ticket ticket = sent(p, 1, "note");
        const struct job *answer = NULL;
        struct shmq_message m;
        struct job *job = peeked(c);

        if (i == 1)
            memset(job->reason, 'x', sizeof job->reason); /* a text without an end */
        if (i == 2)
            job->is_done = 2;
        if (i == 3)
            job->note.size = 4000; /* beyond the record */
        assert_int_equal(shmq_release(c), 0);
        assert_int_equal(job_await(p, &ticket, 0, &m, &answer), i == 0 ? 0 : -EBADMSG);
        assert_int_equal(answer != NULL, i == 0);
    }
    shmq_close(p);
    shmq_close(c);
}

static void who_has_no_such_record_waits_for_nothing(void **state)
{
    const char *name = make("none", SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_ticket ticket = sent(p, 1, "note");
    const struct other *another = NULL;
    const struct stranger *stranger = NULL;
    const struct job *answer = NULL;
    struct shmq_message m;

    (void)state;
    assert_int_equal(other_await(p, &ticket, -1, &m, &another), -ENOMSG);
    assert_int_equal(stranger_await(p, &ticket, -1, &m, &stranger), -EPROTO);
    assert_int_equal(job_await(c, &ticket, -1, &m, &answer), -EINVAL);
    ticket.position += 8;
    assert_int_equal(job_await(p, &ticket, -1, &m, &answer), -EINVAL);
    ticket.position -= 8;
    assert_int_equal(job_await(p, &ticket, 5 * MS, &m, &answer), -ETIMEDOUT);
    assert_null(another);
    assert_null(stranger);
    assert_null(answer);
    shmq_close(p);
    shmq_close(c);
}

static int answer_all(struct peer *self, void *name)
{
    struct shmq *q = NULL;
    const struct job *question;
    struct shmq_message m;
    int rc;

    CHILD_CHECK(shmq_open(name, SHMQ_CONSUMER, NULL, &q) == 0);
    peer_pause(self);
    while ((rc = job_peek_wait(q, -1, &m, &question)) == 0) {
        struct job *answer = m.data;

        answer->number++;
        CHILD_CHECK(shmq_release(q) == 0);
    }
    shmq_close(q);
    return rc == -EPIPE ? 0 : 1;
}

static void answers_of_another_process_are_awaited_in_any_order(void **state)
{
    enum { JOBS = 20 };
    const char *name = make("another", SHMQ_LANES);
    struct shmq_ticket tickets[JOBS];
    struct shmq_message m;

    (void)state;
    for (int round = 0; round < 2; round++) { /* the second time the consumer dies first, and its successor answers */
        struct peer peer = peer_start(answer_all, name);

        assert_true(peer_await(&peer));
        struct shmq *p = queue_opened(name, SHMQ_PRODUCER);

        for (uint64_t n = 0; n < JOBS; n++)
            tickets[n] = sent(p, n, "");
        if (round == 1) {
            const struct job *answer = NULL;

            peer_kill(&peer);
            assert_int_equal(job_await(p, &tickets[0], -1, &m, &answer), -EOWNERDEAD);
            peer = peer_start(answer_all, name);
            assert_true(peer_await(&peer));
        }
        peer_go(&peer);
        for (uint64_t n = JOBS; n-- > 0;) {
            const struct job *answer = NULL;

            assert_int_equal(job_await(p, &tickets[n], -1, &m, &answer), 0);
            assert_int_equal(answer->number, n + 1);
        }
        shmq_close(p);
        assert_int_equal(peer_end(&peer), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_left_in_place_is_shown),
        cmocka_unit_test(what_is_not_sound_is_not_shown),
        cmocka_unit_test(who_has_no_such_record_waits_for_nothing),
        cmocka_unit_test(answers_of_another_process_are_awaited_in_any_order),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
