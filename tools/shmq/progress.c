#include "progress.h"

#include "os.h"
#include "units.h"

#include <stdarg.h>
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

enum { LINE_MAX_SIZE = 512, BAR_CELLS = 20 };

struct line {
    char text[LINE_MAX_SIZE];
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void line_add(struct line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = vsnprintf(line->text + line->length, sizeof line->text - line->length, format, arguments);
    va_end(arguments);
    line->length += count > 0 ? (size_t)count : 0;
    line->length = line->length < sizeof line->text ? line->length : sizeof line->text - 1;
}

static void numbers_add(struct line *line, const struct progress *progress, double rate)
{
    char records[UNITS_TEXT], bytes[UNITS_TEXT], speed[UNITS_TEXT];
    units_count(records, progress->records);
    units_size(bytes, progress->bytes, false);
    units_size(speed, (uint64_t)rate, false);
    line_add(line, "%s: %s records  %sB  %sB/s", progress->name, records, bytes, speed);
}

static void bar_add(struct line *line, double share)
{
    int full = (int)(share * BAR_CELLS + 0.5);
    line_add(line, "  [");
    for (int i = 0; i < BAR_CELLS; i++) {
        line_add(line, "%c", i < full ? '#' : ' ');
    }
    line_add(line, "] %.0f%%", 100 * share);
}

/* Over the line that is there, and never longer than the terminal is wide: so it needs no escape sequences. */
static void line_show(struct progress *progress, struct line *line, const char *end)
{
    size_t width = (size_t)os_terminal_width(2) - 1;
    size_t length = line->length < width ? line->length : width;
    size_t before = progress->shown_length < width ? progress->shown_length : width;
    int blanks = before > length ? (int)(before - length) : 0;
    fprintf(stderr, "\r%.*s%*s%s", (int)length, line->text, blanks, "", end);
    progress->shown_length = length;
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
        bar_add(&line, (double)progress->bytes / total);
        if (progress->rate > 1 && left / progress->rate < 1e6) {
            char eta[UNITS_TEXT];
            units_age(eta, (int64_t)(left / progress->rate * 1e9));
            line_add(&line, "  ETA %s", eta);
        }
    }
    line_show(progress, &line, "");
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
        line_show(progress, &nothing, "\r");
    }
}

void progress_end(struct progress *progress)
{
    if (!progress->visible) {
        return;
    }
    struct line line = {.length = 0};
    numbers_add(&line, progress, (double)progress->bytes / ((double)(os_monotonic_ns() - progress->start_ns) / 1e9));
    line_show(progress, &line, "\n");
    progress->visible = false;
}
