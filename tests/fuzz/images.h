/* Real queues in files, in several states of their lives, to be damaged. */
#ifndef SHMQ_TESTS_FUZZ_IMAGES_H
#define SHMQ_TESTS_FUZZ_IMAGES_H

#include <shmq/layout.h>
#include <shmq/sm.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_CAPACITY 4096
#define IMAGE_LANES 2

struct image {
    uint8_t *bytes;
    size_t size;
};

#define IMAGES_COUNT 15

/* The records of the last five of them. */
#define FUZZ_PART(F) F(u16, x) F(bool, is_set) F(text, unit, 5)
SHMQ_SM(fuzz_part, 1, FUZZ_PART)
#define FUZZ_FILM(F)                                                                                                 \
    F(u64, number)                                                                                                   \
    F(nesteds, parts, fuzz_part, 3)                                                                                  \
    F(text, symbol, 6) F(string, title, 32) F(list, sizes, u32, 9) F(span, note, 20) F(blob, image)
SHMQ_SM(fuzz_film, 1, FUZZ_FILM)
#define FUZZ_REEL(F) F(u64, number) F(string, title, 32) /* for recorders, which have no blobs */
SHMQ_SM(fuzz_reel, 1, FUZZ_REEL)

/* Make them, by way of a file at `path`. Ends the process where that is not possible. */
void images_make(const char *path, struct image images[IMAGES_COUNT]);

/* A word that matters: `place` chooses among those of the header, of the lanes, and where the records are. */
uint64_t *image_word(uint8_t *bytes, size_t size, uint32_t place);

#endif
