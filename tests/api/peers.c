#include "peers.h"

#include <unistd.h>

struct shmq_create_options queue_options(uint64_t capacity, uint32_t lane_count, uint32_t kind)
{
    return (struct shmq_create_options){.struct_size = sizeof(struct shmq_create_options),
                                        .capacity = capacity,
                                        .lane_count = lane_count,
                                        .kind = kind};
}

const char *queue_made(const char *word, uint64_t capacity, uint32_t lane_count, uint32_t kind)
{
    struct shmq_create_options o = queue_options(capacity, lane_count, kind);
    const char *name = test_name(word);

    assert_int_equal(shmq_create(name, &o), 0);
    return name;
}

struct shmq *queue_opened(const char *name, enum shmq_role role)
{
    struct shmq *q = NULL;

    assert_int_equal(shmq_open(name, role, NULL, &q), 0);
    assert_non_null(q);
    return q;
}

struct shmq *queue_opened_lane(const char *name, enum shmq_role role, uint32_t lane)
{
    struct shmq_open_options o = {.struct_size = sizeof o, .has_lane = 1, .lane = lane};
    struct shmq *q = NULL;

    assert_int_equal(shmq_open(name, role, &o, &q), 0);
    assert_non_null(q);
    return q;
}

int queue_try(const char *name, enum shmq_role role)
{
    struct shmq *q = NULL;
    int rc = shmq_open(name, role, NULL, &q);

    if (rc == 0)
        shmq_close(q);
    return rc;
}

struct shmq_info queue_info(struct shmq *q)
{
    struct shmq_info info = {.struct_size = sizeof info};

    assert_int_equal(shmq_info(q, &info), 0);
    return info;
}

struct shmq_lane_info queue_lane(struct shmq *q, uint32_t lane)
{
    struct shmq_lane_info info = {.struct_size = sizeof info};

    assert_int_equal(shmq_lane_info(q, lane, &info), 0);
    return info;
}

void peer_go(struct peer *peer)
{
    assert_true(peer_let_go(peer));
}

void peer_kill(struct peer *peer)
{
    peer_strike(peer);
    assert_int_equal(peer_end(peer), PEER_KILLED);
}

void await_consumer_sleep(const char *name, uint64_t count)
{
    struct shmq *o = queue_opened(name, SHMQ_OBSERVER);

    while (queue_info(o).consumer_waits <= count)
        usleep(500);
    shmq_close(o);
}

void await_producer_sleep(const char *name, uint32_t lane, uint64_t count)
{
    struct shmq *o = queue_opened(name, SHMQ_OBSERVER);

    while (queue_lane(o, lane).wait_count <= count)
        usleep(500);
    shmq_close(o);
}
