/* The status through the public calls: states, roles, waiting, cancelling, deaths, lending. */
#include "peers.h"

#include <errno.h>
#include <shmq/layout.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MS INT64_C(1000000)

static const char *make(const char *word)
{
    struct shmq_create_options o = {.struct_size = sizeof o, .capacity = 4096, .lane_count = 2};
    const char *name = test_name(word);

    assert_int_equal(shmq_create(name, &o), 0);
    return name;
}

static struct shmq *open_as(const char *name, enum shmq_role role)
{
    struct shmq *q = NULL;

    assert_int_equal(shmq_open(name, role, NULL, &q), 0);
    return q;
}

static struct shmq_status look(struct shmq *q)
{
    struct shmq_status s = {.struct_size = sizeof s};

    assert_int_equal(shmq_status(q, &s), 0);
    return s;
}

static void task_goes_through_its_states(void **state)
{
    const enum shmq_role roles[] = {SHMQ_CONSUMER, SHMQ_PRODUCER, SHMQ_REPORTER};
    const char *name = make("states");
    struct shmq *o = open_as(name, SHMQ_OBSERVER);

    (void)state;
    assert_int_equal(look(o).state, SHMQ_IDLE);
    assert_int_equal(look(o).presence, SHMQ_ABSENT);
    for (uint32_t i = 0; i < 3; i++) {
        struct shmq *q = open_as(name, roles[i]);
        int64_t now_ns = (int64_t)time(NULL) * 1000 * MS;

        assert_int_equal(shmq_report_begin(q, 40 + i, 10, "files"), 0);
        struct shmq_status s = look(o);

        assert_int_equal(s.state, SHMQ_RUNNING);
        assert_int_equal(s.presence, SHMQ_PRESENT);
        assert_int_equal(look(q).presence, SHMQ_PRESENT);
        assert_int_equal(s.pid, getpid());
        assert_int_equal(s.task, 40 + i);
        assert_int_equal(s.run, i * 3 + 1);
        assert_int_equal(s.done, 0);
        assert_int_equal(s.total, 10);
        assert_string_equal(s.unit, "files");
        assert_string_equal(s.message, "");
        assert_true(llabs(s.started_ns - now_ns) < 60 * 1000 * MS);
        assert_int_equal(s.updated_ns, s.started_ns);

        assert_int_equal(shmq_report_advance(q, 3), 0);
        assert_int_equal(shmq_report_advance(q, 1), 0);
        assert_int_equal(look(o).done, 4);
        assert_int_equal(look(o).changes, s.changes + 2);
        assert_int_equal(shmq_report_set(q, 2), 0);
        assert_int_equal(look(o).done, 2);
        assert_int_equal(shmq_report_message(q, "the second"), 0);
        assert_string_equal(look(o).message, "the second");
        assert_int_equal(look(o).done, 2);
        assert_int_equal(shmq_report_step(q, 7, "the seventh"), 0);
        assert_int_equal(look(o).done, 7);
        assert_string_equal(look(o).message, "the seventh");
        assert_int_equal(shmq_report_total(q, 20), 0);
        assert_int_equal(look(o).total, 20);
        assert_int_equal(shmq_report_advance(q, UINT64_MAX - 6), 0);
        assert_int_equal(look(o).done, UINT64_MAX);

        assert_int_equal(shmq_report_finish(q, 17, "all of them"), 0);
        s = look(o);
        assert_int_equal(s.state, SHMQ_DONE);
        assert_int_equal(s.code, 17);
        assert_string_equal(s.message, "all of them");
        assert_string_equal(s.unit, "files");
        assert_int_equal(shmq_report_advance(q, 1), -EINVAL);
        assert_int_equal(shmq_report_message(q, "late"), -EINVAL);
        assert_int_equal(shmq_report_finish(q, 0, NULL), -EINVAL);
        assert_int_equal(look(o).changes, s.changes);

        assert_int_equal(shmq_report_begin(q, 1, 0, NULL), 0);
        assert_string_equal(look(o).unit, "");
        assert_int_equal(look(o).code, 0);
        assert_int_equal(shmq_report_message(q, "no space left"), 0);
        assert_int_equal(shmq_report_fail(q, -28, NULL), 0);
        assert_int_equal(look(o).state, SHMQ_FAILED);
        assert_int_equal(look(o).code, -28);
        assert_string_equal(look(o).message, "no space left");
        assert_int_equal(shmq_report_begin(q, 1, 0, NULL), 0);
        assert_int_equal(shmq_report_cancelled(q, "as asked"), 0);
        assert_int_equal(look(o).state, SHMQ_CANCELLED);
        assert_int_equal(look(o).presence, SHMQ_PRESENT);
        shmq_close(q);
        assert_int_equal(look(o).presence, SHMQ_ABSENT);
        assert_int_equal(look(o).pid, 0);
    }
    shmq_close(o);
}

