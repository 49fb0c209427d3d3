#include "show.h"

#include "framing.h"
#include "os.h"
#include "report.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const char show_terms_title[] = "CONDITION is a field, a comparison and a value";
const char show_terms[] =
    "FIELD\tits name; position.x for a field of a nested type, levels.0 for an element of an array\n"
    "= != < <= > >=\tnumbers are compared as numbers, all else as text\n"
    "~\thas VALUE in it\n";

static void style_set(struct show *show, struct options *o, enum show_style style)
{
    if (show->style != SHOW_TEXT && show->style != style) {
        options_wrong(o, "only one of --hex, --raw and --json");
    }
    show->style = style;
}

void show_option(struct show *show, struct options *o, int letter)
{
    const char *wrong = NULL;
    switch (letter) {
    case 'x':
        style_set(show, o, SHOW_HEX);
        break;
    case 'r':
        style_set(show, o, SHOW_RAW);
        break;
    case OPTION_SHOW_JSON:
        style_set(show, o, SHOW_JSON);
        break;
    case OPTION_SHOW_LANE:
        show->has_lane = true;
        show->lane = (uint32_t)options_number(o, 0, SHMQ_LANES_MAX - 1);
        break;
    case OPTION_SHOW_TYPE:
        show->where.type = options_text(o);
        break;
    case 'w':
        wrong = where_add(&show->where, options_text(o));
        if (wrong != NULL) {
            options_wrong(o, "--where: '%.64s' is %s", options_text(o), wrong);
        }
        break;
    }
}

static int types_look(struct show *show)
{
    show->type_count = shmq_schema_count(show->q);
    if (show->type_count <= 0) {
        return show->type_count;
    }
    show->type_names = calloc((size_t)show->type_count, sizeof *show->type_names);
    if (show->type_names == NULL) {
        return -ENOMEM;
    }
    for (int i = 0; i < show->type_count; i++) {
        struct shmq_schema schema = {.struct_size = sizeof schema};
        int rc = shmq_schema_get(show->q, (uint32_t)i, &schema);
        if (rc != 0) {
            return rc;
        }
        show->type_names[i] = schema.name;
    }
    return 0;
}

int show_start(struct show *show, const char *command, const char *name, struct shmq *q)
{
    struct shmq_info info = {.struct_size = sizeof info};
    show->q = q;
    show->escape = os_is_terminal(1);
    int rc = shmq_info(q, &info);
    if (rc == 0) {
        rc = types_look(show);
    }
    if (rc != 0) {
        return report(command, name, rc);
    }
    if (show->has_lane && show->lane >= info.lane_count) {
        report_text(command, name, "no lane %u: it has lanes 0 to %u", show->lane, info.lane_count - 1);
        return EXIT_CODE_USAGE;
    }
    const char *wrong = where_bind(&show->where, q);
    if (wrong != NULL) {
        report_text(command, name, "%s", wrong);
        return EXIT_CODE_USAGE;
    }
    return EXIT_CODE_OK;
}

void show_free(struct show *show)
{
    where_free(&show->where);
    free(show->type_names);
    free(show->fields);
    show->type_names = NULL;
    show->fields = NULL;
}

/* How many bytes of a character are there that a terminal shows and does not obey; 0: none. */
static size_t visible_size(const unsigned char *at, size_t left)
{
    if (at[0] >= ' ' && at[0] < 0x7f) {
        return 1;
    }
    size_t size = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4 || size > left) {
        return 0;
    }
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    /* No control characters of the second kind, no long forms of short characters, no halves of pairs. */
    bool is_bad = (at[0] == 0xc2 && at[1] < 0xa0) || (at[0] == 0xe0 && at[1] < 0xa0) ||
                  (at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf0 && at[1] < 0x90) ||
                  (at[0] == 0xf4 && at[1] > 0x8f);
    return is_bad ? 0 : size;
}

static void text_write(const unsigned char *text, size_t size, FILE *out)
{
    for (size_t i = 0; i < size;) {
        size_t visible = visible_size(text + i, size - i);
        if (text[i] == '\\') {
            fputs("\\\\", out);
        } else if (visible > 0) {
            fwrite(text + i, 1, visible, out);
        } else if (text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
            fprintf(out, "\\%c", text[i] == '\n' ? 'n' : text[i] == '\t' ? 't' : 'r');
        } else {
            fprintf(out, "\\x%02x", text[i]);
        }
        i += visible > 0 ? visible : 1;
    }
}

static void hex_write(const unsigned char *bytes, size_t size, FILE *out)
{
    for (size_t line = 0; line < size; line += 16) {
        size_t count = size - line < 16 ? size - line : 16;
        fprintf(out, "    %08zx ", line);
        for (size_t i = 0; i < 16; i++) {
            fputs(i == 8 ? "  " : " ", out);
            if (i < count) {
                fprintf(out, "%02x", bytes[line + i]);
            } else {
                fputs("  ", out);
            }
        }
        fputs("  |", out);
        for (size_t i = 0; i < count; i++) {
            fputc(bytes[line + i] >= ' ' && bytes[line + i] < 0x7f ? bytes[line + i] : '.', out);
        }
        fputs("|\n", out);
    }
}

