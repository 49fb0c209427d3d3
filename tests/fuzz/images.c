#include "images.h"

#include <shmq/blob.h>
#include <shmq/consumer.h>
#include <shmq/producer.h>
#include <shmq/queue.h>
#include <shmq/sm.h>
#include <shmq/status.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum stage { NEW, IN_USE, DRAINED_AND_LEFT };

static void expect(int rc, int wanted, const char *call)
{
    if (rc == wanted)
        return;
    fprintf(stderr, "cannot make a queue: %s: %d\n", call, rc);
    exit(1);
}

static void send_some(struct shmq *q, unsigned count)
{
    static const uint8_t payload[700] = "The first bytes of each message.";

    for (unsigned i = 0; i < count; i++)
        expect(shmq_send(q, payload, (i * 97) % sizeof payload, (uint16_t)i, i % 3 == 0 ? SHMQ_MORE : 0), 0, "send");
    expect(shmq_flush(q), 0, "flush");
}

static void send_films(struct shmq *q, unsigned count)
{
    struct fuzz_film *film;
    void *smo;

    for (unsigned i = 0; i < count; i++) {
        expect(shmq_sm_reserve(q, &fuzz_film_sm, 64, &smo), 0, "sm_reserve");
        film = smo;
        memset(film, 0, sizeof *film);
        film->number = i;
        expect(shmq_string_put(q, &film->title, "Metropolis"), 0, "string_put");
        expect(shmq_blob_put(q, &film->image, "an image", i % 2 * 8), 0, "blob_put");
        expect(shmq_sm_commit(q, 0), 0, "sm_commit");
    }
}

static void send_reels(struct shmq *q, unsigned count)
{
    struct fuzz_reel *reel;
    void *smo;

    for (unsigned i = 0; i < count; i++) {
        expect(shmq_sm_reserve(q, &fuzz_reel_sm, 64, &smo), 0, "sm_reserve");
        reel = smo;
        *reel = (struct fuzz_reel){.number = i};
        expect(shmq_string_put(q, &reel->title, "Metropolis"), 0, "string_put");
        expect(shmq_sm_commit(q, 0), 0, "sm_commit");
    }
}

static void report_some(struct shmq *q)
{
    expect(shmq_report_begin(q, 7, 100, "films"), 0, "report_begin");
    expect(shmq_report_step(q, 50, "half of them"), 0, "report_step");
}

static unsigned receive_some(struct shmq *q, unsigned count)
{
    struct shmq_message message;
    unsigned received = 0;

    while (received < count && shmq_peek(q, &message) >= 0) {
        expect(shmq_release(q), 0, "release");
        received++;
    }
    return received;
}

static void save(const char *path, struct image *image)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        expect(1, 0, "open the file");
    image->size = (size_t)ftell(file);
    image->bytes = malloc(image->size);
    rewind(file);
    expect(fread(image->bytes, image->size, 1, file) == 1, 1, "read the file");
    fclose(file);
}

/* IN_USE: as if all its users had been killed. */
static void make(const char *path, enum stage stage, struct shmq_create_options options, struct image *image)
{
    struct shmq *producers[IMAGE_LANES];
    struct shmq *consumer;
    void (*send)(struct shmq * q, unsigned count) = options.type_count == 0         ? send_some
                                                    : options.kind == SHMQ_RECORDER ? send_reels
                                                                                    : send_films;

    options.struct_size = sizeof options;
    options.capacity = IMAGE_CAPACITY;
    options.lane_count = IMAGE_LANES;
    unlink(path);
    expect(shmq_create(path, &options), 0, "create");
    if (stage == NEW) {
        save(path, image);
        return;
    }
    for (int i = 0; i < IMAGE_LANES; i++)
        expect(shmq_open(path, SHMQ_PRODUCER, NULL, &producers[i]), 0, "open as producer");
    expect(shmq_open(path, SHMQ_CONSUMER, NULL, &consumer), 0, "open as consumer");
    report_some(producers[0]);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < IMAGE_LANES; i++)
            send(producers[i], 7);
        receive_some(consumer, stage == IN_USE && round == 2 ? 6 : UINT32_MAX);
    }
    if (stage == IN_USE)
        save(path, image);
    for (int i = 0; i < IMAGE_LANES; i++)
        shmq_close(producers[i]);
    shmq_close(consumer);
    if (stage == DRAINED_AND_LEFT)
        save(path, image);
}

void images_make(const char *path, struct image images[IMAGES_COUNT])
{
    static const struct shmq_sm *const films[] = {&fuzz_film_sm, &fuzz_part_sm};
    static const struct shmq_sm *const reels[] = {&fuzz_reel_sm};
    struct shmq_create_options typed = {.types = films, .type_count = 2, .blob_count = 8};
    unsigned count = 0;

    for (uint32_t kind = SHMQ_LANES; kind <= SHMQ_RECORDER; kind++)
        for (enum stage stage = NEW; stage <= DRAINED_AND_LEFT; stage++)
            make(path, stage, (struct shmq_create_options){.kind = kind}, &images[count++]);
    make(path, IN_USE, (struct shmq_create_options){.transient = 1}, &images[count++]);
    make(path, NEW, typed, &images[count++]);
    make(path, DRAINED_AND_LEFT, typed, &images[count++]);
    make(path, IN_USE, typed, &images[count++]);
    typed.kind = SHMQ_TOTAL_ORDER;
    make(path, IN_USE, typed, &images[count++]);
    make(path, IN_USE, (struct shmq_create_options){.kind = SHMQ_RECORDER, .types = reels, .type_count = 1},
         &images[count]);
    unlink(path);
}

/* The words of the header and of a lane that are not zero for ever. */
static const uint16_t header_words[] = {0,    8,    16,   24,   32,   40,   48,   56,   64,   72,   80,   96,   104,
                                        112,  120,  256,  264,  272,  280,  288,  384,  392,  512,  640,  1024, 1032,
                                        1040, 1048, 1056, 1064, 1152, 1160, 1280, 1288, 1312, 1328, 1336, 1344, 2304};
static const uint16_t lane_words[] = {0,   8,   16,  24,  32,  128, 256, 264, 272, 384, 392,
                                      400, 408, 416, 424, 432, 440, 448, 456, 464, 488, 504};

uint64_t *image_word(uint8_t *bytes, size_t size, uint32_t place)
{
    /* Where lanes and rings begin was true when it was made. */
    const struct shmq_identity *identity = (const struct shmq_identity *)(const void *)bytes;
    uint64_t lanes = size < sizeof *identity ? 0 : identity->lanes_offset;
    uint64_t rings = size < sizeof *identity ? 0 : identity->rings_offset;
    uint32_t index = place / 4;
    uint64_t at;

    switch (place % 4) {
    case 0:
        at = header_words[index % (sizeof header_words / sizeof *header_words)];
        break;
    case 1:
        at = lanes + lane_words[index / 4 % (sizeof lane_words / sizeof *lane_words)] +
             index % 4 % IMAGE_LANES * sizeof(struct shmq_lane);
        break;
    case 2:
        at = rings + index % (IMAGE_LANES * IMAGE_CAPACITY / 8) * 8;
        break;
    default: /* types, and blobs, and whatever else there is */
        at = sizeof(struct shmq_header) + index * UINT64_C(8);
        break;
    }
    at &= ~UINT64_C(7);
    return (uint64_t *)(void *)(bytes + at % (size / 8 * 8));
}
