#include "command.h"
#include "options.h"
#include "os.h"
#include "recording.h"
#include "report.h"
#include "types.h"
#include "units.h"
#include "wait.h"

#include <jansson.h>
#include <shmq/shmq.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_FROM = OPTION_LONG, OPTION_TO };

static const struct option_row options[] = {
    {'s', "speed", "FACTOR", "2 is twice as fast as recorded, 0.5 half; 0 as fast as possible (1)."},
    {'l', "loop", "TIMES", "Play it TIMES times; 0 is without end (1)."},
    {OPTION_FROM, "from", "POINT", "Begin there: a record's place, the first is 0; or a time since the first: 1.5s."},
    {OPTION_TO, "to", "POINT", "End in front of that."},
    {0},
};

/* A record's place, or a time since the first record. */
struct point {
    bool given;
    bool is_time;
    uint64_t sequence;
    int64_t time_ns;
};

struct replay {
    const char *path;
    const char *name;
    double speed;
    uint64_t loops;
    struct point from, to;
    bool quiet;
    struct player player;
    struct shmq *lanes[SHMQ_LANES_MAX]; /* producers, opened when their lane first has a record */
    uint32_t lane_count;
    int64_t began_ns; /* monotonic: when the first record was played */
    int64_t first_ns; /* its time in the recording */
    int64_t start_ns; /* of the first record of all */
    bool any;         /* a record was seen in this round */
    bool playing;     /* one was played in this round */
    uint64_t records;
};

static void point_parse(struct options *o, struct point *point)
{
    const char *text = options_text(o);
    point->given = true;
    point->is_time = !units_parse_number(text, 10, &point->sequence);
    if (point->is_time && !units_parse_time(text, &point->time_ns)) {
        options_wrong(o, "'%.64s' is neither a number nor a time such as 1.5s", text);
    }
}

static bool is_reached(const struct point *point, const struct recording_record *record, int64_t start_ns)
{
    return point->is_time ? record->time_ns - start_ns >= point->time_ns : record->sequence >= point->sequence;
}

/* With its types, where they can be used. */
static int create_typed(const struct replay *r, const json_t *about, struct shmq_create_options *create)
{
    struct types *types = NULL;
    int rc = types_make(json_object_get(about, "schemas"), &types);
    if (rc == 0) {
        types_use(types, create);
        rc = shmq_create(r->name, create);
    }
    types_free(types);
    if (rc == -EINVAL || rc == -EMSGSIZE) {
        if (!r->quiet) {
            report_line("replay: '%.512s': its description of types cannot be used; '%.256s' is created without them",
                        r->path, r->name);
        }
        types_use(NULL, create);
        rc = shmq_create(r->name, create);
    }
    return rc;
}

/* A queue like the one that was recorded. */
static int queue_create(const struct replay *r)
{
    json_t *about = json_loads(r->player.about, 0, NULL);
    const char *kind = json_string_value(json_object_get(about, "kind"));
    json_int_t lanes = json_integer_value(json_object_get(about, "lanes"));
    json_int_t capacity = json_integer_value(json_object_get(about, "capacity"));
    struct shmq_create_options create = {
        .struct_size = sizeof create,
        .lane_count = lanes > 0 && lanes <= SHMQ_LANES_MAX ? (uint32_t)lanes : 1,
        .capacity = capacity > 0 ? (uint64_t)capacity : 0,
        .kind = kind != NULL && strcmp(kind, "total") == 0      ? SHMQ_TOTAL_ORDER
                : kind != NULL && strcmp(kind, "recorder") == 0 ? SHMQ_RECORDER
                                                                : SHMQ_LANES,
    };
    int rc = create_typed(r, about, &create);
    json_decref(about);
    return rc;
}

static int queue_start(struct replay *r)
{
    struct shmq *q = NULL;
    struct shmq_info info = {.struct_size = sizeof info};
    int rc = queue_create(r);
    rc = rc >= 0 ? shmq_open(r->name, SHMQ_OBSERVER, NULL, &q) : rc;
    rc = rc == 0 ? shmq_info(q, &info) : rc;
    r->lane_count = info.lane_count;
    shmq_close(q);
    return rc;
}

