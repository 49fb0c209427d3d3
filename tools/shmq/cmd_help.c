#include "command.h"
#include "completion.h"
#include "help.h"
#include "options.h"
#include "report.h"

#include <string.h>

enum { OPTION_MAN = OPTION_LONG, OPTION_COMPLETION };

static const struct option_row options[] = {
    {OPTION_MAN, "man", "DATE", NULL},
    {OPTION_COMPLETION, "completion", "SHELL", "Print what bash, zsh or fish needs to complete the words of shmq."},
    {0},
};

/* The date goes into a quoted argument of roff. */
static bool is_date(const char *text)
{
    return strlen(text) == 10 && text[strspn(text, "0123456789-")] == '\0';
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    const char *date = NULL;
    const char *shell = NULL;
    for (int letter; (letter = options_next(&o)) != 0;) {
        if (letter == OPTION_MAN) {
            date = options_text(&o);
        } else if (letter == OPTION_COMPLETION) {
            shell = options_text(&o);
        }
    }
    if (!o.over && date != NULL && !is_date(date)) {
        options_wrong(&o, "'%s' is not a date such as 2025-01-31", date);
    }
    if (o.over) {
        return o.code;
    }
    if (date != NULL && o.operand_count == 0) {
        manual_print(stdout, date);
        return EXIT_CODE_OK;
    }
    if (shell != NULL) {
        if (!completion_print(stdout, shell)) {
            options_wrong(&o, "--completion: '%s' is not bash, zsh or fish", shell);
        }
        return o.code;
    }
    if (o.operand_count == 0) {
        help_overview(stdout);
        return EXIT_CODE_OK;
    }
    const struct command *command = command_find(o.operands[0]);
    if (command == NULL) {
        return command_unknown(o.operands[0]);
    }
    if (date != NULL) {
        manual_command_print(stdout, command, date);
    } else {
        help_command(stdout, command);
    }
    return EXIT_CODE_OK;
}

const struct command command_help = {
    .name = "help",
    .operands = "[COMMAND]",
    .operands_min = 0,
    .operands_max = 1,
    .summary = "Show what there is, or how one command works.",
    .description = "",
    .examples = "shmq help recv\n"
                "source <(shmq help --completion bash)\n",
    .options = options,
    .run = run,
};
