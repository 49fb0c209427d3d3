#include "grid.h"
#include "holders.h"
#include "os.h"
#include "picture.h"
#include "report.h"
#include "screen.h"
#include "snapshot.h"
#include "task.h"
#include "top.h"
#include "units.h"

#include <stdio.h>
#include <string.h>

#define STALLED_NS INT64_C(3000000000)
/* A task that says nothing for so long: many say only what they have finished. */
#define STILL_NS INT64_C(10000000000)

enum { LABEL_COLUMN = 10, SPARK_COLUMN = 40, BAR_WIDTH = 24, ROOMY = 18 };

enum column { LANE, PRODUCER, STATE, SENT, RECEIVED, WAITING, USED, PEAK, FULL, LOST, HISTORY, COLUMNS };

static const struct grid_column columns[COLUMNS] = {
    [LANE] = {"LANE", 4, 4, 0, true},
    [PRODUCER] = {"PRODUCER", 12, 28, 4, false},
    [STATE] = {"STATE", 6, 7, 3, false},
    [SENT] = {"SENT/s", 6, 7, 1, true},
    [RECEIVED] = {"RECV/s", 6, 7, 5, true},
    [WAITING] = {"WAITING", 7, 8, 6, true},
    [USED] = {"USED, HIGHEST", 13, 40, 2, false},
    [PEAK] = {"HIGHEST", 7, 7, 9, true},
    [FULL] = {"FULL/s", 6, 6, 8, true},
    [LOST] = {"LOST/s", 6, 6, 10, true},
    [HISTORY] = {"SENT/s", 8, TOP_LANE_HISTORY, 7, false},
};

/* One who writes lines, from the top to the bottom. */
struct pen {
    const struct top *t;
    const struct watched *one;
    const struct top_queue *queue;
    int y;
    int width;
    int height;
};

static void label(struct pen *pen, const char *word)
{
    screen_put(pen->y, 1, INK_LABEL, word);
}

static int write_at(struct pen *pen, int x, enum ink ink, const char *text)
{
    char fitted[PICTURE_TEXT];
    int room = pen->width - x;
    int width = picture_width(text);
    picture_fit(fitted, text, width < room ? width : room, false);
    screen_put(pen->y, x, ink, fitted);
    return x + width;
}

static void title_draw(struct pen *pen)
{
    const struct shmq_info *info = &pen->one->info;
    char text[PICTURE_TEXT], fitted[PICTURE_TEXT], capacity[UNITS_TEXT], age[UNITS_TEXT], every[32], right[160];
    screen_fill(0, INK_TITLE);
    if (pen->one->error == 0) {
        units_size(capacity, info->capacity, false);
        units_age(age, os_realtime_ns() - info->created_ns);
        snprintf(text, sizeof text, " %s  %s%s  %u lane%s of %s  %s old", pen->one->name, snapshot_kind(info),
                 info->transient != 0 ? ", transient" : "", info->lane_count, info->lane_count == 1 ? "" : "s",
                 capacity, age);
    } else {
        snprintf(text, sizeof text, " %s", pen->one->name);
    }
    top_interval_text(every, pen->t->interval_ns);
    snprintf(right, sizeof right, " %s%s ", pen->t->stopped ? "PAUSED  " : "", every);
    int place = pen->width - picture_width(right);
    picture_fit(fitted, text, place - 1, false);
    screen_put(0, 0, INK_TITLE, fitted);
    screen_put(0, place > 0 ? place : 0, INK_TITLE, right);
    pen->y = 1;
}

static void rate_draw(struct pen *pen, const char *word, double rate, double bytes, uint64_t total,
                      const float *history)
{
    char text[PICTURE_TEXT], rate_text[32] = "-", bytes_text[40] = "", total_text[UNITS_TEXT];
    if (pen->queue->has_rates) {
        picture_rate(rate_text, rate);
    }
    if (bytes >= 0 && pen->queue->has_rates) {
        char number[32];
        picture_rate(number, bytes);
        snprintf(bytes_text, sizeof bytes_text, "%sB/s", number);
    }
    units_count(total_text, total);
    label(pen, word);
    snprintf(text, sizeof text, "%6s/s  %-9s %6s so far", rate_text, bytes_text, total_text);
    int x = write_at(pen, LABEL_COLUMN, rate > 0 ? INK_STRONG : INK_PLAIN, text) + 2;
    x = x < SPARK_COLUMN ? SPARK_COLUMN : x;
    if (pen->width - x > 4) {
        picture_spark(text, history, pen->queue->history_count, TOP_HISTORY, pen->width - x - 1, pen->t->utf8);
        screen_put(pen->y, x, INK_GOOD, text);
    }
    pen->y++;
}