/* The lane that it was recorded from, or another where the queue has fewer. */
static int lane_open(struct replay *r, const struct recording_record *record, struct shmq **q)
{
    uint32_t lane = record->lane % r->lane_count;
    struct shmq_open_options open = {.struct_size = sizeof open, .has_lane = 1, .lane = lane};
    int rc = r->lanes[lane] == NULL ? shmq_open(r->name, SHMQ_PRODUCER, &open, &r->lanes[lane]) : 0;
    *q = r->lanes[lane];
    return rc;
}

static int tick(void *arg)
{
    (void)arg;
    return 0;
}

static int record_send(struct replay *r, const struct recording_record *record)
{
    struct shmq *q = NULL;
    int rc = lane_open(r, record, &q);
    while (rc == 0) {
        rc = shmq_send(q, record->data, record->size, record->type, 0);
        if (rc != -EAGAIN) {
            break;
        }
        rc = wait_for_queue(q, -1, tick, NULL);
    }
    return rc < 0 ? rc : 0;
}

/* Until its time has come. Times are those of the machine's clock, which may have been set back meanwhile. */
static void time_await(struct replay *r, const struct recording_record *record)
{
    if (!r->playing) {
        r->playing = true;
        r->began_ns = os_monotonic_ns();
        r->first_ns = record->time_ns;
    }
    double since = (double)(record->time_ns - r->first_ns);
    if (r->speed <= 0 || since <= 0) {
        return;
    }
    double due = since / r->speed;
    int64_t due_ns = due < 9e18 - (double)r->began_ns ? r->began_ns + (int64_t)due : INT64_MAX;
    for (int64_t left; os_signal_caught() == 0 && (left = due_ns - os_monotonic_ns()) > 0;) {
        os_sleep(left);
    }
}

/* One time through. Returns an error of the library's or of the file's; 0 at the end. */
static int play(struct replay *r)
{
    struct recording_record record;
    int rc;
    r->any = r->playing = false;
    while ((rc = player_next(&r->player, &record)) > 0) {
        if (!r->any) {
            r->any = true;
            r->start_ns = record.time_ns;
        }
        if (r->from.given && !is_reached(&r->from, &record, r->start_ns)) {
            continue;
        }
        if (r->to.given && is_reached(&r->to, &record, r->start_ns)) {
            return 0;
        }
        time_await(r, &record);
        if (os_signal_caught() != 0) {
            return -EINTR;
        }
        rc = record_send(r, &record);
        if (rc != 0) {
            return rc;
        }
        r->records++;
    }
    return rc;
}

static int file_failed(const struct replay *r, int rc)
{
    switch (rc) {
    case -EPROTO:
        report_line("replay: '%.512s' is not a recording, or of another format", r->path);
        return EXIT_CODE_DAMAGED;
    case -EBADMSG:
        report_line("replay: '%.512s': its beginning is damaged", r->path);
        return EXIT_CODE_DAMAGED;
    case -ENOENT:
        report_line("replay: '%.512s': no such file", r->path);
        return EXIT_CODE_NOT_FOUND;
    default:
        report_line("replay: '%.512s': %s", r->path, strerror(-rc));
        return EXIT_CODE_ERROR;
    }
}

/* What could not be read. Returns the exit code for it. */
static int damage_tell(const struct replay *r)
{
    if (r->player.cut_off && !r->quiet) {
        report_line("replay: '%.512s' was cut off in the middle of its last block; what is in front of it was played",
                    r->path);
    }
    if (r->player.bad_blocks > 0) {
        report_line("replay: '%.512s' is damaged in %ju place%s; what is around was played", r->path,
                    (uintmax_t)r->player.bad_blocks, r->player.bad_blocks == 1 ? "" : "s");
        return EXIT_CODE_DAMAGED;
    }
    return EXIT_CODE_OK;
}

