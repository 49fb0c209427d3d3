#include "command.h"
#include "options.h"
#include "os.h"
#include "report.h"
#include "snapshot.h"
#include "units.h"

#include <shmq/layout.h>
#include <shmq/shmq.h>
#include <stdio.h>
#include <string.h>

enum { OPTION_IF_NOT_EXISTS = OPTION_LONG, OPTION_ORDER, OPTION_RECORDER, OPTION_TRANSIENT };

static const struct option_row options[] = {
    {'c', "capacity", "SIZE",
     "Room for the records of one lane, rounded up to a power of two; 1M. The largest "
     "record takes half of it."},
    {'l', "lanes", "N", "How many producers can have it open at a time, 1 to 256; 1."},
    {'m', "mode", "OCTAL",
     "Permission bits, exactly; 0600. Who receives or sends needs read and write, ls and stat "
     "need read."},
    {'g', "group", "GROUP", "Give it to that group, a name or a number."},
    {'f', "file", "PATH", "Keep it in that file, so that it outlasts a restart."},
    {OPTION_ORDER, "order", "ORDER",
     "lanes: the records of each producer in its order; or total: those of all producers in the order in which they "
     "were sent. Default: lanes."},
    {OPTION_RECORDER, "recorder", NULL,
     "A flight recorder: it is never full, because each producer overwrites its oldest records."},
    {OPTION_TRANSIENT, "transient", NULL, "It goes with its last user, and what is in it too."},
    {OPTION_IF_NOT_EXISTS, "if-not-exists", NULL, "A queue that is there already is no error; it is left as it is."},
    {0},
};

struct request {
    const char *name;
    struct shmq_create_options create;
    bool if_not_exists;
    bool has_order;
    bool quiet;
};

static uint64_t needed(const struct shmq_create_options *create)
{
    uint64_t capacity = create->capacity == 0 ? SHMQ_CAPACITY_DEFAULT : create->capacity;
    uint64_t lanes = create->lane_count == 0 ? 1 : create->lane_count;
    uint64_t rounded = SHMQ_CAPACITY_MIN;
    while (rounded < capacity) {
        rounded *= 2;
    }
    uint64_t headers = sizeof(struct shmq_header) + lanes * sizeof(struct shmq_lane);
    return (headers + SHMQ_PAGE - 1) / SHMQ_PAGE * SHMQ_PAGE + lanes * rounded;
}

static void no_space_tell(const struct request *request)
{
    const char *path = strchr(request->name, '/') != NULL ? request->name : request->create.path;
    const char *place = path != NULL ? "in the file system" : "in shared memory";
    char need[UNITS_TEXT], room[UNITS_TEXT];
    uint64_t bytes = 0;
    bool known = os_space(path, &bytes);
    units_size(need, needed(&request->create), false);
    units_size(room, bytes, false);
    if (strcmp(need, room) == 0) {
        units_size(need, needed(&request->create), true);
        units_size(room, bytes, true);
    }
    if (known && bytes >= needed(&request->create)) {
        report_text("create", request->name,
                    "no space left %s (%s needed, %s free: a quota, or the number of files, is the limit)", place,
                    need, room);
    } else if (known) {
        report_text("create", request->name, "no space left %s (%s needed, %s free; see --capacity)", place, need,
                    room);
    } else {
        report_text("create", request->name, "no space left %s (%s needed; see --capacity)", place, need);
    }
}

/* Whoever asked for a certain queue should know that the one which existed is another. */
static void differences_note(const struct request *request, const struct shmq_info *info)
{
    const struct shmq_create_options *asked = &request->create;
    bool kind = (request->has_order || asked->kind != SHMQ_LANES) && asked->kind != info->kind;
    if ((asked->capacity != 0 && asked->capacity > info->capacity) || kind ||
        (asked->lane_count != 0 && asked->lane_count != info->lane_count) ||
        (asked->transient != 0 && info->transient == 0)) {
        char capacity[UNITS_TEXT];
        units_size(capacity, info->capacity, false);
        report_text("create", request->name, "note: it exists, with a capacity of %s and lanes: %u (kind: %s%s)",
                    capacity, info->lane_count, snapshot_kind(info), info->transient != 0 ? ", transient" : "");
    }
}

