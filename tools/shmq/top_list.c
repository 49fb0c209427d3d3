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
#define FULL_SHARE 0.9

enum column {
    NAME,
    SENT,
    RECEIVED,
    BYTES,
    WAITING,
    DEPTH,
    FULL,
    LOST,
    PRODUCERS,
    CONSUMER,
    TASK,
    HISTORY,
    COLUMNS,
};

static const struct grid_column columns[COLUMNS] = {
    [NAME] = {"NAME", 16, 40, 0, false},    [SENT] = {"SENT/s", 6, 7, 1, true},
    [RECEIVED] = {"RECV/s", 6, 7, 3, true}, [BYTES] = {"BYTES/s", 7, 7, 9, true},
    [WAITING] = {"WAITING", 7, 8, 4, true}, [DEPTH] = {"DEPTH", 13, 25, 2, false},
    [FULL] = {"FULL/s", 6, 6, 10, true},    [LOST] = {"LOST/s", 6, 6, 11, true},
    [PRODUCERS] = {"PROD", 5, 7, 7, true},  [CONSUMER] = {"CONSUMER", 12, 22, 5, false},
    [TASK] = {"TASK", 12, 28, 6, false},    [HISTORY] = {"HISTORY", 8, 60, 8, false},
};

static const enum column order_columns[TOP_ORDERS] = {NAME, SENT, RECEIVED, BYTES, WAITING, DEPTH};

static void rate_cell(struct grid_cell *cell, const struct top_queue *queue, double rate, enum ink some)
{
    char text[32] = "-";
    if (queue->has_rates) {
        picture_rate(text, rate);
    }
    snprintf(cell->text, sizeof cell->text, "%s", text);
    cell->ink = rate > 0 ? some : INK_FAINT;
}

static enum ink depth_ink(double share)
{
    const double half = 0.5;
    return share >= FULL_SHARE ? INK_BAD : share >= half ? INK_WARNING : INK_GOOD;
}

static void depth_cell(struct grid_cell *cell, const struct watched *one, int width, bool utf8)
{
    double share = top_depth(one);
    picture_bar(cell->text, share, 0, width - 5, utf8);
    size_t end = strlen(cell->text);
    snprintf(cell->text + end, sizeof cell->text - end, " %3.0f%%", 100 * share);
    cell->ink = depth_ink(share);
}

/* How many are there, of how many that can be. */
static void producers_cell(struct grid_cell *cell, const struct watched *one)
{
    unsigned there = 0, paused = 0, died = 0;
    for (uint32_t i = 0; i < one->info.lane_count; i++) {
        struct holder holder = holder_of_lane(&one->lanes[i]);
        there += one->lanes[i].presence == SHMQ_PRESENT;
        died += one->lanes[i].presence == SHMQ_DIED;
        paused += strcmp(holder.state, "paused") == 0;
    }
    snprintf(cell->text, sizeof cell->text, "%u/%u", there, one->info.lane_count);
    cell->ink = died > 0 ? INK_BAD : paused > 0 ? INK_WARNING : there > 0 ? INK_PLAIN : INK_FAINT;
}

static void consumer_cell(struct grid_cell *cell, const struct watched *one)
{
    struct holder holder = holder_of_consumer(&one->info);
    char age[UNITS_TEXT];
    int64_t stalled_ns = top_stalled_ns(one);
    cell->ink = INK_PLAIN;
    if (one->info.consumer_presence == SHMQ_DIED) {
        snprintf(cell->text, sizeof cell->text, "died %u", holder.pid);
        cell->ink = INK_BAD;
    } else if (one->info.consumer_presence != SHMQ_PRESENT) {
        snprintf(cell->text, sizeof cell->text, "-");
        cell->ink = INK_FAINT;
    } else if (strcmp(holder.state, "paused") == 0) {
        snprintf(cell->text, sizeof cell->text, "paused %u %s", holder.pid, holder.name);
        cell->ink = INK_WARNING;
    } else if (stalled_ns >= STALLED_NS) {
        units_age(age, stalled_ns / 1000000000 * 1000000000);
        snprintf(cell->text, sizeof cell->text, "stalled %s %s", age, holder.name);
        cell->ink = INK_WARNING;
    } else {
        snprintf(cell->text, sizeof cell->text, "%u %s", holder.pid, holder.name);
    }
}