static int fields_add(void *arg, const char *text, size_t size)
{
    struct show *show = arg;
    if (show->fields_size + size + 1 > show->fields_room) {
        size_t room = 2 * (show->fields_size + size + 1);
        char *larger = realloc(show->fields, room);
        if (larger == NULL) {
            return -ENOMEM;
        }
        show->fields = larger;
        show->fields_room = room;
    }
    memcpy(show->fields + show->fields_size, text, size);
    show->fields_size += size;
    show->fields[show->fields_size] = '\0';
    return 0;
}

/* False: the record has no type in the queue, or is not what its type says. */
static bool fields_make(struct show *show, const struct shmq_message *message)
{
    show->fields_size = 0;
    return show->type_count > 0 && shmq_schema_format(show->q, message, fields_add, show) == 0;
}

static bool is_wanted(struct show *show, const struct shmq_message *message, bool has_fields)
{
    if (show->where.count == 0) {
        return where_holds(&show->where, message, NULL);
    }
    json_t *fields = has_fields ? json_loads(show->fields, 0, NULL) : NULL;
    /* Some numbers are larger than what an integer of the library's holds. */
    if (fields == NULL && has_fields) {
        fields = json_loads(show->fields, JSON_DECODE_INT_AS_REAL, NULL);
    }
    bool holds = where_holds(&show->where, message, fields);
    json_decref(fields);
    return holds;
}

static const char *type_name(const struct show *show, uint32_t record_type)
{
    int index = show->type_count > 0 ? shmq_schema_find(show->q, record_type) : -1;
    return index >= 0 && index < show->type_count ? show->type_names[index] : NULL;
}

static void raw_write(const struct show *show, const struct shmq_message *message, FILE *out)
{
    if (show->escape) {
        text_write(message->data, message->size, out);
        fputc('\n', out);
        return;
    }
    fwrite(message->data, 1, message->size, out);
    if (message->type != FRAMING_PIECE) {
        fputc('\n', out);
    }
}

/* JSON escapes the control characters of ASCII only. */
static void json_text_write(const char *text, FILE *out)
{
    const unsigned char *at = (const unsigned char *)text;
    for (; *at != '\0'; at++) {
        if (at[0] == 0xc2 && at[1] < 0xa0) {
            fprintf(out, "\\u%04x", *++at);
        } else if (at[0] == 0x7f) {
            fputs("\\u007f", out);
        } else {
            fputc(at[0], out);
        }
    }
}

static void payload_json(const struct shmq_message *message, FILE *out)
{
    const unsigned char *bytes = message->data != NULL ? message->data : (const unsigned char *)"";
    json_t *text = message->size > 0 ? json_stringn(message->data, message->size) : json_string("");
    if (text != NULL && memchr(bytes, '\0', message->size) == NULL) {
        char *dump = json_dumps(text, JSON_ENCODE_ANY | JSON_COMPACT);
        fputs(",\"text\":", out);
        json_text_write(dump != NULL ? dump : "null", out);
        free(dump);
    } else {
        fputs(",\"hex\":\"", out);
        for (uint32_t i = 0; i < message->size; i++) {
            fprintf(out, "%02x", bytes[i]);
        }
        fputc('"', out);
    }
    json_decref(text);
}

static void json_write(const struct show *show, const struct shmq_seen *seen, bool has_fields, FILE *out)
{
    const struct shmq_message *m = &seen->message;
    const char *name = type_name(show, m->type);
    fprintf(out, "{\"lane\":%u,\"number\":", m->lane);
    fprintf(out, seen->number == UINT64_MAX ? "null" : "%ju", (uintmax_t)seen->number);
    fprintf(out, ",\"ticket\":%ju,\"type\":%u", (uintmax_t)m->ticket, m->type);
    if (name != NULL) {
        fprintf(out, ",\"name\":\"%s\"", name); /* a C identifier */
    }
    fprintf(out, ",\"size\":%u,\"released\":%s", m->size, seen->is_released != 0 ? "true" : "false");
    if (has_fields) {
        fputs(",\"fields\":", out);
        json_text_write(show->fields, out);
    } else {
        payload_json(m, out);
    }
    fputs("}\n", out);
}

static void head_write(const struct show *show, const struct shmq_seen *seen, FILE *out)
{
    const struct shmq_message *m = &seen->message;
    const char *name = type_name(show, m->type);
    fprintf(out, "%u:", m->lane);
    fprintf(out, seen->number == UINT64_MAX ? "?" : "%ju", (uintmax_t)seen->number);
    if (name != NULL) {
        fprintf(out, " %s", name);
    } else {
        fprintf(out, " %u", m->type);
    }
    fprintf(out, " %uB%s", m->size, seen->is_released != 0 ? " released" : "");
}

bool show_wants(struct show *show, const struct shmq_message *message)
{
    return is_wanted(show, message, show->where.count > 0 && fields_make(show, message));
}

bool show_record(struct show *show, const struct shmq_seen *seen, FILE *out)
{
    const struct shmq_message *m = &seen->message;
    bool has_fields = fields_make(show, m);
    if (!is_wanted(show, m, has_fields)) {
        return false;
    }
    switch (show->style) {
    case SHOW_RAW:
        raw_write(show, m, out);
        break;
    case SHOW_JSON:
        json_write(show, seen, has_fields, out);
        break;
    case SHOW_HEX:
        head_write(show, seen, out);
        fputc('\n', out);
        hex_write(m->data, m->size, out);
        break;
    default:
        head_write(show, seen, out);
        fputs("  ", out);
        if (has_fields) {
            json_text_write(show->fields, out);
        } else {
            text_write(m->data, m->size, out);
        }
        fputc('\n', out);
    }
    return true;
}
