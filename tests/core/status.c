/* The status on plain memory: whole in every order, and after a death at every store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aligned.h"
#include "core/status.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READERS 3
#define CHANGES 200000

static struct shmq_status_area *new_area(void)
{
    struct shmq_status_area *area = aligned_new(128, sizeof *area);

    assert_non_null(area);
    memset(area, 0, sizeof *area);
    return area;
}

static void say(struct status_reporter *r, uint64_t done, const char *message)
{
    r->copy.state = SHMQ_RUNNING;
    r->done = done;
    status_publish(r, message, message != NULL ? strlen(message) : 0, done + 1);
}

static void expect(const struct shmq_status_area *area, uint64_t done, const char *message)
{
    struct status_view view;

    assert_int_equal(status_read(area, &view), 0);
    assert_int_equal(view.copy.done, done);
    assert_int_equal(view.copy.text_size, strlen(message));
    assert_memory_equal(view.message, message, strlen(message));
}

static void what_was_never_written_is_idle(void **state)
{
    struct shmq_status_area *area = new_area();
    struct status_view view;

    (void)state;
    assert_int_equal(status_read(area, &view), 0);
    assert_int_equal(view.copy.state, SHMQ_IDLE);
    assert_int_equal(view.copy.run, 0);
    assert_int_equal(view.copy.text_size, 0);
    aligned_delete(area);
}

static void what_is_published_is_read(void **state)
{
    struct shmq_status_area *area = new_area();
    struct status_reporter r;
    char message[SHMQ_STATUS_TEXT + 1];
    struct status_view view;

    (void)state;
    assert_int_equal(status_attach(&r, area), 0);
    memcpy(r.unit, "files\0\0\0\0\0\0\0\0\0\0\0", sizeof r.unit);
    for (size_t size = 0; size <= SHMQ_STATUS_TEXT; size++) { /* also round the ring of texts, and of copies */
        for (size_t i = 0; i < size; i++)
            message[i] = (char)('a' + (i + size) % 26);
        message[size] = '\0';
        say(&r, size, message);
        expect(area, size, message);
        say(&r, size + 1, NULL);
        expect(area, size + 1, message);
    }
    r.current = area->copies + r.sequence % SHMQ_STATUS_COPIES;
    status_set_done(&r, 77, 5);
    assert_int_equal(status_read(area, &view), 0);
    assert_int_equal(view.copy.done, 77);
    assert_int_equal(view.copy.updated_ns, 5);
    assert_int_equal(view.copy.changes, r.changes);
    assert_int_equal(status_changes(area), r.changes);
    assert_memory_equal(view.unit, "files", 6);
    expect(area, 77, message);
    say(&r, 78, NULL);
    expect(area, 78, message);
    aligned_delete(area);
}

static void next_reporter_goes_on_where_the_last_one_stopped(void **state)
{
    struct shmq_status_area *area = new_area();
    struct status_reporter first;
    struct status_reporter next;

    (void)state;
    assert_int_equal(status_attach(&first, area), 0);
    first.copy.run = 7;
    first.copy.total = 100;
    say(&first, 41, "the first one");
    first.current = area->copies + first.sequence % SHMQ_STATUS_COPIES;
    status_set_done(&first, 42, 1);
    assert_int_equal(status_attach(&next, area), 0);
    expect(area, 42, "the first one");
    assert_null(next.current);
    assert_int_equal(next.copy.run, 7);
    assert_int_equal(next.copy.total, 100);
    say(&next, next.done + 1, NULL);
    expect(area, 43, "the first one");
    assert_int_equal(status_changes(area), first.changes + 1);
    aligned_delete(area);
}

/*
 * A reporter that dies behind its last store but one has written all of a new copy and of its text, and published
 * nothing; whoever dies earlier has written less. However often that happens, what was published last stays.
 */
static void what_was_not_published_never_was(void **state)
{
    struct shmq_status_area *area = new_area();
    struct status_reporter r;
    char longest[SHMQ_STATUS_TEXT + 1];

    (void)state;
    memset(longest, 'x', SHMQ_STATUS_TEXT);
    longest[SHMQ_STATUS_TEXT] = '\0';
    assert_int_equal(status_attach(&r, area), 0);
    say(&r, 1, longest);
    for (int death = 0; death < 100; death++) {
        uint64_t sequence;

        assert_int_equal(status_attach(&r, area), 0);
        sequence = area->report.sequence;
        memset(longest, 'y', SHMQ_STATUS_TEXT);
        say(&r, 2, longest);
        area->report.sequence = sequence;
        memset(longest, 'x', SHMQ_STATUS_TEXT);
        expect(area, 1, longest);
    }
    assert_int_equal(status_attach(&r, area), 0);
    say(&r, 3, "after them all");
    expect(area, 3, "after them all");
    aligned_delete(area);
}

