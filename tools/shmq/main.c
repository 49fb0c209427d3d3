#include "command.h"
#include "help.h"
#include "os.h"
#include "report.h"

#include <ctype.h>
#include <shmq/shmq.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* clang-format off */
const struct command *const commands[] = {
    &command_create,
    &command_rm,
    &command_ls,
    &command_stat,
    &command_info,
    &command_send,
    &command_peek,
    &command_tail,
    &command_recv,
    &command_dump,
    &command_record,
    &command_replay,
    &command_clean,
    &command_run,
    &command_status,
    &command_report,
    &command_cancel,
    &command_doctor,
    &command_metrics,
    &command_top,
    &command_bench,
    &command_bridge,
    &command_help,
    NULL,
};
/* clang-format on */

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
            size_t best = diagonal + (a[i - 1] != tolower((unsigned char)b[j - 1]));
            diagonal = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[b_length];
}

/* What other programs call it. */
static const char *synonym_find(const char *name)
{
    static const char *const words[][2] = {
        {"new", "create"},     {"make", "create"},  {"add", "create"},        {"open", "create"},
        {"init", "create"},    {"remove", "rm"},    {"delete", "rm"},         {"del", "rm"},
        {"unlink", "rm"},      {"destroy", "rm"},   {"list", "ls"},           {"dir", "ls"},
        {"ps", "ls"},          {"show", "stat"},    {"inspect", "stat"},      {"follow", "tail"},
        {"describe", "info"},  {"write", "send"},   {"put", "send"},          {"push", "send"},
        {"pub", "send"},       {"publish", "send"}, {"produce", "send"},      {"enqueue", "send"},
        {"read", "recv"},      {"get", "recv"},     {"pop", "recv"},          {"receive", "recv"},
        {"consume", "recv"},   {"cat", "recv"},     {"dequeue", "recv"},      {"sub", "recv"},
        {"subscribe", "recv"}, {"prune", "clean"},  {"gc", "clean"},          {"cleanup", "clean"},
        {"purge", "clean"},    {"exec", "run"},     {"work", "run"},          {"progress", "status"},
        {"stop", "cancel"},    {"abort", "cancel"}, {"version", "--version"}, {"benchmark", "bench"},
        {"perf", "bench"},     {"speed", "bench"},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(words[i][0], name) == 0) {
            return words[i][1];
        }
    }
    return NULL;
}

int command_unknown(const char *name)
{
    const char *nearest = synonym_find(name);
    size_t nearest_distance = nearest != NULL ? 0 : 3;
    for (size_t i = 0; commands[i] != NULL; i++) {
        size_t distance = word_distance(commands[i]->name, name);
        if (distance < nearest_distance && distance < strlen(commands[i]->name)) {
            nearest = commands[i]->name;
            nearest_distance = distance;
        }
    }
    if (nearest != NULL) {
        report_line("unknown command '%.64s'; did you mean '%s'? (see: shmq help)", name, nearest);
    } else {
        report_line("unknown command '%.64s' (see: shmq help)", name);
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
        report_line("unknown option '%.64s'; a command comes first (see: shmq help)", word);
        return EXIT_CODE_USAGE;
    }
    const struct command *command = command_find(word);
    return command != NULL ? command->run(command, argc - 1, argv + 1) : command_unknown(word);
}

int main(int argc, char **argv)
{
    os_standard_streams();
    os_arguments(&argc, &argv);
    int code = run(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        const char *why = os_error_text();
        if (os_output_is_lost()) {
            os_signal_die(os_signal_pipe());
        }
        report_line("%s: cannot write to standard output: %s", argc > 1 ? argv[1] : "help", why);
        code = code == EXIT_CODE_OK ? EXIT_CODE_ERROR : code;
    }
    return code;
}
