/*
 * Formats: how recv --format writes a message
 *
 *     %s  payload                       %p  process id of the sender, - where it is forgotten
 *     %S  its size in bytes             %n  which producer of its lane that is, from 1
 *     %t  type                          %T  when that one came
 *     %l  lane                          %k  ticket
 *     %%  a percent sign                \n \t \r \0 \\ \xHH
 */
#ifndef SHMQ_TOOL_FORMAT_H
#define SHMQ_TOOL_FORMAT_H

#include "output.h"

#include <shmq/shmq.h>
#include <stdbool.h>

enum { FORMAT_PARTS_MAX = 64 };

struct format {
    char *text; /* what stands between the fields, with its escapes resolved */
    bool wants_sender;
    size_t count;
    struct format_part {
        char field;  /* letter, or 0 for text */
        size_t from; /* text: where it lies */
        size_t size;
    } parts[FORMAT_PARTS_MAX];
};

/** NULL, or what is wrong with it: a phrase, in a buffer that the next call overwrites. */
const char *format_parse(struct format *format, const char *words);
void format_free(struct format *format);

/** Write a message. */
void format_write(const struct format *format, struct shmq *q, const struct shmq_message *message,
                  struct output *output);

#endif
