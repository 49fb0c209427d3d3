/*
 * The users of one queue in a file, and what they do to it
 *
 * Each mapping of a file lies between pages that nobody may touch; sleeping puts the clock forward.
 */
#ifndef SHMQ_TESTS_FUZZ_FILE_H
#define SHMQ_TESTS_FUZZ_FILE_H

#include "adversary.h"

#include <shmq/await.h>
#include <shmq/blob.h>
#include <shmq/consumer.h>
#include <shmq/info.h>
#include <shmq/queue.h>
#include <shmq/status.h>

#define LANE_COUNT_MAX 8
#define CAPACITY_MAX (UINT64_C(64) << 10)

struct map {
    uint8_t *base;
    size_t size;
};

struct user {
    struct shmq *q;
    enum shmq_role role;
    struct shmq_info info;
    struct map map;
    struct shmq_message message;
    struct shmq_ticket ticket;
    struct shmq_status status;
    struct shmq_rate rate;
    struct shmq_blob blob;
    struct shmq_cursor *cursor;
};

/* What is mapped now, the newest last. */
#define MAPS_MAX 512
extern struct map maps[MAPS_MAX];
extern unsigned map_count;

/* The queue: where its file is, and how it is called. */
extern char path[80];
extern const char *name;

/* /dev/shm is this process's alone: what is there may be listed, and cleaned away. */
extern bool has_own_shm;
bool make_own_shm(void);

/* This input may have made other files beside it. */
extern bool leaves_files;

/* Say which call begins, of whom (NULL: of none), so that it is known how much it may load. */
void begin(const char *call, const struct user *user);

void user_open(struct user *user, uint8_t how, uint8_t lane);
void user_close(struct user *user);

/* `size` bytes at `data` lie in one ring, in that of `lane` where that is not negative. */
void check_in_ring(const struct user *user, const void *data, uint64_t size, int lane);

/* All of it can be read; it becomes the user's last one. */
void check_message(struct user *user, const struct shmq_message *message);

/* See it as what its type says. */
void look_at_record(struct user *user, const struct shmq_message *message);

/* A slot that was reserved: all of it can be written. */
void check_slot(const struct user *user, void *slot, size_t size);

/* What a user does; `how` says how, `size` with what. */
void user_reserve(struct user *user, size_t size, uint8_t how);
void user_send(struct user *user, size_t size, uint8_t how);
void user_receive(struct user *user, size_t size, uint8_t how);
void user_peek(struct user *user, uint8_t how);
void user_look(struct user *user, uint8_t how);
void user_wait(struct user *user, uint8_t how);
void user_watch_records(struct user *user, uint8_t how);
void user_cursor_close(struct user *user);
void user_await(struct user *user, uint8_t how);
void user_report(struct user *user, uint8_t how);
void user_watch(struct user *user, uint8_t how);
void await_film(struct user *user);
void user_send_film(struct user *user, uint8_t how);
void user_receive_film(struct user *user, uint8_t how);
void user_look_at_types(struct user *user, uint8_t how);

/* A client and a server of the queue, beside the users. */
void duplex_ask(uint8_t how);
void duplex_answer(uint8_t how);
void duplex_close(void);

#endif
