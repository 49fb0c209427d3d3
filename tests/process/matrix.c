#include "matrix.h"

extern const char __executable_start[];

uint64_t matrix_offset(uint64_t address)
{
    return address - (uint64_t)(uintptr_t)__executable_start;
}

void matrix_record(struct world *w, const struct part *part, struct actor *a, uint32_t stream,
                   struct trace_record *record, bool with_images)
{
    enum trace_stop stop = TRACE_POINT;

    if (!actor_start(a, w, part, stream))
        run_skip();
    for (; a->trace.alive && stop != TRACE_ENDED; stop = trace_next(&a->trace))
        trace_note(record, &a->trace, with_images ? world_image(w) : 0);
    must(record->count != 0, w->scenario->name);
    must(a->trace.status == 0 || w->ledger->wrong != 0, "an actor that comes to its end");
    trace_record_finish(record);
}

/* A death that nobody has ordered. */
static void expect_sound(struct world *w, const struct actor *a)
{
    if (!a->trace.alive && a->trace.status != 0)
        ledger_complain(w->ledger, "the actor ended with status %#x", (unsigned)a->trace.status);
}

bool matrix_go(struct world *w, const struct part *part, struct actor *a, uint32_t stream,
               const struct trace_record *record, uint32_t point)
{
    if (!actor_start(a, w, part, stream))
        run_skip();
    bool good = true;

    if (point < record->count)
        good = trace_go(&a->trace, record, point);
    else
        trace_finish(&a->trace);
    expect_sound(w, a);
    return good;
}

void matrix_step(struct world *w, const struct part *part, struct actor *a, uint32_t stream, uint32_t point)
{
    if (!actor_start(a, w, part, stream))
        run_skip();
    while (a->trace.alive && a->trace.point < point) {
        if (trace_next(&a->trace) == TRACE_ENDED)
            break;
    }
    expect_sound(w, a);
}

void matrix_go_on(struct world *w, struct actor *a)
{
    if (!a->trace.alive)
        return;
    a->trace.page->told = 1;
    trace_finish(&a->trace);
    expect_sound(w, a);
}

bool matrix_reach(struct world *w, const struct trace_record *record, uint32_t point)
{
    const struct part *part = &w->scenario->part;

    world_restore(w);
    if (matrix_go(w, part, &w->actor, WORLD_ACTOR_STREAM, record, point))
        return true;
    trace_kill(&w->actor.trace);
    world_restore(w);
    matrix_step(w, part, &w->actor, WORLD_ACTOR_STREAM, point);
    return false;
}

bool matrix_set_add(struct matrix_set *set, uint64_t member)
{
    member += member == 0;
    for (size_t i = 0; set->count < MATRIX_SET_ROOM / 2; i++) {
        _Atomic uint64_t *slot = &set->members[(member + i) % MATRIX_SET_ROOM];
        uint64_t found = 0;

        if (atomic_compare_exchange_strong(slot, &found, member)) {
            set->count++;
            return true;
        }
        if (found == member)
            return false;
    }
    return true;
}
