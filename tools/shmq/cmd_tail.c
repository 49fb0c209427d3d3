#include "command.h"
#include "options.h"
#include "os.h"
#include "report.h"
#include "show.h"

#include <shmq/shmq.h>
#include <stdlib.h>

enum { LAST_MAX = 1000000, LAST_DEFAULT = 10 };

static const struct option_row options[] = {
    {'f', "follow", NULL, "Go on with what comes, until the queue is removed or Ctrl-C comes."},
    {'n', "lines", "COUNT",
     "The last COUNT records (10), where lanes have no order between them of each lane; 0: only what comes."},
    SHOW_OPTIONS,
    {0},
};

/* The last ones of a lane, or of all, in a ring. */
struct kept {
    struct {
        char *text;
        size_t size;
    } * lines;
    uint64_t count; /* so far */
};

struct tail {
    const char *name;
    struct show show;
    struct shmq_cursor *cursor;
    uint64_t last;
    bool follow;
    bool quiet;
    bool by_lane;       /* nobody knows which of two records of different lanes came first */
    struct kept *lanes; /* one, or where `by_lane` SHMQ_LANES_MAX */
    uint64_t missed;    /* since that was told */
    uint64_t missed_bytes;
    int64_t missed_ns; /* when it was told */
};

/* Records that are only kept are written to memory first. */
static int line_keep(struct tail *t, const struct shmq_seen *seen)
{
    char *text = NULL;
    size_t size = 0;
    struct kept *kept = &t->lanes[t->by_lane ? seen->message.lane : 0];
    if (kept->lines == NULL) {
        kept->lines = calloc(t->last, sizeof *kept->lines);
    }
    FILE *out = kept->lines != NULL ? os_memory_begin() : NULL;
    if (out == NULL) {
        return -ENOMEM;
    }
    bool shown = show_record(&t->show, seen, out);
    if (os_memory_end(out, &text, &size) != 0) {
        return -ENOMEM;
    }
    if (!shown) {
        free(text);
        return 0;
    }
    size_t i = kept->count++ % t->last;
    free(kept->lines[i].text);
    kept->lines[i].text = text;
    kept->lines[i].size = size;
    return 0;
}

static void kept_write(const struct tail *t, struct kept *kept)
{
    uint64_t count = kept->count < t->last ? kept->count : t->last;
    for (uint64_t k = kept->count - count; k < kept->count; k++) {
        fwrite(kept->lines[k % t->last].text, 1, kept->lines[k % t->last].size, stdout);
    }
    for (uint64_t i = 0; i < count; i++) {
        free(kept->lines[i].text);
    }
    free(kept->lines);
}

static void lines_write(struct tail *t)
{
    for (unsigned i = 0; i < (t->by_lane ? SHMQ_LANES_MAX : 1); i++) {
        kept_write(t, &t->lanes[i]);
    }
    free(t->lanes);
    t->lanes = NULL;
}

/* What is there now, the last of it kept. Whoever sends faster than we look has no end: some of it will do. */
static int last_find(struct tail *t)
{
    const int64_t enough_ns = 1000000000;
    int64_t end_ns = os_monotonic_ns() + enough_ns;
    int rc = 0;
    if (t->last == 0) {
        return 0;
    }
    t->lanes = calloc(t->by_lane ? SHMQ_LANES_MAX : 1, sizeof *t->lanes);
    rc = t->lanes == NULL ? -ENOMEM : 0;
    while (rc == 0 && os_monotonic_ns() < end_ns && os_signal_caught() == 0) {
        struct shmq_seen seen = {.struct_size = sizeof seen};
        rc = shmq_cursor_next(t->cursor, &seen);
        rc = rc == 0 ? line_keep(t, &seen) : rc;
    }
    if (t->lanes != NULL) {
        lines_write(t);
    }
    return rc == -EAGAIN || rc == -ESTALE ? 0 : rc;
}

/* In JSON each gap stands where it is; to people the sum of a second will do. */
static void missed_tell(struct tail *t, bool last)
{
    const int64_t pause_ns = 1000000000;
    int64_t now_ns = os_monotonic_ns();
    if (t->missed_bytes == 0 || (t->show.style != SHOW_JSON && !last && now_ns - t->missed_ns < pause_ns)) {
        return;
    }
    if (t->show.style == SHOW_JSON) {
        printf("{\"missed\":%ju,\"missed_bytes\":%ju}\n", (uintmax_t)t->missed, (uintmax_t)t->missed_bytes);
    } else if (!t->quiet) {
        fflush(stdout);
        report_text("tail", t->name, "missed %ju record%s (%ju bytes), overwritten before they could be seen",
                    (uintmax_t)t->missed, t->missed == 1 ? "" : "s", (uintmax_t)t->missed_bytes);
    }
    t->missed = t->missed_bytes = 0;
    t->missed_ns = now_ns;
}

