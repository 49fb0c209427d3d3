/* Watching, and copying all of it. */
#include "file.h"

#include <shmq/cursor.h>
#include <shmq/dump.h>
#include <shmq/layout.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void user_cursor_close(struct user *user)
{
    shmq_cursor_close(user->cursor);
    user->cursor = NULL;
}

static void open_cursor(struct user *user, uint8_t how)
{
    const struct shmq_cursor_options options = {
        .struct_size = sizeof options, .from = how / 4 % 3, .has_lane = how / 16 % 2, .lane = how / 32};

    begin("cursor_open", user);
    if (shmq_cursor_open(user->q, &options, &user->cursor) != 0)
        user->cursor = NULL;
}

/* What was copied is opened as what it says it is, and is no more to be trusted than a queue. */
static void look_at_dump(const char *copy)
{
    struct user user = {.role = SHMQ_OBSERVER, .info.struct_size = sizeof user.info};
    const void *note = "";
    size_t size = 0;

    begin("open", NULL);
    if (shmq_open(copy, SHMQ_OBSERVER, NULL, &user.q) != 0)
        return;
    begin("dump_note", NULL);
    if (shmq_dump_note(user.q, &note, &size) == 0)
        sink(note, size);
    begin("info", NULL);
    if (shmq_info(user.q, &user.info) == 0) {
        user_watch_records(&user, 4);
        for (int i = 0; i < 4 && user.cursor != NULL; i++)
            user_watch_records(&user, 0);
    }
    user_cursor_close(&user);
    begin("close", NULL);
    shmq_close(user.q);
}

static void dump(const struct user *user)
{
    char copy[sizeof path + 8];

    snprintf(copy, sizeof copy, "%s.dump", path);
    /* Each lane, and the status, up to 64 times. */
    adversary_allow("dump", user->info.mapping_size / 8 * 66 + 64 * sizeof(struct shmq_status_area));
    if (shmq_dump(user->q, copy, "note", 4) < 0)
        return;
    look_at_dump(copy);
    unlink(copy);
}

void user_watch_records(struct user *user, uint8_t how)
{
    struct shmq_seen seen = {.struct_size = sizeof seen};

    if (how == 30) {
        dump(user);
    } else if (user->cursor == NULL) {
        open_cursor(user, how);
    } else if (how % 32 == 31) {
        user_cursor_close(user);
    } else {
        /* Each look copies, and starts anew where that was overwritten; the copy grows; in total order it looks twice. */
        adversary_allow("cursor_next", user->info.lane_count * 4 * 128 * (user->info.capacity / 8 + 64));
        if (shmq_cursor_next(user->cursor, &seen) != 0)
            return;
        must(seen.message.lane < user->info.lane_count && seen.message.size <= user->info.capacity);
        sink(seen.message.data, seen.message.size);
        look_at_record(user, &seen.message);
    }
}