/* A reader that looked at the area before, and comes to its last look after `later` happened. */
static void readers_whose_copy_was_passed_try_again(void **state)
{
    struct shmq_status_area *area = new_area();
    struct status_reporter r;

    (void)state;
    assert_int_equal(status_attach(&r, area), 0);
    say(&r, 0, "first");
    uint64_t sequence = area->report.sequence;
    uint32_t text = r.copy.text;

    /* Thirteen more, and the next one, which may be half written, is not yet where the first one was. */
    for (uint64_t i = 1; i < SHMQ_STATUS_COPIES - 1; i++)
        say(&r, i, NULL);
    assert_true(area->report.sequence - sequence < SHMQ_STATUS_COPIES - 1);
    assert_int_equal(area->copies[sequence % SHMQ_STATUS_COPIES].done, 0);
    say(&r, 100, NULL);
    assert_true(area->report.sequence - sequence >= SHMQ_STATUS_COPIES - 1);
    /* A take-over shows itself to whoever began before it. */
    sequence = area->report.sequence;
    assert_int_equal(status_attach(&r, area), 0);
    assert_true(area->report.sequence - sequence >= SHMQ_STATUS_COPIES - 1);
    /* Texts that are longer than the ring together. */
    for (int i = 0; i < 64; i++)
        say(&r, 1, "0123456789012345678901234567890123456789");
    assert_true((uint32_t)area->report.text_end - text > SHMQ_STATUS_WORDS);
    aligned_delete(area);
}

static void damage_is_an_error_and_no_crash(void **state)
{
    struct shmq_status_area *area = new_area();
    struct status_reporter r;
    struct status_view view;
    unsigned bad = 0;

    (void)state;
    srand(1);
    for (int i = 0; i < 20000; i++) {
        uint8_t *bytes = (uint8_t *)area;

        for (size_t k = 0; k < sizeof *area; k += 1 + (size_t)rand() % 64)
            bytes[k] = (uint8_t)rand();
        int rc = status_read(area, &view);

        assert_true(rc == 0 || rc == -EBADMSG || rc == -EAGAIN);
        bad += rc != 0;
        if (rc == 0) {
            assert_true(view.copy.state <= SHMQ_CANCELLED && view.copy.text_size <= SHMQ_STATUS_TEXT);
            status_text_clean(view.message, view.copy.text_size);
        }
        rc = status_attach(&r, area);
        assert_true(rc == 0 || rc == -EBADMSG);
        say(&r, 1, NULL);
        assert_int_equal(status_read(area, &view), 0);
        say(&r, 1, "mended");
        expect(area, 1, "mended");
    }
    assert_true(bad > 1000);
    aligned_delete(area);
}