static void task_cell(struct grid_cell *cell, const struct watched *one, int width, bool utf8)
{
    struct task task = {.name = one->name, .status = one->status};
    const char *state = one->status.struct_size != 0 && one->status.run != 0 ? task_state(&task) : "-";
    if (strcmp(state, "running") == 0 && one->status.total != 0) {
        double share = (double)one->status.done / (double)one->status.total;
        picture_bar(cell->text, share, 0, width - 5, utf8);
        size_t end = strlen(cell->text);
        snprintf(cell->text + end, sizeof cell->text - end, " %3.0f%%", 100 * (share < 1 ? share : 1));
    } else if (state[0] != '-' && one->status.message[0] != '\0') {
        snprintf(cell->text, sizeof cell->text, "%s: %s", state, one->status.message);
    } else {
        snprintf(cell->text, sizeof cell->text, "%s", state);
    }
    bool bad = strcmp(state, "died") == 0 || strcmp(state, "failed") == 0;
    cell->ink = bad ? INK_BAD : state[0] == '-' ? INK_FAINT : INK_PLAIN;
}

static void cell_make(struct grid_cell *cell, enum column column, const struct watched *one, int width, bool utf8)
{
    static const struct top_queue nothing;
    const struct top_queue *queue = one->more != NULL ? one->more : &nothing;
    const struct top_rates *rates = &queue->rates;
    cell->text[0] = '\0';
    cell->ink = INK_PLAIN;
    switch (column) {
    case NAME:
        snprintf(cell->text, sizeof cell->text, "%s", one->name);
        cell->ink = INK_STRONG;
        break;
    case SENT:
        rate_cell(cell, queue, rates->sent, INK_PLAIN);
        break;
    case RECEIVED:
        rate_cell(cell, queue, rates->received, INK_PLAIN);
        break;
    case BYTES:
        rate_cell(cell, queue, rates->bytes, INK_PLAIN);
        break;
    case WAITING:
        units_count(cell->text, snapshot_waiting(&one->info));
        cell->ink = snapshot_waiting(&one->info) > 0 ? INK_PLAIN : INK_FAINT;
        break;
    case DEPTH:
        depth_cell(cell, one, width, utf8);
        break;
    case FULL:
        rate_cell(cell, queue, rates->full, INK_WARNING);
        break;
    case LOST:
        rate_cell(cell, queue, rates->lost, INK_BAD);
        break;
    case PRODUCERS:
        producers_cell(cell, one);
        break;
    case CONSUMER:
        consumer_cell(cell, one);
        break;
    case TASK:
        task_cell(cell, one, width, utf8);
        break;
    case HISTORY:
        picture_spark(cell->text, queue->sent, queue->history_count, TOP_HISTORY, width, utf8);
        cell->ink = INK_GOOD;
        break;
    case COLUMNS:
        break;
    }
}

/* What is known of one that cannot be looked at. */
static void why_text(char text[PICTURE_TEXT], const struct watched *one)
{
    char meaning[512];
    report_meaning(meaning, sizeof meaning, one->name, one->error);
    char *advice = strstr(meaning, " (");
    if (advice != NULL) {
        *advice = '\0';
    }
    snprintf(text, PICTURE_TEXT, "%s", meaning);
}

