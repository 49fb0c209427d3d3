#include "help.h"

#include <string.h>

enum { WIDTH = 79, OPTION_COLUMN = 26 };

void help_lines(FILE *out, const char *text, void (*line)(FILE *out, const char *text, int length))
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        line(out, text, (int)length);
        text += length + (text[length] == '\n');
    }
}

/* Words from the column on, with line breaks so that they stay within the width. */
static void wrapped(FILE *out, const char *text, int length, int column)
{
    int at = column;
    const char *end = text + length;
    while (text < end) {
        const char *space = memchr(text, ' ', (size_t)(end - text));
        int word = (int)((space != NULL ? space : end) - text);
        if (at > column && at + 1 + word > WIDTH) {
            fprintf(out, "\n%*s", column, "");
            at = column;
        }
        at += fprintf(out, "%s%.*s", at > column ? " " : "", word, text);
        text += word + (space != NULL);
    }
    fputc('\n', out);
}

static void paragraph(FILE *out, const char *text, int length)
{
    fputc('\n', out);
    wrapped(out, text, length, 0);
}

static void example(FILE *out, const char *text, int length)
{
    fprintf(out, "  %.*s\n", length, text);
}

static void meaning(FILE *out, const char *text, int length)
{
    int word = (int)strcspn(text, "\t");
    fprintf(out, "  %-6.*s ", word, text);
    wrapped(out, text + word + 1, length - word - 1, 9);
}

static void options_print(FILE *out, const struct option_row *rows)
{
    for (; rows->name != NULL; rows++) {
        if (rows->help == NULL) {
            continue;
        }
        int at = rows->letter < OPTION_LONG ? fprintf(out, "  -%c, ", rows->letter) : fprintf(out, "      ");
        at += fprintf(out, "--%s%s%s", rows->name, rows->argument != NULL ? " " : "",
                      rows->argument != NULL ? rows->argument : "");
        if (at + 2 > OPTION_COLUMN) {
            fputc('\n', out);
            at = 0;
        }
        fprintf(out, "%*s", OPTION_COLUMN - at, "");
        wrapped(out, rows->help, (int)strlen(rows->help), OPTION_COLUMN);
    }
}

void help_command(FILE *out, const struct command *command)
{
    fprintf(out, "Usage: shmq %s [OPTION...]%s%s\n\n%s\n", command->name, command->operands[0] != '\0' ? " " : "",
            command->operands, command->summary);
    help_lines(out, command->description, paragraph);
    fprintf(out, "\nOptions:\n");
    options_print(out, command->options);
    options_print(out, common_options);
    if (command->terms_title != NULL) {
        fprintf(out, "\n%s:\n", command->terms_title);
        help_lines(out, command->terms, meaning);
    }
    if (command->examples != NULL) {
        fprintf(out, "\nExamples:\n");
        help_lines(out, command->examples, example);
    }
}

void help_overview(FILE *out)
{
    fprintf(out, "Usage: shmq COMMAND [OPTION...] [ARGUMENT...]\n");
    help_lines(out, help_description, paragraph);
    fprintf(out, "\nCommands:\n");
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
    }
    for (const struct topic *topic = help_topics; topic->title != NULL; topic++) {
        fprintf(out, "\n%s:%s", topic->title, topic->text[0] == '\0' ? "\n" : "");
        help_lines(out, topic->text, paragraph);
        if (topic->lines != NULL) {
            help_lines(out, topic->lines, meaning);
        }
    }
    fprintf(out, "\nMore: shmq COMMAND --help, shmq --version, man shmq\n");
}
