#include "command.h"
#include "options.h"
#include "os.h"
#include "recording.h"
#include "report.h"
#include "show.h"
#include "snapshot.h"
#include "types.h"
#include "units.h"

#include <jansson.h>
#include <shmq/shmq.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_HISTORY = OPTION_LONG, OPTION_ROTATE, OPTION_END };

static const struct option_row options[] = {
    {OPTION_HISTORY, "history", NULL, "Begin with what was received and is not overwritten yet, and what waits."},
    {'n', "count", "COUNT", "End when COUNT records are recorded."},
    {'e', "end", NULL, "End behind what is there now; with --history."},
    {OPTION_ROTATE, "rotate", "SIZE", "Begin a new file when one has SIZE: FILE, FILE.1, FILE.2 ..."},
    SHOW_FILTERS,
    {0},
};

struct job {
    const char *name;
    const char *path;
    struct show show; /* for its filters */
    struct recorder recorder;
    bool history;
    bool to_end;
    bool quiet;
    uint64_t wanted;
    uint64_t missed;
    uint64_t untold; /* of these, what no record has told yet */
};

/* About the queue, for replay and for people. */
static char *about_make(const char *name, struct shmq *q)
{
    struct shmq_info info = {.struct_size = sizeof info};
    char id[SNAPSHOT_ID_TEXT], host[65];
    if (shmq_info(q, &info) != 0) {
        return NULL;
    }
    snapshot_id(id, &info);
    os_host_name(host);
    json_t *name_text = json_string(name), *host_text = json_string(host);
    /* Of types that cannot be read nothing is said: records are what they are. */
    json_t *types = types_describe(q);
    json_t *about =
        json_pack("{so ss ss sI sI sI so so}", "name", name_text != NULL ? name_text : json_null(), "id", id, "kind",
                  snapshot_kind(&info), "lanes", (json_int_t)info.lane_count, "capacity", (json_int_t)info.capacity,
                  "began_ns", (json_int_t)os_realtime_ns(), "host", host_text != NULL ? host_text : json_null(),
                  "schemas", types != NULL ? types : json_array());
    char *text = about != NULL ? json_dumps(about, JSON_COMPACT) : NULL;
    json_decref(about);
    return text;
}

static int record_add(struct job *job, const struct shmq_seen *seen)
{
    job->missed += seen->missed;
    job->untold += seen->missed;
    if (!show_wants(&job->show, &seen->message)) {
        return 0;
    }
    struct recording_record record = {
        .time_ns = os_realtime_ns(),
        .number = seen->number,
        .missed = job->untold,
        .data = seen->message.data,
        .size = seen->message.size,
        .type = seen->message.type,
        .lane = seen->message.lane,
    };
    int rc = recorder_add(&job->recorder, &record);
    job->untold = 0;
    job->wanted--;
    return rc;
}

/* A block is in the file at latest a second after its first record. Returns an error of the queue's. */
static int records_pass(struct job *job, struct shmq_cursor *cursor)
{
    const int64_t shortest_ns = 200000, longest_ns = 10000000, late_ns = 1000000000;
    int64_t pause_ns = shortest_ns;
    int rc = 0;
    while ((rc == 0 || rc == -EAGAIN) && job->wanted > 0 && job->recorder.error == 0 && os_signal_caught() == 0) {
        struct shmq_seen seen = {.struct_size = sizeof seen};
        rc = shmq_cursor_next(cursor, &seen);
        if (rc == 0) {
            (void)record_add(job, &seen);
            pause_ns = shortest_ns;
        }
        if (rc == -EAGAIN && job->to_end) {
            return 0;
        }
        if ((rc == -EAGAIN || job->recorder.sequence % 256 == 0) && job->recorder.count > 0 &&
            os_realtime_ns() - job->recorder.first_ns > late_ns) {
            (void)recorder_flush(&job->recorder);
        }
        if (rc == -EAGAIN) {
            os_sleep(pause_ns);
            pause_ns = pause_ns < longest_ns ? pause_ns * 2 : pause_ns;
        }
    }
    return rc == -EAGAIN || rc == -ESTALE ? 0 : rc;
}

