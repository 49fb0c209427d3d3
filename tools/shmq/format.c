#include "format.h"

#include "os.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char fields[] = "sStlpnkT";

static char wrong[128];

static bool part_add(struct format *format, struct format_part part)
{
    if (format->count == FORMAT_PARTS_MAX) {
        snprintf(wrong, sizeof wrong, "it has more than %d parts", FORMAT_PARTS_MAX);
        return false;
    }
    format->parts[format->count++] = part;
    return true;
}

/* Text goes behind text in one part. */
static bool byte_add(struct format *format, size_t *end, char byte)
{
    struct format_part *last = format->count > 0 ? &format->parts[format->count - 1] : NULL;
    if ((last == NULL || last->field != 0) && !part_add(format, (struct format_part){.from = *end})) {
        return false;
    }
    format->parts[format->count - 1].size++;
    format->text[(*end)++] = byte;
    return true;
}

/* What the escape behind a backslash means. Returns how long it is, 0 where there is no such one. */
static size_t escape_parse(const char *words, char *byte)
{
    static const char letters[] = "ntr0\\";
    static const char bytes[] = "\n\t\r\0\\";
    const char *letter = words[0] != '\0' ? strchr(letters, words[0]) : NULL;
    if (letter != NULL) {
        *byte = bytes[letter - letters];
        return 1;
    }
    if (words[0] == 'x' && isxdigit((unsigned char)words[1]) && isxdigit((unsigned char)words[2])) {
        char digits[3] = {words[1], words[2], '\0'};
        *byte = (char)strtoul(digits, NULL, 16);
        return 3;
    }
    return 0;
}

static bool field_add(struct format *format, size_t *end, char letter)
{
    if (letter == '%') {
        return byte_add(format, end, '%');
    }
    if (letter == '\0' || strchr(fields, letter) == NULL) {
        snprintf(wrong, sizeof wrong, letter == '\0' ? "a single %% at its end (say %%%%)" : "there is no %%%c",
                 letter);
        return false;
    }
    format->wants_sender = format->wants_sender || strchr("pnT", letter) != NULL;
    return part_add(format, (struct format_part){.field = letter});
}

const char *format_parse(struct format *format, const char *words)
{
    size_t end = 0;
    *format = (struct format){.text = malloc(strlen(words) + 1)};
    if (format->text == NULL) {
        return "too long";
    }
    bool good = true;
    while (good && *words != '\0') {
        char byte = *words;
        size_t length = 1;
        if (byte == '%') {
            good = field_add(format, &end, words[1]);
            length = 2;
        } else if (byte == '\\') {
            length = 1 + escape_parse(words + 1, &byte);
            if (length == 1) {
                snprintf(wrong, sizeof wrong,
                         words[1] == '\0' ? "a single \\ at its end (say \\\\)" : "there is no \\%c", words[1]);
                return wrong;
            }
            good = byte_add(format, &end, byte);
        } else {
            good = byte_add(format, &end, byte);
        }
        words += good ? length : 0;
    }
    return good ? NULL : wrong;
}

void format_free(struct format *format)
{
    free(format->text);
    format->text = NULL;
}

enum { FIELD_TEXT = 40 };

static size_t sender_text(char text[FIELD_TEXT], char field, const struct shmq_sender *sender)
{
    if (field == 'n' && sender->number != 0) {
        return (size_t)snprintf(text, FIELD_TEXT, "%ju", (uintmax_t)sender->number);
    }
    if (field == 'p' && sender->pid != 0) {
        return (size_t)snprintf(text, FIELD_TEXT, "%u", sender->pid);
    }
    if (field == 'T' && sender->attached_ns > 0) {
        os_date_exact(text, sender->attached_ns);
        return strlen(text);
    }
    return (size_t)snprintf(text, FIELD_TEXT, "-");
}

static size_t field_text(char text[FIELD_TEXT], char field, const struct shmq_message *message,
                         const struct shmq_sender *sender)
{
    switch (field) {
    case 'S':
        return (size_t)snprintf(text, FIELD_TEXT, "%u", message->size);
    case 't':
        return (size_t)snprintf(text, FIELD_TEXT, "%u", message->type);
    case 'l':
        return (size_t)snprintf(text, FIELD_TEXT, "%u", message->lane);
    case 'k':
        return (size_t)snprintf(text, FIELD_TEXT, "%ju", (uintmax_t)message->ticket);
    default:
        return sender_text(text, field, sender);
    }
}

void format_write(const struct format *format, struct shmq *q, const struct shmq_message *message,
                  struct output *output)
{
    struct shmq_sender sender = {.struct_size = sizeof sender};
    struct shmq_span spans[FORMAT_PARTS_MAX];
    char texts[FORMAT_PARTS_MAX][FIELD_TEXT];
    if (format->wants_sender && shmq_sender(q, message, &sender) != 0) {
        sender = (struct shmq_sender){0};
    }
    for (size_t i = 0; i < format->count; i++) {
        const struct format_part *part = &format->parts[i];
        if (part->field == 0) {
            spans[i] = (struct shmq_span){format->text + part->from, part->size};
        } else if (part->field == 's') {
            spans[i] = (struct shmq_span){message->data, message->size};
        } else {
            spans[i] = (struct shmq_span){texts[i], field_text(texts[i], part->field, message, &sender)};
        }
    }
    output_add(output, message, spans, format->count);
}
