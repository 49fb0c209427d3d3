/*
 * Litmus tests for processors that keep no order of memory accesses that is not asked for, as arm64's
 *
 *     weak FILE
 *
 * Every order in which the processors may do what a test says is tried. What is never to come out must not; and each
 * ordering in it must be needed for that: it is left out, one after the other, and then it has to come out.
 *
 * The machine: each access is done at once for all processors (as on arm64, which is multi-copy atomic), and each processor
 * does its own in any order, but for those of one word, and for what an ordering keeps: R.acq in front of all that follows,
 * W.rel behind all that is in front of it, F.full all, F.st stores from stores, F.ld loads from all. L stores and loads in
 * one step, a full barrier on both sides. M is a membarrier: a full barrier here, and at the same moment one somewhere in
 * each of the others. Dependencies keep nothing here: what is right without them is right with them. Nobody is shown
 * his own store before others are: no test may load a word that the same processor has stored before.
 *
 * The file: tests with a line between them. A name; then steps, of one processor a column:
 *
 *     W word value    R word register    L word value register (adds)    F.full    F.st    F.ld    M
 *
 * then `init word=value...`, and lines of `never` or, for what is known to be wrong, `sometimes`, with values of registers
 * and of words at the end.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CPUS_MAX 4
#define STEPS_MAX 8
#define NAMES_MAX 24
#define ENDS_MAX 8

enum kind { LOAD = 1, STORE = 2, LOCKED = 3, BARRIER = 4 };

struct step {
    enum kind kind;
    bool acquires; /* keeps what follows behind it */
    bool releases; /* keeps what is in front there */
    bool of_stores;
    bool of_loads;
    bool everywhere;
    unsigned word;
    unsigned result;
    unsigned value;
    char text[32];
};

struct end {
    bool never;
    bool reached;
    unsigned count;
    unsigned name[NAMES_MAX];
    unsigned value[NAMES_MAX];
    char text[96];
};

struct test {
    char name[96];
    char names[NAMES_MAX][16]; /* words and registers */
    unsigned name_count;
    unsigned start[NAMES_MAX];
    struct step steps[CPUS_MAX][STEPS_MAX];
    unsigned counts[CPUS_MAX];
    unsigned cpus;
    struct end ends[ENDS_MAX];
    unsigned end_count;
};

struct state {
    unsigned values[NAMES_MAX];
    unsigned done[CPUS_MAX]; /* bits of steps */
};

static _Noreturn void give_up(const char *why, const char *what)
{
    fprintf(stderr, "weak: %s: %s\n", why, what);
    exit(2);
}

static bool is_plain(const struct step *s)
{
    return s->kind != BARRIER;
}

/* Must `a` come before `b`, which follows it? */
static bool keeps(const struct step *a, const struct step *b)
{
    if (a->acquires || b->releases)
        return true;
    if (is_plain(a) && is_plain(b))
        return a->word == b->word;
    if (b->kind == BARRIER)
        return (b->of_stores && (a->kind & STORE) != 0) || (b->of_loads && (a->kind & LOAD) != 0);
    return a->of_loads || (a->of_stores && (b->kind & STORE) != 0);
}

static bool may_do(const struct test *t, const struct state *at, unsigned cpu, unsigned step)
{
    const struct step *steps = t->steps[cpu];

    if ((at->done[cpu] >> step & 1) != 0)
        return false;
    for (unsigned i = 0; i < step; i++) {
        if ((at->done[cpu] >> i & 1) == 0 && keeps(&steps[i], &steps[step]))
            return false;
    }
    /* Everywhere: what each of the others has done is all up to some place, and nothing behind that. */
    for (unsigned other = 0; steps[step].everywhere && other < t->cpus; other++) {
        if (other != cpu && (at->done[other] & (at->done[other] + 1)) != 0)
            return false;
    }
    return true;
}

static void do_step(struct state *at, const struct step *s)
{
    if ((s->kind & LOAD) != 0)
        at->values[s->result] = at->values[s->word];
    if (s->kind == LOCKED)
        at->values[s->word] += s->value;
    else if (s->kind == STORE)
        at->values[s->word] = s->value;
}

static void search(struct test *t, const struct state *at)
{
    bool any = false;

    for (unsigned cpu = 0; cpu < t->cpus; cpu++) {
        for (unsigned i = 0; i < t->counts[cpu]; i++) {
            if (!may_do(t, at, cpu, i))
                continue;
            struct state next = *at;

            any = true;
            do_step(&next, &t->steps[cpu][i]);
            next.done[cpu] |= 1u << i;
            search(t, &next);
        }
    }
    for (unsigned i = 0; i < t->end_count && !any; i++) {
        struct end *end = &t->ends[i];
        unsigned same = 0;

        for (unsigned k = 0; k < end->count; k++)
            same += at->values[end->name[k]] == end->value[k];
        end->reached |= same == end->count;
    }
}

/* Is there something that is never to come out, and does? */
static const struct end *find_wrong(struct test *t)
{
    struct state start = {0};
    const struct end *wrong = NULL;

    memcpy(start.values, t->start, sizeof start.values);
    for (unsigned i = 0; i < t->end_count; i++)
        t->ends[i].reached = false;
    search(t, &start);
    for (unsigned i = 0; i < t->end_count; i++) {
        if (t->ends[i].never && t->ends[i].reached)
            wrong = &t->ends[i];
    }
    return wrong;
}

/* Without what orders in this step. False: nothing does. */
static bool weaken(struct step *s)
{
    bool orders = s->acquires || s->releases || s->kind == BARRIER;

    s->acquires = s->releases = s->of_stores = s->of_loads = s->everywhere = false;
    return orders;
}