static enum ink depth_ink(double share)
{
    return share >= 0.9 ? INK_BAD : share >= 0.5 ? INK_WARNING : INK_GOOD;
}

static void waiting_draw(struct pen *pen)
{
    const struct shmq_info *info = &pen->one->info;
    char text[PICTURE_TEXT], used[UNITS_TEXT], room[UNITS_TEXT], count[UNITS_TEXT];
    double share = (double)info->used / (double)(info->capacity * info->lane_count);
    units_count(count, snapshot_waiting(info));
    units_size(used, info->used, false);
    units_size(room, info->capacity * info->lane_count, false);
    label(pen, "Waiting");
    picture_bar(text, share, 0, BAR_WIDTH, pen->t->utf8);
    int x = write_at(pen, LABEL_COLUMN, depth_ink(share), text);
    snprintf(text, sizeof text, " %.0f%%  %s record%s, %s of %s", 100 * share, count,
             snapshot_waiting(info) == 1 ? "" : "s", used, room);
    /* As long as it takes to receive what waits, at the rate of the interval: what comes now waits so long. */
    if (pen->queue->rates.received > 0 && snapshot_waiting(info) > 0 && info->kind != SHMQ_RECORDER) {
        char delay[UNITS_TEXT];
        picture_delay(delay, (double)snapshot_waiting(info) / pen->queue->rates.received);
        size_t end = strlen(text);
        snprintf(text + end, sizeof text - end, ", ~%s", delay);
    }
    write_at(pen, x, INK_PLAIN, text);
    pen->y++;
}

static void loss_draw(struct pen *pen)
{
    const struct top_queue *queue = pen->queue;
    char text[PICTURE_TEXT], full[32], lost[32], full_sum[UNITS_TEXT], lost_sum[UNITS_TEXT];
    bool recorder = pen->one->info.kind == SHMQ_RECORDER;
    picture_rate(full, queue->rates.full);
    picture_rate(lost, queue->rates.lost);
    units_count(full_sum, queue->last.full);
    units_count(lost_sum, queue->last.lost);
    label(pen, recorder ? "Missed" : "Full");
    int x = LABEL_COLUMN;
    if (!recorder) {
        snprintf(text, sizeof text, "%6s/s  %s times so far   ", full, full_sum);
        x = write_at(pen, x, queue->rates.full > 0 ? INK_WARNING : INK_PLAIN, text);
    }
    snprintf(text, sizeof text, "%s%s/s, %s so far", recorder ? "" : "dropped ", lost, lost_sum);
    write_at(pen, x, queue->rates.lost > 0 ? INK_BAD : INK_PLAIN, text);
    pen->y++;
}

static void consumer_draw(struct pen *pen)
{
    const struct shmq_info *info = &pen->one->info;
    struct holder holder = holder_of_consumer(info);
    char text[PICTURE_TEXT], who[128], age[UNITS_TEXT], stalled[UNITS_TEXT], sleeps[32];
    int64_t stalled_ns = top_stalled_ns(pen->one);
    enum ink ink = INK_PLAIN;
    holder_text(who, sizeof who, &holder);
    units_age(age, os_realtime_ns() - info->consumer_since_ns);
    picture_rate(sleeps, pen->queue->rates.waited);
    label(pen, "Consumer");
    if (info->consumer_presence == SHMQ_DIED) {
        snprintf(text, sizeof text, "process %u died, and nobody has come after it", holder.pid);
        ink = INK_BAD;
    } else if (info->consumer_presence != SHMQ_PRESENT) {
        snprintf(text, sizeof text, "none; there have been %ju", (uintmax_t)info->consumer_count);
        ink = INK_FAINT;
    } else if (stalled_ns >= STALLED_NS) {
        units_age(stalled, stalled_ns / 1000000000 * 1000000000);
        snprintf(text, sizeof text, "%s has received nothing for %s", who, stalled);
        ink = INK_WARNING;
    } else {
        snprintf(text, sizeof text, "%s for %s, sleeps %s/s", who, age, sleeps);
        ink = strcmp(holder.state, "paused") == 0 ? INK_WARNING : INK_PLAIN;
    }
    write_at(pen, LABEL_COLUMN, ink, text);
    pen->y++;
}

