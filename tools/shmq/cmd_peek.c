#include "command.h"
#include "options.h"
#include "report.h"
#include "show.h"

#include <shmq/shmq.h>

enum { OPTION_HISTORY = OPTION_LONG };

static const struct option_row options[] = {
    {'n', "count", "COUNT", "Show COUNT records at most."},
    {OPTION_HISTORY, "history", NULL, "Begin with what was received and is not overwritten yet."},
    SHOW_OPTIONS,
    {0},
};

/* Where to end: a queue that is in use has no end of its own. */
struct ends {
    uint64_t at[SHMQ_LANES_MAX]; /* 0: nothing more of this lane */
    unsigned left;               /* lanes with more */
};

static int ends_note(struct show *show, struct ends *ends, bool history)
{
    struct shmq_lane_info lane = {.struct_size = sizeof lane};
    int rc = 0;
    for (uint32_t i = 0; i < SHMQ_LANES_MAX && (rc = shmq_lane_info(show->q, i, &lane)) == 0; i++) {
        bool has_some = history ? lane.head != 0 : lane.head != lane.released;
        if (has_some && (!show->has_lane || show->lane == i)) {
            ends->at[i] = lane.head;
            ends->left++;
        }
    }
    return rc == -ERANGE ? 0 : rc;
}

/* Was the record there at the start? */
static bool ends_count(struct ends *ends, const struct shmq_message *message)
{
    uint64_t *end = &ends->at[message->lane];
    bool was_there = message->ticket <= *end;
    if (*end != 0 && message->ticket >= *end) {
        *end = 0;
        ends->left--;
    }
    return was_there;
}

/* Returns an error of the library. `any`: there was a record, shown or not. */
static int records_show(struct show *show, struct shmq_cursor *cursor, struct ends *ends, uint64_t wanted, bool *any,
                        uint64_t *missed)
{
    int rc = 0;
    while (rc == 0 && ends->left > 0 && wanted > 0 && ferror(stdout) == 0) {
        struct shmq_seen seen = {.struct_size = sizeof seen};
        rc = shmq_cursor_next(cursor, &seen);
        if (rc == 0) {
            *missed += seen.missed;
            if (ends_count(ends, &seen.message)) {
                *any = true;
                wanted -= show_record(show, &seen, stdout);
            }
        }
    }
    return rc == -EAGAIN || rc == -ESTALE ? 0 : rc;
}

static int peek(struct show *show, const char *name, uint64_t wanted, bool history, bool quiet)
{
    struct shmq *q = NULL;
    struct shmq_cursor *cursor = NULL;
    struct ends ends = {0};
    uint64_t missed = 0;
    bool any = false;
    int rc = shmq_open(name, SHMQ_OBSERVER, NULL, &q);
    if (rc != 0) {
        return report("peek", name, rc);
    }
    int code = show_start(show, "peek", name, q);
    if (code == EXIT_CODE_OK) {
        struct shmq_cursor_options where = {
            .struct_size = sizeof where,
            .from = history ? SHMQ_FROM_OLDEST : SHMQ_FROM_WAITING,
            .has_lane = show->has_lane,
            .lane = show->lane,
        };
        rc = shmq_cursor_open(q, &where, &cursor);
        rc = rc == 0 ? ends_note(show, &ends, history) : rc;
        rc = rc == 0 ? records_show(show, cursor, &ends, wanted, &any, &missed) : rc;
        code = rc != 0 ? report("peek", name, rc) : EXIT_CODE_OK;
    }
    if (code == EXIT_CODE_OK && missed > 0 && !quiet) {
        report_text("peek", name, "%ju record%s went by meanwhile", (uintmax_t)missed, missed == 1 ? "" : "s");
    }
    if (code == EXIT_CODE_OK && !any && missed == 0) {
        report_text("peek", name, history ? "nothing waits, and nothing else can be found" : "nothing waits");
        code = EXIT_CODE_FULL_OR_EMPTY;
    }
    shmq_cursor_close(cursor);
    show_free(show);
    shmq_close(q);
    return code;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    struct show show = {0};
    uint64_t wanted = UINT64_MAX;
    bool history = false;
    for (int letter; (letter = options_next(&o)) != 0;) {
        if (letter == 'n') {
            wanted = options_number(&o, 1, UINT64_MAX);
        }
        history = history || letter == OPTION_HISTORY;
        show_option(&show, &o, letter);
    }
    if (o.over) {
        show_free(&show);
        return o.code;
    }
    return peek(&show, o.operands[0], wanted, history, o.quiet);
}

const struct command command_peek = {
    .name = "peek",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "Show the records that wait, without taking them.",
    .description =
        "Looking disturbs nobody, and needs read permission only: neither those who send nor who receives know of "
        "it.\n"
        "A line for each record: its lane and its number in it (in a queue of total order, in the queue), its type, "
        "its "
        "size, and what is in it: the fields where the queue describes the type, else text, with control characters "
        "and bytes that are no UTF-8 as \\n or \\x1b.\n"
        "Records that were received stay in the memory of the queue until their producer needs it. With --history "
        "these come first, marked as released: of a ring that is in use at least about its last three quarters, of a "
        "recorder all. A name with a '/' in it is a path; the file of a dump is read in the same way.",
    .terms_title = show_terms_title,
    .terms = show_terms,
    .examples = "shmq peek jobs\n"
                "shmq peek --history -n 5 --hex jobs\n"
                "shmq peek --json jobs | jq .size\n",
    .options = options,
    .run = run,
};
