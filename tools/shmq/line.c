#include "line.h"

#include "os.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

enum { BAR_CELLS = 20 };

void line_add(struct line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = vsnprintf(line->text + line->length, sizeof line->text - line->length, format, arguments);
    va_end(arguments);
    line->length += count > 0 ? (size_t)count : 0;
    line->length = line->length < sizeof line->text ? line->length : sizeof line->text - 1;
}

void line_add_bar(struct line *line, double share)
{
    int full = (int)(share * BAR_CELLS + 0.5);
    line_add(line, "[");
    for (int i = 0; i < BAR_CELLS; i++) {
        line_add(line, "%c", i < full ? '#' : ' ');
    }
    /* Only all of it is 100%. */
    line_add(line, "] %d%%", (int)(100 * share));
}

void line_add_text(struct line *line, const char *text)
{
    for (const unsigned char *byte = (const unsigned char *)text; *byte != '\0'; byte++) {
        bool second_control = byte[0] == 0xc2 && byte[1] >= 0x80 && byte[1] < 0xa0;
        if (*byte == '\n' || *byte == '\t') {
            line_add(line, "\\%c", *byte == '\n' ? 'n' : 't');
        } else if (*byte < ' ' || *byte == 0x7f) {
            line_add(line, "\\x%02x", *byte);
        } else if (second_control) {
            line_add(line, "\\x%02x", *++byte);
        } else {
            line_add(line, "%c", *byte);
        }
    }
}

/* Which characters take two columns only a locale knows; those of three bytes and more may, so that none is too many. */
static size_t columns_of(unsigned char first)
{
    return (first & 0xc0) == 0x80 ? 0 : first >= 0xe0 ? 2 : 1;
}

void line_show(const struct line *line, size_t *columns, const char *end)
{
    size_t width = (size_t)os_terminal_width(2) - 1;
    size_t used = 0, length = 0;
    for (; length < line->length; length++) {
        size_t more = columns_of((unsigned char)line->text[length]);
        if (used + more > width) {
            break;
        }
        used += more;
    }
    size_t before = *columns < width ? *columns : width;
    int blanks = before > used ? (int)(before - used) : 0;
    fprintf(stderr, "\r%.*s%*s%s", (int)length, line->text, blanks, "", end);
    *columns = used;
}
