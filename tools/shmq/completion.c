#include "completion.h"

#include "command.h"

#include <string.h>

/* The words that an option can be given, where these are few. */
static const struct choices {
    const char *command;
    const char *option;
    const char *words;
} choices[] = {
    {"create", "order", "lanes total"},
    {"send", "policy", "wait fail drop"},
    {"metrics", "format", "openmetrics prometheus"},
    {"help", "completion", "bash zsh fish"},
    {"top", "sort", "name sent received bytes waiting depth"},
};

/* What stands in the place of an argument. */
enum kind { KIND_NONE, KIND_QUEUE, KIND_FILE, KIND_GROUP, KIND_COMMAND, KIND_PROGRAM, KIND_WORDS };

static const char *const kind_words[] = {"none", "queue", "file", "group", "command", "program", "words"};

static enum kind kind_of(const char *word, size_t length)
{
    static const struct {
        const char *word;
        enum kind kind;
    } kinds[] = {
        {"NAME", KIND_QUEUE},  {"FILE", KIND_FILE},       {"PATH", KIND_FILE},
        {"GROUP", KIND_GROUP}, {"COMMAND", KIND_COMMAND},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strlen(kinds[i].word) == length && strncmp(kinds[i].word, word, length) == 0) {
            return kinds[i].kind;
        }
    }
    return KIND_NONE;
}

static const char *option_words(const struct command *command, const struct option_row *row)
{
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        if (strcmp(choices[i].command, command->name) == 0 && strcmp(choices[i].option, row->name) == 0) {
            return choices[i].words;
        }
    }
    return NULL;
}

static enum kind option_kind(const struct command *command, const struct option_row *row)
{
    return option_words(command, row) != NULL ? KIND_WORDS : kind_of(row->argument, strlen(row->argument));
}

/* The operands of a usage line: "NAME [FILE...]", "NAME -- COMMAND [ARG...]". */
struct operand {
    enum kind kind;
    bool many;
};

enum { OPERANDS_MAX = 8 };

static int operands_of(const struct command *command, struct operand operands[OPERANDS_MAX])
{
    int count = 0;
    bool behind = false; /* behind "--" a command is any program */
    for (const char *p = command->operands; *p != '\0' && count < OPERANDS_MAX;) {
        p += strspn(p, " []");
        size_t whole = strcspn(p, " ]");
        size_t word = strcspn(p, " ].");
        if (whole == 2 && strncmp(p, "--", 2) == 0) {
            behind = true;
        } else if (whole > 0) {
            enum kind kind = kind_of(p, word);
            kind = behind ? (kind == KIND_COMMAND ? KIND_PROGRAM : KIND_FILE) : kind;
            operands[count++] = (struct operand){kind, whole > word};
        }
        p += whole;
    }
    return count;
}

/* Both tables of a command, each row once. `each` is called with what is shown to people. */
static void options_each(FILE *out, const struct command *command,
                         void (*each)(FILE *out, const struct command *command, const struct option_row *row))
{
    const struct option_row *const tables[] = {command->options, common_options};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        for (const struct option_row *row = tables[i]; row->name != NULL; row++) {
            if (row->help != NULL) {
                each(out, command, row);
            }
        }
    }
}

/* The first clause of a help text, for one line; what means something to the shell gets a backslash. */
static void clause(FILE *out, const char *text, const char *special)
{
    size_t length = strcspn(text, ".;\n");
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\'') {
            fputs("'\\''", out);
        } else {
            fprintf(out, strchr(special, text[i]) != NULL ? "\\%c" : "%c", text[i]);
        }
    }
}

static void bash_option(FILE *out, const struct command *command, const struct option_row *row)
{
    (void)command;
    fprintf(out, " --%s", row->name);
    if (row->letter < OPTION_LONG) {
        fprintf(out, " -%c", row->letter);
    }
}

/* A branch for each option that takes an argument. */
static void bash_argument(FILE *out, const struct command *command, const struct option_row *row)
{
    if (row->argument == NULL) {
        return;
    }
    fprintf(out, "            --%s", row->name);
    if (row->letter < OPTION_LONG) {
        fprintf(out, " | -%c", row->letter);
    }
    fprintf(out, ") kind=%s", kind_words[option_kind(command, row)]);
    if (option_words(command, row) != NULL) {
        fprintf(out, " words='%s'", option_words(command, row));
    }
    fputs(" ;;\n", out);
}

static void bash_command(FILE *out, const struct command *command)
{
    struct operand operands[OPERANDS_MAX];
    int count = operands_of(command, operands);
    fprintf(out, "    %s)\n        options='", command->name);
    options_each(out, command, bash_option);
    fputs("'\n        operands='", out);
    for (int i = 0; i < count; i++) {
        fprintf(out, "%s%s%s", i > 0 ? " " : "", kind_words[operands[i].kind], operands[i].many ? "*" : "");
    }
    fputs("'\n        case $1 in\n", out);
    options_each(out, command, bash_argument);
    fputs("        esac\n        ;;\n", out);
}