static int layout(const struct top *t, int width, int widths[COLUMNS])
{
    struct grid_column ours[COLUMNS];
    bool full = false, lost = false, tasks = false;
    int longest = 0;
    memcpy(ours, columns, sizeof ours);
    for (int i = 0; i < t->row_count; i++) {
        const struct watched *one = t->rows[i];
        int name = picture_width(one->name);
        longest = name > longest ? name : longest;
        const struct top_queue *queue = one->more;
        full = full || (queue != NULL && queue->last.full > 0);
        lost = lost || (queue != NULL && queue->last.lost > 0);
        tasks = tasks || (one->status.struct_size != 0 && one->status.run != 0);
    }
    const int usual = 16;
    longest = longest < usual / 2 ? usual / 2 : longest;
    ours[NAME].min = longest < usual ? longest : usual;
    ours[NAME].max = longest < ours[NAME].max ? longest : ours[NAME].max;
    /* What is nowhere needs no room. */
    ours[FULL].min = full ? ours[FULL].min : 0;
    ours[LOST].min = lost ? ours[LOST].min : 0;
    ours[TASK].min = tasks ? ours[TASK].min : 0;
    return grid_layout(ours, COLUMNS, width, widths);
}

static void title_text(const struct top *t, char left[PICTURE_TEXT], char right[PICTURE_TEXT])
{
    char sent[32], received[32], bytes[32], space_text[UNITS_TEXT] = "?", clock[16] = "", every[32];
    struct top_rates sum = {0};
    uint64_t space;
    for (size_t i = 0; i < t->watch.count; i++) {
        const struct top_queue *queue = t->watch.all[i]->more;
        if (t->watch.all[i]->error == 0 && queue != NULL) {
            sum.sent += queue->rates.sent;
            sum.received += queue->rates.received;
            sum.bytes += queue->rates.bytes;
        }
    }
    picture_rate(sent, sum.sent);
    picture_rate(received, sum.received);
    picture_rate(bytes, sum.bytes);
    if (os_space(NULL, &space)) {
        units_size(space_text, space, false);
    }
    os_clock(clock);
    snprintf(left, PICTURE_TEXT, " shmq: %zu queue%s  %s/s sent  %s/s received  %sB/s  %sB free", t->watch.count,
             t->watch.count == 1 ? "" : "s", sent, received, bytes, space_text);
    top_interval_text(every, t->interval_ns);
    snprintf(right, PICTURE_TEXT, "%s%s  %s ", t->stopped ? "PAUSED  " : "", every, clock);
}

static void title_draw(const struct top *t, int width)
{
    char left[PICTURE_TEXT], right[PICTURE_TEXT], text[PICTURE_TEXT];
    title_text(t, left, right);
    screen_fill(0, INK_TITLE);
    int place = width - picture_width(right);
    picture_fit(text, left, place - 1, false);
    screen_put(0, 0, INK_TITLE, text);
    screen_put(0, place > 0 ? place : 0, INK_TITLE, right);
}

static void row_draw(const struct top *t, const struct watched *one, int y, const int *widths, int gap, int width)
{
    bool selected = strcmp(one->name, t->selected) == 0;
    struct grid_cell cell;
    char text[PICTURE_TEXT];
    if (selected) {
        screen_fill(y, INK_SELECTED);
    }
    for (int i = 0, x = 0; i < COLUMNS; i++) {
        if (widths[i] == 0) {
            continue;
        }
        cell_make(&cell, (enum column)i, one, widths[i], t->utf8);
        picture_fit(text, cell.text, widths[i], columns[i].right);
        screen_put(y, x, selected ? INK_SELECTED : cell.ink, text);
        x += widths[i] + gap;
        if (one->error != 0) { /* and nothing else is known */
            why_text(cell.text, one);
            picture_fit(text, cell.text, width - x, false);
            screen_put(y, x, selected ? INK_SELECTED : INK_BAD, text);
            break;
        }
    }
}

static void headings_draw(const struct top *t, const int *widths, int gap)
{
    char text[PICTURE_TEXT];
    for (int i = 0, x = 0; i < COLUMNS; i++) {
        if (widths[i] > 0) {
            bool chosen = order_columns[t->order] == (enum column)i;
            picture_fit(text, columns[i].heading, widths[i], columns[i].right);
            screen_put(1, x, chosen ? INK_CHOSEN : INK_HEADING, text);
            x += widths[i] + gap;
        }
    }
}

