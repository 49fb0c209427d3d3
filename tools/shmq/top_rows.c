#include "snapshot.h"
#include "top.h"
#include "units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const order_names[] = {"NAME", "SENT/s", "RECV/s", "BYTES/s", "WAITING", "DEPTH"};

const char *top_order_name(enum top_order order)
{
    return order_names[order];
}

void top_interval_text(char text[32], int64_t ns)
{
    const int64_t ms_ns = 1000000;
    char age[UNITS_TEXT];
    units_age(age, ns);
    if (ns % (1000 * ms_ns) == 0) {
        snprintf(text, 32, "%.31s", age);
    } else {
        snprintf(text, 32, "%jdms", (intmax_t)(ns / ms_ns));
    }
}

/* What qsort cannot be given. */
static enum top_order sort_order;
static bool sort_reverse;

static double sort_value(const struct watched *one)
{
    static const struct top_rates none;
    const struct top_queue *queue = one->more;
    const struct top_rates *rates = one->error == 0 && queue != NULL ? &queue->rates : &none;
    switch (sort_order) {
    case TOP_BY_SENT:
        return rates->sent;
    case TOP_BY_RECEIVED:
        return rates->received;
    case TOP_BY_BYTES:
        return rates->bytes;
    case TOP_BY_WAITING:
        return one->error == 0 ? (double)snapshot_waiting(&one->info) : 0;
    case TOP_BY_DEPTH:
        return top_depth(one);
    default:
        return 0;
    }
}

/* Numbers from the highest down, names from A to Z. */
static int row_compare(const void *a, const void *b)
{
    const struct watched *const *one = a, *const *other = b;
    double x = sort_value(*one), y = sort_value(*other);
    int by_value = (x < y) - (x > y);
    int by_name = strcmp((*one)->name, (*other)->name);
    int result = by_value != 0 ? by_value : by_name;
    bool turned = sort_reverse && (by_value != 0 || sort_order == TOP_BY_NAME);
    return turned ? -result : result;
}

static bool matches(const char *name, const char *filter)
{
    size_t length = strlen(filter);
    for (; *name != '\0' && length > 0; name++) {
        if (strncasecmp(name, filter, length) == 0) {
            return true;
        }
    }
    return length == 0;
}

struct watched *top_selected(const struct top *t)
{
    for (int i = 0; i < t->row_count; i++) {
        if (strcmp(t->rows[i]->name, t->selected) == 0) {
            return t->rows[i];
        }
    }
    return NULL;
}

void top_rows(struct top *t)
{
    free(t->rows); /* what they point to may be gone */
    t->rows = calloc(t->watch.count + 1, sizeof(struct watched *));
    t->row_count = 0;
    for (size_t i = 0; t->rows != NULL && i < t->watch.count; i++) {
        if (matches(t->watch.all[i]->name, t->filter)) {
            t->rows[t->row_count++] = t->watch.all[i];
        }
    }
    sort_order = t->order;
    sort_reverse = t->reverse;
    if (t->row_count > 0) {
        qsort(t->rows, (size_t)t->row_count, sizeof(struct watched *), row_compare);
    }
    /* What was selected is gone: its place stays. While one is looked into, the selection waits for it to come back. */
    if (top_selected(t) == NULL && t->row_count > 0 && !t->inside) {
        t->place = t->place < t->row_count ? t->place : t->row_count - 1;
        snprintf(t->selected, sizeof t->selected, "%s", t->rows[t->place]->name);
    }
    for (int i = 0; i < t->row_count; i++) {
        t->place = strcmp(t->rows[i]->name, t->selected) == 0 ? i : t->place;
    }
}
