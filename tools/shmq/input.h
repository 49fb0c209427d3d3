/* A file that is read in large pieces, and looked at where it lies in the buffer. */
#ifndef SHMQ_INPUT_H
#define SHMQ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
    const char *name; /* for messages */
    int descriptor;
    bool regular; /* reading it never blocks for long */
    char *buffer;
    size_t capacity;
    size_t start; /* of what was read and not taken */
    size_t end;
    void (*idle)(void *arg); /* called while there is nothing to read, before the first sleep and then now and then */
    void *idle_arg;
};

/** Open a file, or standard input for "-". Returns 0 or a negative errno. The buffer of the input before is kept. */
int input_open(struct input *input, const char *path);
void input_close(struct input *input);
void input_free(struct input *input);

/**
 * Read more behind what is there, into a buffer that grows as needed.
 *
 * @return bytes read, 0 at the end of the file, -EINTR when a signal came that ends a program, or another errno
 */
int64_t input_fill(struct input *input);

/** Read into memory of the caller's: first what is there. Returns as input_fill, and may read less than size. */
int64_t input_read(struct input *input, void *memory, size_t size);

static inline size_t input_size(const struct input *input)
{
    return input->end - input->start;
}

static inline char *input_data(const struct input *input)
{
    return input->buffer + input->start;
}

#endif
