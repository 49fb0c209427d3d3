#include "watched.h"

#include "os.h"
#include "snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void watched_close(struct watched *one)
{
    shmq_close(one->q);
    free(one->lanes);
    one->q = NULL;
    one->lanes = NULL;
}

static void watched_free(struct watched *one)
{
    watched_close(one);
    free(one->more);
    free(one->name);
    free(one);
}

static struct watched *watched_add(struct watch *w, const char *name)
{
    if (w->count == w->room) {
        size_t room = w->room == 0 ? 16 : 2 * w->room;
        struct watched **all = realloc(w->all, room * sizeof(struct watched *));
        if (all == NULL) {
            return NULL;
        }
        w->all = all;
        w->room = room;
    }
    struct watched *one = calloc(1, sizeof *one);
    char *copy = strdup(name);
    if (one == NULL || copy == NULL) {
        free(one);
        free(copy);
        return NULL;
    }
    one->name = copy;
    w->all[w->count++] = one;
    return one;
}

static int watched_open(struct watched *one)
{
    one->info = (struct shmq_info){.struct_size = sizeof one->info};
    int rc = shmq_open(one->name, SHMQ_OBSERVER, NULL, &one->q);
    rc = rc == 0 ? shmq_info(one->q, &one->info) : rc;
    if (rc == 0) {
        one->lanes = calloc(one->info.lane_count, sizeof *one->lanes);
        rc = one->lanes == NULL ? -ENOMEM : 0;
    }
    return rc;
}

struct look {
    struct watched *one;
    int rc;
};

/* Whoever may write to a queue may also cut it off: reading behind the cut ends this, and not the program. */
static void look_guarded(void *arg)
{
    struct look *look = arg;
    struct watched *one = look->one;
    look->rc = shmq_info(one->q, &one->info);
    for (uint32_t i = 0; look->rc == 0 && i < one->info.lane_count; i++) {
        one->lanes[i].struct_size = sizeof one->lanes[i];
        look->rc = shmq_lane_info(one->q, i, &one->lanes[i]);
    }
    if (look->rc == 0) {
        one->status.struct_size = sizeof one->status;
        int rc = shmq_status(one->q, &one->status);
        /* The last one that was whole is still true of some moment. */
        one->status.struct_size = rc == 0 || rc == -EAGAIN ? sizeof one->status : 0;
    }
}

/* Is what is open what has the name now? */
static bool is_current(const struct watched *one)
{
    struct shmq_identity identity;
    return one->q != NULL && one->info.removed == 0 && snapshot_identity(one->name, &identity) &&
           memcmp(identity.id, one->info.id, sizeof identity.id) == 0;
}

static void watched_look(struct watched *one)
{
    if (!is_current(one)) {
        watched_close(one);
        free(one->more);
        one->more = NULL;
        one->error = watched_open(one);
    }
    struct look look = {.one = one, .rc = one->error};
    if (one->error == 0 && !os_guarded(look_guarded, &look)) {
        look.rc = -EBADMSG;
    }
    one->error = look.rc;
    if (one->error != 0) {
        watched_close(one);
    }
}

bool watched_again(struct watched *one)
{
    struct look look = {.one = one};
    return one->error == 0 && os_guarded(look_guarded, &look) && look.rc == 0;
}

static int name_look(const char *name, void *arg)
{
    struct watch *w = arg;
    struct watched *one = NULL;
    for (size_t i = 0; i < w->count && one == NULL; i++) {
        one = strcmp(w->all[i]->name, name) == 0 ? w->all[i] : NULL;
    }
    if (one == NULL) {
        one = watched_add(w, name);
    }
    if (one == NULL) {
        return -ENOMEM;
    }
    one->seen = true;
    watched_look(one);
    return 0;
}

/* Also what is gone since it was listed. */
static bool is_gone(const struct watch *w, const struct watched *one)
{
    return w->name_count == 0 && (!one->seen || one->error == -ENOENT);
}

int watch_look(struct watch *w)
{
    int rc = 0;
    for (size_t i = 0; i < w->count; i++) {
        w->all[i]->seen = false;
    }
    for (size_t i = 0; rc == 0 && i < w->name_count; i++) {
        rc = name_look(w->names[i], w);
    }
    if (w->name_count == 0) {
        rc = shmq_mapping_list(name_look, w);
    }
    size_t kept = 0;
    for (size_t i = 0; rc == 0 && i < w->count; i++) {
        if (is_gone(w, w->all[i])) {
            watched_free(w->all[i]);
        } else {
            w->all[kept++] = w->all[i];
        }
    }
    w->count = rc == 0 ? kept : w->count;
    return rc;
}

void watch_free(struct watch *w)
{
    for (size_t i = 0; i < w->count; i++) {
        watched_free(w->all[i]);
    }
    free(w->all);
    *w = (struct watch){0};
}
