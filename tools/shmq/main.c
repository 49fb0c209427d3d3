#include "command.h"
#include "help.h"
#include "os.h"
#include "report.h"

#include <shmq/shmq.h>
#include <stdio.h>
#include <string.h>

const struct command *const commands[] = {
    &command_create, &command_rm, &command_ls, &command_stat, &command_send, &command_recv, &command_help, NULL,
};

const struct command *command_find(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

/* How many letters have to be inserted, removed or changed to make one word of the other. */
static size_t word_distance(const char *a, const char *b)
{
    enum { longest = 32 };
    size_t row[longest + 1];
    size_t b_length = strlen(b);
    if (b_length > longest) {
        return b_length;
    }
    for (size_t j = 0; j <= b_length; j++) {
        row[j] = j;
    }
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[b_length];
}

int command_unknown(const char *name)
{
    const char *nearest = NULL;
    size_t nearest_distance = 3;
    for (size_t i = 0; commands[i] != NULL; i++) {
        size_t distance = word_distance(commands[i]->name, name);
        if (distance < nearest_distance && distance < strlen(commands[i]->name)) {
            nearest = commands[i]->name;
            nearest_distance = distance;
        }
    }
    if (nearest != NULL) {
        fprintf(stderr, "shmq: unknown command '%s'; did you mean '%s'? (see: shmq help)\n", name, nearest);
    } else {
        fprintf(stderr, "shmq: unknown command '%s' (see: shmq help)\n", name);
    }
    return EXIT_CODE_USAGE;
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        help_overview(stderr);
        return EXIT_CODE_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        help_overview(stdout);
        return EXIT_CODE_OK;
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        printf("shmq %d.%d.%d\n", SHMQ_VERSION_MAJOR, SHMQ_VERSION_MINOR, SHMQ_VERSION_PATCH);
        return EXIT_CODE_OK;
    }
    if (word[0] == '-') {
        fprintf(stderr, "shmq: unknown option '%s'; a command comes first (see: shmq help)\n", word);
        return EXIT_CODE_USAGE;
    }
    const struct command *command = command_find(word);
    return command != NULL ? command->run(command, argc - 1, argv + 1) : command_unknown(word);
}

int main(int argc, char **argv)
{
    os_standard_streams();
    int code = run(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "shmq: cannot write to standard output: %s\n", os_error_text());
        code = code == EXIT_CODE_OK ? EXIT_CODE_ERROR : code;
    }
    return code;
}
