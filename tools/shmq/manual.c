#include "help.h"

#include <shmq/shmq.h>
#include <string.h>

/* Text in which nothing is a command to roff. */
static void escaped(FILE *out, const char *text, int length)
{
    if (length > 0 && (text[0] == '.' || text[0] == '\'')) {
        fputs("\\&", out);
    }
    for (int i = 0; i < length; i++) {
        switch (text[i]) {
        case '\\':
            fputs("\\e", out);
            break;
        case '-':
            fputs("\\-", out);
            break;
        case '\'':
            fputs("\\(aq", out);
            break;
        case '~':
            fputs("\\(ti", out);
            break;
        case '^':
            fputs("\\(ha", out);
            break;
        default:
            fputc(text[i], out);
            break;
        }
    }
}

static void text_print(FILE *out, const char *text)
{
    escaped(out, text, (int)strlen(text));
}

/* mandoc wants lines that are not long. */
static void filled(FILE *out, const char *text, int length)
{
    const char *end = text + length;
    int at = 0;
    while (text < end) {
        const char *space = memchr(text, ' ', (size_t)(end - text));
        int word = (int)((space != NULL ? space : end) - text);
        if (at > 0) {
            bool full = at + 1 + word > 60;
            fputc(full ? '\n' : ' ', out);
            at = full ? 0 : at + 1;
        }
        escaped(out, text, word);
        at += word;
        text += word + (space != NULL);
    }
    fputc('\n', out);
}

static void paragraph(FILE *out, const char *text, int length)
{
    fputs(".PP\n", out);
    filled(out, text, length);
}

static void line(FILE *out, const char *text, int length)
{
    escaped(out, text, length);
    fputc('\n', out);
}

static void meaning(FILE *out, const char *text, int length)
{
    int word = (int)strcspn(text, "\t");
    fputs(".TP\n", out);
    filled(out, text, word);
    filled(out, text + word + 1, length - word - 1);
}

static void options_print(FILE *out, const struct option_row *rows)
{
    for (; rows->name != NULL; rows++) {
        if (rows->help == NULL) {
            continue;
        }
        fputs(".TP\n", out);
        if (rows->letter < OPTION_LONG) {
            fprintf(out, "\\fB\\-%c\\fR, ", rows->letter);
        }
        fputs("\\fB\\-\\-", out);
        text_print(out, rows->name);
        fputs("\\fR", out);
        if (rows->argument != NULL) {
            fprintf(out, " \\fI%s\\fR", rows->argument);
        }
        fputc('\n', out);
        filled(out, rows->help, (int)strlen(rows->help));
    }
}

static void usage_print(FILE *out, const struct command *command)
{
    fprintf(out, "\\fBshmq %s\\fR [\\fIOPTION...\\fR]%s", command->name, command->operands[0] != '\0' ? " " : "");
    text_print(out, command->operands);
}

static void command_print(FILE *out, const struct command *command)
{
    fprintf(out, ".SS shmq %s\n", command->name);
    usage_print(out, command);
    fputs("\n.PP\n", out);
    filled(out, command->summary, (int)strlen(command->summary));
    help_lines(out, command->description, paragraph);
    options_print(out, command->options);
    if (command->terms_title != NULL) {
        fprintf(out, ".PP\n");
        text_print(out, command->terms_title);
        fputs(":\n", out);
        help_lines(out, command->terms, meaning);
    }
    if (command->examples != NULL) {
        fputs(".PP\nExamples:\n.PP\n.nf\n.RS 4\n", out);
        help_lines(out, command->examples, line);
        fputs(".RE\n.fi\n", out);
    }
}

static void capitals(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        fputc(*text >= 'a' && *text <= 'z' ? *text - 'a' + 'A' : *text, out);
    }
}

static void topic_print(FILE *out, const struct topic *topic)
{
    fputs(".SH ", out);
    capitals(out, topic->title);
    fputc('\n', out);
    if (topic->text[0] != '\0') {
        filled(out, topic->text, (int)strlen(topic->text));
    }
    if (topic->lines != NULL) {
        help_lines(out, topic->lines, meaning);
    }
}

static void title_print(FILE *out, const char *command, const char *date)
{
    fputs(".TH SHMQ", out);
    if (command != NULL) {
        fputc('-', out);
        capitals(out, command);
    }
    fprintf(out, " 1 \"%s\" \"shmq %d.%d.%d\" \"User Commands\"\n", date, SHMQ_VERSION_MAJOR, SHMQ_VERSION_MINOR,
            SHMQ_VERSION_PATCH);
}

void manual_command_print(FILE *out, const struct command *command, const char *date)
{
    title_print(out, command->name, date);
    fprintf(out, ".SH NAME\nshmq\\-%s \\- ", command->name);
    escaped(out, command->summary, (int)strcspn(command->summary, "."));
    fputs("\n.SH SYNOPSIS\n", out);
    usage_print(out, command);
    fputs("\n.SH DESCRIPTION\n", out);
    filled(out, command->summary, (int)strlen(command->summary));
    help_lines(out, command->description, paragraph);
    fputs(".SH OPTIONS\n", out);
    options_print(out, command->options);
    options_print(out, common_options);
    if (command->terms_title != NULL) {
        fputs(".PP\n", out);
        text_print(out, command->terms_title);
        fputs(":\n", out);
        help_lines(out, command->terms, meaning);
    }
    if (command->examples != NULL) {
        fputs(".SH EXAMPLES\n.nf\n.RS 4\n", out);
        help_lines(out, command->examples, line);
        fputs(".RE\n.fi\n", out);
    }
    fputs(".SH SEE ALSO\n.BR shmq (1),\nwhich tells of names, sizes, times and exit codes,\n.BR shmq (7),\n.BR "
          "shmq\\-sm (7)\n",
          out);
}

void manual_print(FILE *out, const char *date)
{
    title_print(out, NULL, date);
    fputs(".SH NAME\nshmq \\- ", out);
    text_print(out, help_summary);
    fputs("\n.SH SYNOPSIS\n", out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        fputs(i > 0 ? ".br\n" : "", out);
        usage_print(out, commands[i]);
        fputc('\n', out);
    }
    fputs(".SH DESCRIPTION\n", out);
    filled(out, help_description, (int)strlen(help_description));
    fputs(".SH OPTIONS\nEvery command has these:\n", out);
    options_print(out, common_options);
    fputs(".SH COMMANDS\n", out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        command_print(out, commands[i]);
    }
    for (const struct topic *topic = help_topics; topic->title != NULL; topic++) {
        topic_print(out, topic);
    }
}
