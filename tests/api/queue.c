#include "peers.h"

#include <errno.h>
#include <shmq/layout.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct shmq *open_as(const char *name, enum shmq_role role)
{
    struct shmq *q = NULL;

    assert_int_equal(shmq_open(name, role, NULL, &q), 0);
    assert_non_null(q);
    return q;
}

static int try_open(const char *name, enum shmq_role role)
{
    struct shmq *q = NULL;
    int rc = shmq_open(name, role, NULL, &q);

    if (rc == 0)
        shmq_close(q);
    else
        assert_null(q);
    return rc;
}

static struct shmq_create_options options(uint64_t capacity, uint32_t lane_count)
{
    return (struct shmq_create_options){
        .struct_size = sizeof(struct shmq_create_options), .capacity = capacity, .lane_count = lane_count};
}

static const char *make(const char *word, uint64_t capacity, uint32_t lane_count)
{
    struct shmq_create_options o = options(capacity, lane_count);
    const char *name = test_name(word);

    assert_int_equal(shmq_create(name, &o), 0);
    return name;
}

static struct shmq_info info_of(struct shmq *q)
{
    struct shmq_info info = {.struct_size = sizeof info};

    assert_int_equal(shmq_info(q, &info), 0);
    return info;
}

static void info_tells_what_was_created(void **state)
{
    const char *name = make("made", 5000, 3);
    struct shmq *q = open_as(name, SHMQ_OBSERVER);
    struct shmq_info info = info_of(q);
    struct shmq_lane_info lane = {.struct_size = sizeof lane};

    (void)state;
    assert_int_equal(info.format, SHMQ_FORMAT);
    assert_int_equal(info.capacity, 8192);
    assert_int_equal(info.record_max, 4088);
    assert_int_equal(info.lane_count, 3);
    assert_int_equal(info.mapping_size, test_length(test_place(name)));
    assert_int_equal(info.creator_pid, getpid());
    assert_int_equal(info.creator_uid, test_user());
    assert_int_equal(info.consumer_pid, 0);
    assert_int_equal(test_mode(test_place(name)), 0600);
    assert_int_equal(shmq_lane_info(q, 2, &lane), 0);
    assert_int_equal(lane.lane, 2);
    assert_int_equal(shmq_lane_info(q, 3, &lane), -ERANGE);
    lane.struct_size = 3;
    info.struct_size = 0;
    assert_int_equal(shmq_lane_info(q, 2, &lane), -EINVAL);
    assert_int_equal(shmq_info(q, &info), -EINVAL);
    shmq_close(q);
}

static void existing_queue_is_left_as_it_is(void **state)
{
    const char *name = make("twice", 4096, 1);
    struct shmq_create_options o = options(65536, 4);
    struct shmq *q = open_as(name, SHMQ_PRODUCER);

    (void)state;
    assert_int_equal(shmq_send(q, "kept", 4, 1, 0), 0);
    assert_int_equal(shmq_create(name, &o), 1);
    o.exclusive = 1;
    assert_int_equal(shmq_create(name, &o), -EEXIST);
    assert_int_equal(info_of(q).capacity, 4096);
    assert_int_equal(info_of(q).sent, 1);
    shmq_close(q);
}

static void arguments_out_of_range_are_refused(void **state)
{
    const char *name = test_name("refused");
    struct shmq_create_options o = options(4095, 1);
    struct shmq_open_options bad = {.struct_size = sizeof bad, .hand_back = 4};
    struct shmq *q = NULL;

    (void)state;
    assert_int_equal(shmq_create(name, &o), -EINVAL);
    o = options(SHMQ_CAPACITY_MAX + 1, 1);
    assert_int_equal(shmq_create(name, &o), -EINVAL);
    o = options(0, 257);
    assert_int_equal(shmq_create(name, &o), -EINVAL);
    o = options(0, 0);
    o.mode = 01000;
    assert_int_equal(shmq_create(name, &o), -EINVAL);
    o = options(0, 0);
    o.exclusive = 2;
    assert_int_equal(shmq_create(name, &o), -EINVAL);
    o = options(0, 0);
    o.struct_size = 0;
    assert_int_equal(shmq_create(name, &o), -EINVAL);
    assert_int_equal(shmq_create(NULL, NULL), -EINVAL);
    assert_int_equal(shmq_create("with space", NULL), -EINVAL);
    assert_int_equal(shmq_create("", NULL), -EINVAL);
    assert_int_equal(try_open(name, SHMQ_CONSUMER), -ENOENT);

    assert_int_equal(shmq_create(name, NULL), 0);
    assert_int_equal(shmq_open(name, SHMQ_CONSUMER, &bad, &q), -EINVAL);
    assert_int_equal(shmq_open(name, (enum shmq_role)4, NULL, &q), -EINVAL);
    assert_int_equal(shmq_open(NULL, SHMQ_CONSUMER, NULL, &q), -EINVAL);
    assert_int_equal(shmq_open(name, SHMQ_CONSUMER, NULL, NULL), -EINVAL);
    assert_null(q);
    assert_int_equal(shmq_remove(NULL, 0), -EINVAL);
    shmq_close(NULL);
}