static const char bash_head[] =
    "# Completion of shmq for bash. Made by: shmq help --completion bash\n"
    "\n"
    "_shmq_queues() {\n"
    "    local name rest\n"
    "    \"${COMP_WORDS[0]}\" ls --no-headings 2>/dev/null | while read -r name rest; do\n"
    "        printf '%s\\n' \"$name\"\n"
    "    done\n"
    "}\n"
    "\n"
    "# _shmq_table OPTION   sets options and operands of $command, and the kind of the option's argument\n"
    "_shmq_table() {\n"
    "    kind= words=\n"
    "    case $command in\n";

static const char bash_tail[] =
    "    esac\n"
    "}\n"
    "\n"
    "# _shmq_reply KIND   completes $word\n"
    "_shmq_reply() {\n"
    "    local line\n"
    "    case $1 in\n"
    "    queue)\n"
    "        while IFS= read -r line; do\n"
    "            [[ $line != \"$word\"* ]] || COMPREPLY+=(\"$(printf %q \"$line\")\")\n"
    "        done < <(_shmq_queues)\n"
    "        ;;\n"
    "    file) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$word\") ;;\n"
    "    group) mapfile -t COMPREPLY < <(compgen -g -- \"$word\") ;;\n"
    "    program) mapfile -t COMPREPLY < <(compgen -c -- \"$word\") ;;\n"
    "    command) mapfile -t COMPREPLY < <(compgen -W \"$commands\" -- \"$word\") ;;\n"
    "    words) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\") ;;\n"
    "    esac\n"
    "}\n"
    "\n"
    "_shmq() {\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}\n"
    "    local options operands kind words place=0 i only_operands=\n"
    "    COMPREPLY=()\n"
    "    if ((COMP_CWORD == 1)); then\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$commands --help --version\" -- \"$word\")\n"
    "        return\n"
    "    fi\n"
    "    # \"--option=word\" is three words to bash.\n"
    "    if [[ $word == = ]]; then\n"
    "        word=\n"
    "    elif [[ $before == = ]]; then\n"
    "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n"
    "    for ((i = 2; i < COMP_CWORD; i++)); do\n"
    "        _shmq_table \"${COMP_WORDS[i]}\"\n"
    "        if [[ $only_operands ]]; then\n"
    "            ((place += 1))\n"
    "        elif [[ ${COMP_WORDS[i]} == -- ]]; then\n"
    "            only_operands=1\n"
    "        elif [[ $kind ]]; then\n"
    "            [[ ${COMP_WORDS[i + 1]-} != = ]] || ((i += 1))\n"
    "            ((i += 1))\n"
    "        elif [[ ${COMP_WORDS[i]} != -* ]]; then\n"
    "            ((place += 1))\n"
    "        fi\n"
    "    done\n"
    "    _shmq_table \"$before\"\n"
    "    if [[ $kind && ! $only_operands ]]; then\n"
    "        _shmq_reply \"$kind\"\n"
    "    elif [[ $word == -* && ! $only_operands ]]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
    "    else\n"
    "        local -a kinds\n"
    "        read -ra kinds <<<\"$operands\"\n"
    "        # The last one goes on where there can be many of it.\n"
    "        if ((place >= ${#kinds[@]} && ${#kinds[@]} > 0)) && [[ ${kinds[-1]} == *\\* ]]; then\n"
    "            place=$((${#kinds[@]} - 1))\n"
    "        fi\n"
    "        _shmq_reply \"${kinds[place]%\\*}\"\n"
    "    fi\n"
    "}\n"
    "\n"
    "complete -F _shmq shmq\n";

static void bash_print(FILE *out)
{
    fputs(bash_head, out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        bash_command(out, commands[i]);
    }
    /* The list of commands is needed by those behind it. */
    const char *tail = strstr(bash_tail, "_shmq() {\n");
    fprintf(out, "%.*s_shmq() {\n    local commands='", (int)(tail - bash_tail), bash_tail);
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(out, "%s%s", i > 0 ? " " : "", commands[i]->name);
    }
    fprintf(out, "'\n%s", tail + strlen("_shmq() {\n"));
}

static void zsh_action(FILE *out, enum kind kind, const char *words)
{
    static const char *const actions[] = {
        [KIND_NONE] = " ",        [KIND_QUEUE] = "_shmq_queues",     [KIND_FILE] = "_files",
        [KIND_GROUP] = "_groups", [KIND_COMMAND] = "_shmq_commands", [KIND_PROGRAM] = "_command_names -e",
        [KIND_WORDS] = "",
    };
    if (words != NULL) {
        fprintf(out, "(%s)", words);
    } else {
        fputs(actions[kind], out);
    }
}

static void zsh_option(FILE *out, const struct command *command, const struct option_row *row)
{
    if (row->letter < OPTION_LONG) {
        fprintf(out, " \\\n            '(-%c --%s)'{-%c%s,--%s%s}'[", row->letter, row->name, row->letter,
                row->argument != NULL ? "+" : "", row->name, row->argument != NULL ? "=" : "");
    } else {
        fprintf(out, " \\\n            '--%s%s[", row->name, row->argument != NULL ? "=" : "");
    }
    clause(out, row->help, "[]\\:");
    fputc(']', out);
    if (row->argument != NULL) {
        fputc(':', out);
        clause(out, row->argument, "\\");
        fputc(':', out);
        zsh_action(out, option_kind(command, row), option_words(command, row));
    }
    fputc('\'', out);
}