static void amount_text(char *text, size_t size, const struct shmq_status *s, const struct shmq_rate *rate)
{
    char per_second[32], left[UNITS_TEXT];
    size_t end = (size_t)snprintf(text, size, "%ju", (uintmax_t)s->done);
    if (s->total != 0) {
        end += (size_t)snprintf(text + end, size - end, " of %ju", (uintmax_t)s->total);
    }
    end += (size_t)snprintf(text + end, size - end, "%s%s", s->unit[0] != '\0' ? " " : "", s->unit);
    if (s->state == SHMQ_RUNNING && rate->per_second > 0) {
        picture_rate(per_second, rate->per_second);
        end += (size_t)snprintf(text + end, size - end, "  %s/s", per_second);
    }
    if (s->state == SHMQ_RUNNING && rate->left_ns >= 0 && s->done < s->total) {
        units_age(left, rate->left_ns);
        snprintf(text + end, size - end, "  ETA %s", left);
    }
}

/* The message, and whose it is. */
static void reporter_draw(struct pen *pen, const struct shmq_status *s)
{
    char text[PICTURE_TEXT];
    struct os_process process;
    int x = s->message[0] != '\0' ? write_at(pen, LABEL_COLUMN, INK_PLAIN, s->message) + 2 : LABEL_COLUMN;
    if (s->pid != 0) {
        bool known = s->presence == SHMQ_PRESENT && os_process_look(s->pid, os_realtime_ns(), &process);
        snprintf(text, sizeof text, "(by %u%s%s%s)", s->pid, known ? " " : "", known ? process.name : "",
                 known && process.paused ? ", paused" : "");
        x = write_at(pen, x, known && process.paused ? INK_WARNING : INK_FAINT, text);
    }
    pen->y += x > LABEL_COLUMN;
}

static void task_draw(struct pen *pen)
{
    const struct shmq_status *s = &pen->one->status;
    struct task task = {.name = pen->one->name, .status = *s};
    const char *state = task_state(&task);
    char text[PICTURE_TEXT], amount[256];
    bool bad = strcmp(state, "died") == 0 || strcmp(state, "failed") == 0;
    int x = LABEL_COLUMN;
    label(pen, "Task");
    x = write_at(pen, x, bad ? INK_BAD : s->state == SHMQ_DONE ? INK_GOOD : INK_PLAIN, state) + 1;
    if (s->total != 0) {
        double share = (double)s->done / (double)s->total;
        picture_bar(text, share, 0, BAR_WIDTH, pen->t->utf8);
        x = write_at(pen, x, bad ? INK_BAD : INK_GOOD, text);
        snprintf(text, sizeof text, " %.0f%%", 100 * (share < 1 ? share : 1));
        x = write_at(pen, x, INK_PLAIN, text) + 1;
    }
    amount_text(amount, sizeof amount, s, &pen->queue->task);
    x = write_at(pen, x + 1, INK_PLAIN, amount);
    x = s->cancelling != 0 ? write_at(pen, x + 2, INK_WARNING, "asked to stop") : x;
    int64_t still_ns = os_realtime_ns() - s->updated_ns;
    if (strcmp(state, "running") == 0 && still_ns > STILL_NS) {
        units_age(amount, still_ns / 1000000000 * 1000000000);
        snprintf(text, sizeof text, "nothing new for %s", amount);
        write_at(pen, x + 2, INK_WARNING, text);
    }
    pen->y++;
    if (pen->height >= ROOMY) {
        reporter_draw(pen, s);
    }
}

int top_lanes_shown(const struct watched *one)
{
    int count = 0;
    for (uint32_t i = 0; one->error == 0 && i < one->info.lane_count; i++) {
        count += one->lanes[i].attach_count != 0;
    }
    return count;
}

static void used_cell(struct grid_cell *cell, const struct pen *pen, const struct shmq_lane_info *lane, int width)
{
    const struct top_lane *kept = &pen->queue->lanes[lane->lane];
    double capacity = (double)pen->one->info.capacity;
    double share = (double)lane->used / capacity;
    picture_bar(cell->text, share, (double)kept->peak / capacity, width - 5, pen->t->utf8);
    size_t end = strlen(cell->text);
    snprintf(cell->text + end, sizeof cell->text - end, " %3.0f%%", 100 * share);
    cell->ink = depth_ink(share);
}

static void rate_cell(struct grid_cell *cell, const struct pen *pen, double rate, enum ink some)
{
    picture_rate(cell->text, rate);
    if (!pen->queue->has_rates) {
        snprintf(cell->text, sizeof cell->text, "-");
    }
    cell->ink = rate > 0 ? some : INK_FAINT;
}

static void producer_cell(struct grid_cell *cell, enum column column, const struct shmq_lane_info *lane)
{
    struct holder holder = holder_of_lane(lane);
    bool paused = strcmp(holder.state, "paused") == 0;
    cell->ink = lane->presence == SHMQ_DIED ? INK_BAD : paused ? INK_WARNING : INK_PLAIN;
    if (column == STATE) {
        snprintf(cell->text, sizeof cell->text, "%s", holder.state);
    } else if (lane->presence == SHMQ_ABSENT) {
        snprintf(cell->text, sizeof cell->text, "-");
    } else {
        snprintf(cell->text, sizeof cell->text, "%u %s", lane->producer_pid, holder.name);
    }
}

