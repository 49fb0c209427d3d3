#include "bridge.h"
#include "command.h"
#include "options.h"
#include "os.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPTION_TO = OPTION_LONG,
    OPTION_FROM,
    OPTION_STREAM,
    OPTION_DURABLE,
    OPTION_CREDENTIALS,
    OPTION_TLS_CA,
    OPTION_TLS_CERT,
    OPTION_TLS_KEY,
    OPTION_CREATE,
};

static const struct option_row options[] = {
    {OPTION_TO, "to", "URL", "Publish what is received from the queue: nats://HOST:PORT/SUBJECT"},
    {OPTION_FROM, "from", "URL", "Send into the queue what the stream has; a URL as with --to."},
    {OPTION_STREAM, "stream", "STREAM", "The stream of the subject; it is made where there is none."},
    {OPTION_DURABLE, "durable", "WORD",
     "With --from: by this name the server keeps the place in the stream; shmq-NAME. Without --from it is of no "
     "use."},
    {'c', "count", "COUNT", "End when COUNT records have passed."},
    {'e', "end", NULL,
     "End when there is no more: with --to when all producers have finished, with --from when the stream has nothing "
     "new."},
    {'w', "wait", NULL, "Wait for the server, and for the queue and the role in it, where they are not there."},
    {OPTION_CREATE, "create", NULL, "With --from: create the queue if there is none."},
    {OPTION_CREDENTIALS, "creds", "FILE", "Credentials of NATS: a file of a JWT and a seed."},
    {OPTION_TLS_CA, "tls-ca", "FILE", "Use TLS, and trust these certificates."},
    {OPTION_TLS_CERT, "tls-cert", "FILE", "Use TLS, with this certificate."},
    {OPTION_TLS_KEY, "tls-key", "FILE", "The key of that certificate."},
    {0},
};

/* Take "nats://a,b:4223/subject" apart. */
static void url_parse(struct options *o, struct bridge *b, const char *url)
{
    size_t scheme = strcspn(url, ":");
    const char *hosts = url + scheme + strlen("://");
    bool known = strncmp(url, "nats://", 7) == 0 || strncmp(url, "tls://", 6) == 0;
    const char *slash = known ? strchr(hosts, '/') : NULL;
    if (slash == NULL || slash == hosts || slash[1] == '\0') {
        options_wrong(o, "--%s: '%s' is not nats://HOST:PORT/SUBJECT or tls://HOST:PORT/SUBJECT",
                      b->to ? "to" : "from", url);
        return;
    }
    b->subject = slash + 1;
    bool wild = strpbrk(b->subject, "*>") != NULL;
    if (strpbrk(b->subject, " \t\r\n") != NULL || (b->to && wild)) {
        options_wrong(o, "--%s: '%s' is not a subject%s", b->to ? "to" : "from", b->subject,
                      wild ? " to publish to" : "");
        return;
    }
    /* Each host gets the scheme: at most as many bytes again for each. */
    size_t size = (strlen(url) + scheme + 4) * (BRIDGE_SERVERS_MAX + 1);
    b->place = malloc(size);
    size_t end = 0;
    for (const char *host = hosts; b->place != NULL && host < slash; host++) {
        size_t length = strcspn(host, ",/");
        if (b->server_count == BRIDGE_SERVERS_MAX) {
            options_wrong(o, "more than %d servers", BRIDGE_SERVERS_MAX);
            return;
        }
        b->servers[b->server_count++] = b->place + end;
        end += (size_t)snprintf(b->place + end, size - end, "%.*s%.*s", (int)scheme + 3, url, (int)length, host) + 1;
        host += length;
    }
}

static void direction_set(struct options *o, struct bridge *b, bool to)
{
    if (b->server_count > 0) {
        options_wrong(o, "one --to or --from");
        return;
    }
    b->to = to;
    url_parse(o, b, options_text(o));
}

static void option_take(struct options *o, struct bridge *b, int letter)
{
    switch (letter) {
    case OPTION_TO:
    case OPTION_FROM:
        direction_set(o, b, letter == OPTION_TO);
        break;
    case OPTION_STREAM:
        b->stream = options_text(o);
        break;
    case OPTION_DURABLE:
        b->durable = options_text(o);
        break;
    case OPTION_CREDENTIALS:
        b->credentials = options_text(o);
        break;
    case OPTION_TLS_CA:
        b->tls_ca = options_text(o);
        break;
    case OPTION_TLS_CERT:
        b->tls_cert = options_text(o);
        break;
    case OPTION_TLS_KEY:
        b->tls_key = options_text(o);
        break;
    case OPTION_CREATE:
        b->at.create = true;
        break;
    case 'c':
        b->wanted = options_number(o, 1, UINT64_MAX - 1);
        break;
    case 'e':
        b->to_end = true;
        break;
    case 'w':
        b->wait = true;
        b->at.wait = true;
        break;
    default:
        break;
    }
}