static void zsh_print(FILE *out)
{
    fputs("#compdef shmq\n# Completion of shmq for zsh. Made by: shmq help --completion zsh\n\n"
          "_shmq_queues() {\n    local -a names\n"
          "    names=(${${(f)\"$(${(Q)shmq_program:-shmq} ls --no-headings 2>/dev/null)\"}%% *})\n"
          "    compadd -a names\n}\n\n_shmq_commands() {\n    local -a commands=(\n",
          out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(out, "        '%s:", commands[i]->name);
        clause(out, commands[i]->summary, "\\:");
        fputs("'\n", out);
    }
    fputs("    )\n    _describe command commands\n}\n\n_shmq() {\n    local curcontext=$curcontext "
          "shmq_program=$words[1]\n"
          "    if ((CURRENT == 2)); then\n        _shmq_commands\n        return\n    fi\n"
          "    local command=$words[2]\n    shift words\n    ((CURRENT--))\n    case $command in\n",
          out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        struct operand operands[OPERANDS_MAX];
        int count = operands_of(commands[i], operands);
        fprintf(out, "    %s)\n        _arguments -s", commands[i]->name);
        options_each(out, commands[i], zsh_option);
        for (int j = 0; j < count; j++) {
            fputs(" \\\n            '", out);
            if (operands[j].many) {
                fprintf(out, "*: :");
            } else {
                fprintf(out, "%d: :", j + 1);
            }
            zsh_action(out, operands[j].kind, NULL);
            fputc('\'', out);
        }
        fputs("\n        ;;\n", out);
    }
    fputs("    esac\n}\n\n_shmq \"$@\"\n", out);
}

static void fish_option(FILE *out, const struct command *command, const struct option_row *row)
{
    fprintf(out, "complete -c shmq -n '__shmq_is %s'", command->name);
    if (row->letter < OPTION_LONG) {
        fprintf(out, " -s %c", row->letter);
    }
    fprintf(out, " -l %s", row->name);
    if (row->argument != NULL) {
        enum kind kind = option_kind(command, row);
        const char *words = option_words(command, row);
        fputs(kind == KIND_FILE ? " -r -F" : " -x", out);
        if (kind == KIND_WORDS) {
            fprintf(out, " -a '%s'", words);
        } else if (kind == KIND_GROUP) {
            fputs(" -a '(__fish_complete_groups)'", out);
        }
    }
    fputs(" -d '", out);
    clause(out, row->help, "");
    fputs("'\n", out);
}

static void fish_operand(FILE *out, const struct command *command, enum kind kind)
{
    fprintf(out, "complete -c shmq -n '__shmq_is %s'", command->name);
    switch (kind) {
    case KIND_QUEUE:
        fputs(" -a '(__shmq_queues)'\n", out);
        break;
    case KIND_PROGRAM:
        fputs(" -a '(__fish_complete_subcommand)'\n", out);
        break;
    case KIND_COMMAND:
        fputs(" -a '", out);
        for (size_t i = 0; commands[i] != NULL; i++) {
            fprintf(out, "%s%s", i > 0 ? " " : "", commands[i]->name);
        }
        fputs("'\n", out);
        break;
    default:
        fputs(kind == KIND_FILE ? " -F\n" : "\n", out);
        break;
    }
}

static void fish_print(FILE *out)
{
    fputs("# Completion of shmq for fish. Made by: shmq help --completion fish\n\n"
          "function __shmq_is\n    set -l words (commandline -opc)\n"
          "    test (count $words) -ge 2; and test $words[2] = $argv[1]\nend\n\n"
          "function __shmq_first\n    test (count (commandline -opc)) -eq 1\nend\n\n"
          "function __shmq_queues\n    set -l words (commandline -opc)\n"
          "    $words[1] ls --no-headings 2>/dev/null | string replace -r ' .*' ''\nend\n\ncomplete -c shmq -f\n",
          out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        struct operand operands[OPERANDS_MAX];
        int count = operands_of(commands[i], operands);
        fprintf(out, "complete -c shmq -n __shmq_first -a %s -d '", commands[i]->name);
        clause(out, commands[i]->summary, "");
        fputs("'\n", out);
        options_each(out, commands[i], fish_option);
        for (int j = 0; j < count; j++) {
            fish_operand(out, commands[i], operands[j].kind);
        }
    }
}

bool completion_print(FILE *out, const char *shell)
{
    static const struct {
        const char *shell;
        void (*print)(FILE *out);
    } shells[] = {{"bash", bash_print}, {"zsh", zsh_print}, {"fish", fish_print}};
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(shells[i].shell, shell) == 0) {
            shells[i].print(out);
            return true;
        }
    }
    return false;
}
