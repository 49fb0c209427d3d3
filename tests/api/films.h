/* What tests of blobs send: films with an image and a sound, whose bytes tell which film they are of. */
#ifndef SHMQ_TESTS_API_FILMS_H
#define SHMQ_TESTS_API_FILMS_H

#include "peers.h"

#include <shmq/sm.h>

#define PART(F) F(u32, id) F(blob, data)
SHMQ_SM(part, 1, PART)

#define FILM(F) F(u64, number) F(blob, image) F(nested, sound, part) F(string, title, 32)
SHMQ_SM(film, 1, FILM)

#define ALBUM_PARTS 70
#define ALBUM(F) F(nesteds, parts, part, ALBUM_PARTS)
SHMQ_SM(album, 1, ALBUM)

#define OPTIONS(...) ((struct shmq_create_options){.capacity = 4096, __VA_ARGS__})

/* A queue of films and albums; the same under a name of this process. */
int films_create(const char *name, struct shmq_create_options o);
const char *films_made(const char *word, struct shmq_create_options o);

/* Files of blobs beside the queue. */
unsigned blobs_of(const char *name);

void fill(uint8_t *data, uint64_t number, uint64_t size);
bool is_filled(const uint8_t *data, uint64_t number, uint64_t size);

/* A film with an image of that size, and a sound of a tenth. */
int send_film(struct shmq *q, uint64_t number, uint64_t size);

/* Peek a film, open its image; its sound is looked at and dropped. The number, or an error. */
int64_t take_film(struct shmq *q, struct shmq_blob *image);

#endif
