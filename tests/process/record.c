#include "record.h"

#include <string.h>

static uint32_t pattern(uint32_t stream, uint32_t number)
{
    uint32_t x = stream * 2654435761u + number * 2246822519u + 1;

    return (x ^ x >> 15) * 2654435761u;
}

uint16_t record_type(uint32_t stream, uint32_t number)
{
    return (uint16_t)(pattern(stream, number / RECORD_RUN) >> 8);
}

static uint8_t byte_of(uint32_t pattern, uint32_t i)
{
    return (uint8_t)((uint8_t)(pattern >> (i % 4 * 8)) ^ (uint8_t)i ^ (uint8_t)(i >> 8));
}

void record_fill(void *to, uint32_t stream, uint32_t number, uint32_t size)
{
    uint8_t *bytes = to;
    struct record record = {stream, number, size};
    uint32_t x = pattern(stream, number);

    memcpy(bytes, &record, sizeof record);
    for (uint32_t i = sizeof record; i < size; i++)
        bytes[i] = byte_of(x, i);
}

bool record_is_whole(const struct shmq_message *message, struct record *record)
{
    const uint8_t *bytes = message->data;

    if (message->size < sizeof *record)
        return false;
    memcpy(record, bytes, sizeof *record);
    if (record->size != message->size || message->type != record_type(record->stream, record->number))
        return false;
    uint32_t x = pattern(record->stream, record->number);

    for (uint32_t i = sizeof *record; i < record->size; i++) {
        if (bytes[i] != byte_of(x, i))
            return false;
    }
    return true;
}