static void one_living_process_reports(void **state)
{
    const char *name = make("one");
    struct shmq *c = open_as(name, SHMQ_CONSUMER);
    struct shmq *p = open_as(name, SHMQ_PRODUCER);
    struct shmq *o = open_as(name, SHMQ_OBSERVER);

    (void)state;
    assert_int_equal(shmq_report_advance(c, 1), -EINVAL);
    assert_int_equal(shmq_cancel_requested(c), -EINVAL);
    assert_int_equal(shmq_report_resume(c), -ENOENT);
    assert_int_equal(shmq_report_begin(c, 1, 2, NULL), 0);
    assert_int_equal(shmq_report_begin(p, 1, 2, NULL), -EBUSY);
    assert_int_equal(shmq_report_resume(p), -EBUSY);
    assert_int_equal(shmq_report_lend(p), -EBUSY);
    assert_int_equal(shmq_report_borrow(p, 0), -EBUSY);
    assert_int_equal(shmq_report_resume(c), -EINVAL);
    assert_int_equal(shmq_report_borrow(c, 0), -EINVAL);
    assert_int_equal(shmq_report_begin(o, 1, 2, NULL), -EINVAL);
    assert_int_equal(shmq_report_resume(o), -EINVAL);
    assert_int_equal(shmq_report_lend(o), -EINVAL);
    assert_int_equal(shmq_report_borrow(o, 0), -EINVAL);
    assert_int_equal(shmq_report_advance(p, 1), -EINVAL);
    shmq_report_leave(p);
    assert_int_equal(look(o).presence, SHMQ_PRESENT);
    shmq_report_leave(c);
    assert_int_equal(look(o).presence, SHMQ_DIED); /* it runs, and nobody does it */
    assert_int_equal(shmq_report_advance(c, 1), -EINVAL);
    assert_int_equal(shmq_report_resume(p), 0);
    assert_int_equal(shmq_report_advance(p, 1), 0);
    assert_int_equal(look(o).presence, SHMQ_PRESENT);
    assert_int_equal(look(o).done, 1);
    shmq_close(p);
    shmq_close(o);
    shmq_close(c);
}

static void texts_are_taken_whole_or_not_at_all(void **state)
{
    const char *name = make("texts");
    struct shmq *q = open_as(name, SHMQ_REPORTER);
    char text[SHMQ_MESSAGE_MAX + 2];
    struct shmq_status small = {.struct_size = sizeof small - 1};
    struct shmq_status unset;

    (void)state;
    memset(&unset, 0xff, sizeof unset);
    assert_int_equal(shmq_status(q, &small), -EINVAL);
    assert_int_equal(shmq_status_glance(q, &unset), -EINVAL);
    assert_int_equal(shmq_report_begin(q, 1, 2, "seventeen letters"), -EMSGSIZE);
    assert_int_equal(shmq_report_begin(q, 1, 2, "\xff"), -EINVAL);
    assert_int_equal(look(q).state, SHMQ_IDLE);
    assert_int_equal(shmq_report_begin(q, 1, 2, "sixteen letters!"), 0);
    assert_string_equal(look(q).unit, "sixteen letters!");
    memset(text, 'm', sizeof text);
    text[SHMQ_MESSAGE_MAX] = '\0';
    assert_int_equal(shmq_report_message(q, text), 0);
    assert_string_equal(look(q).message, text);
    assert_int_equal(look(q).message_size, SHMQ_MESSAGE_MAX);
    text[SHMQ_MESSAGE_MAX] = 'm';
    text[SHMQ_MESSAGE_MAX + 1] = '\0';
    uint64_t changes = look(q).changes;

    assert_int_equal(shmq_report_message(q, text), -EMSGSIZE);
    assert_int_equal(shmq_report_step(q, 1, text), -EMSGSIZE);
    assert_int_equal(shmq_report_finish(q, 1, text), -EMSGSIZE);
    assert_int_equal(shmq_report_message(q, "\xe2\x82"), -EINVAL);
    assert_int_equal(shmq_report_message(q, NULL), -EINVAL);
    assert_int_equal(look(q).changes, changes);
    assert_int_equal(look(q).state, SHMQ_RUNNING);
    shmq_close(q);
}

