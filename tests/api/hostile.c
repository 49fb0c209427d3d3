/* What a hostile peer may store is an error of ours, never a wait without end or a step outside of what is there. */
#include "api/duplex.h"
#include "support.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <shmq/cursor.h>
#include <shmq/layout.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

#define PICTURE(F) F(blob, image)
SHMQ_SM(picture, 1, PICTURE)

static int send_picture(struct shmq *q)
{
    struct picture *picture;
    void *smo;
    int rc = shmq_sm_reserve(q, &picture_sm, 0, &smo);

    if (rc != 0)
        return rc;
    picture = smo;
    memset(picture, 0, sizeof *picture);
    rc = shmq_blob_put(q, &picture->image, "pixels", 6);
    if (rc != 0) {
        shmq_sm_abort(q);
        return rc;
    }
    return shmq_sm_commit(q, 0);
}

/* Room that is given back, of records that were not released: no blob ever comes back by that. */
static void a_producer_does_not_wait_for_blobs_of_a_lane_whose_tail_lies(void **state)
{
    static const struct shmq_sm *const types[] = {&picture_sm};
    const struct shmq_create_options options = {
        .struct_size = sizeof options, .capacity = 4096, .types = types, .type_count = 1, .blob_count = 1};
    const struct shmq_open_options waits = {.struct_size = sizeof waits, .policy = SHMQ_WAIT};
    const char *name = test_name("blobs");
    struct shmq *q;
    struct shmq_view view;

    (void)state;
    assert_int_equal(shmq_create(name, &options), 0);
    assert_int_equal(shmq_open(name, SHMQ_PRODUCER, &waits, &q), 0);
    assert_int_equal(send_picture(q), 0);
    view = test_memory(name);
    struct shmq_header *header = view.base;
    struct shmq_lane *lane = (struct shmq_lane *)(void *)((uint8_t *)header + header->identity.lanes_offset);

    lane->tail.tail = lane->producer.head;
    assert_int_equal(send_picture(q), -EBADMSG);
    lane->released.released = lane->producer.head;
    assert_int_equal(send_picture(q), 0);
    shmq_mapping_unview(&view);
    shmq_close(q);
}

static void make_queue(const char *name)
{
    const struct shmq_create_options options = {.struct_size = sizeof options, .capacity = 4096};

    assert_int_equal(shmq_create(name, &options), 0);
}

/* A peek of a recorder may tell a count, and a record of total order begins with a number: these are no answers. */
static void a_client_takes_no_answers_from_a_queue_of_another_kind(void **state)
{
    const char *name = test_name("asked");
    char answers[128];

    (void)state;
    snprintf(answers, sizeof answers, "%s.reply.0", name);
    make_queue(name);
    for (uint32_t kind = SHMQ_TOTAL_ORDER; kind <= SHMQ_RECORDER; kind++) {
        const struct shmq_create_options options = {.struct_size = sizeof options, .capacity = 4096, .kind = kind};
        struct shmq_client *client = NULL;

        assert_int_equal(shmq_create(answers, &options), 0);
        assert_int_equal(shmq_client_open(name, NULL, &client), -EPROTO);
        assert_null(client);
        assert_int_equal(shmq_remove(answers, 0), 0);
    }
}

static void send_answer(struct shmq *q, uint64_t call, int32_t code)
{
    const struct duplex_prefix prefix = {.call = call, .code = code};

    assert_int_equal(shmq_send(q, &prefix, sizeof prefix, 0, 0), 0);
}

/* Behind thousands that nobody asked for there is the one; and there are so many that one look does not pass them. */
static void an_answer_is_found_behind_those_that_nobody_asked_for(void **state)
{
    const char *name = test_name("flood");
    char answers[128];
    struct shmq_client *client;
    struct shmq_reply reply;
    struct shmq *q;
    uint64_t call;

    (void)state;
    snprintf(answers, sizeof answers, "%s.reply.0", name);
    make_queue(name);
    assert_int_equal(shmq_client_open(name, NULL, &client), 0);
    assert_int_equal(shmq_open(answers, SHMQ_PRODUCER, NULL, &q), 0);
    assert_int_equal(shmq_call_begin(client, "?", 1, 0, 0, &call), 0);
    for (int i = 0; i < 5000; i++)
        send_answer(q, UINT64_MAX, 0);
    assert_int_equal(shmq_call_end(client, call, 0, &reply), -ETIMEDOUT);
    send_answer(q, call, 7);
    assert_int_equal(shmq_call_end(client, call, 60 * SECOND, &reply), 0);
    assert_int_equal(reply.code, 7);
    shmq_close(q);
    shmq_client_close(client);
}

