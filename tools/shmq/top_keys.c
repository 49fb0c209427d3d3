#include "screen.h"
#include "top.h"

#include <stdio.h>
#include <string.h>

/* From one to the next with + and -. */
static const int64_t intervals_ns[] = {
    100000000, 200000000, 500000000, 1000000000, 2000000000, 5000000000, 10000000000, 30000000000, 60000000000,
};
enum { INTERVALS = sizeof intervals_ns / sizeof intervals_ns[0] };

static void interval_change(struct top *t, bool longer)
{
    int64_t next = t->interval_ns;
    for (int i = 0; i < INTERVALS; i++) {
        int64_t step = intervals_ns[longer ? i : INTERVALS - 1 - i];
        if (longer ? step > t->interval_ns : step < t->interval_ns) {
            next = step;
            break;
        }
    }
    t->interval_ns = next;
}

/* While a filter is typed, keys are its letters. */
static void filter_key(struct top *t, int key)
{
    size_t length = strlen(t->filter);
    if (key == KEY_OF_ENTER) {
        t->typing = false;
    } else if (key == KEY_OF_ESCAPE) {
        t->typing = false;
        t->filter[0] = '\0';
    } else if (key == KEY_OF_ERASE) {
        /* A whole character: the bytes that go on with one, and its first. */
        while (length > 0 && ((unsigned char)t->filter[--length] & 0xc0) == 0x80) {
        }
        t->filter[length] = '\0';
    } else if (key >= ' ' && key < 256 && length + 1 < sizeof t->filter) {
        t->filter[length] = (char)key;
        t->filter[length + 1] = '\0';
    }
    top_rows(t);
}

static void row_select(struct top *t, int row)
{
    row = row >= t->row_count ? t->row_count - 1 : row;
    row = row < 0 ? 0 : row;
    if (t->row_count > 0) {
        t->place = row;
        snprintf(t->selected, sizeof t->selected, "%s", t->rows[row]->name);
    }
}

static void lanes_scroll(struct top *t, int to)
{
    const struct watched *one = top_selected(t);
    int last = one != NULL ? top_lanes_shown(one) - 1 : 0;
    to = to > last ? last : to;
    t->lane_scroll = to < 0 ? 0 : to;
}

/* Rows of the list, lanes of a queue. */
static void move(struct top *t, int by, bool to_end)
{
    int from = t->inside ? t->lane_scroll : t->place;
    int to = to_end ? (by < 0 ? 0 : t->row_count + SHMQ_LANES_MAX) : from + by;
    if (t->inside) {
        lanes_scroll(t, to);
    } else {
        row_select(t, to);
    }
}

static bool moved(struct top *t, int key, int page)
{
    switch (key) {
    case KEY_OF_UP:
    case 'k':
        move(t, -1, false);
        return true;
    case KEY_OF_DOWN:
    case 'j':
        move(t, 1, false);
        return true;
    case KEY_OF_PAGE_UP:
        move(t, -page, false);
        return true;
    case KEY_OF_PAGE_DOWN:
        move(t, page, false);
        return true;
    case KEY_OF_HOME:
    case 'g':
        move(t, -1, true);
        return true;
    case KEY_OF_END:
    case 'G':
        move(t, 1, true);
        return true;
    default:
        return false;
    }
}

static void back(struct top *t)
{
    if (t->inside) {
        t->inside = false;
    } else if (t->filter[0] != '\0') {
        t->filter[0] = '\0';
    }
    top_rows(t);
}

static void enter(struct top *t)
{
    if (!t->inside && top_selected(t) != NULL) {
        t->inside = true;
        t->lane_scroll = 0;
    }
}

static void sort_next(struct top *t)
{
    t->order = (enum top_order)((t->order + 1) % TOP_ORDERS);
    snprintf(t->note, sizeof t->note, "Sorted by %s", top_order_name(t->order));
    top_rows(t);
}

static void command_key(struct top *t, int key)
{
    switch (key) {
    case KEY_OF_ENTER:
    case KEY_OF_RIGHT:
    case 'l':
        enter(t);
        break;
    case KEY_OF_ESCAPE:
    case KEY_OF_ERASE:
    case KEY_OF_LEFT:
    case 'h':
        back(t);
        break;
    case 's':
        sort_next(t);
        break;
    case 'r':
        t->reverse = !t->reverse;
        top_rows(t);
        break;
    case '/':
        t->typing = !t->inside;
        break;
    case 'p':
    case ' ':
        t->stopped = !t->stopped;
        break;
    case '+':
    case '-':
        interval_change(t, key == '+');
        break;
    case '?':
    case KEY_OF_HELP:
        t->help = true;
        break;
    default:
        break;
    }
}

bool top_key(struct top *t, int key, int height)
{
    const int around = 3; /* lines that are no rows */
    if (key == KEY_OF_NONE || key == KEY_OF_RESIZE) {
        return true;
    }
    t->note[0] = '\0';
    if (t->help) {
        t->help = false;
    } else if (t->typing) {
        filter_key(t, key);
    } else if (key == 'q') {
        return false;
    } else if (!moved(t, key, height > around ? height - around : 1)) {
        command_key(t, key);
    }
    return true;
}
