#include "sender.h"

#include "os.h"
#include "report.h"
#include "wait.h"

#include <shmq/shmq.h>
#include <string.h>

/* What was read ahead is not done. */
static void progress_show(struct sender *s)
{
    s->progress.bytes = s->bytes_read - input_size(&s->input);
    progress_tick(&s->progress);
}

void sender_progress_end(struct sender *s)
{
    s->progress.bytes = s->bytes_read - input_size(&s->input);
    progress_end(&s->progress);
}

/* The queue stays full because whoever received from it is dead. */
static bool is_orphaned(struct sender *s, struct shmq_info *info)
{
    info->struct_size = sizeof *info;
    return shmq_info(s->at.q, info) == 0 && info->consumer_presence == SHMQ_DIED;
}

static int tick(void *arg)
{
    struct sender *s = arg;
    struct progress *p = &s->progress;
    struct shmq_info info = {0};
    bool orphaned = is_orphaned(s, &info);
    if (orphaned && s->death_told != info.consumer_count) {
        s->death_told = info.consumer_count;
        if (!s->at.quiet) {
            progress_hide(p);
            report_text("send", s->at.name, "process %u, which received from it, died; waiting for the next one",
                        info.consumer_pid);
        }
    }
    p->stalled_ns = p->stalled_ns == 0 ? os_monotonic_ns() : p->stalled_ns;
    p->nobody_receives = info.consumer_presence != SHMQ_PRESENT;
    progress_show(s);
    return 0;
}

void sender_idle(void *arg)
{
    struct sender *s = arg;
    shmq_flush(s->at.q);
    progress_show(s);
}

/* The queue is full: let the consumer have what there is, and wait for room. */
static int room_wait(struct sender *s)
{
    shmq_flush(s->at.q);
    if (s->policy == SHMQ_FAIL || s->timeout_ns == 0) {
        int rc = shmq_wait(s->at.q, 0);
        return rc == -ETIMEDOUT || rc == -EOWNERDEAD ? -EAGAIN : rc;
    }
    int rc = wait_for_queue(s->at.q, s->timeout_ns, tick, s);
    s->progress.stalled_ns = 0;
    struct shmq_info info;
    return rc == -ETIMEDOUT && is_orphaned(s, &info) ? -EOWNERDEAD : rc;
}

static uint16_t type_of(const struct sender *s, bool piece)
{
    if (s->type >= 0) {
        return (uint16_t)s->type;
    }
    return piece ? FRAMING_PIECE : 0;
}

static void record_counted(struct sender *s)
{
    s->line++;
    s->progress.records++;
}

static int record_send(struct sender *s, const char *data, size_t size, bool piece)
{
    int rc;
    while ((rc = shmq_send(s->at.q, data, size, type_of(s, piece), SHMQ_MORE)) == -EAGAIN) {
        rc = room_wait(s);
        if (rc != 0) {
            return rc;
        }
    }
    if (rc == 0) {
        record_counted(s);
    } else if (rc == 1) {
        s->line++;
        s->dropped++;
    }
    return rc < 0 ? rc : 0;
}

static int filled(struct sender *s)
{
    int64_t count = input_fill(&s->input);
    s->bytes_read += count > 0 ? (uint64_t)count : 0;
    progress_show(s);
    return (int)count;
}

static int lines_send(struct sender *s)
{
    struct input *in = &s->input;
    char delimiter = s->framing == FRAMING_NULL ? '\0' : '\n';
    size_t seen = 0; /* bytes at the front without a delimiter */
    for (;;) {
        char *data = input_size(in) > seen ? input_data(in) : NULL;
        char *end = data != NULL ? memchr(data + seen, delimiter, input_size(in) - seen) : NULL;
        if (end != NULL) {
            int rc = record_send(s, data, (size_t)(end - data), false);
            if (rc != 0) {
                return rc;
            }
            in->start += (size_t)(end - data) + 1;
            seen = 0;
            continue;
        }
        seen = input_size(in);
        if (seen > s->at.info.record_max) {
            return -EMSGSIZE;
        }
        int count = filled(s);
        if (count < 0) {
            return count;
        }
        if (count == 0) {
            return seen > 0 ? record_send(s, input_data(in), seen, true) : 0;
        }
    }
}