/* Released is what lies farther behind the newest records than the ring is long: nobody walks there. */
static void a_cursor_does_not_walk_from_where_no_record_can_be(void **state)
{
    const char *name = test_name("far");
    const uint64_t far = UINT64_C(1) << 62;
    struct shmq_cursor *cursor;
    struct shmq *q;
    struct shmq_view view;

    (void)state;
    make_queue(name);
    view = test_memory(name);
    struct shmq_header *header = view.base;
    struct shmq_lane *lane = (struct shmq_lane *)(void *)((uint8_t *)header + header->identity.lanes_offset);

    lane->producer.head = lane->producer.claimed = lane->marks[0].position = far;
    assert_int_equal(shmq_open(name, SHMQ_OBSERVER, NULL, &q), 0);
    assert_int_equal(shmq_cursor_open(q, NULL, &cursor), 0);
    shmq_cursor_close(cursor);
    shmq_close(q);
    shmq_mapping_unview(&view);
}

static void a_task_that_began_before_all_times_lasts_for_ever(void **state)
{
    const struct shmq_status status = {.state = SHMQ_RUNNING, .run = 1, .started_ns = INT64_MIN};
    struct shmq_rate rate = {0};

    (void)state;
    shmq_rate_look(&rate, &status);
    assert_true(rate.elapsed_ns == INT64_MAX);
}

/* No look succeeds any more, and each loads a text that is longer than any. */
static void *spoil_the_status_once_somebody_sleeps(void *arg)
{
    struct shmq_status_area *area = arg;

    while ((__atomic_load_n(&area->watch.bell, __ATOMIC_RELAXED) & SHMQ_BELL_ASLEEP) == 0)
        sched_yield();
    __atomic_store_n(&area->report.text_end, UINT64_MAX / 2, __ATOMIC_SEQ_CST);
    for (int i = 0; i < SHMQ_STATUS_COPIES; i++) {
        __atomic_store_n(&area->copies[i].text_size, UINT16_MAX, __ATOMIC_SEQ_CST);
        __atomic_store_n(&area->copies[i].changes, area->copies[i].changes + 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

static void a_wait_in_vain_shows_the_last_status_that_was_whole(void **state)
{
    const char *name = test_name("status");
    struct shmq_status status = {.struct_size = sizeof status};
    struct shmq_header *header;
    pthread_t thread;
    struct shmq *q;
    struct shmq_view view;

    (void)state;
    make_queue(name);
    assert_int_equal(shmq_open(name, SHMQ_PRODUCER, NULL, &q), 0);
    assert_int_equal(shmq_report_begin(q, 7, 100, "pieces"), 0);
    assert_int_equal(shmq_report_step(q, 50, "half of them"), 0);
    assert_int_equal(shmq_status(q, &status), 0);
    view = test_memory(name);
    header = view.base;
    assert_int_equal(pthread_create(&thread, NULL, spoil_the_status_once_somebody_sleeps, &header->status), 0);
    assert_int_equal(shmq_status_wait(q, SHMQ_CHANGED, SECOND / 2, &status), -ETIMEDOUT);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(status.done, 50);
    assert_string_equal(status.message, "half of them");
    assert_int_equal(shmq_status(q, &status), -EAGAIN);
    shmq_mapping_unview(&view);
    shmq_close(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_producer_does_not_wait_for_blobs_of_a_lane_whose_tail_lies),
        cmocka_unit_test(a_client_takes_no_answers_from_a_queue_of_another_kind),
        cmocka_unit_test(an_answer_is_found_behind_those_that_nobody_asked_for),
        cmocka_unit_test(a_wait_in_vain_shows_the_last_status_that_was_whole),
        cmocka_unit_test(a_cursor_does_not_walk_from_where_no_record_can_be),
        cmocka_unit_test(a_task_that_began_before_all_times_lasts_for_ever),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
