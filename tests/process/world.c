#include "world.h"

#include "cargo.h"
#include "run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void world_give_up(const char *what)
{
    fprintf(stderr, "the scene cannot be set: %s\n", what);
    exit(1);
}

/* What this process has made, and has to take away wherever it ends. */
static const struct world *created;
static pid_t creator;

static void clean_up(void)
{
    if (created == NULL || creator != getpid())
        return;
    unlink(created->name);
    unlink(created->copy);
    rmdir(created->folder);
}

void world_create(struct world *w)
{
    *w = (struct world){.file = -1};
    snprintf(w->folder, sizeof w->folder, "/dev/shm/shmq-trust.XXXXXX");
    must(mkdtemp(w->folder) != NULL, "a folder in /dev/shm");
    snprintf(w->name, sizeof w->name, "%s/queue", w->folder);
    snprintf(w->alias, sizeof w->alias, "shmq-trust-%d", (int)getpid());
    snprintf(w->copy, sizeof w->copy, "%s/copy", w->folder);
    if (creator == 0)
        atexit(clean_up);
    created = w;
    creator = getpid();
    w->ledger = ledger_create(run_share(ledger_size(WORLD_STREAMS)), WORLD_STREAMS);
    w->saved_ledger = malloc(ledger_size(WORLD_STREAMS));
    must(w->saved_ledger != NULL, "memory");
}

void world_destroy(struct world *w)
{
    unlink(w->name);
    must(rmdir(w->folder) == 0, "nothing else is left in the folder");
    created = NULL;
    free(w->saved_ledger);
    munmap(w->ledger, ledger_size(WORLD_STREAMS));
}

uint32_t world_lanes(const struct world *w)
{
    return w->scenario->lanes != 0 ? w->scenario->lanes : 1;
}

struct shmq_create_options world_options(const struct world *w)
{
    static const struct shmq_sm *const types[] = {&note_sm, &cargo_sm};
    bool typed = w->scenario->typed;

    return (struct shmq_create_options){
        .struct_size = sizeof(struct shmq_create_options),
        .capacity = WORLD_CAPACITY,
        .lane_count = world_lanes(w),
        .kind = w->scenario->kind,
        .transient = w->scenario->transient,
        .types = typed ? types : NULL,
        .type_count = typed ? 2 : 0,
        .blob_count = typed ? WORLD_BLOBS : 0,
    };
}

struct shmq_lane *world_lane(const struct world *w, uint32_t lane)
{
    const struct shmq_header *header = (const struct shmq_header *)(const void *)w->mapping;

    return (struct shmq_lane *)(void *)(w->mapping + header->identity.lanes_offset) + lane;
}

bool world_is_held_up(const struct world *w)
{
    bool ordering = false;

    for (uint32_t i = 0; w->scenario->kind == SHMQ_TOTAL_ORDER && i < world_lanes(w); i++)
        ordering |= world_lane(w, i)->producer.ordering != 0;
    return ordering;
}

static void map_queue(struct world *w)
{
    w->file = open(w->name, O_RDWR | O_CLOEXEC);
    must(w->file >= 0, "open the queue's file");
    w->size = (size_t)lseek(w->file, 0, SEEK_END);
    w->mapping = mmap(NULL, w->size, PROT_READ | PROT_WRITE, MAP_SHARED, w->file, 0);
    must(w->mapping != MAP_FAILED, "map the queue");
    w->saved_mapping = malloc(w->size);
    must(w->saved_mapping != NULL, "memory");
}

static void unmap_queue(struct world *w)
{
    if (w->mapping == NULL)
        return;
    munmap(w->mapping, w->size);
    close(w->file);
    free(w->saved_mapping);
    w->mapping = NULL;
    w->saved_mapping = NULL;
    w->file = -1;
}

static void remove_names(const struct world *w)
{
    if (w->scenario->aliased)
        (void)shmq_remove(w->alias, SHMQ_REMOVE_USED);
    if (w->scenario->typed && w->mapping != NULL)
        must(shmq_remove(w->name, SHMQ_REMOVE_USED) == 0 && blobs_count(w) == 0, "remove a queue and all its blobs");
    unlink(w->name);
}