/* Overwrite some bytes of a queue's file. */
static void patch(const char *name, size_t offset, const void *bytes, size_t size)
{
    FILE *file = fopen(test_place(name), "r+b");

    assert_non_null(file);
    assert_int_equal(fseek(file, (long)offset, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void damaged_status_is_told_and_mended_by_the_next_task(void **state)
{
    const char *name = make("damage");
    struct shmq *q = open_as(name, SHMQ_CONSUMER);
    const size_t copies = offsetof(struct shmq_header, status.copies);
    const uint16_t large = SHMQ_MESSAGE_MAX + 1;
    const uint16_t strange = SHMQ_CANCELLED + 1;
    struct shmq_status s = {.struct_size = sizeof s};

    (void)state;
    patch(name, copies + offsetof(struct shmq_status_copy, text_size), &large, 2);
    assert_int_equal(shmq_status(q, &s), -EBADMSG);
    assert_int_equal(shmq_status_glance(q, &s), -EBADMSG);
    assert_int_equal(shmq_status_wait(q, SHMQ_ENDED, 0, &s), -EBADMSG);
    assert_int_equal(shmq_request_cancel(q), -EBADMSG);
    assert_int_equal(shmq_report_resume(q), -EBADMSG);
    assert_int_equal(s.changes, 0);
    patch(name, copies + offsetof(struct shmq_status_copy, text_size), &(uint16_t){0}, 2);
    assert_int_equal(shmq_status(q, &s), 0);
    patch(name, copies + offsetof(struct shmq_status_copy, state), &strange, 2);
    assert_int_equal(shmq_status(q, &s), -EBADMSG);
    assert_int_equal(shmq_report_begin(q, 1, 2, "x"), 0);
    assert_int_equal(look(q).state, SHMQ_RUNNING);
    assert_int_equal(shmq_report_message(q, "0123456789"), 0);
    patch(name, offsetof(struct shmq_header, status.texts) + 6 * 8, "\0\x1b\xff", 3); /* behind three units */
    assert_string_equal(look(q).message, "?\x1b?3456789");
    shmq_close(q);
}

static int begin_and_die(struct peer *self, void *arg)
{
    struct shmq *q = NULL;

    (void)self;
    CHILD_CHECK(shmq_open(arg, SHMQ_REPORTER, NULL, &q) == 0);
    CHILD_CHECK(shmq_report_begin(q, 5, 100, "steps") == 0);
    CHILD_CHECK(shmq_report_step(q, 42, "was here") == 0);
    peer_die();
}

static void dead_reporter_is_known_and_followed(void **state)
{
    const char *name = make("dead");
    struct shmq *o = open_as(name, SHMQ_OBSERVER);
    struct shmq *next = open_as(name, SHMQ_REPORTER);
    struct shmq_status s = {.struct_size = sizeof s};

    (void)state;
    assert_int_equal(test_child(begin_and_die, name), PEER_KILLED);
    assert_int_equal(look(o).presence, SHMQ_DIED);
    assert_int_equal(look(o).state, SHMQ_RUNNING);
    assert_int_equal(look(o).done, 42);
    assert_true(look(o).pid != 0);
    assert_int_equal(shmq_status_glance(o, &s), 0);
    assert_int_equal(s.presence, SHMQ_PRESENT);
    assert_int_equal(shmq_status_wait(o, SHMQ_ENDED, -1, &s), 0);
    assert_int_equal(s.presence, SHMQ_DIED);
    assert_int_equal(shmq_status_wait(o, SHMQ_ENDED, 0, &s), -ETIMEDOUT); /* told once */
    assert_int_equal(shmq_report_resume(next), 0);
    assert_int_equal(shmq_status_wait(o, SHMQ_CHANGED, -1, &s), 0);
    assert_int_equal(s.presence, SHMQ_PRESENT);
    assert_int_equal(s.done, 42);
    assert_int_equal(s.task, 5);
    assert_string_equal(s.message, "was here");
    assert_int_equal(shmq_report_advance(next, 58), 0);
    assert_int_equal(shmq_report_finish(next, 0, NULL), 0);
    assert_int_equal(shmq_status_wait(o, SHMQ_ENDED, -1, &s), 0);
    assert_int_equal(s.state, SHMQ_DONE);
    assert_int_equal(s.done, 100);
    shmq_close(next);
    shmq_close(o);
}

/* The work of others, who are to come a while later: somebody waits for them by then. */
#define A_WHILE_US 20000

static int do_task(struct peer *self, void *arg)
{
    struct shmq *q = NULL;

    (void)self;
    usleep(A_WHILE_US);
    CHILD_CHECK(shmq_open(arg, SHMQ_REPORTER, NULL, &q) == 0);
    CHILD_CHECK(shmq_report_begin(q, 1, 1000, "steps") == 0);
    for (int i = 0; i < 1000; i++) {
        CHILD_CHECK(shmq_report_advance(q, 1) == 0);
        if (i % 100 == 0)
            usleep(1000);
    }
    CHILD_CHECK(shmq_report_finish(q, 7, "well") == 0);
    usleep(20000);
    shmq_close(q);
    return 0;
}

static void reader_waits_for_changes_and_for_the_end(void **state)
{
    const enum shmq_role roles[] = {SHMQ_OBSERVER, SHMQ_CONSUMER, SHMQ_PRODUCER};

    (void)state;
    for (int i = 0; i < 3; i++) {
        for (int until = SHMQ_CHANGED; until <= SHMQ_ENDED; until++) {
            const char *name = make("wait");
            struct shmq *q = open_as(name, roles[i]);
            struct peer child = peer_start(do_task, name);
            uint64_t changes = 0;
            uint32_t run = 0;
            struct shmq_status s = {.struct_size = sizeof s};

            do {
                assert_int_equal(shmq_status_wait(q, (enum shmq_until)until, -1, &s), 0);
                assert_true(s.changes != changes || run == 0);
                changes = s.changes;
                run = s.run;
            } while (s.state < SHMQ_DONE);
            assert_int_equal(s.code, 7);
            assert_int_equal(s.done, 1000);
            assert_string_equal(s.message, "well");
            assert_int_equal(peer_end(&child), 0);
            shmq_close(q);
            assert_int_equal(shmq_remove(name, 0), 0);
        }
    }
}

static int begin_wait_and_die(struct peer *self, void *arg)
{
    struct shmq *q = NULL;

    (void)self;
    usleep(A_WHILE_US);
    CHILD_CHECK(shmq_open(arg, SHMQ_CONSUMER, NULL, &q) == 0);
    CHILD_CHECK(shmq_report_begin(q, 1, 1000, "steps") == 0);
    usleep(30000);
    peer_die();
}

static void waiting_reader_learns_of_a_death(void **state)
{
    const enum shmq_role roles[] = {SHMQ_OBSERVER, SHMQ_PRODUCER};

    (void)state;
    for (int i = 0; i < 2; i++) {
        const char *name = make("waitdead");
        struct shmq *q = open_as(name, roles[i]);
        struct peer child = peer_start(begin_wait_and_die, name);
        struct shmq_status s = {.struct_size = sizeof s};

        assert_int_equal(shmq_status_wait(q, SHMQ_ENDED, -1, &s), 0);
        assert_int_equal(s.state, SHMQ_RUNNING);
        assert_int_equal(s.presence, SHMQ_DIED);
        assert_int_equal(s.pid, child.pid);
        assert_int_equal(peer_end(&child), PEER_KILLED);
        shmq_close(q);
        assert_int_equal(shmq_remove(name, 0), 0);
    }
}

static void wait_ends_by_time_cancel_and_removal(void **state)
{
    const enum shmq_role roles[] = {SHMQ_OBSERVER, SHMQ_PRODUCER};

    (void)state;
    for (int i = 0; i < 2; i++) {
        const char *name = make("waitends");
        struct shmq *q = open_as(name, roles[i]);
        struct shmq *r = open_as(name, SHMQ_REPORTER);
        struct shmq_status s = {.struct_size = sizeof s};

        assert_int_equal(shmq_status_wait(q, (enum shmq_until)2, 0, &s), -EINVAL);
        assert_int_equal(shmq_status_wait(q, SHMQ_CHANGED, 0, &s), -ETIMEDOUT); /* idle is nothing new */
        assert_int_equal(shmq_report_begin(r, 1, 100, "x"), 0);
        assert_int_equal(shmq_report_set(r, 3), 0);
        assert_int_equal(shmq_status_wait(q, SHMQ_ENDED, 3 * MS, &s), -ETIMEDOUT);
        assert_int_equal(s.done, 3); /* and how far it is */
        assert_int_equal(shmq_report_set(r, 4), 0);
        assert_int_equal(shmq_status_wait(q, SHMQ_ENDED, 0, &s), -ETIMEDOUT);
        assert_int_equal(s.done, 4);
        shmq_cancel(q);
        assert_int_equal(shmq_status_wait(q, SHMQ_ENDED, -1, &s), -ECANCELED);
        assert_int_equal(shmq_report_finish(r, 0, NULL), 0);
        assert_int_equal(shmq_report_begin(r, 2, 100, "x"), 0);
        assert_int_equal(shmq_status_wait(q, SHMQ_ENDED, -1, &s), 0); /* the one that was known has ended */
        assert_int_equal(s.run, 2);
        assert_int_equal(shmq_status_wait(q, SHMQ_ENDED, 0, &s), -ETIMEDOUT);
        assert_int_equal(shmq_report_finish(r, 0, NULL), 0);
        assert_int_equal(shmq_status_wait(q, SHMQ_ENDED, 0, &s), 0);
        assert_int_equal(shmq_remove(name, SHMQ_REMOVE_USED), 0);
        assert_int_equal(shmq_status_wait(q, SHMQ_CHANGED, 3 * MS, &s), -ETIMEDOUT); /* it may still begin another */
        shmq_close(r);
        assert_int_equal(shmq_status_wait(q, SHMQ_CHANGED, -1, &s), 0); /* it is absent now */
        assert_int_equal(shmq_status_wait(q, SHMQ_CHANGED, -1, &s), -ESTALE);
        shmq_close(q);
    }
}

static void cancelling_is_asked_for_and_answered(void **state)
{
    const char *name = make("cancel");
    struct shmq *c = open_as(name, SHMQ_CONSUMER);
    struct shmq *p = open_as(name, SHMQ_PRODUCER);
    struct shmq *o = open_as(name, SHMQ_OBSERVER);

    (void)state;
    assert_int_equal(shmq_request_cancel(o), -EINVAL);
    assert_int_equal(shmq_request_cancel(p), 1);
    assert_int_equal(shmq_report_begin(c, 1, 2, NULL), 0);
    assert_int_equal(shmq_cancel_requested(c), 0);
    assert_int_equal(look(o).cancelling, 0);
    assert_int_equal(shmq_request_cancel(p), 0);
    assert_int_equal(shmq_request_cancel(p), 0);
    assert_int_equal(shmq_cancel_requested(c), 1);
    assert_int_equal(look(o).cancelling, 1);
    assert_int_equal(look(o).state, SHMQ_RUNNING);
    assert_int_equal(shmq_wait(c, -1), -ECANCELED); /* told once */
    assert_int_equal(shmq_wait(c, 0), -ETIMEDOUT);
    assert_int_equal(shmq_report_cancelled(c, "as asked"), 0);
    assert_int_equal(look(o).cancelling, 0);
    assert_int_equal(look(o).state, SHMQ_CANCELLED);
    assert_int_equal(shmq_request_cancel(p), 1);
    assert_int_equal(shmq_cancel_requested(c), -EINVAL);
    assert_int_equal(shmq_report_begin(c, 2, 2, NULL), 0); /* the request was not for this one */
    assert_int_equal(shmq_cancel_requested(c), 0);
    assert_int_equal(shmq_wait(c, 0), -ETIMEDOUT);
    assert_int_equal(shmq_request_cancel(c), 0); /* its own reporter may ask too */
    assert_int_equal(shmq_cancel_requested(c), 1);
    shmq_close(o);
    shmq_close(p);
    shmq_close(c);
}

static int cancel_it(struct peer *self, void *arg)
{
    struct shmq *q = NULL;

    (void)self;
    usleep(A_WHILE_US);
    CHILD_CHECK(shmq_open(arg, SHMQ_REPORTER, NULL, &q) == 0);
    CHILD_CHECK(shmq_request_cancel(q) == 0);
    shmq_close(q);
    return 0;
}

static void sleeping_reporter_is_woken_to_cancel(void **state)
{
    const enum shmq_role roles[] = {SHMQ_CONSUMER, SHMQ_PRODUCER};

    (void)state;
    for (int i = 0; i < 2; i++) {
        const char *name = make("wakecancel");
        struct shmq *q = open_as(name, roles[i]);
        static char bytes[1000];
        struct shmq_message m;

        assert_int_equal(shmq_report_begin(q, 1, 2, NULL), 0);
        while (i == 1 && shmq_send(q, bytes, sizeof bytes, 0, 0) == 0)
            ;
        struct peer child = peer_start(cancel_it, name);

        if (i == 0)
            assert_int_equal(shmq_peek_wait(q, -1, &m), -ECANCELED);
        else
            assert_int_equal(shmq_wait(q, -1), -ECANCELED);
        assert_int_equal(shmq_cancel_requested(q), 1);
        assert_int_equal(peer_end(&child), 0);
        shmq_close(q);
        assert_int_equal(shmq_remove(name, 0), 0);
    }
}

static int borrow_and_advance(struct peer *self, void *arg)
{
    struct shmq *q = NULL;

    (void)self;
    usleep(A_WHILE_US);
    CHILD_CHECK(shmq_open(arg, SHMQ_REPORTER, NULL, &q) == 0);
    for (int i = 0; i < 100; i++) {
        CHILD_CHECK(shmq_report_borrow(q, -1) == 0);
        CHILD_CHECK(shmq_report_advance(q, 1) == 0);
        CHILD_CHECK(shmq_cancel_requested(q) == 0);
        shmq_report_leave(q);
    }
    shmq_close(q);
    return 0;
}

static int borrow_and_die(struct peer *self, void *arg)
{
    struct shmq *q = NULL;

    (void)self;
    CHILD_CHECK(shmq_open(arg, SHMQ_REPORTER, NULL, &q) == 0);
    CHILD_CHECK(shmq_report_borrow(q, -1) == 0);
    CHILD_CHECK(shmq_report_advance(q, 1) == 0);
    peer_die();
}

static void lent_status_is_written_by_many_processes_in_turn(void **state)
{
    enum { WORKERS = 4 };
    const char *name = make("lend");
    struct shmq *owner = open_as(name, SHMQ_PRODUCER);
    struct shmq *b = open_as(name, SHMQ_REPORTER);
    struct shmq *o = open_as(name, SHMQ_OBSERVER);
    struct peer workers[WORKERS];

    (void)state;
    assert_int_equal(shmq_report_borrow(b, 0), -EOWNERDEAD);
    assert_int_equal(shmq_report_lend(owner), 0);
    assert_int_equal(shmq_report_lend(owner), 0);
    assert_int_equal(look(o).state, SHMQ_IDLE);
    assert_int_equal(look(o).presence, SHMQ_PRESENT);
    assert_int_equal(shmq_report_borrow(b, 0), 0);
    assert_int_equal(shmq_report_borrow(b, 0), -EINVAL);
    assert_int_equal(shmq_report_lend(b), -EINVAL);
    assert_int_equal(shmq_report_begin(b, 9, WORKERS * 100 + 2, "records"), 0);
    shmq_report_leave(b);
    for (int i = 0; i < WORKERS; i++)
        workers[i] = peer_start(borrow_and_advance, name);
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(peer_end(&workers[i]), 0);
    assert_int_equal(look(o).done, WORKERS * 100);
    assert_int_equal(test_child(borrow_and_die, name), PEER_KILLED);
    assert_int_equal(look(o).presence, SHMQ_PRESENT); /* who lends it lives */
    assert_int_equal(shmq_report_advance(owner, 1), 0);
    assert_int_equal(look(o).done, WORKERS * 100 + 2);
    assert_int_equal(shmq_cancel_requested(owner), 0);
    assert_int_equal(shmq_request_cancel(b), 0);
    assert_int_equal(shmq_cancel_requested(owner), 1);
    assert_int_equal(shmq_report_borrow(b, 0), 0);
    assert_int_equal(shmq_cancel_requested(b), 1);
    assert_int_equal(shmq_report_total(owner, 1), -EBUSY); /* somebody keeps it for too long */
    shmq_report_leave(b);
    assert_int_equal(shmq_report_finish(owner, 0, "ended by its owner"), 0);
    assert_int_equal(look(o).state, SHMQ_DONE);
    assert_int_equal(shmq_cancel_requested(owner), -EINVAL);
    assert_int_equal(shmq_report_advance(owner, 1), -EINVAL);
    shmq_close(owner);
    assert_int_equal(look(o).presence, SHMQ_ABSENT);
    assert_int_equal(shmq_report_borrow(b, 0), -EOWNERDEAD);
    shmq_close(b);
    shmq_close(o);
}

static int begin_lent_and_die(struct peer *self, void *arg)
{
    struct shmq *q = NULL;

    (void)self;
    CHILD_CHECK(shmq_open(arg, SHMQ_CONSUMER, NULL, &q) == 0);
    CHILD_CHECK(shmq_report_begin(q, 7, 2, "files") == 0);
    CHILD_CHECK(shmq_report_step(q, 1, "half of it") == 0);
    peer_die();
}

/* As a program does that knows nothing of who started it. */
static void task_is_begun_where_the_status_is_lent(void **state)
{
    const char *name = make("beginlent");
    struct shmq *owner = open_as(name, SHMQ_REPORTER);
    struct shmq *b = open_as(name, SHMQ_REPORTER);
    struct shmq *late = open_as(name, SHMQ_REPORTER);

    (void)state;
    assert_int_equal(shmq_report_lend(owner), 0);
    assert_int_equal(shmq_report_begin(owner, 1, 0, NULL), 0);
    assert_int_equal(shmq_report_begin(b, 2, 10, "steps"), 0);
    assert_int_equal(shmq_report_begin(b, 3, 10, "steps"), 0);
    assert_int_equal(shmq_report_begin(late, 4, 1, NULL), -EBUSY);
    assert_int_equal(shmq_report_advance(b, 4), 0);
    assert_int_equal(shmq_report_finish(b, 5, "done"), 0);
    assert_int_equal(shmq_report_advance(owner, 1), -EBUSY);
    shmq_close(b);

    struct shmq_status s = look(owner);

    assert_int_equal(s.state, SHMQ_DONE);
    assert_int_equal(s.run, 3);
    assert_int_equal(s.task, 3);
    assert_int_equal(s.done, 4);
    assert_int_equal(s.code, 5);
    assert_int_equal(shmq_report_begin(late, 4, 1, NULL), 0);
    shmq_close(late);
    assert_int_equal(test_child(begin_lent_and_die, name), PEER_KILLED);
    s = look(owner);
    assert_int_equal(s.state, SHMQ_RUNNING);
    assert_int_equal(s.presence, SHMQ_PRESENT); /* who lends it lives, and knows what to say */
    assert_int_equal(shmq_report_fail(owner, 137, NULL), 0);
    s = look(owner);
    assert_int_equal(s.state, SHMQ_FAILED);
    assert_int_equal(s.task, 7);
    assert_int_equal(s.done, 1);
    assert_string_equal(s.unit, "files");
    assert_string_equal(s.message, "half of it");
    shmq_close(owner);
}

static void unit_can_change_while_the_task_runs(void **state)
{
    const char *name = make("unit");
    struct shmq *r = open_as(name, SHMQ_REPORTER);

    (void)state;
    assert_int_equal(shmq_report_unit(r, "files"), -EINVAL);
    assert_int_equal(shmq_report_begin(r, 1, 9, "B"), 0);
    assert_int_equal(shmq_report_step(r, 3, "three"), 0);
    assert_int_equal(shmq_report_unit(r, "a sixteen-B unit"), 0);
    assert_int_equal(shmq_report_unit(r, "a sixteen-B unit."), -EMSGSIZE);
    assert_int_equal(shmq_report_unit(r, "\xff"), -EINVAL);

    struct shmq_status s = look(r);

    assert_string_equal(s.unit, "a sixteen-B unit");
    assert_string_equal(s.message, "three");
    assert_int_equal(s.done, 3);
    assert_int_equal(s.total, 9);
    assert_int_equal(shmq_report_unit(r, NULL), 0);
    assert_string_equal(look(r).unit, "");
    shmq_close(r);
}

/* Who reports anew waits until a borrower has finished, though who lent it is dead. */
static int lend_and_die(struct peer *self, void *arg)
{
    struct shmq *q = NULL;

    (void)self;
    usleep(A_WHILE_US);
    CHILD_CHECK(shmq_open(arg, SHMQ_REPORTER, NULL, &q) == 0);
    CHILD_CHECK(shmq_report_begin(q, 1, 2, NULL) == 0);
    CHILD_CHECK(shmq_report_lend(q) == 0);
    usleep(50000);
    peer_die();
}

static void dead_lender_is_known_to_borrowers_and_readers(void **state)
{
    const char *name = make("lenddead");
    struct shmq *b = open_as(name, SHMQ_REPORTER);
    struct shmq *next = open_as(name, SHMQ_REPORTER);
    struct peer child = peer_start(lend_and_die, name);
    struct shmq_status s = {.struct_size = sizeof s};

    (void)state;
    assert_int_equal(shmq_status_wait(b, SHMQ_CHANGED, -1, &s), 0);
    int rc;

    while ((rc = shmq_report_borrow(b, -1)) == -EBUSY) /* begun, and not lent yet */
        usleep(1000);
    assert_int_equal(rc, 0);
    assert_int_equal(shmq_status_wait(next, SHMQ_ENDED, -1, &s), 0);
    assert_int_equal(s.presence, SHMQ_DIED);
    assert_int_equal(peer_end(&child), PEER_KILLED);
    assert_int_equal(shmq_report_begin(next, 2, 2, NULL), -EBUSY);
    assert_int_equal(shmq_report_advance(b, 1), 0);
    shmq_report_leave(b);
    assert_int_equal(shmq_report_borrow(b, 0), -EOWNERDEAD);
    assert_int_equal(shmq_report_resume(next), 0);
    assert_int_equal(look(b).done, 1);
    shmq_close(next);
    shmq_close(b);
}

static void queue_with_a_reporter_is_in_use(void **state)
{
    const char *name = make("used");
    struct shmq *q = open_as(name, SHMQ_REPORTER);

    (void)state;
    assert_int_equal(shmq_report_begin(q, 1, 2, NULL), 0);
    assert_int_equal(shmq_remove(name, 0), -EBUSY);
    shmq_close(q);
    assert_int_equal(shmq_remove(name, 0), 0);

    struct shmq_create_options o = {.struct_size = sizeof o, .capacity = 4096, .transient = 1};

    name = test_name("usedtransient");
    assert_int_equal(shmq_create(name, &o), 0);
    q = open_as(name, SHMQ_REPORTER);
    assert_int_equal(shmq_report_begin(q, 1, 2, NULL), 0);
    shmq_close(q);
    assert_int_equal(shmq_remove(name, 0), -ENOENT);
}

static int report_until_killed(struct peer *self, void *arg)
{
    struct shmq *q = NULL;
    char message[SHMQ_MESSAGE_MAX + 1];

    CHILD_CHECK(shmq_open(arg, SHMQ_REPORTER, NULL, &q) == 0);
    CHILD_CHECK(peer_tell(self, "r", 1));
    for (uint64_t n = 1;; n++) {
        snprintf(message, sizeof message, "%0*llu", (int)(n * 7 % 200) + 1, (unsigned long long)n);
        CHILD_CHECK(shmq_report_begin(q, n, n * 3, NULL) == 0);
        CHILD_CHECK(shmq_report_step(q, n * 2, message) == 0);
        for (int i = 0; i < 5; i++)
            CHILD_CHECK(shmq_report_advance(q, 1) == 0);
    }
}

/* Killed at some thousand places of its work, one after the other; the kill matrix does it at each instruction. */
static void killed_reporter_leaves_a_whole_status(void **state)
{
    const char *name = make("kill");
    struct shmq *o = open_as(name, SHMQ_OBSERVER);

    (void)state;
    srand(1);
    for (uint64_t i = test_rounds(150); i > 0; i--) {
        char message[SHMQ_MESSAGE_MAX + 1];
        struct shmq_status s = {.struct_size = sizeof s};

        struct peer child = peer_start(report_until_killed, name);

        assert_true(peer_await(&child));
        usleep((useconds_t)(rand() % 2000));
        peer_kill(&child);
        assert_int_equal(shmq_status(o, &s), 0);
        snprintf(message, sizeof message, "%0*llu", (int)(s.task * 7 % 200) + 1, (unsigned long long)s.task);
        assert_int_equal(s.total, s.task * 3);
        if (s.message_size != 0) {
            assert_string_equal(s.message, message);
            assert_in_range(s.done, s.task * 2, s.task * 2 + 5);
        } else {
            assert_int_equal(s.done, 0);
        }
        assert_true(s.state == SHMQ_IDLE || s.presence == SHMQ_DIED);
    }
    shmq_close(o);
}

static void rate_is_reckoned_from_look_to_look(void **state)
{
    struct shmq_rate rate = {0};
    struct shmq_status s = {.state = SHMQ_RUNNING, .run = 1, .total = 1000};

    (void)state;
    shmq_rate_look(&rate, &s);
    assert_true(rate.per_second == 0);
    assert_int_equal(rate.left_ns, -1);
    usleep(20000);
    s.done = 100;
    shmq_rate_look(&rate, &s);
    assert_true(rate.per_second > 0 && rate.per_second <= 5000); /* 100 in 20 ms or more */
    assert_true(rate.left_ns >= 180 * MS);                       /* 900 more */
    s.done = 1000;
    s.state = SHMQ_DONE;
    s.updated_ns = 7;
    s.started_ns = 2;
    shmq_rate_look(&rate, &s);
    assert_int_equal(rate.left_ns, 0);
    assert_int_equal(rate.elapsed_ns, 5);
    s = (struct shmq_status){.state = SHMQ_RUNNING, .run = 2};
    shmq_rate_look(&rate, &s); /* another task */
    assert_true(rate.per_second == 0);
    assert_int_equal(rate.left_ns, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(task_goes_through_its_states),
        cmocka_unit_test(one_living_process_reports),
        cmocka_unit_test(texts_are_taken_whole_or_not_at_all),
        cmocka_unit_test(damaged_status_is_told_and_mended_by_the_next_task),
        cmocka_unit_test(dead_reporter_is_known_and_followed),
        cmocka_unit_test(reader_waits_for_changes_and_for_the_end),
        cmocka_unit_test(waiting_reader_learns_of_a_death),
        cmocka_unit_test(wait_ends_by_time_cancel_and_removal),
        cmocka_unit_test(cancelling_is_asked_for_and_answered),
        cmocka_unit_test(sleeping_reporter_is_woken_to_cancel),
        cmocka_unit_test(lent_status_is_written_by_many_processes_in_turn),
        cmocka_unit_test(task_is_begun_where_the_status_is_lent),
        cmocka_unit_test(unit_can_change_while_the_task_runs),
        cmocka_unit_test(dead_lender_is_known_to_borrowers_and_readers),
        cmocka_unit_test(queue_with_a_reporter_is_in_use),
        cmocka_unit_test(killed_reporter_leaves_a_whole_status),
        cmocka_unit_test(rate_is_reckoned_from_look_to_look),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
