#include "units.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Reads digits; text moves behind them. What is too large for the value becomes the largest there is. */
static bool digits_parse(const char **text, unsigned base, uint64_t *value)
{
    const char *p = *text;
    uint64_t sum = 0;
    for (; *p >= '0' && *p < (char)('0' + base); p++) {
        uint64_t more;
        bool over =
            __builtin_mul_overflow(sum, base, &more) || __builtin_add_overflow(more, (uint64_t)(*p - '0'), &more);
        sum = over ? UINT64_MAX : more;
    }
    if (p == *text) {
        return false;
    }
    *text = p;
    *value = sum;
    return true;
}

bool units_parse_number(const char *text, int base, uint64_t *value)
{
    uint64_t sum = 0;
    if (!digits_parse(&text, (unsigned)base, &sum) || *text != '\0') {
        return false;
    }
    *value = sum;
    return true;
}

bool units_parse_size(const char *text, uint64_t *bytes)
{
    static const char letters[] = "KMGT";
    uint64_t sum = 0;
    if (!digits_parse(&text, 10, &sum)) {
        return false;
    }
    if (*text != '\0') {
        char upper = (char)(*text >= 'a' ? *text - 'a' + 'A' : *text);
        const char *letter = strchr(letters, upper);
        if (letter == NULL || (text[1] != '\0' && strcmp(text + 1, "iB") != 0)) {
            return false;
        }
        unsigned shift = 10 * (unsigned)(letter - letters + 1);
        sum = sum > UINT64_MAX >> shift ? UINT64_MAX : sum << shift;
    }
    *bytes = sum;
    return true;
}

struct time_unit {
    const char *name;
    int64_t ns;
};

static const struct time_unit time_units[] = {
    {"d", INT64_C(86400000000000)},
    {"h", INT64_C(3600000000000)},
    {"m", INT64_C(60000000000)},
    {"s", 1000000000},
    {"ms", 1000000},
    {"us", 1000},
    {"ns", 1},
};
enum { TIME_UNITS = sizeof time_units / sizeof time_units[0] };

bool units_parse_time(const char *text, int64_t *ns)
{
    uint64_t whole = 0;
    if (!digits_parse(&text, 10, &whole)) {
        return false;
    }
    double fraction = 0;
    if (*text == '.') {
        double place = 0.1;
        for (text++; *text >= '0' && *text <= '9'; text++, place /= 10) {
            fraction += place * (*text - '0');
        }
    }
    const char *unit = *text == '\0' ? "s" : text;
    for (size_t i = 0; i < TIME_UNITS; i++) {
        if (strcmp(unit, time_units[i].name) == 0) {
            if (whole >= (uint64_t)(INT64_MAX / time_units[i].ns)) {
                return false;
            }
            *ns = (int64_t)whole * time_units[i].ns + (int64_t)(fraction * (double)time_units[i].ns + 0.5);
            return true;
        }
    }
    return false;
}

/* One digit behind the point while there is only one before it, as ls -h and du -h do. */
static void scaled(char text[UNITS_TEXT], uint64_t value, unsigned base, const char *letters)
{
    double scale = (double)value;
    size_t unit = 0;
    while (scale >= base && letters[unit] != '\0') {
        scale /= base;
        unit++;
    }
    unsigned tenths = (unsigned)(scale * 10 + 0.5);
    if (unit == 0) {
        snprintf(text, UNITS_TEXT, "%ju", (uintmax_t)value);
    } else if (tenths < 100 && tenths % 10 != 0) {
        snprintf(text, UNITS_TEXT, "%u.%u%c", tenths / 10, tenths % 10, letters[unit - 1]);
    } else {
        snprintf(text, UNITS_TEXT, "%.0f%c", scale, letters[unit - 1]);
    }
}

void units_size(char text[UNITS_TEXT], uint64_t bytes, bool exact)
{
    if (exact) {
        snprintf(text, UNITS_TEXT, "%ju", (uintmax_t)bytes);
    } else {
        scaled(text, bytes, 1024, "KMGTPE");
    }
}

void units_count(char text[UNITS_TEXT], uint64_t count)
{
    scaled(text, count, 1000, "kMGTPE");
}

int64_t units_between(int64_t then_ns, int64_t now_ns)
{
    int64_t passed_ns;
    if (__builtin_sub_overflow(now_ns, then_ns, &passed_ns)) {
        return then_ns < now_ns ? INT64_MAX : INT64_MIN;
    }
    return passed_ns;
}

void units_age(char text[UNITS_TEXT], int64_t ns)
{
    const size_t second = 3;
    size_t unit = 0;
    ns = ns < 0 ? 0 : ns;
    while (unit < second && ns < time_units[unit].ns) {
        unit++;
    }
    long long large = ns / time_units[unit].ns;
    long long small = unit < second ? ns % time_units[unit].ns / time_units[unit + 1].ns : 0;
    if (small != 0) {
        snprintf(text, UNITS_TEXT, "%lld%s%lld%s", large, time_units[unit].name, small, time_units[unit + 1].name);
    } else {
        snprintf(text, UNITS_TEXT, "%lld%s", large, time_units[unit].name);
    }
}
