#include "bridge_nats.h"
#include "os.h"
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { CLOSE_MS = 2000 };

void link_note(const struct link *l, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!l->b->quiet) {
        report_text("bridge", l->b->at.name, "%s", text);
    }
}

int link_failed(const struct link *l, const char *what, natsStatus status, jsErrCode error)
{
    const char *more = nats_GetLastError(NULL);
    const char *why = more != NULL && more[0] != '\0' ? more : natsStatus_GetText(status);
    if (error != 0) {
        report_text("bridge", l->b->at.name, "%s: %s (JetStream error %d)", what, why, (int)error);
    } else {
        report_text("bridge", l->b->at.name, "%s: %s", what, why);
    }
    return status == NATS_NOT_FOUND ? EXIT_CODE_NOT_FOUND : EXIT_CODE_ERROR;
}

/* These two run in a thread of the client's. */
static void disconnected(natsConnection *connection, void *arg)
{
    struct link *l = arg;
    (void)connection;
    if (atomic_load(&l->closing)) {
        return;
    }
    link_note(l, "the server is gone; waiting for it, nothing is lost meanwhile");
}

static void reconnected(natsConnection *connection, void *arg)
{
    (void)connection;
    link_note(arg, "the server is there again");
}

/* What is wrong with a subscription shows in what it returns. */
static void no_error(natsConnection *connection, natsSubscription *subscription, natsStatus status, void *arg)
{
    (void)connection;
    (void)subscription;
    (void)status;
    (void)arg;
}

static natsStatus options_secure(natsOptions *o, const struct bridge *b)
{
    natsStatus s = NATS_OK;
    if (b->credentials != NULL) {
        s = natsOptions_SetUserCredentialsFromFiles(o, b->credentials, NULL);
    }
    if (s == NATS_OK && (b->tls_ca != NULL || b->tls_cert != NULL)) {
        s = natsOptions_SetSecure(o, true);
    }
    if (s == NATS_OK && b->tls_ca != NULL) {
        s = natsOptions_LoadCATrustedCertificates(o, b->tls_ca);
    }
    if (s == NATS_OK && b->tls_cert != NULL) {
        s = natsOptions_LoadCertificatesChain(o, b->tls_cert, b->tls_key);
    }
    return s;
}

static natsStatus options_make(struct link *l)
{
    const struct bridge *b = l->b;
    natsStatus s = natsOptions_Create(&l->options);
    natsOptions *o = l->options;
    s = s == NATS_OK ? natsOptions_SetServers(o, (const char **)(uintptr_t)b->servers, b->server_count) : s;
    s = s == NATS_OK ? natsOptions_SetName(o, "shmq bridge") : s;
    s = s == NATS_OK ? natsOptions_SetMaxReconnect(o, -1) : s;
    s = s == NATS_OK ? natsOptions_SetReconnectWait(o, BRIDGE_RETRY_MS) : s;
    s = s == NATS_OK ? natsOptions_SetDisconnectedCB(o, disconnected, l) : s;
    s = s == NATS_OK ? natsOptions_SetReconnectedCB(o, reconnected, l) : s;
    s = s == NATS_OK ? natsOptions_SetErrorHandler(o, no_error, l) : s;
    s = s == NATS_OK ? natsOptions_SetFailRequestsOnDisconnect(o, true) : s;
    /* What the client buffers while the server is away would come before what got lost: so there we connect anew. */
    s = s == NATS_OK ? natsOptions_SetAllowReconnect(o, !b->to) : s;
    return s == NATS_OK ? options_secure(o, b) : s;
}

int link_open(struct link *l, struct bridge *b)
{
    *l = (struct link){.b = b};
    jsOptions_Init(&l->js_options);
    natsStatus s = options_make(l);
    if (s != NATS_OK) {
        return link_failed(l, "the connection cannot be set up", s, 0);
    }
    bool told = false;
    bool refused = false;
    while ((s = natsConnection_Connect(&l->connection, l->options)) != NATS_OK) {
        /* As the client does it when it connects anew: what is refused once may be accepted, what is twice will not. */
        if (s == NATS_CONNECTION_AUTH_FAILED && !refused) {
            refused = true;
            continue;
        }
        bool later = s == NATS_NO_SERVER || s == NATS_TIMEOUT || s == NATS_IO_ERROR;
        if (!b->wait || !later || os_signal_caught() != 0) {
            char what[512];
            snprintf(what, sizeof what, "cannot connect to %.400s%s", b->servers[0],
                     later && !b->wait ? " (wait for it with --wait)" : "");
            return os_signal_caught() != 0 ? EXIT_CODE_ERROR : link_failed(l, what, s, 0);
        }
        if (!told) {
            link_note(l, "waiting for %.400s", b->servers[0]);
            told = true;
        }
        os_sleep(INT64_C(1000000) * BRIDGE_RETRY_MS);
    }
    return EXIT_CODE_OK;
}

