#include "progress.h"

#include "line.h"
#include "os.h"
#include "units.h"

#include <stdio.h>

static const int64_t second_ns = 1000000000;

void progress_start(struct progress *progress, const char *name, bool enabled, int64_t bytes_total)
{
    *progress = (struct progress){
        .name = name,
        .enabled = enabled && os_is_terminal(2),
        .bytes_total = bytes_total,
        .start_ns = os_monotonic_ns(),
    };
}

static void numbers_add(struct line *line, const struct progress *progress, double rate)
{
    char records[UNITS_TEXT], bytes[UNITS_TEXT], speed[UNITS_TEXT];
    units_count(records, progress->records);
    units_size(bytes, progress->bytes, false);
    units_size(speed, (uint64_t)rate, false);
    line_add(line, "%s: %s records  %sB  %sB/s", progress->name, records, bytes, speed);
}

static void show(struct progress *progress, int64_t now_ns)
{
    double seconds = (double)(now_ns - progress->shown_ns) / 1e9;
    double rate = (double)(progress->bytes - progress->shown_bytes) / seconds;
    progress->rate = progress->visible ? 0.7 * progress->rate + 0.3 * rate : rate;
    progress->shown_ns = now_ns;
    progress->shown_bytes = progress->bytes;
    progress->visible = true;

    struct line line = {.length = 0};
    numbers_add(&line, progress, progress->rate);
    double total = (double)progress->bytes_total;
    double left = total - (double)progress->bytes;
    if (progress->stalled_ns != 0 && now_ns - progress->stalled_ns > 2 * second_ns) {
        line_add(&line, progress->nobody_receives ? "  full, and nobody receives" : "  full, waiting");
    } else if (total > 0 && left >= 0) {
        line_add(&line, "  ");
        line_add_bar(&line, (double)progress->bytes / total);
        if (progress->rate > 1 && left / progress->rate < 1e6) {
            char eta[UNITS_TEXT];
            units_age(eta, (int64_t)(left / progress->rate * 1e9));
            line_add(&line, "  ETA %s", eta);
        }
    }
    line_show(&line, &progress->shown_columns, "");
}

void progress_tick(struct progress *progress)
{
    if (!progress->enabled) {
        return;
    }
    int64_t now_ns = os_monotonic_ns();
    if (!progress->visible) {
        /* Short jobs need none. */
        if (now_ns - progress->start_ns < second_ns) {
            return;
        }
        progress->shown_ns = progress->start_ns;
    } else if (now_ns - progress->shown_ns < second_ns / 5) {
        return;
    }
    show(progress, now_ns);
}

void progress_hide(struct progress *progress)
{
    if (progress->visible) {
        struct line nothing = {.length = 0};
        line_show(&nothing, &progress->shown_columns, "\r");
    }
}

void progress_end(struct progress *progress)
{
    if (!progress->visible) {
        return;
    }
    struct line line = {.length = 0};
    numbers_add(&line, progress, (double)progress->bytes / ((double)(os_monotonic_ns() - progress->start_ns) / 1e9));
    line_show(&line, &progress->shown_columns, "\n");
    progress->visible = false;
}
