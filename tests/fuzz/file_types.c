/* Types, records of them, and blobs. */
#include "file.h"
#include "images.h"

#include <shmq/schema.h>
#include <shmq/sm.h>
#include <stdlib.h>
#include <string.h>

static void put_spans(struct user *user, struct fuzz_film *film, uint8_t how)
{
    static const uint32_t sizes[] = {3, 1, 4, 1, 5};
    void *data = NULL;

    (void)shmq_text_set(film->symbol, sizeof film->symbol, "UFA");
    begin("string_put", user);
    (void)shmq_string_put(user->q, &film->title, "Metropolis");
    begin("span_put", user);
    (void)shmq_span_put(user->q, &film->note, sizes, how % sizeof sizes);
    begin("span_room", user);
    if (shmq_span_room(user->q, &film->sizes, sizeof sizes, &data) == 0)
        memcpy(data, sizes, sizeof sizes);
}

static void put_blob(struct user *user, struct fuzz_film *film, uint8_t how)
{
    void *data = NULL;

    leaves_files = true;
    if (how % 4 < 2) {
        begin("blob_put", user);
        (void)shmq_blob_put(user->q, &film->image, "an image", how % 8);
    } else {
        begin("blob_room", user);
        if (shmq_blob_room(user->q, &film->image, how * UINT64_C(40), &data) == 0 && data != NULL)
            memset(data, how, how * (size_t)40);
    }
}

static void send_reel(struct user *user, uint8_t how)
{
    struct fuzz_reel *reel;
    void *smo;

    begin("sm_reserve", user);
    if (shmq_sm_reserve(user->q, &fuzz_reel_sm, 64, &smo) != 0)
        return;
    reel = smo;
    check_slot(user, reel, sizeof *reel);
    memset(reel, 0, sizeof *reel);
    (void)shmq_string_put(user->q, &reel->title, "Metropolis");
    begin("sm_commit", user);
    (void)shmq_sm_commit(user->q, how / 16 % 2);
}

void user_send_film(struct user *user, uint8_t how)
{
    const struct fuzz_part part = {.x = how, .is_set = 1};
    struct fuzz_film *film;
    void *smo;

    if (user->info.kind == SHMQ_RECORDER) {
        send_reel(user, how);
        return;
    }
    begin("sm_put", user);
    if (how % 16 == 14) {
        (void)shmq_sm_put(user->q, &fuzz_part_sm, &part, how / 16 % 2);
        return;
    }
    begin("sm_reserve", user);
    if (shmq_sm_reserve(user->q, &fuzz_film_sm, how % 2 == 0 ? 64 : SHMQ_SM_ROOM, &smo) != 0)
        return;
    film = smo;
    check_slot(user, film, sizeof *film);
    memset(film, 0, sizeof *film);
    put_spans(user, film, how);
    put_blob(user, film, how);
    begin("sm_commit", user);
    if (how % 16 == 15)
        shmq_sm_abort(user->q);
    else
        (void)shmq_sm_commit(user->q, how / 16 % 2);
}

static void open_blob(struct user *user, const struct shmq_message *message, const struct fuzz_film *film)
{
    struct shmq_blob blob;

    begin("blob_open", user);
    if (shmq_blob_open(user->q, message, &film->image, &blob) != 0)
        return;
    sink(blob.data, (size_t)blob.size);
    begin("blob_drop", user);
    shmq_blob_drop(user->q, &user->blob);
    user->blob = blob;
}

/* What a span leads to lies in the message. */
static void check_span(const struct shmq_message *message, const struct shmq_sm_span *span)
{
    const uint8_t *start = message->data;
    const void *data = NULL;
    size_t size = 0;

    if (shmq_span_get(message, span, &data, &size) != 0 || size == 0)
        return;
    must((const uint8_t *)data >= start && (size_t)((const uint8_t *)data - start) <= message->size);
    must(size <= message->size - (size_t)((const uint8_t *)data - start));
    sink(data, size);
}

static int print(void *arg, const char *text, size_t size)
{
    (void)arg;
    sink(text, size);
    return 0;
}

static void check_string(const struct shmq_message *message, const struct shmq_sm_span *span)
{
    const char *text = "";

    if (shmq_string_get(message, span, &text) == 0)
        must(strlen(text) <= message->size);
}

void look_at_record(struct user *user, const struct shmq_message *message)
{
    const struct fuzz_film *film;
    const void *smo;

    begin("schema_format", user);
    (void)shmq_schema_find(user->q, message->type);
    (void)shmq_schema_format(user->q, message, print, NULL);
    begin("schema_list", user);
    (void)shmq_schema_list(user->q, message, print, NULL);
    begin("sm_view", user);
    if (shmq_sm_view(user->q, &fuzz_reel_sm, message, &smo) == 0)
        check_string(message, &((const struct fuzz_reel *)smo)->title);
    if (shmq_sm_view(user->q, &fuzz_film_sm, message, &smo) != 0)
        return;
    film = smo;
    must((const void *)film == message->data && message->size >= sizeof *film);
    begin("span_get", user);
    check_string(message, &film->title);
    check_span(message, &film->note);
    check_span(message, &film->sizes);
    open_blob(user, message, film);
}

void user_receive_film(struct user *user, uint8_t how)
{
    struct shmq_message message;
    const void *smo;

    begin("sm_peek", user);
    int rc = how % 2 == 0 ? shmq_sm_peek(user->q, &fuzz_film_sm, &message, &smo)
                          : shmq_sm_peek_wait(user->q, &fuzz_film_sm, how & 2 ? 1000 : 0, &message, &smo);

    if (rc < 0)
        return;
    check_message(user, &message);
    must(smo == message.data && message.size >= sizeof(struct fuzz_film));
    look_at_record(user, &message);
}

/* What the consumer has left in the place of a record. */
void await_film(struct user *user)
{
    struct shmq_message message;
    const void *smo;

    if (shmq_sm_await(user->q, &fuzz_film_sm, &user->ticket, 0, &message, &smo) != 0)
        return;
    check_in_ring(user, message.data, message.size, message.lane);
    must(smo == message.data && message.size >= sizeof(struct fuzz_film));
    look_at_record(user, &message);
}

void user_look_at_types(struct user *user, uint8_t how)
{
    const struct shmq_sm *type = how % 2 == 0 ? &fuzz_part_sm : &fuzz_film_sm;
    struct shmq_schema schema = {.struct_size = sizeof schema};
    struct shmq_field field = {.struct_size = sizeof field};
    char reason[200];

    begin("schema", user);
    (void)shmq_sm_type(user->q, type);
    if (shmq_sm_difference(user->q, type, reason, how % sizeof reason) == 0 && how % sizeof reason > 0)
        must(reason[0] == '\0');
    for (int i = shmq_schema_count(user->q); i-- > 0;) {
        must(shmq_schema_get(user->q, (uint32_t)i, &schema) == 0);
        sink(schema.name, strlen(schema.name) + 1);
        for (uint32_t j = 0; j < schema.field_count; j++) {
            must(shmq_schema_field(user->q, (uint32_t)i, j, &field) == 0);
            sink(field.name, strlen(field.name) + 1);
            must(field.kind != SHMQ_FIELD_NESTED || field.nested < (uint32_t)i);
        }
    }
}