/* Read until so many bytes are there. Returns 1; 0 where the file ends in front of them; -ENODATA amid them. */
static int bytes_have(struct sender *s, size_t size)
{
    while (input_size(&s->input) < size) {
        int count = filled(s);
        if (count < 0) {
            return count;
        }
        if (count == 0) {
            return input_size(&s->input) == 0 ? 0 : -ENODATA;
        }
    }
    return 1;
}

/* Fills a slot straight from the file. Returns the bytes that were read, less than size only at the file's end. */
static int64_t slot_fill(struct sender *s, char *slot, size_t size)
{
    size_t have = 0;
    while (have < size) {
        bool ahead = input_size(&s->input) > 0;
        int64_t count = input_read(&s->input, slot + have, size - have);
        if (count <= 0) {
            return count < 0 ? count : (int64_t)have;
        }
        have += (size_t)count;
        s->bytes_read += ahead ? 0 : (uint64_t)count;
        progress_show(s);
    }
    return (int64_t)have;
}

/*
 * With no room for a chunk the file is read ahead: its last one may be small, or there may be none. And a chunk can only
 * be dropped once it is there.
 */
static int chunk_send_later(struct sender *s)
{
    int rc = bytes_have(s, s->chunk_size);
    if (rc < 0 && rc != -ENODATA) {
        return rc;
    }
    size_t size = input_size(&s->input) < s->chunk_size ? input_size(&s->input) : s->chunk_size;
    if (size == 0) {
        return 0;
    }
    rc = record_send(s, input_data(&s->input), size, true);
    s->input.start += size;
    return rc != 0 ? rc : 1;
}

/* Returns 1, or 0 at the end of the file. */
static int chunk_send(struct sender *s)
{
    void *slot = NULL;
    int rc = s->policy == SHMQ_DROP ? -EAGAIN : shmq_reserve(s->at.q, s->chunk_size, &slot);
    if (rc == -EAGAIN) {
        return chunk_send_later(s);
    }
    if (rc != 0) {
        return rc;
    }
    int64_t size = slot_fill(s, slot, s->chunk_size);
    if (size <= 0) {
        shmq_abort(s->at.q);
        return (int)size;
    }
    shmq_commit(s->at.q, (size_t)size, type_of(s, true), SHMQ_MORE);
    record_counted(s);
    return 1;
}

static int chunks_send(struct sender *s)
{
    int rc;
    while ((rc = chunk_send(s)) == 1) {
    }
    return rc;
}

static int prefixed_send(struct sender *s)
{
    for (;;) {
        int rc = bytes_have(s, FRAMING_PREFIX);
        if (rc <= 0) {
            return rc;
        }
        const unsigned char *prefix = (const unsigned char *)input_data(&s->input);
        uint32_t size = prefix[0] | (uint32_t)prefix[1] << 8 | (uint32_t)prefix[2] << 16 | (uint32_t)prefix[3] << 24;
        if (size > s->at.info.record_max) {
            return -EMSGSIZE;
        }
        rc = bytes_have(s, FRAMING_PREFIX + size);
        if (rc > 0) {
            rc = record_send(s, input_data(&s->input) + FRAMING_PREFIX, size, false);
        }
        if (rc != 0) {
            return rc;
        }
        s->input.start += FRAMING_PREFIX + size;
    }
}

int sender_send(struct sender *s)
{
    switch (s->framing) {
    case FRAMING_CHUNKS:
        return chunks_send(s);
    case FRAMING_LENGTH_PREFIXED:
        return prefixed_send(s);
    default:
        return lines_send(s);
    }
}
