#include "metrics_serve.h"
#include "os.h"
#include "report.h"

#include <microhttpd.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 64, IDLE_SECONDS = 10, SLICE_MS = 500 };

struct server {
    struct watch *w;
    enum metrics_format format;
};

/* Sets host and port to parts of `text`. */
static bool address_split(char *text, const char **host, const char **port)
{
    char *colon = strrchr(text, ':');
    *host = "127.0.0.1";
    *port = text;
    if (colon != NULL) {
        *colon = '\0';
        *port = colon + 1;
        size_t length = strlen(text);
        if (text[0] == '[' && length > 2 && text[length - 1] == ']') {
            text[length - 1] = '\0';
            *host = text + 1;
        } else if (length > 0 && strpbrk(text, ":[]") == NULL) {
            *host = text;
        } else if (length > 0) {
            return false;
        }
    }
    char *end = NULL;
    unsigned long number = strtoul(*port, &end, 10);
    return (*port)[0] >= '0' && (*port)[0] <= '9' && *end == '\0' && number <= 65535;
}

static int socket_bound(const struct addrinfo *address)
{
    const int yes = 1;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -errno;
    }
    /* What an earlier server of ours has not finished yet does not keep the port; one that listens does. */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0) {
        int rc = -errno;
        close(fd);
        return rc;
    }
    return fd;
}

/* A listening socket, or -1 with what is wrong told. */
static int socket_listen(const char *where)
{
    char text[256];
    const char *host, *port;
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    if ((size_t)snprintf(text, sizeof text, "%s", where) >= sizeof text || !address_split(text, &host, &port)) {
        report_line("metrics: --listen: '%s' is not ADDRESS:PORT, such as 127.0.0.1:9464 or [::1]:9464", where);
        return -1;
    }
    int rc = getaddrinfo(host, port, &wanted, &found);
    if (rc != 0) {
        report_line("metrics: --listen: '%s': %s", where, gai_strerror(rc));
        return -1;
    }
    int fd = socket_bound(found);
    freeaddrinfo(found);
    if (fd == -EADDRINUSE) {
        report_line("metrics: --listen: '%s': somebody else listens there (who: ss -ltnp 'sport = :%s'; or choose "
                    "another port)",
                    where, port);
    } else if (fd < 0) {
        report_line("metrics: --listen: '%s': %s", where, strerror(-fd));
    }
    return fd < 0 ? -1 : fd;
}

static enum MHD_Result answer_text(struct MHD_Connection *connection, unsigned status, const char *text)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
    if (response == NULL) {
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/html; charset=utf-8");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    }
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* An old scraper says that it wants plain text, a newer one names the format. */
static enum metrics_format format_wanted(struct MHD_Connection *connection, enum metrics_format format)
{
    const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
    if (accept != NULL && strstr(accept, "openmetrics") != NULL) {
        return METRICS_OPENMETRICS;
    }
    return accept != NULL && strstr(accept, "text/plain") != NULL ? METRICS_PROMETHEUS : format;
}

static enum MHD_Result answer_metrics(struct server *server, struct MHD_Connection *connection)
{
    enum metrics_format format = format_wanted(connection, server->format);
    char *text = NULL;
    size_t size = 0;
    FILE *out = watch_look(server->w) == 0 ? open_memstream(&text, &size) : NULL;
    if (out == NULL) {
        return answer_text(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "the queues cannot be listed\n");
    }
    metrics_write(out, server->w, format);
    if (fclose(out) != 0) {
        free(text);
        return answer_text(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "no memory\n");
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(text);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, metrics_content_type(format));
    enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *data, size_t *data_size, void **state)
{
    (void)version;
    (void)data;
    /* Called once for the headers, then for each piece of a body, then to answer. */
    if (*state == NULL) {
        *state = arg;
        return MHD_YES;
    }
    if (*data_size > 0) {
        *data_size = 0;
        return MHD_YES;
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
    }
    if (strcmp(url, "/metrics") == 0) {
        return answer_metrics(arg, connection);
    }
    if (strcmp(url, "/") == 0) {
        return answer_text(connection, MHD_HTTP_OK,
                           "<!DOCTYPE html><title>shmq</title><a href=\"/metrics\">metrics</a>\n");
    }
    return answer_text(connection, MHD_HTTP_NOT_FOUND, "not here: see /metrics\n");
}

static void address_tell(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    char host[128], port[16];
    if (getsockname(fd, (struct sockaddr *)&address, &size) == 0 &&
        getnameinfo((struct sockaddr *)&address, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
        bool brackets = strchr(host, ':') != NULL;
        report_line("metrics: serving http://%s%s%s:%s/metrics", brackets ? "[" : "", host, brackets ? "]" : "",
                    port);
    }
}

static void serve_until_signal(struct MHD_Daemon *daemon)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd events = {.fd = info->epoll_fd, .events = POLLIN};
    while (os_signal_caught() == 0) {
        MHD_UNSIGNED_LONG_LONG wait_ms = SLICE_MS;
        if (MHD_get_timeout(daemon, &wait_ms) != MHD_YES || wait_ms > SLICE_MS) {
            wait_ms = SLICE_MS;
        }
        poll(&events, 1, (int)wait_ms);
        MHD_run(daemon);
    }
}

int metrics_serve_module(const char *where, struct watch *w, enum metrics_format format, bool quiet)
{
    struct server server = {.w = w, .format = format};
    int fd = socket_listen(where);
    if (fd < 0) {
        return EXIT_CODE_ERROR;
    }
    os_signals_catch();
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, answer, &server, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_END);
    if (daemon == NULL) {
        close(fd);
        report_line("metrics: the server cannot be started: %s", os_error_text());
        return EXIT_CODE_ERROR;
    }
    if (!quiet) {
        address_tell(fd);
    }
    serve_until_signal(daemon);
    MHD_stop_daemon(daemon);
    return EXIT_CODE_OK;
}