/* How much is wrong with it. */
static unsigned try_test(struct test *t)
{
    const struct end *wrong = find_wrong(t);
    unsigned bad = 0;
    unsigned needed = 0;

    if (wrong != NULL)
        bad += (unsigned)printf("%s: comes out all the same: %s\n", t->name, wrong->text) > 0;
    for (unsigned i = 0; i < t->end_count; i++) {
        if (!t->ends[i].never && !t->ends[i].reached)
            bad += (unsigned)printf("%s: does not come out: %s\n", t->name, t->ends[i].text) > 0;
    }
    for (unsigned i = 0; i < t->cpus * STEPS_MAX && t->ends[0].never; i++) {
        struct step *s = &t->steps[i / STEPS_MAX][i % STEPS_MAX];
        struct step before = *s;

        if (i % STEPS_MAX >= t->counts[i / STEPS_MAX] || !weaken(s))
            continue;
        if (find_wrong(t) == NULL)
            bad += (unsigned)printf("%s: not needed: %s\n", t->name, before.text) > 0;
        needed++;
        *s = before;
    }
    if (bad == 0 && t->ends[0].never)
        printf("%s: never, and each of %u orderings is needed\n", t->name, needed);
    else if (bad == 0)
        printf("%s: comes out, as is known\n", t->name);
    return bad;
}

static unsigned name_of(struct test *t, const char *name)
{
    for (unsigned i = 0; i < t->name_count; i++) {
        if (strcmp(t->names[i], name) == 0)
            return i;
    }
    if (t->name_count == NAMES_MAX)
        give_up("too many names", t->name);
    snprintf(t->names[t->name_count], sizeof t->names[0], "%s", name);
    return t->name_count++;
}

static void read_step(struct test *t, unsigned cpu, const char *text)
{
    char what[16] = "";
    char word[16] = "";
    char second[16] = "";
    char third[16] = "";
    int fields = sscanf(text, " %15s %15s %15s %15s", what, word, second, third);

    if (fields < 1)
        return;
    if (cpu == CPUS_MAX || t->counts[cpu] == STEPS_MAX)
        give_up("too large", t->name);
    struct step *s = &t->steps[cpu][t->counts[cpu]++];

    if (cpu >= t->cpus)
        t->cpus = cpu + 1;
    snprintf(s->text, sizeof s->text, "%.15s %.15s", what, word);
    s->kind = what[0] == 'R' ? LOAD : what[0] == 'W' ? STORE : what[0] == 'L' ? LOCKED : BARRIER;
    s->acquires = strcmp(what, "R.acq") == 0 || s->kind == LOCKED || strcmp(what, "F.full") == 0 || what[0] == 'M';
    s->releases = strcmp(what, "W.rel") == 0 || s->kind == LOCKED || strcmp(what, "F.full") == 0 || what[0] == 'M';
    s->of_stores = strcmp(what, "F.st") == 0;
    s->of_loads = strcmp(what, "F.ld") == 0;
    s->everywhere = what[0] == 'M';
    if (fields != (s->kind == BARRIER ? 1 : s->kind == LOCKED ? 4 : 3) || strchr("RWLFM", what[0]) == NULL)
        give_up("no step", text);
    if (s->kind != BARRIER)
        s->word = name_of(t, word);
    if (s->kind == LOAD || s->kind == LOCKED)
        s->result = name_of(t, s->kind == LOAD ? second : third);
    if (s->kind == STORE || s->kind == LOCKED)
        s->value = (unsigned)strtoul(second, NULL, 10);
}

/* name=value... */
static void read_values(struct test *t, const char *text, struct end *end)
{
    char name[16];
    unsigned value;
    int used;

    for (; sscanf(text, " %15[^= \n]=%u%n", name, &value, &used) == 2; text += used) {
        unsigned of = name_of(t, name);

        if (end == NULL) {
            t->start[of] = value;
        } else {
            end->name[end->count] = of;
            end->value[end->count++] = value;
        }
    }
}

static void read_line(struct test *t, char *line)
{
    line[strcspn(line, "\n")] = '\0';
    if (t->name[0] == '\0') {
        snprintf(t->name, sizeof t->name, "%.95s", line);
    } else if (strncmp(line, "init ", 5) == 0) {
        read_values(t, line + 5, NULL);
    } else if (strncmp(line, "never ", 6) == 0 || strncmp(line, "sometimes ", 10) == 0) {
        if (t->end_count == ENDS_MAX)
            give_up("too many ends", t->name);
        struct end *end = &t->ends[t->end_count++];

        end->never = line[0] == 'n';
        snprintf(end->text, sizeof end->text, "%.95s", line);
        read_values(t, strchr(line, ' '), end);
    } else {
        unsigned cpu = 0;

        for (char *step = line; step != NULL; cpu++) {
            char *bar = strchr(step, '|');

            if (bar != NULL)
                *bar = '\0';
            read_step(t, cpu, step);
            step = bar != NULL ? bar + 1 : NULL;
        }
    }
}

static unsigned finish(struct test *t)
{
    unsigned bad = 0;

    if (t->name[0] == '\0')
        return 0;
    if (t->end_count == 0)
        give_up("nothing is never to come out", t->name);
    bad = try_test(t);
    memset(t, 0, sizeof *t);
    return bad;
}

int main(int argc, char **argv)
{
    static struct test test;
    char line[256];
    unsigned bad = 0;
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;

    if (file == NULL)
        give_up("cannot read", argc == 2 ? argv[1] : "one file");
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] == '\n')
            bad += finish(&test);
        else if (line[0] != '#')
            read_line(&test, line);
    }
    bad += finish(&test);
    fclose(file);
    return bad != 0;
}
