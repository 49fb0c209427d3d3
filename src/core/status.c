#include "core/status.h"

#include <errno.h>
#include <string.h>

#define COPY_WORDS (sizeof(struct shmq_status_copy) / sizeof(uint64_t))
#define UNIT_WORDS (SHMQ_STATUS_UNIT / sizeof(uint64_t))

/* A reader that is overtaken as often as this has met with a reporter that does nothing but change its text. */
#define TRIES 256

static uint64_t message_words(uint64_t size)
{
    return (size + 7) / 8;
}

static bool is_sound(const struct shmq_status_copy *copy)
{
    return copy->state <= SHMQ_CANCELLED && copy->text_size <= SHMQ_STATUS_TEXT;
}

static void load_copy(const struct shmq_status_copy *from, struct shmq_status_copy *to)
{
    const uint64_t *shared = (const uint64_t *)(const void *)from;
    uint64_t words[COPY_WORDS];

    words[0] = atomic_load_acquire_u64(shared); /* A11: `changes`, before what it counts */
    for (size_t i = 1; i < COPY_WORDS; i++)
        words[i] = atomic_load_u64(shared + i);
    memcpy(to, words, sizeof words);
}

static void store_copy(struct shmq_status_copy *to, const struct shmq_status_copy *from)
{
    uint64_t *shared = (uint64_t *)(void *)to;
    uint64_t words[COPY_WORDS];

    memcpy(words, from, sizeof words);
    for (size_t i = 0; i < COPY_WORDS; i++)
        atomic_store_u64(shared + i, words[i]);
}

static void load_words(const uint64_t *texts, uint32_t at, void *to, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t word = atomic_load_u64(texts + (at + i) % SHMQ_STATUS_WORDS);

        memcpy((char *)to + i * sizeof word, &word, sizeof word);
    }
}

static void store_words(uint64_t *texts, uint64_t at, const char *from, size_t size)
{
    uint64_t word;
    size_t i = 0;

    for (; i + sizeof word <= size; i += sizeof word) {
        memcpy(&word, from + i, sizeof word);
        atomic_store_u64(texts + (at + i / sizeof word) % SHMQ_STATUS_WORDS, word);
    }
    if (i < size) {
        word = 0;
        memcpy(&word, from + i, size - i);
        atomic_store_u64(texts + (at + i / sizeof word) % SHMQ_STATUS_WORDS, word);
    }
}

/* A text that nobody is shown yet, behind the newest one. */
static void put_text(struct status_reporter *r, const char *message, size_t size)
{
    uint64_t at = r->text_end;

    r->text_end = at + UNIT_WORDS + message_words(size);
    atomic_store_u64(&r->area->report.text_end, r->text_end);
    atomic_fence_store(); /* R10 */
    store_words(r->area->texts, at, r->unit, sizeof r->unit);
    store_words(r->area->texts, at + UNIT_WORDS, message, size);
    r->copy.text = (uint32_t)at;
    r->copy.text_size = (uint16_t)size;
}

/* `changes` is `done` again. */
static void make_newest(struct status_reporter *r, uint64_t sequence)
{
    r->sequence = sequence;
    atomic_store_release_u64(&r->area->report.sequence, sequence); /* R9 */
    atomic_fence_store();                                          /* R10 */
}

void status_publish(struct status_reporter *r, const char *message, size_t size, uint64_t now_ns)
{
    if (message != NULL)
        put_text(r, message, size);
    r->copy.done = r->done;
    r->copy.updated_ns = now_ns;
    r->copy.changes = ++r->changes;
    store_copy(&r->area->copies[(r->sequence + 1) % SHMQ_STATUS_COPIES], &r->copy);
    make_newest(r, r->sequence + 1);
}

/*
 * A dead reporter may have begun to write texts, and only text_end tells how far: it goes back to behind the newest text,
 * so that a row of such deaths cannot reach that. Readers who would be misled by this are made to try again, by counting
 * the sequence on as if all copies had been written: the newest one keeps its place.
 */