static void options_of_a_newer_caller_work_while_they_ask_for_nothing_new(void **state)
{
    struct {
        struct shmq_create_options known;
        uint64_t unknown;
    } newer = {.known = {.struct_size = sizeof newer, .capacity = 4096}};
    const char *name = test_name("newer");

    (void)state;
    newer.unknown = 1;
    assert_int_equal(shmq_create(name, &newer.known), -EINVAL);
    newer.unknown = 0;
    assert_int_equal(shmq_create(name, &newer.known), 0);
}

static void what_is_sent_is_received(void **state)
{
    const char *name = make("pass", 4096, 1);
    struct shmq *p = open_as(name, SHMQ_PRODUCER);
    struct shmq *c = open_as(name, SHMQ_CONSUMER);
    const struct shmq_span spans[] = {{"gath", 4}, {NULL, 0}, {"ered", 4}};
    struct shmq_message m;
    char buffer[64];
    void *slot = NULL;

    (void)state;
    assert_int_equal(shmq_send(p, "copied", 6, 1, SHMQ_MORE), 0);
    assert_int_equal(shmq_peek(c, &m), -EAGAIN);
    assert_int_equal(shmq_flush(p), 0);
    assert_int_equal(shmq_sendv(p, spans, 3, 2, 0), 0);
    assert_int_equal(shmq_reserve(p, 100, &slot), 0);
    memcpy(slot, "in place", 8);
    assert_int_equal(shmq_commit(p, 101, 3, 0), -EINVAL);
    assert_int_equal(shmq_commit(p, 8, 3, 2), -EINVAL);
    assert_int_equal(shmq_commit(p, 8, 65535, 0), 0);
    assert_int_equal(shmq_commit(p, 8, 3, 0), -EINVAL);
    assert_int_equal(shmq_send(p, NULL, 0, 4, 0), 0);

    assert_int_equal(shmq_recv(c, buffer, sizeof buffer, &m), 0);
    assert_int_equal(m.size, 6);
    assert_int_equal(m.type, 1);
    assert_int_equal(m.lane, 0);
    assert_ptr_equal(m.data, buffer);
    assert_memory_equal(buffer, "copied", 6);
    assert_int_equal(shmq_peek(c, &m), 0);
    assert_memory_equal(m.data, "gathered", 8);
    assert_int_equal(shmq_recv(c, buffer, 7, &m), -ENOBUFS);
    assert_int_equal(m.size, 8);
    assert_int_equal(shmq_recv(c, buffer, 8, &m), 0);
    assert_int_equal(m.type, 65535);
    assert_memory_equal(buffer, "in place", 8);
    assert_int_equal(shmq_recv(c, NULL, 0, &m), 0);
    assert_int_equal(m.size, 0);
    assert_int_equal(shmq_recv(c, buffer, sizeof buffer, &m), -EAGAIN);
    assert_int_equal(info_of(c).sent, 4);
    assert_int_equal(info_of(c).received, 4);
    assert_int_equal(info_of(c).used, 0);
    shmq_close(p);
    shmq_close(c);
}

