#include "output.h"

#include "os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    DIRECT_SIZE = 32 * 1024 /* from here on a call of its own is cheaper than a copy */
};

bool output_start(struct output *output, int descriptor)
{
    *output = (struct output){
        .descriptor = descriptor,
        .buffer = malloc(OUTPUT_BUFFER_SIZE),
        .entries = malloc(OUTPUT_RECORDS_MAX * sizeof(struct output_entry)),
    };
    return output->buffer != NULL && output->entries != NULL;
}

void output_free(struct output *output)
{
    free(output->buffer);
    free(output->entries);
    *output = (struct output){0};
}

size_t output_whole(const struct output *output)
{
    size_t low = 0, high = output->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (output->entries[middle].end <= output->written) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* What has to be written still for the record that is half out; 0 where none is. */
static size_t record_rest(const struct output *output)
{
    size_t whole = output_whole(output);
    uint64_t begin = whole > 0 ? output->entries[whole - 1].end : 0;
    if (whole == output->count || output->written == begin) {
        return 0;
    }
    return (size_t)(output->entries[whole].end - output->written);
}

static void bytes_write(struct output *output, const char *data, size_t size)
{
    while (size > 0 && output->error == 0) {
        size_t part = size;
        if (os_signal_caught() != 0) {
            /* End between two records; the second signal does not wait for that. */
            size_t rest = record_rest(output);
            part = rest < size ? rest : size;
            if (rest == 0) {
                output->error = -EINTR;
                return;
            }
        }
        int64_t count = os_write(output->descriptor, data, part);
        if (count >= 0) {
            output->written += (uint64_t)count;
            data += count;
            size -= (size_t)count;
        } else if (count == -EAGAIN) {
            os_output_wait(output->descriptor);
        } else if (count != -EINTR) {
            output->error = (int)count;
        }
    }
}

int output_flush(struct output *output)
{
    bytes_write(output, output->buffer, output->fill);
    output->fill = 0;
    return output->error;
}

static void bytes_add(struct output *output, const void *data, size_t size)
{
    if (size >= DIRECT_SIZE || output->fill + size > OUTPUT_BUFFER_SIZE) {
        output_flush(output);
    }
    if (size >= DIRECT_SIZE) {
        bytes_write(output, data, size);
    } else if (size > 0) {
        memcpy(output->buffer + output->fill, data, size);
        output->fill += size;
    }
}

void output_add(struct output *output, const struct shmq_message *message, const struct shmq_span *parts,
                size_t count)
{
    for (size_t i = 0; i < count; i++) {
        output->size += parts[i].size;
    }
    output->entries[output->count++] = (struct output_entry){
        .ticket = message->ticket,
        .end = output->size,
        .lane = message->lane,
    };
    for (size_t i = 0; i < count; i++) {
        bytes_add(output, parts[i].data, parts[i].size);
    }
}

bool output_full(const struct output *output, uint64_t size_max)
{
    return output->count == OUTPUT_RECORDS_MAX || output->size >= size_max;
}

void output_next(struct output *output)
{
    output->count = 0;
    output->size = 0;
    output->written = 0;
}
