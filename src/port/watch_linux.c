/*
 * An epoll descriptor over two others: inotify on the queue's file, and a timer
 *
 * The kernel tells of a close before it drops the locks of what was closed. So who is told of one asks for the locks
 * now, and has the timer tell it to ask again.
 */
#include "port/watch.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)

static int add(int poll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

static int open_all(port_file file, struct port_watch *watch)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/self/fd/%d", (int)file);
    watch->events = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->events < 0)
        return -errno;
    if (inotify_add_watch(watch->events, path, IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB) < 0)
        return -errno;
    watch->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (watch->timer < 0)
        return -errno;
    watch->poll = epoll_create1(EPOLL_CLOEXEC);
    if (watch->poll < 0)
        return -errno;
    int rc = add(watch->poll, watch->events);

    return rc != 0 ? rc : add(watch->poll, watch->timer);
}

int port_watch_open(port_file file, const uint32_t *bell, struct port_watch *watch)
{
    (void)bell; /* all who watch the file are told */
    struct port_watch made = PORT_NO_WATCH;
    int rc = open_all(file, &made);

    if (rc != 0) {
        port_watch_close(&made);
        return rc;
    }
    port_watch_again(&made, 0);
    *watch = made;
    return 0;
}

void port_watch_close(struct port_watch *watch)
{
    const int all[] = {watch->poll, watch->events, watch->timer};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i] >= 0)
            close(all[i]);
    }
    *watch = PORT_NO_WATCH;
}

bool port_watch_clear(const struct port_watch *watch)
{
    char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    uint64_t expirations;
    bool closed = false;
    ssize_t size;

    while ((size = read(watch->events, buffer, sizeof buffer)) > 0) {
        for (ssize_t at = 0; at < size;) {
            const struct inotify_event *event = (const struct inotify_event *)(const void *)(buffer + at);

            /* Of an overflow we do not know what it hid. */
            closed |= (event->mask & (IN_CLOSE_WRITE | IN_Q_OVERFLOW)) != 0;
            at += (ssize_t)(sizeof *event + event->len);
        }
    }
    (void)!read(watch->timer, &expirations, sizeof expirations);
    return closed;
}

void port_watch_again(const struct port_watch *watch, int64_t delay_ns)
{
    int64_t delay = delay_ns > 0 ? delay_ns : 1; /* 0 would stop it */
    struct itimerspec when = {.it_value = {.tv_sec = delay / NS_PER_S, .tv_nsec = delay % NS_PER_S}};

    (void)timerfd_settime(watch->timer, 0, &when, NULL);
}

void port_watch_ring(port_file file, int64_t offset, const uint32_t *bell)
{
    (void)bell;
    const uint32_t nothing = 0;

    (void)!pwrite((int)file, &nothing, sizeof nothing, (off_t)offset);
}