static void aborted_slot_was_never_there(void **state)
{
    const char *name = make("abort", 4096, 1);
    struct shmq *p = open_as(name, SHMQ_PRODUCER);
    struct shmq *c = open_as(name, SHMQ_CONSUMER);
    struct shmq_message m;
    void *slot;

    (void)state;
    for (int i = 0; i < 100; i++) { /* round the ring some times, so that padding is left behind by some of them */
        assert_int_equal(shmq_reserve(p, 900, &slot), 0);
        shmq_abort(p);
        assert_int_equal(shmq_commit(p, 0, 0, 0), -EINVAL);
        assert_int_equal(shmq_flush(p), 0);
        assert_int_equal(shmq_peek(c, &m), -EAGAIN);
        assert_int_equal(shmq_send(p, &i, sizeof i, 0, 0), 0);
        assert_int_equal(shmq_peek(c, &m), 0);
        assert_int_equal(*(int *)m.data, i);
        assert_int_equal(shmq_release(c), 0);
    }
    shmq_close(p);
    shmq_close(c);
}

/* A send in between takes the place of what was reserved: committing it then must not reach into other records. */
static void a_send_forgets_the_reserved_slot(void **state)
{
    const char *name = make("forget", 4096, 1);
    struct shmq *p = open_as(name, SHMQ_PRODUCER);
    void *slot;

    (void)state;
    assert_int_equal(shmq_reserve(p, 100, &slot), 0);
    assert_int_equal(shmq_send(p, "12345678", 8, 0, 0), 0);
    assert_int_equal(shmq_commit(p, 100, 0, 0), -EINVAL);
    assert_int_equal(shmq_reserve(p, 100, &slot), 0);
    assert_int_equal(shmq_sendv(p, NULL, 0, 0, 0), 0);
    assert_int_equal(shmq_commit(p, 100, 0, 0), -EINVAL);
    shmq_close(p);
}

static void calls_of_another_role_are_refused(void **state)
{
    const char *name = make("roles", 4096, 1);
    struct shmq *p = open_as(name, SHMQ_PRODUCER);
    struct shmq *c = open_as(name, SHMQ_CONSUMER);
    struct shmq *o = open_as(name, SHMQ_OBSERVER);
    struct shmq *not_producers[] = {c, o};
    struct shmq *not_consumers[] = {p, o};
    struct shmq_message m;
    char buffer[8];
    void *slot;

    (void)state;
    assert_int_equal(shmq_send(p, "12345678", 8, 0, 0), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(shmq_reserve(not_producers[i], 0, &slot), -EINVAL);
        assert_int_equal(shmq_commit(not_producers[i], 0, 0, 0), -EINVAL);
        assert_int_equal(shmq_send(not_producers[i], "x", 1, 0, 0), -EINVAL);
        assert_int_equal(shmq_send(not_producers[i], "12345678", 8, 0, 0), -EINVAL);
        assert_int_equal(shmq_sendv(not_producers[i], NULL, 0, 0, 0), -EINVAL);
        assert_int_equal(shmq_flush(not_producers[i]), -EINVAL);
        assert_int_equal(shmq_peek(not_consumers[i], &m), -EINVAL);
        assert_int_equal(shmq_release(not_consumers[i]), -EINVAL);
        assert_int_equal(shmq_recv(not_consumers[i], buffer, sizeof buffer, &m), -EINVAL);
    }
    assert_int_equal(shmq_wait(o, 0), -EINVAL);
    assert_int_equal(shmq_send(p, "12345678", 8, 0, 2), -EINVAL);
    shmq_close(o);
    shmq_close(p);
    shmq_close(c);
}

static void sizes_beyond_the_largest_record_are_refused(void **state)
{
    const char *name = make("large", 4096, 1);
    struct shmq *p = open_as(name, SHMQ_PRODUCER);
    static char bytes[4096];
    const struct shmq_span overflow[] = {{bytes, 1}, {bytes, SIZE_MAX}};
    const struct shmq_span sum[] = {{bytes, 2000}, {bytes, 41}};
    void *slot = NULL;

    (void)state;
    assert_int_equal(shmq_send(p, bytes, 2040, 0, 0), 0);
    assert_int_equal(shmq_send(p, bytes, 2041, 0, 0), -EMSGSIZE);
    assert_int_equal(shmq_reserve(p, SIZE_MAX, &slot), -EMSGSIZE);
    assert_null(slot);
    assert_int_equal(shmq_sendv(p, overflow, 2, 0, 0), -EMSGSIZE);
    assert_int_equal(shmq_sendv(p, sum, 2, 0, 0), -EMSGSIZE);
    shmq_close(p);
}

