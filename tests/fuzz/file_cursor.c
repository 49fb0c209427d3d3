/* Watching. */
#include "file.h"

#include <shmq/cursor.h>

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

void user_watch_records(struct user *user, uint8_t how)
{
    struct shmq_seen seen = {.struct_size = sizeof seen};

    if (user->cursor == NULL) {
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