static void check(struct options *o, const struct bridge *b)
{
    if (b->server_count == 0) {
        options_wrong(o, "say where: --to nats://HOST/SUBJECT or --from nats://HOST/SUBJECT");
    } else if (b->to && (b->durable != NULL || b->at.create)) {
        options_wrong(o, "--durable and --create go with --from");
    } else if ((b->tls_cert == NULL) != (b->tls_key == NULL)) {
        options_wrong(o, "--tls-cert and --tls-key go together");
    } else if (b->durable != NULL && strpbrk(b->durable, ". *>\t/\\") != NULL) {
        options_wrong(o, "--durable: '%s' is not a word of letters, digits, - and _", b->durable);
    }
}

/* "shmq-NAME", with '_' for what the server does not take in names. */
static void durable_default(const char *name, char *text, size_t size)
{
    snprintf(text, size, "shmq-%s", name);
    for (char *p = text; *p != '\0'; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '-';
        if (!plain) {
            *p = '_';
        }
    }
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    struct bridge b = {.at = {.command = "bridge", .timeout_ns = -1}, .wanted = UINT64_MAX};
    char durable[256];
    for (int letter; (letter = options_next(&o)) != 0;) {
        option_take(&o, &b, letter);
    }
    if (!o.over) {
        check(&o, &b);
    }
    if (o.over) {
        free(b.place);
        return o.code;
    }
    b.at.name = o.operands[0];
    b.at.role = b.to ? SHMQ_CONSUMER : SHMQ_PRODUCER;
    b.at.quiet = b.quiet = o.quiet;
    if (b.durable == NULL) {
        durable_default(b.at.name, durable, sizeof durable);
        b.durable = durable;
    }
    os_signals_catch();
    int code = bridge_run(&b);
    if (!b.quiet && b.passed + b.duplicates > 0) {
        report_text("bridge", b.at.name, "%ju record%s passed, %ju of which %s", (uintmax_t)b.passed,
                    b.passed == 1 ? "" : "s", (uintmax_t)b.duplicates, "were there already");
    }
    free(b.place);
    if (os_signal_caught() != 0) {
        os_signal_die(os_signal_caught());
    }
    return code;
}

const struct command command_bridge = {
    .name = "bridge",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "Pass records to another machine, or from one, through NATS JetStream.",
    .description =
        "With --to it is the queue's consumer: records are published in batches, and released when the server has "
        "acknowledged them. With --from it is a producer, and acknowledges messages when they are in the queue. So "
        "nothing is lost, whichever side dies, the bridge included. While the server is away, records wait in the "
        "queue; while the queue is full, messages wait in the stream.\n"
        "Each record has an id, of queue, lane and position. What is published again after a failure has the same "
        "id, "
        "and the stream stores it once, within its window for duplicates (two minutes, where nobody has said "
        "otherwise). "
        "With --from, what a bridge that was killed had sent and not acknowledged is sent again by the next one: of "
        "the "
        "last 256 messages at most, in their order, and before all that are newer; where the server was killed with "
        "it, also those of whose acknowledgement it had not yet written. A bridge that lives drops what it has sent "
        "already, and one that ends by a signal has acknowledged it. A record has no room for the id, so receivers "
        "that must not do a thing twice look for one in the payload.\n"
        "A message's payload is the record's; its headers are Nats-Msg-Id, Shmq-Type, Shmq-Lane, and Shmq-Schema, "
        "the "
        "name and version of its type where the queue knows it. With --from the type of a record is that of "
        "Shmq-Type, "
        "or 0. Blobs cannot travel.\n"
        "More than one server of a cluster: nats://HOST,HOST/SUBJECT. User and password may stand in front: "
        "nats://USER:PASSWORD@HOST/SUBJECT; --creds does not show them to everybody.",
    .examples = "shmq bridge jobs --to nats://127.0.0.1/jobs --stream JOBS\n"
                "shmq bridge jobs --from tls://nats.example.org/jobs --tls-ca ca.pem --create\n",
    .options = options,
    .run = run,
};