static int existed(const struct request *request)
{
    if (!request->if_not_exists) {
        char word[256];
        report_shell_word(word, sizeof word, request->name);
        report_text("create", request->name,
                    "it exists (use it as it is with --if-not-exists, or remove it with: shmq rm %s)", word);
        return EXIT_CODE_ERROR;
    }
    struct snapshot snapshot;
    int rc = snapshot_take(request->name, &snapshot);
    if (rc == 0 && !request->quiet) {
        differences_note(request, &snapshot.info);
    }
    snapshot_free(&snapshot);
    return rc == -EBADMSG ? report("create", request->name, rc) : EXIT_CODE_OK;
}

static int create(const struct request *request)
{
    if (request->create.path != NULL && strchr(request->name, '/') != NULL) {
        report_text("create", request->name, "it is a file already, so --file goes with a name without '/'");
        return EXIT_CODE_USAGE;
    }
    int rc = shmq_create(request->name, &request->create);
    if (rc == 1) {
        return existed(request);
    }
    if (rc == -ENOSPC) {
        no_space_tell(request);
        return EXIT_CODE_ERROR;
    }
    if (rc == -ENOENT) {
        report_text("create", request->name, "the folder for its file does not exist");
        return EXIT_CODE_ERROR;
    }
    return rc < 0 ? report("create", request->name, rc) : EXIT_CODE_OK;
}

static void path_set(struct options *o, struct shmq_create_options *create)
{
    create->path = options_text(o);
    if (create->path[0] == '\0') {
        options_wrong(o, "--file: '' is not a path");
    }
}

static void group_set(struct options *o, struct shmq_create_options *create)
{
    create->has_group = 1;
    if (!os_group(options_text(o), &create->group)) {
        options_wrong(o, "--group: no group '%s'", options_text(o));
    }
}

static void kind_set(struct options *o, struct request *request, int letter)
{
    bool total = letter == OPTION_ORDER && strcmp(options_text(o), "total") == 0;
    bool recorder = letter == OPTION_RECORDER || request->create.kind == SHMQ_RECORDER;
    if (letter == OPTION_ORDER && !total && strcmp(options_text(o), "lanes") != 0) {
        options_wrong(o, "--order: '%s' is not lanes or total", options_text(o));
        return;
    }
    request->has_order = request->has_order || letter == OPTION_ORDER;
    total = total || (letter == OPTION_RECORDER && request->create.kind == SHMQ_TOTAL_ORDER);
    if (total && recorder) {
        options_wrong(o,
                      "--order total and --recorder do not go together: a recorder has no order between its lanes");
        return;
    }
    request->create.kind = total ? SHMQ_TOTAL_ORDER : recorder ? SHMQ_RECORDER : SHMQ_LANES;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    struct request request = {.create.struct_size = sizeof request.create};
    for (int letter; (letter = options_next(&o)) != 0;) {
        switch (letter) {
        case 'c':
            request.create.capacity = options_size(&o, SHMQ_CAPACITY_MIN, SHMQ_CAPACITY_MAX);
            break;
        case 'l':
            request.create.lane_count = (uint32_t)options_number(&o, 1, SHMQ_LANES_MAX);
            break;
        case 'm':
            request.create.mode = options_mode(&o);
            break;
        case 'g':
            group_set(&o, &request.create);
            break;
        case 'f':
            path_set(&o, &request.create);
            break;
        case OPTION_ORDER:
        case OPTION_RECORDER:
            kind_set(&o, &request, letter);
            break;
        case OPTION_TRANSIENT:
            request.create.transient = 1;
            break;
        case OPTION_IF_NOT_EXISTS:
            request.if_not_exists = true;
            break;
        }
    }
    if (!o.over && request.create.transient != 0 && request.create.path != NULL) {
        options_wrong(&o, "--transient and --file do not go together: the file is there to stay");
    }
    if (o.over) {
        return o.code;
    }
    request.name = o.operands[0];
    request.quiet = o.quiet;
    return create(&request);
}

const struct command command_create = {
    .name = "create",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "Create a queue.",
    .description =
        "It takes all its memory at once, capacity times lanes and some KiB, so that sending never fails for want of "
        "memory.\n"
        "Total order costs each record some time, and a producer that is paused in the middle of sending holds up "
        "the "
        "others. A recorder keeps the newest records of each lane; who receives from it learns how many were "
        "overwritten before. A transient queue is removed when the last who sends or receives ends, however: so let "
        "recv come before send ends.",
    .examples = "shmq create jobs\n"
                "shmq create ticks --capacity 8M --lanes 4\n"
                "shmq create audit --lanes 4 --order total\n"
                "shmq create trace --recorder --lanes 16\n"
                "shmq create shared --mode 0660 --group users\n",
    .options = options,
    .run = run,
};