/* Nobody wakes who only watches: look again and again, the less often the longer nothing comes. */
static int follow(struct tail *t)
{
    const int64_t shortest_ns = 500000, longest_ns = 20000000;
    int64_t pause_ns = shortest_ns;
    int rc = 0;
    while ((rc == 0 || rc == -EAGAIN) && os_signal_caught() == 0 && ferror(stdout) == 0) {
        struct shmq_seen seen = {.struct_size = sizeof seen};
        rc = shmq_cursor_next(t->cursor, &seen);
        if (rc == 0) {
            t->missed += seen.missed;
            t->missed_bytes += seen.missed_bytes;
            missed_tell(t, false);
            show_record(&t->show, &seen, stdout);
            pause_ns = shortest_ns;
        } else if (rc == -EAGAIN) {
            missed_tell(t, false);
            if (fflush(stdout) != 0 || os_reader_gone(1)) {
                os_signal_die(os_signal_pipe());
            }
            os_sleep(pause_ns);
            pause_ns = pause_ns < longest_ns ? pause_ns * 2 : pause_ns;
        }
    }
    missed_tell(t, true);
    return rc == -EAGAIN ? 0 : rc;
}

static int ended(struct tail *t, int rc)
{
    if (fflush(stdout) != 0 && os_reader_gone(1)) {
        os_signal_die(os_signal_pipe());
    }
    if (os_signal_caught() != 0) {
        os_signal_die(os_signal_caught());
    }
    if (rc == -ESTALE) {
        if (!t->quiet) {
            report_text("tail", t->name, "it was removed");
        }
        return EXIT_CODE_OK;
    }
    return rc != 0 ? report("tail", t->name, rc) : EXIT_CODE_OK;
}

static int tail(struct tail *t)
{
    struct shmq *q = NULL;
    int rc = shmq_open(t->name, SHMQ_OBSERVER, NULL, &q);
    if (rc != 0) {
        return report("tail", t->name, rc);
    }
    os_signals_catch();
    struct shmq_info info = {.struct_size = sizeof info};
    t->by_lane = shmq_info(q, &info) == 0 && info.kind != SHMQ_TOTAL_ORDER && info.lane_count > 1;
    int code = show_start(&t->show, "tail", t->name, q);
    if (code == EXIT_CODE_OK) {
        struct shmq_cursor_options where = {
            .struct_size = sizeof where,
            .from = t->last == 0 ? SHMQ_FROM_NEWEST : SHMQ_FROM_OLDEST,
            .has_lane = t->show.has_lane,
            .lane = t->show.lane,
        };
        rc = shmq_cursor_open(q, &where, &t->cursor);
        rc = rc == 0 ? last_find(t) : rc;
        rc = rc == 0 && t->follow ? follow(t) : rc;
        code = ended(t, rc);
    }
    shmq_cursor_close(t->cursor);
    show_free(&t->show);
    shmq_close(q);
    return code;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    struct tail t = {.last = LAST_DEFAULT};
    for (int letter; (letter = options_next(&o)) != 0;) {
        if (letter == 'n') {
            t.last = options_number(&o, 0, LAST_MAX);
        }
        t.follow = t.follow || letter == 'f';
        show_option(&t.show, &o, letter);
    }
    if (o.over) {
        show_free(&t.show);
        return o.code;
    }
    t.name = o.operands[0];
    t.quiet = o.quiet;
    return tail(&t);
}

const struct command command_tail = {
    .name = "tail",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "Show the last records of a queue, and follow what passes.",
    .description =
        "As peek, and as disturbing, which is not at all: nothing is taken, nobody waits for it. The last records "
        "are "
        "those that were sent last, received or not. Which of two records of different lanes was sent first nobody "
        "knows, "
        "but in a queue of total order: so there are the last ones of each lane, one lane after the other, as tail "
        "shows several files; --lane shows one.\n"
        "With -f it goes on with all that is sent from then on. Where more passes than it can show, records are "
        "overwritten before they are seen: standard error tells how many, and how many bytes of the rings; with "
        "--json "
        "an object {\"missed\":...,\"missed_bytes\":...} stands where they are missing.\n"
        "It ends when the queue is removed and nobody can send to it any more.",
    .terms_title = show_terms_title,
    .terms = show_terms,
    .examples = "shmq tail jobs\n"
                "shmq tail -n 3 --json jobs\n",
    .options = options,
    .run = run,
};
