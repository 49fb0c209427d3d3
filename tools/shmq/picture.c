#include "picture.h"

#include "os.h"
#include "units.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

int picture_width(const char *text)
{
    int width = 0;
    while (*text != '\0') {
        int columns;
        text += os_character(text, &columns);
        width += columns < 0 ? 1 : columns;
    }
    return width;
}

void picture_fit(char text[PICTURE_TEXT], const char *from, int width, bool right)
{
    size_t end = 0;
    width = width < 0 ? 0 : width > PICTURE_COLUMNS ? PICTURE_COLUMNS : width;
    if (right) {
        for (int blanks = width - picture_width(from); blanks > 0; blanks--, width--) {
            text[end++] = ' ';
        }
    }
    while (*from != '\0' && width > 0) {
        int columns;
        size_t bytes = os_character(from, &columns);
        if (columns > width || end + bytes + (size_t)width >= PICTURE_TEXT) {
            break;
        }
        if (columns < 0) {
            text[end++] = '?';
        } else {
            memcpy(text + end, from, bytes);
            end += bytes;
        }
        width -= columns < 0 ? 1 : columns;
        from += bytes;
    }
    while (width-- > 0 && end + 1 < PICTURE_TEXT) {
        text[end++] = ' ';
    }
    text[end] = '\0';
}

static double within(double share)
{
    return share > 0 ? share < 1 ? share : 1 : 0;
}

void picture_bar(char text[PICTURE_TEXT], double share, double mark, int width, bool utf8)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    int cells = width > 2 ? (width < PICTURE_COLUMNS ? width : PICTURE_COLUMNS) - 2 : 0;
    int filled = (int)(within(share) * cells * 8 + 0.5);
    /* Where it is the highest that it has been, the bar itself says so. */
    int place = mark > share ? (int)(within(mark) * cells + 0.999) - 1 : -1;
    size_t end = 0;
    /* What is there at all is seen. */
    filled = filled == 0 && share > 0 ? 1 : filled;
    text[end++] = '[';
    for (int i = 0; i < cells; i++) {
        const char *cell = " ";
        int part = filled - 8 * i;
        if (part >= 8) {
            cell = utf8 ? "█" : "#";
        } else if (i == place) {
            cell = utf8 ? "│" : "|";
        } else if (part > 0) {
            cell = utf8 ? eighths[part] : part >= 4 || filled < 8 ? "#" : " ";
        }
        end += (size_t)sprintf(text + end, "%s", cell);
    }
    text[end++] = ']';
    text[end] = '\0';
}

void picture_spark(char text[PICTURE_TEXT], const float *ring, unsigned count, unsigned room, int width, bool utf8)
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char signs[] = "_.-~=+*#";
    const unsigned levels = 8;
    unsigned known = count < room ? count : room;
    unsigned shown = width < 0 ? 0 : (unsigned)width < known ? (unsigned)width : known;
    float highest = 0;
    size_t end = 0;
    for (unsigned i = 0; i < shown; i++) {
        float value = ring[(count - shown + i) % room];
        highest = value > highest ? value : highest;
    }
    for (int i = 0; i < width - (int)shown && end + 4 < PICTURE_TEXT; i++) {
        text[end++] = ' ';
    }
    for (unsigned i = 0; i < shown && end + 4 < PICTURE_TEXT; i++) {
        float value = ring[(count - shown + i) % room];
        unsigned level = highest > 0 ? (unsigned)(value / highest * (float)levels) : 0;
        level = level < levels ? level : levels - 1;
        if (value <= 0) {
            text[end++] = ' ';
        } else if (utf8) {
            end += (size_t)sprintf(text + end, "%s", blocks[level]);
        } else {
            text[end++] = signs[level];
        }
    }
    text[end] = '\0';
}

void picture_rate(char text[32], double rate)
{
    char count[UNITS_TEXT];
    if (rate > 0 && rate < 9.95) {
        snprintf(text, 32, "%.1f", rate);
    } else {
        units_count(count, (uint64_t)(rate + 0.5));
        snprintf(text, 32, "%.31s", count);
    }
}

void picture_hints(char text[PICTURE_TEXT], const char *const *hints, int width)
{
    const int last = 2, gap = 2;
    int count = 0, rest = 0, used = 0;
    while (hints[count] != NULL) {
        count++;
    }
    for (int i = count - last; i < count; i++) {
        rest += picture_width(hints[i]) + gap;
    }
    text[0] = '\0';
    for (int i = 0; i < count; i++) {
        int size = picture_width(hints[i]) + gap;
        bool is_last = i >= count - last;
        if (used + size + (is_last ? 0 : rest) - gap > width) {
            continue;
        }
        size_t end = strlen(text);
        snprintf(text + end, PICTURE_TEXT - end, "%s%s", used > 0 ? "  " : "", hints[i]);
        used += size;
    }
}

void picture_delay(char text[UNITS_TEXT], double seconds)
{
    const double thousand = 1000;
    double ms = seconds * thousand;
    if (ms < 1) {
        snprintf(text, UNITS_TEXT, "%.0fus", ms * thousand < 1 ? 1 : ms * thousand);
    } else if (ms < thousand) {
        snprintf(text, UNITS_TEXT, "%.*fms", ms < 10, ms);
    } else {
        units_age(text, seconds < 9e9 ? (int64_t)(seconds * 1e9) : INT64_MAX);
    }
}
