#include "doctor.h"
#include "holders.h"
#include "os.h"
#include "report.h"
#include "snapshot.h"
#include "units.h"

#include <errno.h>
#include <shmq/layout.h>
#include <shmq/shmq.h>
#include <stdio.h>
#include <string.h>

struct rounds {
    struct doctor *d;
    unsigned queues;
    unsigned others; /* mappings that are no queues */
    unsigned ill;
    uint64_t bytes;
    unsigned blobs; /* that are left over */
    uint64_t blob_bytes;
};

static void stale_find(struct rounds *r, const char *name, const struct snapshot *s)
{
    char died[512], size[UNITS_TEXT];
    holders_died(died, sizeof died, s);
    units_size(size, s->mapping_size, false);
    r->ill++;
    doctor_find(r->d, DOCTOR_WARNING, "stale queue", "'%s' (%s, waiting: %ju): %s died, and nobody is there", name,
                size, (uintmax_t)snapshot_waiting(&s->info), died);
    char word[256];
    report_shell_word(word, sizeof word, name);
    doctor_advise(r->d,
                  "start its programs again, they go on where they were; or save what waits (shmq recv -e %s), "
                  "and then: shmq clean --remove",
                  word);
}

static void died_find(struct rounds *r, const char *name, const struct snapshot *s)
{
    char died[512];
    unsigned count = holders_died(died, sizeof died, s);
    bool consumer = s->info.consumer_presence == SHMQ_DIED;
    r->ill++;
    doctor_find(r->d, DOCTOR_WARNING, "dead holder", "'%s': %s died, and nobody has come after %s", name, died,
                count == 1 ? "it" : "them");
    doctor_advise(r->d, "start %s again: what was sent is kept, and a successor goes on where it stopped",
                  consumer ? count == 1 ? "its consumer" : "its consumer and its producers" : "its producer");
}

static void paused_find(struct rounds *r, const char *name, const struct holder *holder, const char *what)
{
    r->ill++;
    doctor_find(r->d, DOCTOR_WARNING, "paused", "'%s': process %u (%s), which %s, is stopped", name, holder->pid,
                holder->name, what);
    doctor_advise_paused(r->d, holder->pid);
}

static bool is_paused(const struct holder *holder)
{
    return strcmp(holder->state, "paused") == 0;
}

static void holders_find(struct rounds *r, const char *name, const struct snapshot *s)
{
    char died[512];
    struct holder consumer = holder_of_consumer(&s->info);
    if (holders_are_gone(s)) {
        stale_find(r, name, s);
    } else if (holders_died(died, sizeof died, s) > 0) {
        died_find(r, name, s);
    }
    if (is_paused(&consumer)) {
        paused_find(r, name, &consumer, "receives");
    }
    for (uint32_t i = 0; i < s->info.lane_count; i++) {
        struct holder producer = holder_of_lane(&s->lanes[i]);
        if (is_paused(&producer)) {
            paused_find(r, name, &producer, "sends");
        }
    }
}

/* What cannot be opened: damaged, of another version, or not ours. */
static void refused_find(struct rounds *r, const char *name, const struct snapshot *s)
{
    char meaning[512];
    report_meaning(meaning, sizeof meaning, name, s->error);
    if (!s->is_queue && (s->error == -EPROTO || s->error == -EBADMSG)) {
        r->others++; /* a mapping of somebody's, and no queue */
        return;
    }
    /* The advice is in the parentheses at the end. */
    char *advice = strrchr(meaning, '(');
    char *end = advice != NULL ? strrchr(advice, ')') : NULL;
    if (end != NULL && advice > meaning) {
        advice[-1] = '\0';
        *end = '\0';
        advice++;
    }
    r->ill++;
    bool damaged = s->error == -EBADMSG || s->error == -EPROTO;
    doctor_find(r->d, damaged ? DOCTOR_PROBLEM : DOCTOR_WARNING, s->error == -EPROTO ? "version" : "queue",
                "'%s': %s", name, meaning);
    if (end != NULL) {
        doctor_advise(r->d, "%s", advice);
    }
}

static void version_find(struct rounds *r, const char *name)
{
    const uint32_t ours = SHMQ_VERSION_MAJOR << 16 | SHMQ_VERSION_MINOR << 8 | SHMQ_VERSION_PATCH;
    struct shmq_identity identity;
    if (snapshot_identity(name, &identity) && identity.library_version > ours) {
        doctor_find(r->d, DOCTOR_OK, "version",
                    "'%s' was created by version %u.%u.%u, newer than this one; its format "
                    "is known",
                    name, identity.library_version >> 16, identity.library_version >> 8 & 0xff,
                    identity.library_version & 0xff);
    }
}

static int look(const char *name, void *arg)
{
    struct rounds *r = arg;
    struct snapshot snapshot;
    int rc = snapshot_take(name, &snapshot);
    r->bytes += snapshot.mapping_size;
    if (rc == 0) {
        r->queues++;
        holders_find(r, name, &snapshot);
        version_find(r, name);
    } else if (rc != -ENOENT) {
        r->queues += snapshot.is_queue;
        refused_find(r, name, &snapshot);
    }
    snapshot_free(&snapshot);
    return 0;
}

static int unused(const struct shmq_unused *unused, void *arg)
{
    struct rounds *r = arg;
    if (strchr(unused->name, '~') != NULL) {
        r->blobs++;
        r->blob_bytes += unused->size;
    }
    return 0;
}

void doctor_queues(struct doctor *d)
{
    struct rounds r = {.d = d};
    char size[UNITS_TEXT];
    int rc = shmq_mapping_list(look, &r);
    rc = rc == 0 ? shmq_clean(0, unused, &r) : rc;
    if (rc < 0) {
        doctor_find(d, DOCTOR_PROBLEM, "queues", "they cannot be listed: %s", shmq_strerror(rc));
        doctor_advise_unlisted(d);
        return;
    }
    if (r.blobs > 0) {
        units_size(size, r.blob_bytes, false);
        doctor_find(d, DOCTOR_WARNING, "blobs", "%u of queues that are gone, %s", r.blobs, size);
        doctor_advise(d, "shmq clean --remove");
    }
    units_size(size, r.bytes, false);
    if (r.queues + r.others == 0) {
        doctor_find(d, DOCTOR_OK, "queues", "this user has none");
    } else {
        doctor_find(d, DOCTOR_OK, "queues", "%u queue%s and %u other mapping%s of %sB; %s", r.queues,
                    r.queues == 1 ? "" : "s", r.others, r.others == 1 ? "" : "s", size,
                    r.ill == 0 ? "all is fine with them" : "what is not fine is told above");
    }
}