void world_begin(struct world *w, const struct scenario *scenario)
{
    w->scenario = scenario;
    ledger_clear(w->ledger, w->scenario->kind);
    w->ledger->typed = scenario->typed;
    w->next_stream = WORLD_ACTOR_STREAM + 1;
    remove_names(w);
    if (!scenario->no_queue) {
        struct shmq_create_options options = world_options(w);

        must(shmq_create(w->name, &options) == 0, "create");
        map_queue(w);
    }
    if (scenario->before != NULL)
        scenario->before(w);
    must(w->ledger->wrong == 0, w->ledger->complaint);
    world_save(w);
}

void world_end(struct world *w)
{
    world_kill_actors(w);
    peer_close_all(w);
    remove_names(w);
    unmap_queue(w);
}

void world_save(struct world *w)
{
    if (w->mapping != NULL)
        memcpy(w->saved_mapping, w->mapping, w->size);
    memcpy(w->saved_ledger, w->ledger, ledger_size(WORLD_STREAMS));
}

void world_restore(struct world *w)
{
    if (w->scenario->part.role == PART_KEEPER || w->scenario->typed) {
        uint32_t next_stream = w->next_stream;

        world_end(w);
        world_begin(w, w->scenario);
        w->next_stream = next_stream; /* some may be given already */
        return;
    }
    memcpy(w->mapping, w->saved_mapping, w->size);
    memcpy(w->ledger, w->saved_ledger, ledger_size(WORLD_STREAMS));
}

void world_start_anew(struct world *w)
{
    peer_close_all(w);
    unmap_queue(w);
    map_queue(w);
    ledger_clear(w->ledger, w->scenario->kind);
    world_save(w);
}

void actor_init(struct actor *a, struct world *w, const struct part *part, uint32_t stream)
{
    a->world = w;
    a->part = part;
    a->q = NULL;
    a->sender = (struct sender){.ledger = w->ledger, .stream = stream};
}

/* What is sure by now must be found by the consumer who lives: a next one would only come if it died. */
static void find_all(struct actor *a)
{
    struct ledger *ledger = a->world->ledger;
    uint32_t sure[WORLD_STREAMS];
    uint32_t doubt = ledger->doubt;
    bool all = !world_is_held_up(a->world) && ledger->kind != SHMQ_RECORDER;

    for (uint32_t i = 0; i < WORLD_STREAMS; i++)
        sure[i] = ledger->streams[i].sure;
    for (int again = 0; again < 3; again++) {
        if (receiver_drain(&a->receiver, a->q, 2, UINT32_MAX) < 0)
            return;
    }
    for (uint32_t i = 0; i < WORLD_STREAMS; i++) {
        if (all && ledger->streams[i].peeked + doubt < sure[i])
            ledger_complain(ledger, "stream %u: the living consumer has found %u records of %u", i,
                            ledger->streams[i].peeked, sure[i]);
    }
}

/* It was only paused: it has to finish its work itself. */
static void finish_work(struct actor *a)
{
    if (a->q == NULL)
        return;
    if (a->part->role == PART_CONSUMER) {
        find_all(a);
        shmq_close(a->q);
    } else {
        for (int i = 0; i < 3; i++)
            (void)sender_send(&a->sender, a->q, 60, 0);
        sender_close(&a->sender, a->q);
    }
}

/* No call to the library of its own accord: the end of the process is a death like all others. */
static void actor_body(void *arg)
{
    struct actor *a = arg;

    alarm(WORLD_WATCHDOG_S);
    if (a->part->role == PART_CONSUMER)
        receiver_create(&a->receiver, a->world->ledger);
    if (a->part->ready != NULL)
        a->part->ready(a);
    trace_watch();
    if (a->part->act != NULL)
        a->part->act(a);
    if (trace_told())
        finish_work(a);
    _exit(0);
}