static void summary_tell(const struct job *job)
{
    char bytes[UNITS_TEXT], stored[UNITS_TEXT];
    const struct recorder *r = &job->recorder;
    units_size(bytes, r->bytes, false);
    units_size(stored, r->stored, false);
    report_text("record", job->name, "%ju record%s, %s of payload, %s in %u file%s; missed %ju",
                (uintmax_t)r->sequence, r->sequence == 1 ? "" : "s", bytes, stored, r->part + 1,
                r->part == 0 ? "" : "s", (uintmax_t)job->missed);
}

static int file_failed(const struct job *job, int rc)
{
    if (rc == -EEXIST) {
        report_text("record", job->name, "'%.512s' exists already", job->path);
    } else {
        report_text("record", job->name, "cannot write '%.512s': %s", job->path, strerror(-rc));
    }
    return EXIT_CODE_ERROR;
}

/* The queue is watched before there is a file: what is sent once the file is there, is in it. */
static int record(struct job *job, struct shmq *q)
{
    struct shmq_cursor *cursor = NULL;
    struct shmq_cursor_options where = {
        .struct_size = sizeof where,
        .from = job->history ? SHMQ_FROM_OLDEST : SHMQ_FROM_NEWEST,
        .has_lane = job->show.has_lane,
        .lane = job->show.lane,
    };
    int rc = shmq_cursor_open(q, &where, &cursor);
    char *about = rc == 0 ? about_make(job->name, q) : NULL;
    if (rc != 0 || about == NULL) {
        shmq_cursor_close(cursor);
        return report("record", job->name, rc != 0 ? rc : -ENOMEM);
    }
    job->recorder.about = about;
    job->recorder.path = job->path;
    int written = recorder_start(&job->recorder);
    if (written == 0) {
        os_signals_catch();
        rc = records_pass(job, cursor);
    }
    int ended = recorder_end(&job->recorder);
    written = written != 0 ? written : ended;
    free(about);
    shmq_cursor_close(cursor);
    if (written != 0) {
        return file_failed(job, written);
    }
    if (!job->quiet) {
        summary_tell(job);
    }
    return rc != 0 ? report("record", job->name, rc) : EXIT_CODE_OK;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    struct job job = {.wanted = UINT64_MAX};
    for (int letter; (letter = options_next(&o)) != 0;) {
        switch (letter) {
        case OPTION_HISTORY:
            job.history = true;
            break;
        case 'e':
            job.to_end = true;
            break;
        case 'n':
            job.wanted = options_number(&o, 1, UINT64_MAX - 1);
            break;
        case OPTION_ROTATE:
            job.recorder.rotate = options_size(&o, 4096, SHMQ_CAPACITY_MAX);
            break;
        default:
            show_option(&job.show, &o, letter);
        }
    }
    struct shmq *q = NULL;
    int code = o.code;
    if (!o.over) {
        job.name = o.operands[0];
        job.path = o.operands[1];
        job.quiet = o.quiet;
        int rc = shmq_open(job.name, SHMQ_OBSERVER, NULL, &q);
        code = rc != 0 ? report("record", job.name, rc) : show_start(&job.show, "record", job.name, q);
        code = code == EXIT_CODE_OK ? record(&job, q) : code;
    }
    show_free(&job.show);
    shmq_close(q);
    if (!o.over && os_signal_caught() != 0) {
        os_signal_die(os_signal_caught());
    }
    return code;
}

const struct command command_record = {
    .name = "record",
    .operands = "NAME FILE",
    .operands_min = 2,
    .operands_max = 2,
    .summary = "Record what passes through a queue to a file.",
    .description =
        "Nothing is taken, and nobody waits for it: where more passes than can be written, records are missed, and "
        "how "
        "many is in the file and told at the end. Each record is kept with the time when it was seen, its lane, its "
        "type "
        "and its number.\n"
        "The file grows by blocks, each packed with Zstandard and with checksums of its own, a second after its "
        "first "
        "record at the latest. A recording that was cut off, by a crash or a full disk, or damaged somewhere, stays "
        "readable but for the blocks concerned. FILE must not exist. It ends when the queue is removed and nobody "
        "can "
        "send to it any more, and with Ctrl-C.",
    .terms_title = show_terms_title,
    .terms = show_terms,
    .examples = "shmq record --history -e jobs ./jobs.rec && shmq replay ./jobs.rec copy\n",
    .options = options,
    .run = run,
};
