/*
 * Real data, in memory, cut into records
 *
 * What is read is laid out as one block of bytes. A list of sizes says where each record ends and the next begins.
 */
#ifndef DEMO_DATA_H
#define DEMO_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DATA_RECORD_MAX 65536u

struct data_records {
    uint8_t *bytes;
    size_t size;
    uint32_t *sizes; /* of each record, 1 .. DATA_RECORD_MAX */
    size_t count;
};

struct data {
    struct data_records lines;  /* with their line feeds; what is longer than a record is cut */
    struct data_records chunks; /* of DATA_RECORD_MAX bytes, over the files' borders */
    size_t size;                /* bytes that were read */
    size_t limit;               /* bytes that are read at most */
    uint64_t files;
    uint64_t unreadable;
    uint64_t repeats; /* how often all of it stands there, so that there is enough to measure */
};

/*
 * Read the files, and all regular files of the folders. Files in folders that cannot be read are left out and
 * counted. The error is a text for people, NULL when all went well.
 */
const char *data_read(struct data *data, char *const *paths);

void data_free(struct data *data);

#endif