static void cell_make(struct grid_cell *cell, const struct pen *pen, enum column column,
                      const struct shmq_lane_info *lane, int width)
{
    const struct top_lane *kept = &pen->queue->lanes[lane->lane];
    cell->text[0] = '\0';
    cell->ink = INK_PLAIN;
    switch (column) {
    case LANE:
        snprintf(cell->text, sizeof cell->text, "%u", lane->lane);
        break;
    case PRODUCER:
    case STATE:
        producer_cell(cell, column, lane);
        break;
    case SENT:
        rate_cell(cell, pen, kept->rates.sent, INK_PLAIN);
        break;
    case RECEIVED:
        rate_cell(cell, pen, kept->rates.received, INK_PLAIN);
        break;
    case WAITING:
        units_count(cell->text, snapshot_lane_waiting(lane));
        break;
    case USED:
        used_cell(cell, pen, lane, width);
        break;
    case PEAK:
        units_size(cell->text, kept->peak, false);
        break;
    case FULL:
        rate_cell(cell, pen, kept->rates.full, INK_WARNING);
        break;
    case LOST:
        rate_cell(cell, pen, kept->rates.lost, INK_BAD);
        break;
    case HISTORY:
        picture_spark(cell->text, kept->history, kept->history_count, TOP_LANE_HISTORY, width, pen->t->utf8);
        cell->ink = INK_GOOD;
        break;
    case COLUMNS:
        break;
    }
}

static void lanes_draw(struct pen *pen)
{
    int widths[COLUMNS];
    int gap = grid_layout(columns, COLUMNS, pen->width, widths);
    char text[PICTURE_TEXT];
    struct grid_cell cell;
    int skip = pen->t->lane_scroll;
    for (int i = 0, x = 0; i < COLUMNS; i++) {
        if (widths[i] > 0) {
            picture_fit(text, columns[i].heading, widths[i], columns[i].right);
            screen_put(pen->y, x, INK_HEADING, text);
            x += widths[i] + gap;
        }
    }
    pen->y++;
    for (uint32_t lane = 0; lane < pen->one->info.lane_count && pen->y < pen->height - 1; lane++) {
        if (pen->one->lanes[lane].attach_count == 0 || skip-- > 0) {
            continue;
        }
        for (int i = 0, x = 0; i < COLUMNS; i++) {
            if (widths[i] > 0) {
                cell_make(&cell, pen, (enum column)i, &pen->one->lanes[lane], widths[i]);
                picture_fit(text, cell.text, widths[i], columns[i].right);
                screen_put(pen->y, x, cell.ink, text);
                x += widths[i] + gap;
            }
        }
        pen->y++;
    }
}

static void queue_draw(struct pen *pen)
{
    const struct top_queue *queue = pen->queue;
    rate_draw(pen, "Sent", queue->rates.sent, queue->rates.bytes, queue->last.sent, queue->sent);
    rate_draw(pen, "Received", queue->rates.received, -1, queue->last.received, queue->received);
    waiting_draw(pen);
    if (pen->height >= ROOMY) {
        loss_draw(pen);
    }
    consumer_draw(pen);
    if (pen->one->status.struct_size != 0 && pen->one->status.run != 0) {
        task_draw(pen);
    }
    pen->y += pen->height >= ROOMY;
    lanes_draw(pen);
}

static void gone_draw(struct pen *pen)
{
    char meaning[512];
    report_meaning(meaning, sizeof meaning, pen->one->name, pen->one->error);
    pen->y = 2;
    write_at(pen, 2, INK_BAD, meaning);
}

void top_detail_draw(struct top *t, int width, int height)
{
    struct watched gone = {.name = t->selected, .error = -ENOENT};
    const struct watched *one = top_selected(t);
    struct pen pen = {.t = t, .one = one != NULL ? one : &gone, .width = width, .height = height};
    pen.queue = pen.one->more;
    title_draw(&pen);
    if (pen.one->error == 0 && pen.queue != NULL) {
        queue_draw(&pen);
    } else {
        gone_draw(&pen);
    }
    static const char *const hints[] = {"Esc back", "up, down lanes", "p pause", "+ - interval",
                                        "? help",   "q quit",         NULL};
    char text[PICTURE_TEXT];
    picture_hints(text, hints, width);
    pen.y = height - 1;
    screen_fill(pen.y, INK_FAINT);
    write_at(&pen, 0, INK_FAINT, text);
}
