/*
 * core/ on plain memory, with a hostile peer
 *
 * settings[0]: what is driven, and of a lane its kind; settings[1]: where its positions begin.
 */
#include "core.h"

#include <shmq/queue.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LAYOUT 3
#define STATUS_AREA 4
#define SCHEMA 5
#define CAPACITY 4096 /* of what is no lane */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script script;

    if (size <= SETTINGS || data[0] % 8 > SCHEMA)
        return 0;
    bool is_lane = data[0] % 8 <= SHMQ_RECORDER;

    adversary_begin(data, size, is_lane ? core_lane_open(data) : CAPACITY, &script);
    adversary_lies((data[3] & 2) == 0);
    switch (data[0] % 8) {
    case LAYOUT:
        core_layout_run(&script);
        break;
    case STATUS_AREA:
        core_status_run(&script);
        break;
    case SCHEMA:
        core_schema_run(&script);
        break;
    default:
        core_lane_run(data, &script);
        core_lane_close();
        break;
    }
    return 0;
}

/* Some records there and back, twice round the ring, in each kind of queue; then with a peer that begins to lie. */
#define ROUND "\x05\x08\x05\x20\x0d\x18\x55\x55\x56\x51\x52"
#define ROUNDS ROUND ROUND "\x03\x00\x55\x51\x03\x04\x55\x51\x04\x00\x05\x55\x51\x03\x00\x55\x51" ROUND
#define LIE "\xe0"
#define LARGE "\x03\x08\x03\x10" /* two records of a half of the ring, less something */
#define RECEIVE "\x55\x5c\x55\x51\x55\x5c\x51"
#define TAPE "\x02\x80\x01\x01\x8a\xff\x03\x86\x01\x00\x89\x00"        /* 12 bytes */
#define TAPE_OF_HEADERS "\x01\x84\x10\x00\x8b\x01\x84\x38\x02\x8f\x00" /* 11 bytes */
#define TAPE_OF_FACES "\x01\x8b\x01\x87\x08\x01" /* 6 bytes; 5 in a circle: another header at each look */
#define STATUS                                                                                                       \
    "\x09\x00\x05\x00\x89\x00\x05\x00\xe9\x00\x05\x00\x0a\x00\x05\x00\x03\x20\x00\x01\x05\x00\x00\x00\x05\x00"
#define RECORDS "\x00\x00\x00\x00\x00\x20\x02\x04\x07\x08\x05\x07\x20\x28\x01\x00\x00\x10"
#define SEED(name, text)                                                                                             \
    {                                                                                                                \
        name, text, sizeof(text) - 1                                                                                 \
    }

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct seed seeds[] = {
        SEED("lanes", "\x00\x00\x00\x00" ROUNDS),
        SEED("lanes-lies", "\x00\x01\x0c\x03" ROUNDS LIE ROUND TAPE),
        SEED("lanes-headers", "\x00\x01\x0b\x03" ROUND LIE ROUNDS TAPE_OF_HEADERS),
        SEED("lanes-top", "\x00\x09\x0c\x00" ROUNDS TAPE),
        SEED("lanes-large", "\x38\x01\x0c\x03" LARGE RECEIVE LARGE LIE RECEIVE TAPE),
        SEED("lanes-large-headers", "\x38\x01\x0b\x53" LARGE RECEIVE LARGE LIE RECEIVE TAPE_OF_HEADERS),
        SEED("lanes-large-faces", "\x38\x01\x06\x53" LARGE RECEIVE LARGE LIE RECEIVE TAPE_OF_FACES),
        SEED("order", "\x01\x01\x00\x00" ROUNDS),
        SEED("order-lies", "\x01\x01\x0c\x03" ROUND LIE ROUNDS TAPE),
        SEED("order-headers", "\x01\x01\x0b\x03" ROUND LIE ROUND TAPE_OF_HEADERS),
        SEED("order-top", "\x01\x09\x0c\x00" ROUNDS TAPE),
        SEED("recorder", "\x02\x01\x00\x00" ROUNDS ROUNDS),
        SEED("recorder-lies", "\x02\x01\x0c\x03" ROUNDS LIE ROUNDS TAPE),
        SEED("recorder-headers", "\x02\x01\x0b\x03" ROUND LIE ROUND TAPE_OF_HEADERS),
        SEED("layout", "\x03\x00\x00\x02\x00\x02\x02\x01\x40\x00\x08\x00\x01\x03\x00\x01"),
        SEED("layout-lies", "\x03\x00\x0c\x00\x01\x02\x02\x00\x00\x00\x00\x03\x04" TAPE),
        SEED("layout-later", "\x03\x00\x03\x00\x00\x00\x00\x00\x00\x00\x01\x1f\x80\x01"), /* once all is loaded */
        SEED("status", "\x04\x00\x00\x02" STATUS STATUS),
        SEED("status-lies", "\x04\x00\x0c\x01" STATUS STATUS TAPE),
        SEED("schema", "\x05\x00\x00\x02\x00\x00" RECORDS),
        SEED("schema-long-span",
             "\x05\x00\x00\x02\x00\x00\x01\x08\x01\x04\x02\x00\x50\x00\x00\x00\x10\x00\x00\x00\x00"),
        SEED("schema-lies", "\x05\x00\x0c\x01\x01\x01\x10\x00\x80\x01" RECORDS TAPE),
    };

    seeds_write(*argc, *argv, seeds, sizeof seeds / sizeof *seeds);
    core_lane_make();
    return 0;
}