int status_attach(struct status_reporter *r, struct shmq_status_area *area)
{
    uint64_t sequence = atomic_load_acquire_u64(&area->report.sequence); /* A9 */
    int rc = 0;

    *r = (struct status_reporter){.area = area};
    load_copy(&area->copies[sequence % SHMQ_STATUS_COPIES], &r->copy);
    if (!is_sound(&r->copy)) {
        r->copy = (struct shmq_status_copy){.changes = r->copy.changes, .run = r->copy.run};
        rc = -EBADMSG;
    }
    r->done = r->copy.done;
    r->changes = r->copy.changes;
    load_words(area->texts, r->copy.text, r->unit, UNIT_WORDS);
    r->text_end = (uint64_t)r->copy.text + UNIT_WORDS + message_words(r->copy.text_size);
    make_newest(r, sequence + SHMQ_STATUS_COPIES);
    atomic_store_u64(&area->report.text_end, r->text_end);
    return rc;
}

/* One try: 1 where the reporter was faster. */
static int try_to_read(const struct shmq_status_area *area, struct status_view *view)
{
    uint64_t sequence = atomic_load_acquire_u64(&area->report.sequence); /* A9 */

    load_copy(&area->copies[sequence % SHMQ_STATUS_COPIES], &view->copy);
    bool sound = is_sound(&view->copy);

    if (sound) {
        load_words(area->texts, view->copy.text, view->unit, UNIT_WORDS);
        load_words(area->texts, view->copy.text + (uint32_t)UNIT_WORDS, view->message,
                   message_words(view->copy.text_size));
    }
    atomic_fence_load(); /* A10 */
    uint64_t text_end = atomic_load_acquire_u64(&area->report.text_end);
    uint64_t passed = atomic_load_u64(&area->report.sequence) - sequence;

    if (passed >= SHMQ_STATUS_COPIES - 1 || (uint32_t)text_end - view->copy.text > SHMQ_STATUS_WORDS)
        return 1;
    return sound ? 0 : -EBADMSG;
}

int status_read(const struct shmq_status_area *area, struct status_view *view)
{
    int rc = 1;

    for (int i = 0; i < TRIES && rc == 1; i++)
        rc = try_to_read(area, view);
    return rc == 1 ? -EAGAIN : rc;
}

uint64_t status_changes(const struct shmq_status_area *area)
{
    uint64_t sequence = atomic_load_acquire_u64(&area->report.sequence); /* A9 */

    return atomic_load_acquire_u64(&area->copies[sequence % SHMQ_STATUS_COPIES].changes); /* A11 */
}

/* Bytes of the character that begins here, of at most `left`; 0: this is none. */
static size_t character_size(const unsigned char *at, size_t left)
{
    static const unsigned char least[] = {0x80, 0xa0,
                                          0x90}; /* of the second byte, so that none is longer than it must */
    unsigned char first = at[0];
    size_t size = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;

    if (first == 0 || size == 0 || size > left)
        return 0;
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    bool is_first = first == 0xe0 || first == 0xf0;
    bool is_surrogate = first == 0xed && at[1] > 0x9f;
    bool is_beyond = first == 0xf4 && at[1] > 0x8f;

    return (is_first && at[1] < least[size - 2]) || is_surrogate || is_beyond ? 0 : size;
}

/* Eight bytes of ASCII at once: none above 0x7f, and none that is 0. */
ALWAYS_INLINE bool is_plain(const char *text)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t word;

    memcpy(&word, text, sizeof word);
    return ((word | (word - ones)) & (ones << 7)) == 0;
}

/* Mostly a text is ASCII, and eight bytes or more: these are looked at eight at a time, the last ones twice. */
ALWAYS_INLINE bool is_all_plain(const char *text, size_t size)
{
    bool plain = size >= 8 && is_plain(text + size - 8);

    for (size_t i = 0; plain && i + 8 < size; i += 8)
        plain = is_plain(text + i);
    return plain;
}

int status_text_size(const char *text, size_t max)
{
    size_t size = strnlen(text, max + 1);

    if (size > max)
        return -EMSGSIZE;
    if (is_all_plain(text, size))
        return (int)size;
    for (size_t i = 0; i < size;) {
        size_t step = character_size((const unsigned char *)text + i, size - i);

        if (step == 0)
            return -EINVAL;
        i += step;
    }
    return (int)size;
}

void status_text_clean(char *text, size_t size)
{
    if (is_all_plain(text, size))
        return;
    for (size_t i = 0; i < size;) {
        size_t step = character_size((const unsigned char *)text + i, size - i);

        if (step == 0)
            text[i] = '?';
        i += step != 0 ? step : 1;
    }
}