bool link_again(struct link *l)
{
    atomic_store(&l->closing, true);
    jsCtx_Destroy(l->js);
    natsConnection_Destroy(l->connection);
    l->js = NULL;
    l->connection = NULL;
    atomic_store(&l->closing, false);
    while (os_signal_caught() == 0) {
        l->connection = NULL;
        if (natsConnection_Connect(&l->connection, l->options) == NATS_OK &&
            natsConnection_JetStream(&l->js, l->connection, &l->js_options) == NATS_OK) {
            link_note(l, "the server is there again");
            return true;
        }
        natsConnection_Destroy(l->connection);
        l->connection = NULL;
        os_sleep(INT64_C(1000000) * BRIDGE_RETRY_MS);
    }
    return false;
}

void link_close(struct link *l)
{
    if (l->options == NULL) {
        return;
    }
    atomic_store(&l->closing, true);
    jsCtx_Destroy(l->js);
    natsConnection_Destroy(l->connection);
    natsOptions_Destroy(l->options);
    l->options = NULL;
    nats_CloseAndWait(CLOSE_MS);
}

static natsStatus stream_find(struct link *l, jsErrCode *error)
{
    jsStreamNamesList *names = NULL;
    jsOptions filter;
    jsOptions_Init(&filter);
    filter.Stream.Info.SubjectsFilter = l->b->subject;
    natsStatus s = js_StreamNames(&names, l->js, &filter, error);
    if (s == NATS_OK && names->Count == 0) {
        s = NATS_NOT_FOUND;
    }
    if (s == NATS_OK) {
        snprintf(l->stream, sizeof l->stream, "%s", names->List[0]);
    }
    jsStreamNamesList_Destroy(names);
    return s;
}

static natsStatus stream_make(struct link *l, jsErrCode *error)
{
    jsStreamConfig config;
    jsStreamConfig_Init(&config);
    config.Name = l->b->stream;
    config.Subjects = (const char *[]){l->b->subject};
    config.SubjectsLen = 1;
    config.Storage = js_FileStorage;
    return js_AddStream(NULL, l->js, &config, NULL, error);
}

int link_stream(struct link *l)
{
    jsErrCode error = 0;
    natsStatus s = stream_find(l, &error);
    if (s == NATS_NOT_FOUND && l->b->stream != NULL) {
        s = stream_make(l, &error);
        if (s == NATS_OK) {
            snprintf(l->stream, sizeof l->stream, "%s", l->b->stream);
            link_note(l, "made the stream %s for %s", l->b->stream, l->b->subject);
            return EXIT_CODE_OK;
        }
    } else if (s == NATS_NOT_FOUND) {
        report_text("bridge", l->b->at.name,
                    "no stream has the subject %s (make one with --stream NAME, or: nats "
                    "stream add)",
                    l->b->subject);
        return EXIT_CODE_NOT_FOUND;
    } else if (s == NATS_OK && l->b->stream != NULL && strcmp(l->stream, l->b->stream) != 0) {
        report_text("bridge", l->b->at.name, "the stream %s has the subject %s, and not %s", l->stream, l->b->subject,
                    l->b->stream);
        return EXIT_CODE_ERROR;
    }
    return s == NATS_OK ? EXIT_CODE_OK : link_failed(l, "the server's streams cannot be used", s, error);
}

int bridge_module(struct bridge *b)
{
    struct link l;
    int code = link_open(&l, b);
    if (code == EXIT_CODE_OK) {
        code = b->to ? bridge_to(&l) : bridge_from(&l);
    }
    link_close(&l);
    return code;
}
