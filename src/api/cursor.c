#include <shmq/cursor.h>

#include "api/handle.h"
#include "api/options.h"
#include "core/cursor.h"
#include "core/order.h"

#include <errno.h>
#include <stdlib.h>

#define NO_LANE UINT32_MAX

struct view {
    struct cursor_lane at;
    struct cursor_record record; /* that was copied out */
    uint64_t *copy;
    size_t copy_size;
    uint32_t lane;
    bool has_record; /* it was not shown yet */
    bool is_damaged;
};

struct shmq_cursor {
    struct shmq *q;
    struct view *views;
    uint32_t count;
    uint32_t current;
    uint64_t turn;         /* bytes that the current lane has shown in a row */
    uint64_t expected;     /* total order: the number that follows the last one; UINT64_MAX: any */
    uint64_t missed;       /* that were told */
    uint64_t missed_bytes; /* likewise */
};

static void place(struct view *view, struct shmq *q, uint32_t lane, uint32_t from)
{
    static const enum cursor_from places[] = {CURSOR_FROM_RELEASED, CURSOR_FROM_OLDEST, CURSOR_FROM_NEWEST};

    *view = (struct view){
        .at =
            {
                .shared = handle_lane(q, lane),
                .ring = layout_ring(q->mapping, &q->geometry, lane),
                .capacity = q->geometry.capacity,
                .mask = q->geometry.capacity - 1,
                .is_recorder = q->kind == SHMQ_RECORDER,
                .is_numbered = q->kind != SHMQ_LANES,
            },
        .lane = lane,
    };
    view->is_damaged = cursor_start(&view->at, places[from]) != 0;
}

int shmq_cursor_open(struct shmq *q, const struct shmq_cursor_options *options, struct shmq_cursor **cursor)
{
    struct shmq_cursor_options o;

    if (q->role == HANDLE_OF_PARENT)
        return -ECHILD;
    if (options_copy(&o, sizeof o, options, sizeof o) != 0 || o.from > SHMQ_FROM_NEWEST || o.has_lane > 1)
        return -EINVAL;
    if (o.has_lane != 0 && o.lane >= q->geometry.lane_count)
        return -ERANGE;
    struct shmq_cursor *made = calloc(1, sizeof *made);

    if (made == NULL)
        return -ENOMEM;
    made->q = q;
    made->expected = UINT64_MAX;
    made->count = o.has_lane != 0 ? 1 : q->geometry.lane_count;
    made->views = calloc(made->count, sizeof *made->views);
    if (made->views == NULL) {
        free(made);
        return -ENOMEM;
    }
    bool damaged = true;

    for (uint32_t i = 0; i < made->count; i++) {
        place(&made->views[i], q, o.has_lane != 0 ? o.lane : i, o.from);
        damaged &= made->views[i].is_damaged;
    }
    if (damaged) {
        shmq_cursor_close(made);
        return -EBADMSG;
    }
    *cursor = made;
    return 0;
}

void shmq_cursor_close(struct shmq_cursor *cursor)
{
    if (cursor == NULL)
        return;
    for (uint32_t i = 0; i < cursor->count; i++) {
        free(cursor->views[i].copy);
        free(cursor->views[i].at.batch);
    }
    free(cursor->views);
    free(cursor);
}

/* Have a record of this lane: 0, -EAGAIN, -EBADMSG, -ENOMEM. The copy grows to what the largest so far needs. */
static int fetch(struct view *view)
{
    if (view->has_record)
        return 0;
    if (view->is_damaged)
        return -EBADMSG;
    if (view->at.batch == NULL) {
        view->at.batch = malloc(CURSOR_BATCH);
        if (view->at.batch == NULL)
            return -ENOMEM;
    }
    size_t size = view->copy_size;
    int rc = cursor_take(&view->at, view->copy, &size, &view->record);

    while (rc == -ENOBUFS) {
        void *larger = realloc(view->copy, size);

        if (larger == NULL)
            return -ENOMEM;
        view->copy = larger;
        view->copy_size = size;
        rc = cursor_take(&view->at, view->copy, &size, &view->record);
    }
    view->has_record = rc == 0;
    view->is_damaged = rc == -EBADMSG;
    return rc;
}

/* What the lanes show. */
struct sight {
    uint32_t view; /* whose record is next, or NO_LANE */
    int error;     /* why none is */
};

static void note(struct sight *sight, int rc)
{
    if (rc != 0 && sight->error != -ENOMEM)
        sight->error = rc == -EAGAIN ? sight->error : rc;
}

