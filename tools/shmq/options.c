#include "options.h"

#include "help.h"
#include "report.h"
#include "units.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct option_row common_options[] = {
    {'q', "quiet", NULL, "Only errors on standard error: no notes, no progress."},
    {'h', "help", NULL, "Show this help."},
    {0},
};

static size_t rows_add(struct options *o, const struct option_row *rows, size_t count)
{
    for (; rows->name != NULL; rows++) {
        assert(count < OPTIONS_MAX);
        int takes = rows->argument != NULL ? required_argument : no_argument;
        o->longs[count++] = (struct option){rows->name, takes, NULL, rows->letter};
        if (rows->letter < OPTION_LONG) {
            size_t end = strlen(o->shorts);
            o->shorts[end] = (char)rows->letter;
            o->shorts[end + 1] = takes == required_argument ? ':' : '\0';
        }
    }
    return count;
}

struct options options_of(const struct command *command, int argc, char **argv)
{
    struct options o = {.command = command, .argc = argc, .argv = argv, .shorts = ":"};
    size_t count = rows_add(&o, command->options, 0);
    rows_add(&o, common_options, count);
    opterr = 0;
    return o;
}

void options_wrong(struct options *o, const char *format, ...)
{
    if (o->over) {
        return;
    }
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    report_line("%s: %s (see: shmq %s --help)", o->command->name, text, o->command->name);
    o->over = true;
    o->code = EXIT_CODE_USAGE;
}

static void option_refused(struct options *o, int letter)
{
    const char *word = o->argv[optind - 1];
    bool given = strncmp(word, "--", 2) == 0 && strchr(word, '=') != NULL;
    if (letter == ':' && !given) { /* some systems say so too where there is one too many */
        options_wrong(o, "option '%s' wants an argument", word);
    } else if (optopt > 0 && optopt < OPTION_LONG && strncmp(word, "--", 2) != 0) {
        options_wrong(o, "unknown option '-%c'", optopt);
    } else if (optopt != 0) {
        options_wrong(o, "option '%s' takes no argument", word);
    } else {
        options_wrong(o, "unknown option '%s'", word);
    }
}

/* Tell which operand is the first that is not there: they are words, some in brackets, some behind "--". */
static void operand_missing(struct options *o)
{
    const char *word = o->command->operands;
    for (int skip = o->operand_count; skip > 0 || *word == '-'; skip -= *word != '-') {
        word += strcspn(word, " ");
        word += strspn(word, " ");
    }
    options_wrong(o, "%.*s is missing", (int)strcspn(word, " ."), word);
}

static void operands_check(struct options *o)
{
    o->operands = o->argv + optind;
    o->operand_count = o->argc - optind;
    if (o->operand_count < o->command->operands_min) {
        operand_missing(o);
    } else if (o->operand_count > o->command->operands_max) {
        options_wrong(o, "'%s' is one argument too many", o->operands[o->command->operands_max]);
    }
}

static void current_set(struct options *o, int letter)
{
    for (const struct option *row = o->longs; row->name != NULL; row++) {
        if (row->val == letter) {
            o->current = row->name;
        }
    }
}

int options_next(struct options *o)
{
    while (!o->over) {
        int letter = getopt_long(o->argc, o->argv, o->shorts, o->longs, NULL);
        if (letter == -1) {
            operands_check(o);
            return 0;
        }
        if (letter == '?' || letter == ':') {
            option_refused(o, letter);
        } else if (letter == 'h') {
            help_command(stdout, o->command);
            o->over = true;
        } else if (letter == 'q') {
            o->quiet = true;
        } else {
            current_set(o, letter);
            return letter;
        }
    }
    return 0;
}

const char *options_text(const struct options *o)
{
    (void)o;
    return optarg;
}

static void argument_refused(struct options *o, const char *expected)
{
    options_wrong(o, "--%s: '%s' is not %s", o->current, optarg, expected);
}

static void range_refused(struct options *o, const char *low, const char *high)
{
    options_wrong(o, "--%s: '%s' is not within %s .. %s", o->current, optarg, low, high);
}

uint64_t options_size(struct options *o, uint64_t min, uint64_t max)
{
    uint64_t value = 0;
    if (!units_parse_size(optarg, &value)) {
        argument_refused(o, "a size: say bytes, or 64K, 1M, 2G (K is 1024)");
        return 0;
    }
    if (value < min || value > max) {
        char low[UNITS_TEXT], high[UNITS_TEXT];
        units_size(low, min, false);
        units_size(high, max, false);
        range_refused(o, low, high);
        return 0;
    }
    return value;
}

uint64_t options_number(struct options *o, uint64_t min, uint64_t max)
{
    uint64_t value = 0;
    if (!units_parse_number(optarg, 10, &value)) {
        argument_refused(o, "a number");
        return 0;
    }
    if (value < min || value > max) {
        char low[UNITS_TEXT], high[UNITS_TEXT];
        units_size(low, min, true);
        units_size(high, max, true);
        range_refused(o, low, high);
        return 0;
    }
    return value;
}

uint32_t options_mode(struct options *o)
{
    uint64_t value = 0;
    if (!units_parse_number(optarg, 8, &value) || value == 0 || value > 0777) {
        argument_refused(o, "a mode: say octal permission bits such as 0660");
        return 0;
    }
    return (uint32_t)value;
}

int64_t options_time(struct options *o)
{
    int64_t value = 0;
    if (!units_parse_time(optarg, &value)) {
        argument_refused(o, "a time: say seconds, or 500ms, 2s, 1m");
        return 0;
    }
    return value;
}