static void role_is_one_handles_until_it_is_closed(void **state)
{
    const char *name = make("held", 4096, 2);
    struct shmq *c = open_as(name, SHMQ_CONSUMER);
    struct shmq *p0 = open_as(name, SHMQ_PRODUCER);
    struct shmq *p1 = open_as(name, SHMQ_PRODUCER);
    struct shmq *o = open_as(name, SHMQ_OBSERVER);
    struct shmq_lane_info lane = {.struct_size = sizeof lane};

    (void)state;
    assert_int_equal(try_open(name, SHMQ_CONSUMER), -EBUSY);
    assert_int_equal(try_open(name, SHMQ_PRODUCER), -EBUSY);
    assert_int_equal(info_of(o).consumer_pid, getpid());
    assert_int_equal(info_of(c).consumer_pid, getpid());
    assert_int_equal(shmq_lane_info(p0, 0, &lane), 0);
    assert_int_equal(lane.producer_pid, getpid());
    shmq_close(p0);
    assert_int_equal(shmq_lane_info(o, 0, &lane), 0);
    assert_int_equal(lane.producer_pid, 0);
    assert_int_equal(try_open(name, SHMQ_PRODUCER), 0);
    shmq_close(c);
    assert_int_equal(try_open(name, SHMQ_CONSUMER), 0);
    assert_int_equal(info_of(o).consumer_pid, 0);
    shmq_close(p1);
    shmq_close(o);
}

static void lanes_keep_their_order_and_take_turns(void **state)
{
    enum { LANES = 70, RECORDS = 5 };
    const char *name = make("lanes", 4096, LANES);
    struct shmq *c = open_as(name, SHMQ_CONSUMER);
    struct shmq *p[LANES];
    int next[LANES] = {0};
    struct shmq_message m;

    (void)state;
    for (int i = 0; i < LANES; i++)
        p[i] = open_as(name, SHMQ_PRODUCER);
    for (int n = 0; n < RECORDS; n++) {
        for (int i = 0; i < LANES; i++)
            assert_int_equal(shmq_send(p[i], &n, sizeof n, (uint16_t)i, 0), 0);
    }
    for (int n = 0; n < LANES * RECORDS; n++) {
        assert_int_equal(shmq_peek(c, &m), 0);
        assert_int_equal(m.lane, m.type);
        assert_int_equal(*(int *)m.data, next[m.lane]++);
    }
    assert_int_equal(shmq_peek(c, &m), -EAGAIN);
    assert_int_equal(info_of(c).received, 0);
    assert_int_equal(shmq_release(c), 0);
    assert_int_equal(info_of(c).received, LANES * RECORDS);
    assert_int_equal(info_of(c).lanes_open, LANES);
    for (int i = 0; i < LANES; i++)
        shmq_close(p[i]);
    assert_int_equal(shmq_peek(c, &m), -EPIPE);
    assert_int_equal(shmq_peek(c, &m), -EAGAIN);
    assert_int_equal(info_of(c).lanes_open, 0);
    shmq_close(c);
}

static void end_is_told_once_after_all_is_received(void **state)
{
    const char *name = make("end", 4096, 1);
    struct shmq *c = open_as(name, SHMQ_CONSUMER);
    struct shmq_message m;

    (void)state;
    assert_int_equal(shmq_peek(c, &m), -EAGAIN); /* nobody has come so far: that is no end */
    assert_int_equal(shmq_wait(c, 0), -ETIMEDOUT);
    for (int round = 0; round < 3; round++) {
        struct shmq *p = open_as(name, SHMQ_PRODUCER);

        assert_int_equal(shmq_send(p, "last", 4, 0, SHMQ_MORE), 0);
        shmq_close(p);
        assert_int_equal(shmq_wait(c, -1), 0);
        assert_int_equal(shmq_peek(c, &m), 0);
        if (round == 1)
            assert_int_equal(shmq_wait(c, -1), -EPIPE);
        else
            assert_int_equal(shmq_peek(c, &m), -EPIPE);
        assert_int_equal(shmq_peek(c, &m), -EAGAIN);
        assert_int_equal(shmq_release(c), 0);
    }
    shmq_close(c);
}