static int play_loops(struct replay *r)
{
    int code = EXIT_CODE_OK;
    for (uint64_t i = 0; r->loops == 0 || i < r->loops; i++) {
        int rc = i > 0 ? player_start(&r->player, r->path) : 0;
        if (rc != 0) {
            return file_failed(r, rc);
        }
        rc = play(r);
        if (rc == -EINTR) {
            return EXIT_CODE_ERROR;
        }
        if (rc == -ENOSYS) {
            report_line("replay: '%.512s' is packed with Zstandard, and this shmq was built without it", r->path);
            return EXIT_CODE_ERROR;
        }
        if (rc == -EMSGSIZE) {
            report_text("replay", r->name,
                        "a record is larger than any can be in this queue (try: shmq create --capacity)");
            return EXIT_CODE_ERROR;
        }
        if (rc == -EBUSY) {
            report_text("replay", r->name, "somebody sends through a lane that was recorded");
            return EXIT_CODE_FULL_OR_EMPTY;
        }
        if (rc != 0) {
            return report("replay", r->name, rc);
        }
        code = damage_tell(r);
        player_end(&r->player);
        /* What has nothing to play has no end of its own. */
        if (!r->playing || os_signal_caught() != 0) {
            break;
        }
    }
    return code;
}

static int replay(struct replay *r)
{
    int rc = player_start(&r->player, r->path);
    if (rc != 0) {
        return file_failed(r, rc);
    }
    rc = queue_start(r);
    int code = rc != 0 ? report("replay", r->name, rc) : EXIT_CODE_OK;
    if (rc == 0) {
        os_signals_catch();
        code = play_loops(r);
    }
    for (uint32_t i = 0; i < SHMQ_LANES_MAX; i++) {
        shmq_close(r->lanes[i]);
    }
    player_end(&r->player);
    if (os_signal_caught() != 0) {
        os_signal_die(os_signal_caught());
    }
    return code;
}

static double speed_parse(struct options *o)
{
    char *end = NULL;
    const char *text = options_text(o);
    double speed = strtod(text, &end);
    if (end == text || *end != '\0' || !(speed >= 0) || speed > 1e9) {
        options_wrong(o, "--speed: '%.64s' is not a factor: say 2, 0.5, or 0 for as fast as possible", text);
        return 1;
    }
    return speed;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    static struct replay r = {.speed = 1, .loops = 1};
    for (int letter; (letter = options_next(&o)) != 0;) {
        switch (letter) {
        case 's':
            r.speed = speed_parse(&o);
            break;
        case 'l':
            r.loops = options_number(&o, 0, UINT64_MAX);
            break;
        case OPTION_FROM:
            point_parse(&o, &r.from);
            break;
        case OPTION_TO:
            point_parse(&o, &r.to);
            break;
        }
    }
    if (o.over) {
        return o.code;
    }
    r.path = o.operands[0];
    r.name = o.operands[1];
    r.quiet = o.quiet;
    return replay(&r);
}

const struct command command_replay = {
    .name = "replay",
    .operands = "FILE NAME",
    .operands_min = 2,
    .operands_max = 2,
    .summary = "Send what was recorded to a queue.",
    .description =
        "Each record with the type and, where the queue has it, through the lane that it was recorded with, as long "
        "after the one before as then. Where there is no queue of that name one is created, with the kind, the "
        "lanes, "
        "the capacity and the types of the one that was recorded. What was in blobs is not recorded: records that "
        "have some are sent, and who receives them finds no data.\n"
        "When the queue is full, replay waits for room. The parts of a recording that was rotated are played one "
        "after "
        "the other, beginning with FILE. What is damaged is left out and told; the exit code is then 5. A recording "
        "that "
        "was cut off is played up to there.",
    .examples =
        "shmq record --history -e jobs ./more.rec && shmq replay --speed 0 --from 0 --to 10 ./more.rec copy\n",
    .options = options,
    .run = run,
};
