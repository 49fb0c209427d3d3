#include "films.h"

#include <errno.h>
#include <string.h>

static const struct shmq_sm *const types[] = {&film_sm, &album_sm};

int films_create(const char *name, struct shmq_create_options o)
{
    o.struct_size = sizeof o;
    o.types = types;
    o.type_count = 2;
    return shmq_create(name, &o);
}

const char *films_made(const char *word, struct shmq_create_options o)
{
    const char *name = test_name(word);

    assert_int_equal(films_create(name, o), 0);
    return name;
}

unsigned blobs_of(const char *name)
{
    char mark[128];

    snprintf(mark, sizeof mark, "%s~", name);
    return test_names_with(mark);
}

static uint8_t pattern(uint64_t number, uint64_t at)
{
    return (uint8_t)(number * 31 + at * 7 + (at >> 8) + 1);
}

void fill(uint8_t *data, uint64_t number, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++)
        data[i] = pattern(number, i);
}

bool is_filled(const uint8_t *data, uint64_t number, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++) {
        if (data[i] != pattern(number, i))
            return false;
    }
    return true;
}

int send_film(struct shmq *q, uint64_t number, uint64_t size)
{
    struct film *smo = NULL;
    void *data;
    int rc = film_reserve(q, &smo);

    if (rc != 0)
        return rc;
    smo->number = number;
    rc = shmq_blob_room(q, &smo->image, size, &data);
    if (rc == 0) {
        fill(data, number, size);
        rc = shmq_blob_room(q, &smo->sound.data, size / 10, &data);
    }
    if (rc == 0) {
        fill(data, number + 1, size / 10);
        rc = shmq_string_put(q, &smo->title, "film");
    }
    if (rc == 0)
        return film_commit(q, 0);
    film_abort(q);
    return rc;
}

int64_t take_film(struct shmq *q, struct shmq_blob *image)
{
    const struct film *smo = NULL;
    struct shmq_message message;
    struct shmq_blob sound;
    int rc = film_peek(q, &message, &smo);

    if (rc == 0)
        rc = shmq_blob_open(q, &message, &smo->image, image);
    if (rc == 0)
        rc = shmq_blob_open(q, &message, &smo->sound.data, &sound);
    if (rc != 0)
        return rc;
    bool good = is_filled(image->data, smo->number, image->size) &&
                is_filled(sound.data, smo->number + 1, sound.size) && sound.size == image->size / 10;
    int64_t number = (int64_t)smo->number;

    shmq_blob_drop(q, &sound);
    return good ? number : -EILSEQ;
}