/* In turns: the current lane, while it has records and its turn lasts. */
static struct sight look_around(struct shmq_cursor *c)
{
    struct sight sight = {.view = NO_LANE, .error = -EAGAIN};
    uint32_t first = c->turn < LANE_TURN ? 0 : 1;

    for (uint32_t i = first; i < c->count + first && sight.view == NO_LANE; i++) {
        uint32_t view = (c->current + i) % c->count;
        int rc = fetch(&c->views[view]);

        note(&sight, rc);
        if (rc != 0)
            continue;
        if (i != 0)
            c->turn = 0;
        c->current = view;
        sight.view = view;
    }
    return sight;
}

static struct sight look_for_lowest(struct shmq_cursor *c)
{
    struct sight sight = {.view = NO_LANE, .error = -EAGAIN};

    for (uint32_t i = 0; i < c->count; i++) {
        int rc = fetch(&c->views[i]);

        note(&sight, rc);
        if (rc == 0 && (sight.view == NO_LANE || c->views[i].copy[0] < c->views[sight.view].copy[0]))
            sight.view = i;
    }
    return sight;
}

/* Can a lane without a record in sight still publish a number that is lower than one in sight? See core/order.h. */
static bool may_fill(const struct shmq_cursor *c)
{
    if (handle_is_dump(c->q))
        return false;
    for (uint32_t i = 0; i < c->count; i++) {
        const struct view *view = &c->views[i];

        if (!view->has_record && !view->is_damaged && order_may_fill(view->at.shared) &&
            handle_has_holder(c->q, SHMQ_ROLE_LANE + view->lane))
            return true;
    }
    return false;
}

static struct sight look_in_order(struct shmq_cursor *c)
{
    struct sight sight = look_for_lowest(c);

    if (sight.view == NO_LANE || c->views[sight.view].copy[0] == c->expected)
        return sight;
    if (may_fill(c))
        return (struct sight){.view = NO_LANE, .error = -EAGAIN};
    return look_for_lowest(c);
}

static void count_missed(struct shmq_cursor *c, struct shmq_seen *seen)
{
    uint64_t missed = 0;
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < c->count; i++) {
        missed += c->views[i].at.missed;
        bytes += c->views[i].at.missed_bytes;
    }
    seen->missed = missed - c->missed;
    seen->missed_bytes = bytes - c->missed_bytes;
}

static int show(struct shmq_cursor *c, struct view *view, struct shmq_seen *seen)
{
    const struct cursor_record *record = &view->record;
    size_t number_size = view->at.is_numbered ? sizeof(uint64_t) : 0;
    struct shmq_seen found = {
        .message =
            {
                .data = number_size != 0 ? view->copy + 1 : view->copy, /* NULL: all have been empty so far */
                .size = lane_header_size(record->header) - (uint32_t)number_size,
                .type = lane_header_type(record->header),
                .lane = (uint16_t)view->lane,
                .ticket = record->end,
            },
        .number = c->q->kind == SHMQ_TOTAL_ORDER ? view->copy[0] : record->number,
        .is_released = view->at.released_seen >= record->end,
    };

    count_missed(c, &found);
    int rc = options_copy_out(seen, &found, sizeof found, sizeof found);

    if (rc != 0)
        return rc;
    c->missed += found.missed;
    c->missed_bytes += found.missed_bytes;
    c->turn += lane_span(lane_header_size(record->header));
    c->expected = view->copy != NULL && c->q->kind == SHMQ_TOTAL_ORDER ? view->copy[0] + 1 : UINT64_MAX;
    view->has_record = false;
    return 0;
}

static bool is_over(const struct shmq_cursor *c)
{
    if (handle_is_dump(c->q))
        return true;
    if (!handle_is_removed(c->q))
        return false;
    for (uint32_t i = 0; i < c->count; i++) {
        if (handle_has_holder(c->q, SHMQ_ROLE_LANE + c->views[i].lane))
            return false;
    }
    return true;
}

static struct sight look(struct shmq_cursor *c)
{
    return c->q->kind == SHMQ_TOTAL_ORDER && c->count > 1 ? look_in_order(c) : look_around(c);
}

int shmq_cursor_next(struct shmq_cursor *cursor, struct shmq_seen *seen)
{
    if (cursor->q->role == HANDLE_OF_PARENT)
        return -ECHILD;
    struct sight sight = look(cursor);

    /* Who has left its lane has published before. */
    if (sight.view == NO_LANE && sight.error == -EAGAIN && is_over(cursor)) {
        sight = look(cursor);
        if (sight.view == NO_LANE && sight.error == -EAGAIN)
            sight.error = -ESTALE;
    }
    return sight.view != NO_LANE ? show(cursor, &cursor->views[sight.view], seen) : sight.error;
}
