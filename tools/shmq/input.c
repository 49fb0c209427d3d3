#include "input.h"

#include "os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER_START = 256 * 1024, IDLE_MS = 200 };

int input_open(struct input *input, const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    int descriptor = standard ? 0 : os_file_open(path);
    if (descriptor < 0) {
        return descriptor;
    }
    input->name = standard ? "standard input" : path;
    input->descriptor = descriptor;
    input->regular = os_bytes_left(descriptor) >= 0;
    input->start = 0;
    input->end = 0;
    return 0;
}

void input_close(struct input *input)
{
    if (input->descriptor > 0) {
        os_file_close(input->descriptor);
    }
    input->descriptor = -1;
}

void input_free(struct input *input)
{
    input_close(input);
    free(input->buffer);
    input->buffer = NULL;
}

/* Whoever waits for records should have them before we sleep. */
static int readable_wait(const struct input *input)
{
    int timeout_ms = 0;
    while (!os_input_ready(input->descriptor, timeout_ms)) {
        if (os_signal_caught() != 0) {
            return -EINTR;
        }
        input->idle(input->idle_arg);
        timeout_ms = IDLE_MS;
    }
    return 0;
}

static int64_t descriptor_read(const struct input *input, void *memory, size_t size)
{
    for (;;) {
        int rc = os_signal_caught() != 0 ? -EINTR : 0;
        if (rc == 0 && !input->regular) {
            rc = readable_wait(input);
        }
        if (rc != 0) {
            return rc;
        }
        int64_t count = os_read(input->descriptor, memory, size);
        if (count != -EINTR && count != -EAGAIN) {
            return count;
        }
    }
}

static int room_make(struct input *input)
{
    if (input->start == input->end) {
        input->start = 0;
        input->end = 0;
    }
    if (input->end < input->capacity) {
        return 0;
    }
    size_t size = input_size(input);
    if (input->start > 0) {
        memmove(input->buffer, input_data(input), size);
        input->start = 0;
        input->end = size;
    }
    /* Moving the same bytes for each small read would be slow. */
    if (size > input->capacity / 2 || input->capacity == 0) {
        size_t capacity = input->capacity == 0 ? BUFFER_START : 2 * input->capacity;
        char *buffer = realloc(input->buffer, capacity);
        if (buffer == NULL) {
            return -ENOMEM;
        }
        input->buffer = buffer;
        input->capacity = capacity;
    }
    return 0;
}

int64_t input_fill(struct input *input)
{
    int rc = room_make(input);
    if (rc != 0) {
        return rc;
    }
    int64_t count = descriptor_read(input, input->buffer + input->end, input->capacity - input->end);
    input->end += count > 0 ? (size_t)count : 0;
    return count;
}

int64_t input_read(struct input *input, void *memory, size_t size)
{
    size_t there = input_size(input);
    if (there == 0) {
        return descriptor_read(input, memory, size);
    }
    size_t part = there < size ? there : size;
    memcpy(memory, input_data(input), part);
    input->start += part;
    return (int64_t)part;
}
