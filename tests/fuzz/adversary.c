#include "adversary.h"

#include "core/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REMEMBERED 16
#define SHARED_MAX 512

/* Below TRUTH, a byte of the tape is a number of loads that are answered truly besides this one. */
#define TRUTH 0x80

static struct {
    struct script tape;
    const uint8_t *tape_start;
    const uint8_t *loop_start; /* NULL: what the tape does not answer is answered truly */
    bool lies;
    unsigned truths; /* so many loads are answered truly before the next byte of the tape */
    uint64_t capacity;
    const char *call;
    uint64_t loads_left;
    uint64_t answers[REMEMBERED];
    unsigned answer_count;
} peer;

static struct {
    const void *start;
    size_t size;
} shared[SHARED_MAX];
static unsigned shared_count;

void adversary_share(const void *start, size_t size)
{
    must(shared_count < SHARED_MAX);
    shared[shared_count].start = start;
    shared[shared_count++].size = size;
}

void adversary_unshare(const void *start)
{
    for (unsigned i = 0; i < shared_count; i++) {
        if (shared[i].start == start)
            shared[i] = shared[--shared_count];
    }
}

bool adversary_reaches(const void *address)
{
    for (unsigned i = 0; i < shared_count; i++) {
        if ((uintptr_t)address - (uintptr_t)shared[i].start < shared[i].size)
            return true;
    }
    return false;
}

uint8_t script_u8(struct script *script)
{
    return script->at < script->end ? *script->at++ : 0;
}

uint16_t script_u16(struct script *script)
{
    uint8_t low = script_u8(script);

    return (uint16_t)(low | script_u8(script) << 8);
}

static uint64_t script_u64(struct script *script)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < 8; i++)
        value |= (uint64_t)script_u8(script) << 8 * i;
    return value;
}

bool adversary_begin(const uint8_t *data, size_t size, uint64_t capacity, struct script *script)
{
    if (size <= SETTINGS)
        return false;
    size_t tape = data[2] < size - SETTINGS ? data[2] : size - SETTINGS;
    size_t loop = data[3] / 16;

    memset(&peer, 0, sizeof peer);
    peer.tape = (struct script){data + size - tape, data + size};
    peer.tape_start = data + size - tape;
    if ((data[3] & 1) != 0 && tape > 0)
        peer.loop_start = loop > 0 && loop < tape ? data + size - loop : peer.tape_start;
    peer.capacity = capacity;
    *script = (struct script){data + SETTINGS, data + size - tape};
    return true;
}

void adversary_lies(bool lies)
{
    if (lies && !peer.lies)
        peer.tape.at = peer.tape_start;
    peer.lies = lies;
    peer.truths = 0;
}

bool adversary_is_lying(void)
{
    return peer.lies;
}

void adversary_allow(const char *call, uint64_t loads)
{
    peer.call = call;
    peer.loads_left = loads;
}

_Noreturn void adversary_wins(const char *fact, const char *file, int line)
{
    fprintf(stderr, "BROKEN in %s: %s (%s:%d)\n", peer.call != NULL ? peer.call : "no call", fact, file, line);
    abort();
}

/* A padding record that reaches the end of the ring, if the address is one of a ring that is aligned to its size. */
static uint64_t padding_at(const void *address)
{
    uint64_t to_end = peer.capacity - ((uintptr_t)address & (peer.capacity - 1));

    return lane_header(to_end - sizeof(struct shmq_record), 0, SHMQ_RECORD_PADDING);
}

uint64_t adversary_value(struct script *from, uint64_t truth, const void *address)
{
    uint8_t how = script_u8(from);
    uint8_t extent = script_u8(from);
    uint64_t near = (uint64_t)(int64_t)(int8_t)extent;

    switch (how % 16) {
    case 0:
        return truth + near * 8;
    case 1:
        return truth ^ UINT64_C(1) << extent % 64;
    case 2:
        return script_u64(from);
    case 3:
        return peer.answers[extent % REMEMBERED];
    case 4:
        return lane_header(extent, 0, 0);
    case 5:
        return lane_header(script_u16(from), extent, 0);
    case 6:
        return truth + near * peer.capacity;
    case 7:
        return extent;
    case 8:
        return UINT64_MAX - extent;
    case 9:
        return padding_at(address);
    case 10:
        return lane_header(lane_header_size(truth) + near, lane_header_type(truth), lane_header_flags(truth));
    case 11:
        return lane_header(lane_header_size(truth), lane_header_type(truth), extent);
    case 12:
        return peer.capacity / 256 * extent;
    case 13:
        return truth + peer.capacity / 256 * near;
    case 14:
        return (UINT64_C(1) << 63) + near;
    default:
        return lane_header(UINT32_MAX - extent, 0, 0);
    }
}

static uint64_t lie(const void *address, uint64_t memory)
{
    if (peer.tape.at == peer.tape.end) {
        if (peer.loop_start == NULL)
            return memory;
        peer.tape.at = peer.loop_start;
    }
    if (*peer.tape.at < TRUTH) {
        peer.truths = *peer.tape.at++;
        return memory;
    }
    return adversary_value(&peer.tape, memory, address);
}

uint64_t atomic_oracle(const void *address, uint64_t memory);

uint64_t atomic_oracle(const void *address, uint64_t memory)
{
    uint64_t answer = memory;

    if (!adversary_reaches(address))
        return memory;
    must(peer.loads_left > 0 && "the call ends");
    peer.loads_left--;
    if (peer.lies && peer.truths > 0)
        peer.truths--;
    else if (peer.lies)
        answer = lie(address, memory);
    peer.answers[peer.answer_count++ % REMEMBERED] = answer;
    return answer;
}

/* By calls that AddressSanitizer checks as a whole: byte by byte, half the time would be spent here. */
void sink(const void *data, size_t size)
{
    static uint8_t copy[1 << 16];

    for (size_t done = 0; done < size; done += sizeof copy)
        memcpy(copy, (const uint8_t *)data + done, size - done < sizeof copy ? size - done : sizeof copy);
    __asm__ volatile("" : : "r"(copy) : "memory");
}

void seeds_write(int argc, char **argv, const struct seed *seeds, size_t count)
{
    static const char option[] = "--seeds=";

    if (argc < 2 || strncmp(argv[1], option, sizeof option - 1) != 0)
        return;
    for (size_t i = 0; i < count; i++) {
        char path[4096];
        FILE *file;

        snprintf(path, sizeof path, "%s/%s", argv[1] + sizeof option - 1, seeds[i].name);
        file = fopen(path, "wb");
        if (file == NULL || fwrite(seeds[i].data, 1, seeds[i].size, file) != seeds[i].size || fclose(file) != 0) {
            perror(path);
            exit(1);
        }
    }
    exit(0);
}