/* A consumer that dies before it has told the end leaves it to the next one. */
static void end_is_told_by_the_next_consumer(void **state)
{
    const char *name = make("heir", 4096, 1);
    struct shmq *p = open_as(name, SHMQ_PRODUCER);
    struct shmq_message m;
    struct shmq *c;

    (void)state;
    assert_int_equal(shmq_send(p, "x", 1, 0, 0), 0);
    shmq_close(p);
    c = open_as(name, SHMQ_CONSUMER);
    assert_int_equal(shmq_recv(c, &(char){0}, 1, &m), 0);
    shmq_close(c);
    c = open_as(name, SHMQ_CONSUMER);
    assert_int_equal(shmq_wait(c, -1), -EPIPE);
    shmq_close(c);
    c = open_as(name, SHMQ_CONSUMER);
    assert_int_equal(shmq_wait(c, 0), -ETIMEDOUT);
    shmq_close(c);
}

static int produce_and_die(struct peer *self, void *arg)
{
    struct shmq *q = NULL;
    void *slot;

    (void)self;
    CHILD_CHECK(shmq_open(arg, SHMQ_PRODUCER, NULL, &q) == 0);
    CHILD_CHECK(shmq_send(q, "sent", 4, 0, 0) == 0);
    CHILD_CHECK(shmq_reserve(q, 100, &slot) == 0);
    peer_die();
}

static int consume_and_die(struct peer *self, void *arg)
{
    struct shmq_message m;
    struct shmq *q = NULL;

    (void)self;
    CHILD_CHECK(shmq_open(arg, SHMQ_CONSUMER, NULL, &q) == 0);
    CHILD_CHECK(shmq_peek(q, &m) == 0);
    CHILD_CHECK(shmq_release(q) == 0);
    CHILD_CHECK(shmq_peek(q, &m) == 0);
    peer_die();
}

static void killed_producer_leaves_what_it_sent_and_its_place(void **state)
{
    const char *name = make("killp", 4096, 1);
    struct shmq *c = open_as(name, SHMQ_CONSUMER);
    struct shmq_message m;

    (void)state;
    assert_int_equal(test_child(produce_and_die, name), PEER_KILLED);
    assert_int_equal(shmq_peek(c, &m), 0);
    assert_memory_equal(m.data, "sent", 4);
    assert_int_equal(shmq_wait(c, -1), -EPIPE);
    assert_int_equal(test_child(produce_and_die, name), PEER_KILLED);
    assert_int_equal(shmq_peek(c, &m), 0);
    assert_int_equal(shmq_release(c), 0);
    shmq_close(c);
}

static void killed_consumer_leaves_what_it_did_not_release_and_its_place(void **state)
{
    const char *name = make("killc", 4096, 1);
    struct shmq *p = open_as(name, SHMQ_PRODUCER);
    struct shmq_message m;

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(shmq_send(p, &i, sizeof i, 0, 0), 0);
    assert_int_equal(test_child(consume_and_die, name), PEER_KILLED);
    struct shmq *c = open_as(name, SHMQ_CONSUMER);

    assert_int_equal(shmq_peek(c, &m), 0);
    assert_int_equal(*(int *)m.data, 1);
    shmq_close(c);
    shmq_close(p);
}

static int send_later(struct peer *self, void *arg)
{
    struct shmq *q = NULL;

    (void)self;
    CHILD_CHECK(shmq_open(arg, SHMQ_PRODUCER, NULL, &q) == 0);
    usleep(30000);
    CHILD_CHECK(shmq_send(q, "late", 4, 0, 0) == 0);
    shmq_close(q);
    return 0;
}

static void wait_ends_with_data_or_time(void **state)
{
    const char *name = make("wait", 4096, 1);
    struct shmq *c = open_as(name, SHMQ_CONSUMER);
    struct shmq_message m;

    (void)state;
    assert_int_equal(shmq_wait(c, 2000000), -ETIMEDOUT);
    struct peer peer = peer_start(send_later, name);

    assert_int_equal(shmq_wait(c, -1), 0);
    assert_int_equal(shmq_peek(c, &m), 0);
    assert_memory_equal(m.data, "late", 4);
    assert_int_equal(peer_end(&peer), 0);
    shmq_close(c);
}

