#include "holders.h"

#include "formatted.h"
#include "os.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LISTED_MAX = 8 };

static struct holder holder_of(uint32_t presence, uint32_t pid, int64_t since_ns)
{
    struct holder holder = {.pid = pid, .state = "-"};
    struct os_process process;
    if (presence == SHMQ_DIED) {
        holder.state = "died";
    } else if (presence == SHMQ_PRESENT) {
        holder.state = "alive";
        if (os_process_look(pid, since_ns, &process)) {
            holder.state = process.paused ? "paused" : "alive";
            snprintf(holder.name, sizeof holder.name, "%s", process.name);
        }
    }
    return holder;
}

struct holder holder_of_lane(const struct shmq_lane_info *lane)
{
    return holder_of(lane->presence, lane->producer_pid, lane->since_ns);
}

struct holder holder_of_consumer(const struct shmq_info *info)
{
    return holder_of(info->consumer_presence, info->consumer_pid, info->consumer_since_ns);
}

struct text {
    char *to;
    size_t size;
    size_t end;
};

FORMATTED(2, 3) static void text_add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = vsnprintf(text->to + text->end, text->size - text->end, format, arguments);
    va_end(arguments);
    text->end += count > 0 ? (size_t)count : 0;
    text->end = text->end < text->size ? text->end : text->size - 1;
}

static void holder_add(struct text *text, const struct holder *holder)
{
    const char *paused = strcmp(holder->state, "paused") == 0 ? "paused" : "";
    /* Whoever has just taken a role has not signed yet. */
    if (holder->pid == 0) {
        text_add(text, "a process that is just coming");
        return;
    }
    text_add(text, "%u", holder->pid);
    if (holder->name[0] != '\0' || paused[0] != '\0') {
        text_add(text, " (%s%s%s)", holder->name, holder->name[0] != '\0' && paused[0] != '\0' ? ", " : "", paused);
    }
}

void holder_text(char *text, size_t size, const struct holder *holder)
{
    struct text out = {text, size, 0};
    holder_add(&out, holder);
}

struct listing {
    struct text text;
    unsigned count;
};

static void listed(struct listing *listing, const struct holder *holder, const char *what)
{
    if (listing->count++ < LISTED_MAX) {
        text_add(&listing->text, listing->count > 1 ? ", " : "");
        holder_add(&listing->text, holder);
        text_add(&listing->text, "%s", what);
    }
}

static unsigned listing_end(struct listing *listing)
{
    if (listing->count > LISTED_MAX) {
        text_add(&listing->text, " and %u more", listing->count - LISTED_MAX);
    }
    return listing->count;
}

unsigned holders_list(char *text, size_t size, const struct snapshot *snapshot, enum holders_of which)
{
    struct listing listing = {.text = {text, size, 0}};
    text[0] = '\0';
    if ((which & HOLDERS_CONSUMER) != 0 && snapshot->info.consumer_presence == SHMQ_PRESENT) {
        struct holder holder = holder_of_consumer(&snapshot->info);
        listed(&listing, &holder, which == HOLDERS_ALL ? " receives" : "");
    }
    for (uint32_t i = 0; (which & HOLDERS_PRODUCERS) != 0 && i < snapshot->info.lane_count; i++) {
        if (snapshot->lanes[i].presence == SHMQ_PRESENT) {
            struct holder holder = holder_of_lane(&snapshot->lanes[i]);
            listed(&listing, &holder, which == HOLDERS_ALL ? " sends" : "");
        }
    }
    return listing_end(&listing);
}

unsigned holders_died(char *text, size_t size, const struct snapshot *snapshot)
{
    struct listing listing = {.text = {text, size, 0}};
    text[0] = '\0';
    if (snapshot->info.consumer_presence == SHMQ_DIED) {
        struct holder holder = holder_of_consumer(&snapshot->info);
        listed(&listing, &holder, "");
    }
    for (uint32_t i = 0; i < snapshot->info.lane_count; i++) {
        if (snapshot->lanes[i].presence == SHMQ_DIED) {
            struct holder holder = holder_of_lane(&snapshot->lanes[i]);
            listed(&listing, &holder, "");
        }
    }
    return listing_end(&listing);
}

bool holders_are_gone(const struct snapshot *snapshot)
{
    bool died = snapshot->info.consumer_presence == SHMQ_DIED;
    bool present = snapshot->info.consumer_presence == SHMQ_PRESENT;
    for (uint32_t i = 0; i < snapshot->info.lane_count; i++) {
        died = died || snapshot->lanes[i].presence == SHMQ_DIED;
        present = present || snapshot->lanes[i].presence == SHMQ_PRESENT;
    }
    return died && !present;
}
