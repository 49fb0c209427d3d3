/* Sending, receiving, waiting and looking. */
#include "file.h"

#include <errno.h>
#include <shmq/producer.h>
#include <shmq/wait.h>
#include <stdlib.h>
#include <string.h>

/* Opening, creating and removing try some times; a recorder copies, and starts anew; whatever waits looks often. */
void begin(const char *call, const struct user *user)
{
    uint64_t lanes = user == NULL ? LANE_COUNT_MAX : user->info.lane_count;
    uint64_t words = (user == NULL ? CAPACITY_MAX : user->info.capacity) / 8;
    bool copies = user != NULL && user->info.kind == SHMQ_RECORDER;

    adversary_allow(call, 4096 + lanes * (2048 + words) + (copies ? 2 * 64 * (words + 32) : 0));
}

/* What is to be looked at is not to be lied about. */
static void look_truly(struct user *user)
{
    bool lies = adversary_is_lying();

    adversary_lies(false);
    begin("info", NULL);
    user->info = (struct shmq_info){.struct_size = sizeof user->info};
    must(shmq_info(user->q, &user->info) == 0);
    adversary_lies(lies);
}

/* `size` bytes at `data` lie in one ring, in that of `lane` where that is not negative. */
void check_in_ring(const struct user *user, const void *data, uint64_t size, int lane)
{
    const struct shmq_info *info = &user->info;
    const uint8_t *rings = user->map.base + info->mapping_size - info->capacity * info->lane_count;
    uint64_t offset = (uint64_t)((const uint8_t *)data - rings);

    must((const uint8_t *)data >= rings && offset / info->capacity < info->lane_count);
    must(size <= info->capacity - offset % info->capacity || (size == 0 && offset % info->capacity == 0));
    must(lane < 0 || offset / info->capacity == (unsigned)lane);
}

void check_message(struct user *user, const struct shmq_message *message)
{
    must(message->lane < user->info.lane_count);
    if (user->info.kind != SHMQ_RECORDER && message->size != 0)
        check_in_ring(user, message->data, message->size, message->lane);
    sink(message->data, message->size);
    user->message = *message;
}

void user_open(struct user *user, uint8_t how, uint8_t lane)
{
    struct shmq_open_options options = {
        .struct_size = sizeof options,
        .hand_back = how / 4 % 4,
        .policy = how / 4 % 3,
        .wait_ns = 1000,
        .has_lane = how / 16 % 4 == 0,
        .lane = lane % 4,
    };

    begin("open", NULL);
    if (shmq_open(name, how % 4 % 3, &options, &user->q) != 0) {
        user->q = NULL;
        return;
    }
    user->role = how % 4 % 3;
    user->map = maps[map_count - 1];
    look_truly(user);
    must(user->info.mapping_size <= user->map.size && user->info.lane_count <= SHMQ_LANES_MAX);
}

void user_close(struct user *user)
{
    user_cursor_close(user);
    begin("close", NULL);
    shmq_close(user->q);
    *user = (struct user){0};
}

void check_slot(const struct user *user, void *slot, size_t size)
{
    if (size != 0)
        check_in_ring(user, slot, size, -1);
    memset(slot, 0x5a, size);
}

void user_reserve(struct user *user, size_t size, uint8_t how)
{
    void *slot;

    begin("reserve", user);
    int rc = how % 2 == 0 ? shmq_reserve(user->q, size, &slot)
                          : shmq_reserve_wait(user->q, size, how & 2 ? 1000 : 0, &slot);

    if (rc != 0)
        return;
    check_slot(user, slot, size);
    begin("commit", user);
    if (how % 16 == 15)
        shmq_abort(user->q);
    else
        must(shmq_commit(user->q, size / (1 + how / 16 % 2), how, how / 32 % 2) == 0);
}

void user_send(struct user *user, size_t size, uint8_t how)
{
    uint8_t *payload = calloc(1, size + 1);
    struct shmq_span spans[] = {{payload, size / 3}, {payload, 0}, {payload, size - size / 3}};
    size_t each = size / (1 + how / 16);

    begin("send", user);
    if (how % 4 == 0)
        (void)shmq_sendv(user->q, spans, 3, how, how / 4 % 2);
    else if (how % 8 == 2)
        must(shmq_send_many(user->q, payload, each, size / (each + 1), how, how / 4 % 2) <= (int)size);
    else if (how % 4 == 1)
        (void)shmq_send_wait(user->q, payload, size, how, how / 4 % 2, how & 8 ? 1000 : 0);
    else
        (void)shmq_send(user->q, payload, size, how, how / 4 % 2);
    free(payload);
}

/* In a block of just its size. */
static void look_at_received(struct user *user, const struct shmq_message *message)
{
    struct shmq_message copy = *message;
    void *data = malloc(message->size);

    copy.data = memcpy(data, message->data, message->size);
    look_at_record(user, &copy);
    free(data);
}

/* The size that was asked for, or that of the next record where it fits. */
static void receive_many(struct user *user, size_t size)
{
    uint8_t *buffer = malloc(size + 1);
    struct shmq_message message;
    size_t each = size / 4;

    begin("recv_many", user);
    int rc = shmq_recv_many(user->q, buffer, each, 4, &message);

    if (rc == -ENOBUFS) {
        must(message.size != each);
        each = message.size;
        if (each <= size)
            rc = shmq_recv_many(user->q, buffer, each, each == 0 ? 4 : size / each, &message);
    }
    if (rc > 0) {
        must(message.size == each && message.data == buffer && (size_t)rc * each <= size);
        must(message.lane < user->info.lane_count);
        sink(buffer, (size_t)rc * each);
    }
    free(buffer);
}

void user_receive(struct user *user, size_t size, uint8_t how)
{
    if (how % 8 == 5) {
        receive_many(user, size);
        return;
    }
    uint8_t *buffer = malloc(size);
    struct shmq_message message;

    begin("recv", user);
    int rc = how % 2 == 0 ? shmq_recv(user->q, buffer, size, &message)
                          : shmq_recv_wait(user->q, buffer, size, how & 2 ? 1000 : 0, &message);

    if (rc >= 0) {
        must(message.size <= size && message.data == buffer && message.lane < user->info.lane_count);
        sink(buffer, message.size);
        look_at_received(user, &message);
        user->message = message;
    } else if (rc == -ENOBUFS) {
        must(message.size > size);
    }
    free(buffer);
}

void user_peek(struct user *user, uint8_t how)
{
    struct shmq_message message;

    begin("peek", user);
    int rc = how % 2 == 0 ? shmq_peek(user->q, &message) : shmq_peek_wait(user->q, how & 2 ? 1000 : 0, &message);

    if (rc >= 0)
        check_message(user, &message);
}

void user_look(struct user *user, uint8_t how)
{
    struct shmq_info info = {.struct_size = sizeof info};
    struct shmq_lane_info lane = {.struct_size = sizeof lane};
    struct shmq_sender sender = {.struct_size = sizeof sender};

    begin("info", user);
    must(shmq_info(user->q, &info) == 0 && info.capacity == user->info.capacity);
    must(shmq_lane_info(user->q, how % info.lane_count, &lane) == 0 && lane.used <= info.capacity);
    begin("sender", user);
    if (shmq_sender(user->q, &user->message, &sender) == 0)
        must(sender.lane == user->message.lane);
}

void user_wait(struct user *user, uint8_t how)
{
    begin("wait", user);
    if (how % 8 == 0)
        shmq_cancel(user->q);
    else if (how % 8 == 1)
        (void)shmq_fd(user->q);
    else
        (void)shmq_wait(user->q, how % 8 == 2 ? 1000 : 0);
}