static void footer_draw(const struct top *t, int y, int width)
{
    static const char *const hints[] = {
        "Enter look inside", "s sort", "/ filter", "p pause", "? help", "q quit", NULL};
    char text[PICTURE_TEXT];
    if (t->typing) {
        snprintf(text, sizeof text, "Show names with: %s_", t->filter);
        screen_put(y, 0, INK_STRONG, text);
    } else if (t->note[0] != '\0') {
        screen_put(y, 0, INK_WARNING, t->note);
    } else {
        picture_hints(text, hints, width);
        size_t end = strlen(text);
        if (t->filter[0] != '\0') {
            snprintf(text + end, sizeof text - end, "   (names with '%s')", t->filter);
        }
        screen_put(y, 0, INK_FAINT, text);
    }
}

void top_list_draw(struct top *t, int width, int height)
{
    const int head = 2, foot = 1;
    int widths[COLUMNS];
    int gap = layout(t, width, widths);
    int shown = height - head - foot > 0 ? height - head - foot : 0;
    /* The selection stays within sight. */
    t->scroll = t->place < t->scroll ? t->place : t->scroll;
    t->scroll = t->place >= t->scroll + shown ? t->place - shown + 1 : t->scroll;
    t->scroll = t->scroll > t->row_count - shown ? t->row_count - shown : t->scroll;
    t->scroll = t->scroll < 0 ? 0 : t->scroll;
    title_draw(t, width);
    headings_draw(t, widths, gap);
    for (int i = 0; i < shown && t->scroll + i < t->row_count; i++) {
        row_draw(t, t->rows[t->scroll + i], head + i, widths, gap, width);
    }
    if (t->row_count == 0 && shown > 1) {
        screen_put(head + 1, 2, INK_FAINT,
                   t->filter[0] != '\0' ? "No queue has that in its name."
                                        : "There is no queue. Make one: shmq create NAME");
    }
    footer_draw(t, height - 1, width);
}

static void line_print(const char *text)
{
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == ' ') {
        length--;
    }
    printf("%.*s\n", (int)length, text);
}

static void line_add_cell(char line[PICTURE_TEXT], const char *text, int width, bool right, int gap)
{
    char fitted[PICTURE_TEXT];
    picture_fit(fitted, text, width, right);
    size_t end = strlen(line), size = strlen(fitted), blanks = (size_t)gap;
    if (end + size + blanks < PICTURE_TEXT) {
        memcpy(line + end, fitted, size);
        memset(line + end + size, ' ', blanks);
        line[end + size + blanks] = '\0';
    }
}

void top_list_print(const struct top *t, int width)
{
    char left[PICTURE_TEXT], right[PICTURE_TEXT], line[PICTURE_TEXT] = "";
    int widths[COLUMNS];
    int gap = layout(t, width, widths);
    struct grid_cell cell;
    title_text(t, left, right);
    printf("%s  %s\n", left + 1, right);
    for (int i = 0; i < COLUMNS; i++) {
        if (widths[i] > 0) {
            line_add_cell(line, columns[i].heading, widths[i], columns[i].right, gap);
        }
    }
    line_print(line);
    for (int row = 0; row < t->row_count; row++) {
        const struct watched *one = t->rows[row];
        line[0] = '\0';
        for (int i = 0; i < COLUMNS; i++) {
            if (widths[i] > 0 && (one->error == 0 || i == NAME)) {
                cell_make(&cell, (enum column)i, one, widths[i], t->utf8);
                line_add_cell(line, cell.text, widths[i], columns[i].right, gap);
            }
        }
        if (one->error != 0) {
            why_text(cell.text, one);
            line_add_cell(line, cell.text, picture_width(cell.text), false, 0);
        }
        line_print(line);
    }
}
