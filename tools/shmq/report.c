#include "report.h"

#include "snapshot.h"

#include <shmq/shmq.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int report_code(int error)
{
    switch (error) {
    case -ENOENT:
    case -ESTALE:
        return EXIT_CODE_NOT_FOUND;
    case -EAGAIN:
        return EXIT_CODE_FULL_OR_EMPTY;
    case -EBADMSG:
    case -EPROTO:
    case -EEXIST:
        return EXIT_CODE_DAMAGED;
    case -EOWNERDEAD:
        return EXIT_CODE_PEER_DEAD;
    case -ETIMEDOUT:
        return EXIT_CODE_TIMED_OUT;
    case -EINVAL:
    case -ENAMETOOLONG:
        return EXIT_CODE_USAGE;
    default:
        return error < 0 ? EXIT_CODE_ERROR : EXIT_CODE_OK;
    }
}

void report_shell_word(char *text, unsigned long size, const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/";
    const char *dashes = name[0] == '-' ? "-- " : "";
    if (name[0] == '\0' || name[strspn(name, plain)] != '\0') {
        size_t end = (size_t)snprintf(text, size, "%s'", dashes);
        for (; *name != '\0' && end < size; name++) {
            end += (size_t)snprintf(text + end, size - end, *name == '\'' ? "'\\''" : "%c", *name);
        }
        end += end < size ? (size_t)snprintf(text + end, size - end, "'") : 0;
        if (end < size) {
            return;
        }
    } else if ((size_t)snprintf(text, size, "%s%s", dashes, name) < size) {
        return;
    }
    /* Half a name would be another. */
    snprintf(text, size, "NAME");
}

/* Not a queue and not a queue for us share an error; what to do about them differs. */
static void format_meaning(char *text, unsigned long size, const char *name, const char *word)
{
    struct shmq_identity identity;
    if (!snapshot_identity(name, &identity)) {
        snprintf(text, size, "not a queue");
    } else if (identity.byte_order == __builtin_bswap32(SHMQ_BYTE_ORDER)) {
        snprintf(text, size, "a queue of a machine with another byte order");
    } else if (identity.byte_order == SHMQ_BYTE_ORDER && identity.format > SHMQ_FORMAT) {
        snprintf(text, size,
                 "a queue of format %u, and this shmq knows format %u (use a shmq that knows it, or: shmq rm %s)",
                 identity.format, SHMQ_FORMAT, word);
    } else if (identity.byte_order == SHMQ_BYTE_ORDER && identity.format == SHMQ_FORMAT &&
               (identity.features_incompatible & ~(SHMQ_FEATURE_TOTAL_ORDER | SHMQ_FEATURE_RECORDER)) != 0) {
        snprintf(text, size, "a queue with features that this shmq does not know (use a newer one, or: shmq rm %s)",
                 word);
    } else {
        snprintf(text, size, "damaged or cut off (remove it with: shmq rm %s)", word);
    }
}

/* The library creates nothing in the place of what it cannot open. */
static void taken_meaning(char *text, unsigned long size, const char *name, const char *word)
{
    struct shmq_identity identity;
    if (snapshot_identity(name, &identity)) {
        format_meaning(text, size, name, word);
    } else {
        snprintf(text, size, "the name, or the file, is taken by something that is not a queue");
    }
}

static bool is_dump(const char *name)
{
    struct shmq_identity identity;
    return snapshot_identity(name, &identity) && (identity.features_compatible & SHMQ_FEATURE_DUMP) != 0;
}

void report_meaning(char *text, unsigned long size, const char *name, int error)
{
    char word[256];
    report_shell_word(word, sizeof word, name);
    switch (error) {
    case -ENOENT:
        snprintf(text, size, "no such queue (create it with: shmq create %s)", word);
        break;
    case -ESTALE:
        snprintf(text, size, "it was removed meanwhile, so nobody can come any more");
        break;
    case -EACCES:
        if (is_dump(name)) {
            snprintf(text, size, "a dump: it can be looked at, with peek, tail, info and stat, and nothing else");
            break;
        }
        snprintf(text, size, "no permission (its owner can share one with: shmq create --mode, --group)");
        break;
    case -EPERM:
        snprintf(text, size, "a Global\\ name can be created by a privileged user only");
        break;
    case -EPROTO:
        format_meaning(text, size, name, word);
        break;
    case -EBADMSG:
        snprintf(text, size, "damaged or cut off (remove it with: shmq rm %s)", word);
        break;
    case -EEXIST:
        taken_meaning(text, size, name, word);
        break;
    case -ENOSPC:
        snprintf(text, size, "no space left for a new queue (try a smaller one: shmq create --capacity)");
        break;
    case -EINVAL:
        snprintf(text, size, "not a name: say 1 to 64 of A-Z a-z 0-9 . _ -, or a path with a '/' in it");
        break;
    case -ENAMETOOLONG:
        snprintf(text, size, "too long: a name has up to 64 characters");
        break;
    case -EMFILE:
    case -ENFILE:
        snprintf(text, size, "%s (see: ulimit -n)", shmq_strerror(error));
        break;
    default:
        snprintf(text, size, "%s", shmq_strerror(error));
        break;
    }
}

int report(const char *command, const char *name, int error)
{
    char text[512];
    report_meaning(text, sizeof text, name, error);
    report_text(command, name, "%s", text);
    return report_code(error);
}

/* Returns the end of what was written; it never runs over the last byte. */
static size_t visible_copy(char *text, size_t size, const char *from)
{
    size_t end = 0;
    for (; *from != '\0' && end + sizeof "\\x1b" <= size; from++) {
        unsigned char byte = (unsigned char)*from;
        if (byte >= ' ' && byte != 0x7f) {
            text[end++] = *from;
        } else if (byte == '\n' || byte == '\t') {
            end += (size_t)snprintf(text + end, size - end, "\\%c", byte == '\n' ? 'n' : 't');
        } else {
            end += (size_t)snprintf(text + end, size - end, "\\x%02x", byte);
        }
    }
    return end;
}

void report_line_of(const char *format, va_list arguments)
{
    char message[3072], line[4096];
    vsnprintf(message, sizeof message, format, arguments);
    size_t end = (size_t)snprintf(line, sizeof line, "shmq: ");
    end += visible_copy(line + end, sizeof line - end - 1, message);
    line[end++] = '\n';
    fwrite(line, 1, end, stderr);
}

void report_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report_line_of(format, arguments);
    va_end(arguments);
}

void report_text(const char *command, const char *name, const char *format, ...)
{
    enum { shown_max = 256 };
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    bool cut = strlen(name) > shown_max;
    report_line("%s '%.*s%s': %s", command, shown_max, name, cut ? "..." : "", text);
}