static void producer_waits_for_room(void **state)
{
    const char *name = make("room", 4096, 1);
    struct shmq *p = open_as(name, SHMQ_PRODUCER);
    struct shmq *c = open_as(name, SHMQ_CONSUMER);
    struct shmq_message m;
    static char bytes[1000];

    (void)state;
    while (shmq_send(p, bytes, sizeof bytes, 0, 0) == 0)
        ;
    assert_int_equal(shmq_wait(p, 2000000), -ETIMEDOUT);
    assert_int_equal(shmq_recv(c, bytes, sizeof bytes, &m), 0);
    assert_int_equal(shmq_recv(c, bytes, sizeof bytes, &m), 0);
    assert_int_equal(shmq_wait(p, -1), 0);
    assert_int_equal(shmq_send(p, bytes, sizeof bytes, 0, 0), 0);
    assert_int_equal(info_of(p).full_count, 1);
    shmq_close(p);
    shmq_close(c);
}

/* Overwrite some bytes of a queue's file and open it. */
static int open_patched(const char *name, off_t offset, const void *bytes, size_t size)
{
    char before[64];
    FILE *file = fopen(test_place(name), "r+b");

    assert_non_null(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    assert_int_equal(fread(before, 1, size, file), size);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fflush(file), 0);
    int rc = try_open(name, SHMQ_CONSUMER);

    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    assert_int_equal(fwrite(before, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return rc;
}

static void what_is_not_a_sound_queue_is_not_opened(void **state)
{
    const char *name = make("patched", 4096, 1);
    const uint32_t future = SHMQ_FORMAT + 1;
    const uint32_t unknown = UINT32_C(1) << 31;
    const uint64_t wild = UINT64_MAX;
    const char *text = test_path("text");
    const char *empty = test_path("empty");

    (void)state;
    assert_int_equal(open_patched(name, offsetof(struct shmq_identity, magic), "x", 1), -EPROTO);
    assert_int_equal(open_patched(name, offsetof(struct shmq_identity, format), &future, 4), -EPROTO);
    assert_int_equal(open_patched(name, offsetof(struct shmq_identity, features_incompatible), &unknown, 4), -EPROTO);
    assert_int_equal(open_patched(name, offsetof(struct shmq_identity, features_compatible), &unknown, 4), 0);
    assert_int_equal(open_patched(name, offsetof(struct shmq_identity, capacity), &wild, 8), -EBADMSG);
    assert_int_equal(open_patched(name, offsetof(struct shmq_identity, lane_count), &wild, 4), -EBADMSG);
    assert_int_equal(open_patched(name, 4096 + offsetof(struct shmq_lane, producer.head), &wild, 8), -EBADMSG);
    assert_int_equal(open_patched(name, 4096 + offsetof(struct shmq_lane, tail.tail), &wild, 8), -EBADMSG);
    assert_int_equal(try_open(name, SHMQ_CONSUMER), 0);
    test_truncate(test_place(name), 8192 + 4095);
    assert_int_equal(try_open(name, SHMQ_CONSUMER), -EBADMSG);
    test_truncate(test_place(name), 4095);
    assert_int_equal(try_open(name, SHMQ_CONSUMER), -EPROTO);
    assert_int_equal(shmq_create(name, NULL), -EEXIST);
    assert_int_equal(shmq_remove(name, 0), -EPROTO);

    test_file(text, "this is no queue");
    assert_int_equal(try_open(text, SHMQ_OBSERVER), -EPROTO);
    assert_int_equal(shmq_remove(text, 0), -EPROTO);
    test_file(empty, "");
    assert_int_equal(try_open(empty, SHMQ_OBSERVER), -EPROTO);
    assert_int_equal(try_open("/", SHMQ_OBSERVER), -EPROTO);
    assert_int_equal(try_open(test_path("missing"), SHMQ_OBSERVER), -ENOENT);
    assert_int_equal(test_length(text), 16);
}

static void queue_in_a_file_outlives_its_name(void **state)
{
    const char *name = test_name("filed");
    const char *path = test_path("queue");
    struct shmq_create_options o = options(4096, 1);
    struct shmq_message m;

    (void)state;
    o.path = path;
    assert_int_equal(shmq_create(name, &o), 0);
    struct shmq *q = open_as(name, SHMQ_PRODUCER);

    assert_int_equal(shmq_send(q, "stays", 5, 0, 0), 0);
    shmq_close(q);
    assert_int_equal(shmq_remove(name, 0), 0);
    assert_int_equal(try_open(name, SHMQ_OBSERVER), -ENOENT);
    assert_int_equal(shmq_create(name, &o), 1);
    q = open_as(name, SHMQ_CONSUMER);
    assert_int_equal(shmq_peek(q, &m), 0);
    assert_memory_equal(m.data, "stays", 5);
    shmq_close(q);
    assert_int_equal(shmq_create(test_path("by-path"), &o), -EINVAL);
    assert_int_equal(shmq_remove(name, 0), 0);
    assert_int_equal(try_open(path, SHMQ_OBSERVER), 0);
    assert_int_equal(shmq_remove(path, 0), 0);
    assert_int_equal(try_open(path, SHMQ_OBSERVER), -ENOENT);
}

static void nothing_is_left_behind(void **state)
{
    const char *name = make("leak", 4096, 2);
    unsigned descriptors = test_descriptors();
    unsigned maps = test_maps();

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct shmq *c = open_as(name, SHMQ_CONSUMER);
        struct shmq *p = open_as(name, SHMQ_PRODUCER);

        assert_int_equal(try_open(name, SHMQ_CONSUMER), -EBUSY);
        assert_int_equal(shmq_create(name, NULL), 1);
        shmq_close(p);
        shmq_close(c);
    }
    assert_int_equal(test_descriptors(), descriptors);
    assert_int_equal(test_maps(), maps);
}

static void every_error_has_words(void **state)
{
    const int errors[] = {EAGAIN, ETIMEDOUT, EMSGSIZE, ENOBUFS,      EPIPE,  EBUSY,  EBADMSG, EPROTO, ENOENT, EEXIST,
                          EACCES, EPERM,     EINTR,    ENAMETOOLONG, EINVAL, ERANGE, ENOSPC,  ENOMEM, EMFILE, ENFILE};

    (void)state;
    assert_string_equal(shmq_strerror(0), "success");
    assert_string_equal(shmq_strerror(1), "success");
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        assert_string_not_equal(shmq_strerror(-errors[i]), shmq_strerror(-9999));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(shmq_strerror(-errors[i]), shmq_strerror(-errors[k]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(info_tells_what_was_created),
        cmocka_unit_test(existing_queue_is_left_as_it_is),
        cmocka_unit_test(arguments_out_of_range_are_refused),
        cmocka_unit_test(options_of_a_newer_caller_work_while_they_ask_for_nothing_new),
        cmocka_unit_test(what_is_sent_is_received),
        cmocka_unit_test(aborted_slot_was_never_there),
        cmocka_unit_test(a_send_forgets_the_reserved_slot),
        cmocka_unit_test(calls_of_another_role_are_refused),
        cmocka_unit_test(sizes_beyond_the_largest_record_are_refused),
        cmocka_unit_test(role_is_one_handles_until_it_is_closed),
        cmocka_unit_test(lanes_keep_their_order_and_take_turns),
        cmocka_unit_test(end_is_told_once_after_all_is_received),
        cmocka_unit_test(end_is_told_by_the_next_consumer),
        cmocka_unit_test(killed_producer_leaves_what_it_sent_and_its_place),
        cmocka_unit_test(killed_consumer_leaves_what_it_did_not_release_and_its_place),
        cmocka_unit_test(wait_ends_with_data_or_time),
        cmocka_unit_test(producer_waits_for_room),
        cmocka_unit_test(what_is_not_a_sound_queue_is_not_opened),
        cmocka_unit_test(queue_in_a_file_outlives_its_name),
        cmocka_unit_test(nothing_is_left_behind),
        cmocka_unit_test(every_error_has_words),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