bool actor_start(struct actor *a, struct world *w, const struct part *part, uint32_t stream)
{
    actor_init(a, w, part, stream);
    a->trace.may_sleep = w->scenario->may_sleep;
    return trace_start(&a->trace, actor_body, a);
}

void world_kill_actors(struct world *w)
{
    trace_kill(&w->actor.trace);
    trace_kill(&w->other.trace);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static uint64_t mix_words(uint64_t hash, const void *words, size_t size)
{
    const uint8_t *bytes = words;
    uint64_t word;

    for (size_t at = 0; at + sizeof word <= size; at += sizeof word) {
        memcpy(&word, bytes + at, sizeof word);
        hash = mix(hash, word);
    }
    return hash;
}

static uint64_t lock_of(const struct world *w, int64_t role)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = role, .l_len = 1};

    must(fcntl(w->file, F_OFD_GETLK, &lock) == 0, "ask for a lock");
    return lock.l_type != F_UNLCK;
}

/* Times and process numbers differ in each run and decide nothing: whether a number is set is enough. */
static uint64_t mix_mapping(uint64_t hash, const struct world *w)
{
    struct shmq_header header;

    memcpy(&header, w->mapping, sizeof header);
    memset(&header.identity, 0, sizeof header.identity);
    header.consumer.attached_ns = 0;
    header.consumer.pid = header.consumer.pid != 0;
    header.status.report.attached_ns = 0;
    header.status.report.pid = header.status.report.pid != 0;
    for (uint32_t i = 0; i < SHMQ_STATUS_COPIES; i++) {
        header.status.copies[i].started_ns = 0;
        header.status.copies[i].updated_ns = 0;
    }
    hash = mix_words(hash, &header, sizeof header);
    size_t place = sizeof header;

    for (uint32_t i = 0; i < world_lanes(w); i++) {
        struct shmq_lane lane = *world_lane(w, i);

        lane.owner.pid = lane.owner.pid != 0;
        for (uint32_t n = 0; n < SHMQ_ATTACHED_MAX; n++) {
            lane.owner.attached[n].attached_ns = 0;
            lane.owner.attached[n].pid = lane.owner.attached[n].pid != 0;
        }
        hash = mix_words(hash, &lane, sizeof lane);
        place = (size_t)((uint8_t *)(world_lane(w, i) + 1) - w->mapping);
    }
    return mix_words(hash, w->mapping + place, w->size - place);
}

static uint64_t mix_names(uint64_t hash, const char *folder)
{
    DIR *entries = opendir(folder);
    uint64_t count = 0;

    must(entries != NULL, "list the folder");
    while (readdir(entries) != NULL)
        count++;
    closedir(entries);
    return mix(hash, count);
}

static bool has_alias(const struct world *w)
{
    struct shmq *q = NULL;
    bool found = w->scenario->aliased && shmq_open(w->alias, SHMQ_OBSERVER, NULL, &q) == 0;

    shmq_close(q);
    return found;
}

uint64_t world_image(const struct world *w)
{
    struct stat status;
    uint64_t hash = 1;

    if (w->mapping != NULL) {
        hash = mix_mapping(hash, w);
        hash = mix(hash, lock_of(w, SHMQ_ROLE_CONSUMER));
        hash = mix(hash, lock_of(w, SHMQ_ROLE_REPORTER));
        for (uint32_t lane = 0; lane < world_lanes(w); lane++) {
            hash = mix(hash, lock_of(w, SHMQ_ROLE_LANE + lane));
            hash = mix(hash, lock_of(w, SHMQ_ROLE_BLOBS + lane));
        }
        hash = mix(hash, blobs_image(w));
    }
    if (w->scenario->part.role == PART_KEEPER) {
        hash = mix_names(hash, w->folder);
        hash = mix(hash, stat(w->name, &status) == 0);
        hash = mix(hash, has_alias(w));
    }
    return mix_words(hash, w->ledger, ledger_size(WORLD_STREAMS));
}