static void only_utf8_is_text(void **state)
{
    static const struct {
        const char *text;
        int size;
        const char *clean;
    } table[] = {
        {"", 0, ""},
        {"plain", 5, "plain"},
        {"plain and longer", 16, "plain and longer"},
        {"gr\xc3\xbc\xc3\x9f"
         "e \xe2\x82\xac \xf0\x9f\x98\x80",
         16,
         "gr\xc3\xbc\xc3\x9f"
         "e \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"tab\tand\nline", 12, "tab\tand\nline"},
        {"\xed\x9f\xbf \xee\x80\x80 \xf4\x8f\xbf\xbf", 12, "\xed\x9f\xbf \xee\x80\x80 \xf4\x8f\xbf\xbf"},
        {"\x80", -EINVAL, "?"},
        {"0123456\xff", -EINVAL, "0123456?"},
        {"01234567\xff", -EINVAL, "01234567?"},
        {"cut \xe2\x82", -EINVAL, "cut ??"},
        {"long \xc0\xaf \xe0\x80\xaf \xf0\x80\x80\xaf", -EINVAL, "long ?? ??? ????"},
        {"half \xed\xa0\x80", -EINVAL, "half ???"},
        {"beyond \xf4\x90\x80\x80 \xf5\x80\x80\x80", -EINVAL, "beyond ???? ????"},
        {"17 bytes are many", -EMSGSIZE, "17 bytes are many"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char text[64];

        snprintf(text, sizeof text, "%s", table[i].text);
        assert_int_equal(status_text_size(text, 16), strlen(text) > 16 ? -EMSGSIZE : table[i].size);
        if (table[i].size != -EMSGSIZE)
            assert_int_equal(status_text_size(text, 63), table[i].size);
        status_text_clean(text, strlen(text));
        assert_string_equal(text, table[i].clean);
    }
    char zero[] = "ze\0ro, and some more";

    status_text_clean(zero, sizeof zero - 1);
    assert_string_equal(zero, "ze?ro, and some more");
}

/* All of it made of one number. `done` may have gone on from there, by less than ten. */
static void say_number(struct status_reporter *r, uint64_t n)
{
    char message[SHMQ_STATUS_TEXT];
    int size = snprintf(message, sizeof message, "%0*llu", (int)(n * 7 % 200) + 1, (unsigned long long)n);

    r->copy.state = SHMQ_RUNNING;
    r->copy.task = ~n;
    r->copy.total = n * 3;
    r->copy.run = (uint32_t)n;
    r->copy.code = (int32_t)n;
    snprintf(r->unit, sizeof r->unit, "%llu", (unsigned long long)n);
    r->done = n * 10;
    status_publish(r, message, (size_t)size, n);
}

static unsigned check_number(const struct status_view *view)
{
    uint64_t n = view->copy.run;
    char message[SHMQ_STATUS_TEXT + 1];
    int size = snprintf(message, sizeof message, "%0*llu", (int)(n * 7 % 200) + 1, (unsigned long long)n);

    return view->copy.task != ~n || view->copy.total != n * 3 || view->copy.code != (int32_t)n ||
           view->copy.done < n * 10 || view->copy.done >= n * 10 + 10 || view->copy.text_size != size ||
           memcmp(view->message, message, (size_t)size) != 0 || strtoull(view->unit, NULL, 10) != n;
}

struct reader {
    const struct shmq_status_area *area;
    pthread_t thread;
    unsigned torn;
    unsigned back;
    unsigned busy;
    unsigned looks;
};

static void *read_all(void *arg)
{
    struct reader *reader = arg;
    struct status_view view = {0};
    uint64_t last = 0;

    do {
        int rc = status_read(reader->area, &view);

        reader->looks++;
        reader->busy += rc == -EAGAIN;
        reader->torn += rc == -EBADMSG;
        if (rc == 0 && view.copy.state == SHMQ_RUNNING) {
            reader->torn += check_number(&view);
            reader->back += view.copy.changes < last;
            last = view.copy.changes;
        }
    } while (view.copy.run != CHANGES);
    return NULL;
}

static void no_reader_sees_a_torn_status(void **state)
{
    struct shmq_status_area *area = new_area();
    struct reader readers[READERS] = {{0}};
    struct status_reporter r;

    (void)state;
    assert_int_equal(status_attach(&r, area), 0);
    for (int i = 0; i < READERS; i++) {
        readers[i].area = area;
        assert_int_equal(pthread_create(&readers[i].thread, NULL, read_all, readers + i), 0);
    }
    for (uint64_t n = 1; n <= CHANGES; n++) {
        if (n % 1000 == 0) /* somebody takes over */
            assert_int_equal(status_attach(&r, area), 0);
        say_number(&r, n);
        r.current = area->copies + r.sequence % SHMQ_STATUS_COPIES;
        for (uint64_t i = 1; i < 10; i += 1 + n % 4)
            status_set_done(&r, n * 10 + i, n);
    }
    for (int i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
        assert_int_equal(readers[i].torn, 0);
        assert_int_equal(readers[i].back, 0);
        print_message("reader %d: %u looks, %u of them overtaken\n", i, readers[i].looks, readers[i].busy);
    }
    aligned_delete(area);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_never_written_is_idle),
        cmocka_unit_test(what_is_published_is_read),
        cmocka_unit_test(next_reporter_goes_on_where_the_last_one_stopped),
        cmocka_unit_test(what_was_not_published_never_was),
        cmocka_unit_test(readers_whose_copy_was_passed_try_again),
        cmocka_unit_test(damage_is_an_error_and_no_crash),
        cmocka_unit_test(only_utf8_is_text),
        cmocka_unit_test(no_reader_sees_a_torn_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
