#include "doctor.h"

#include "os.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const level_names[] = {"ok", "warning", "problem"};
static const char *const level_colours[] = {"\033[32m", "\033[33m", "\033[1;31m"};

enum { LEVEL_WIDTH = 7, AREA_WIDTH = 13, TEXT_COLUMN = LEVEL_WIDTH + 2 + AREA_WIDTH + 2, TEXT_WIDTH_MIN = 20 };

void doctor_find(struct doctor *d, enum doctor_level level, const char *area, const char *format, ...)
{
    if (d->count == d->room) {
        size_t room = d->room == 0 ? 32 : 2 * d->room;
        struct finding *all = realloc(d->all, room * sizeof *all);
        if (all == NULL) {
            d->no_memory = true;
            return;
        }
        d->all = all;
        d->room = room;
    }
    struct finding finding = {.level = level, .area = area};
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&finding.text, format, arguments) < 0) {
        finding.text = NULL;
        d->no_memory = true;
    }
    va_end(arguments);
    d->all[d->count++] = finding;
}

void doctor_advise(struct doctor *d, const char *format, ...)
{
    if (d->count == 0) {
        return;
    }
    struct finding *last = &d->all[d->count - 1];
    va_list arguments;
    va_start(arguments, format);
    free(last->advice);
    if (vasprintf(&last->advice, format, arguments) < 0) {
        last->advice = NULL;
        d->no_memory = true;
    }
    va_end(arguments);
}

size_t doctor_count(const struct doctor *d, enum doctor_level level)
{
    size_t count = 0;
    for (size_t i = 0; i < d->count; i++) {
        count += d->all[i].level == level;
    }
    return count;
}

/* Words with line breaks; names in them may hold anything. */
static void words_print(const char *text, int column, int width)
{
    int at = column;
    for (const char *p = text; *p != '\0';) {
        int length = (int)strcspn(p, " ");
        if (at > column && at + 1 + length > width) {
            printf("\n%*s", column, "");
            at = column;
        } else if (at > column) {
            putchar(' ');
            at++;
        }
        for (int i = 0; i < length; i++) {
            unsigned char byte = (unsigned char)p[i];
            if (byte < ' ' || byte == 0x7f) {
                at += printf("\\x%02x", byte) - 1;
            } else {
                putchar(byte);
            }
        }
        at += length;
        p += length + (p[length] == ' ');
    }
    putchar('\n');
}

void doctor_print(const struct doctor *d, bool few)
{
    const char *no_colour = getenv("NO_COLOR");
    bool terminal = os_is_terminal(1);
    bool colour = terminal && (no_colour == NULL || no_colour[0] == '\0');
    int width = terminal ? os_terminal_width(1) : 100;
    width = width < TEXT_COLUMN + TEXT_WIDTH_MIN ? TEXT_COLUMN + TEXT_WIDTH_MIN : width;
    for (size_t i = 0; i < d->count; i++) {
        const struct finding *finding = &d->all[i];
        if (few && finding->level == DOCTOR_OK) {
            continue;
        }
        printf("%s%-*s%s  %-*s  ", colour ? level_colours[finding->level] : "", LEVEL_WIDTH,
               level_names[finding->level], colour ? "\033[0m" : "", AREA_WIDTH, finding->area);
        words_print(finding->text != NULL ? finding->text : "", TEXT_COLUMN, width);
        if (finding->advice != NULL) {
            printf("%*s-> ", TEXT_COLUMN, "");
            words_print(finding->advice, TEXT_COLUMN + 3, width);
        }
    }
}

/* What comes from names and from the kernel may be no UTF-8. */
static json_t *text_value(const char *text)
{
    json_t *value = text != NULL ? json_string(text) : NULL;
    return value != NULL ? value : json_null();
}

int doctor_json(const struct doctor *d)
{
    json_t *array = json_array();
    for (size_t i = 0; i < d->count; i++) {
        const struct finding *finding = &d->all[i];
        json_array_append_new(array,
                              json_pack("{ss ss so so}", "area", finding->area, "level", level_names[finding->level],
                                        "text", text_value(finding->text), "advice", text_value(finding->advice)));
    }
    json_t *object =
        json_pack("{sb sI sI so sO}", "ok", (int)(doctor_count(d, DOCTOR_PROBLEM) == 0), "problems",
                  (json_int_t)doctor_count(d, DOCTOR_PROBLEM), "warnings",
                  (json_int_t)doctor_count(d, DOCTOR_WARNING), "findings", array, "processor_pairs", d->pairs);
    if (object == NULL) {
        return -ENOMEM;
    }
    json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(object);
    return 0;
}

void doctor_free(struct doctor *d)
{
    for (size_t i = 0; i < d->count; i++) {
        free(d->all[i].text);
        free(d->all[i].advice);
    }
    free(d->all);
    json_decref(d->pairs);
}

bool doctor_line(const char *path, char *line, size_t size)
{
    FILE *file = fopen(path, "re");
    bool got = file != NULL && fgets(line, (int)size, file) != NULL;
    if (file != NULL) {
        fclose(file);
    }
    if (got) {
        line[strcspn(line, "\n")] = '\0';
    }
    return got;
}
