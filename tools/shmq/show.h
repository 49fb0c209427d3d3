/* Records on the screen: as text, fields, hexadecimal digits or JSON; and which of them are shown. */
#ifndef SHMQ_TOOL_SHOW_H
#define SHMQ_TOOL_SHOW_H

#include "options.h"
#include "where.h"

#include <shmq/shmq.h>
#include <stdbool.h>
#include <stdio.h>

enum show_style {
    SHOW_TEXT,
    SHOW_HEX,
    SHOW_RAW,
    SHOW_JSON,
};

struct show {
    struct shmq *q;
    enum show_style style;
    bool escape; /* of raw records: it is a terminal */
    struct where where;
    bool has_lane;
    uint32_t lane;
    const char **type_names; /* of the queue, by index */
    int type_count;
    char *fields; /* of the last record, as JSON */
    size_t fields_size;
    size_t fields_room;
};

/* The rows that each command with a show has, and those that choose records. */
/* clang-format off */
#define SHOW_FILTERS                                                                                                 \
    {OPTION_SHOW_LANE, "lane", "LANE", "Records of that lane only, the first is 0."},                                \
    {OPTION_SHOW_TYPE, "type", "TYPE", "Records of that type only: a name, or a number."},                           \
    {'w', "where", "CONDITION", "Records whose fields are so only: price>100. All conditions must hold."}
#define SHOW_OPTIONS                                                                                                 \
    {'x', "hex", NULL, "Show payloads as hexadecimal digits and text, sixteen bytes a line."},                       \
    {'r', "raw", NULL, "Write payloads as recv does, and nothing else."},                                            \
    {OPTION_SHOW_JSON, "json", NULL, "A JSON object for each record, one a line."},                                  \
    SHOW_FILTERS
/* clang-format on */
enum { OPTION_SHOW_JSON = OPTION_LONG + 100, OPTION_SHOW_LANE, OPTION_SHOW_TYPE };

extern const char show_terms_title[];
extern const char show_terms[];

/** Take an option, where it is one of SHOW_OPTIONS. */
void show_option(struct show *show, struct options *o, int letter);

/** Begin with a queue. Returns an exit code; what is wrong is told. */
int show_start(struct show *show, const char *command, const char *name, struct shmq *q);
void show_free(struct show *show);

/** Is the record one of those to be shown? */
bool show_wants(struct show *show, const struct shmq_message *message);

/** Write a record where it is to be shown. Returns whether it is. */
bool show_record(struct show *show, const struct shmq_seen *seen, FILE *out);

#endif
