/*
 * trader NAME COUNT [KIND]
 *
 * Sends COUNT records with fields to a queue, which it creates where there is none; KIND is an enum shmq_kind. Trade i has
 * the id i, the price i / 2, a symbol out of three, and with each fifth there is a control character in its note.
 */
#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINT(F) F(i32, x) F(i32, y)
SHMQ_SM(point, 1, POINT)

/* clang-format off */
#define TRADE(F)                                                                                                     \
    F(u64, id)                                                                                                       \
    F(f64, price)                                                                                                    \
    F(text, symbol, 8)                                                                                               \
    F(bool, urgent)                                                                                                  \
    F(array, levels, u16, 3) F(nested, place, point) F(text, note, 16)
/* clang-format on */
SHMQ_SM(trade, 1, TRADE)

static int trade_one(struct shmq *q, uint64_t i)
{
    static const char *const symbols[] = {"ACME", "IBM", "ZZZ"};
    struct trade *trade;
    int rc = trade_reserve(q, &trade);

    if (rc != 0)
        return rc;
    trade->id = i;
    trade->price = (double)i / 2;
    trade->urgent = i % 4 == 0;
    trade->levels[1] = (uint16_t)(i + 1);
    trade->place.x = -(int32_t)i;
    strcpy(trade->symbol, symbols[i % 3]);
    strcpy(trade->note, i % 5 == 0 ? "red \033[31m \xc2\x9b" : "plain");
    return trade_commit(q, 0);
}

int main(int argc, char **argv)
{
    static const struct shmq_sm *const types[] = {&trade_sm};
    struct shmq_create_options create = {.struct_size = sizeof create, .types = types, .type_count = 1};
    struct shmq_open_options open = {.struct_size = sizeof open, .policy = SHMQ_WAIT};
    struct shmq *q = NULL;

    if (argc < 3)
        return 2;
    create.kind = argc > 3 ? (uint32_t)atoi(argv[3]) : SHMQ_LANES;
    int rc = shmq_create(argv[1], &create);

    if (rc >= 0)
        rc = shmq_open(argv[1], SHMQ_PRODUCER, &open, &q);
    for (uint64_t i = 0; rc == 0 && i < strtoull(argv[2], NULL, 10); i++)
        rc = trade_one(q, i);
    shmq_close(q);
    if (rc < 0)
        fprintf(stderr, "trader: %s\n", shmq_strerror(rc));
    return rc < 0;
}
