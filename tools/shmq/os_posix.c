#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t signal_caught;

void os_standard_streams(void)
{
    for (int descriptor = 0; descriptor <= 2; descriptor++) {
        if (fcntl(descriptor, F_GETFD) == -1 && errno == EBADF) {
            /* The wrong way round, so that using a stream that was closed is still an error. */
            int opened = open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY);
            if (opened != descriptor) {
                abort();
            }
        }
    }
}

const char *os_error_text(void)
{
    return strerror(errno);
}

static void signal_note(int number)
{
    signal_caught = number;
}

void os_signals_catch(void)
{
    /* Without SA_RESTART, so that reads and writes that sleep come back; a second one then kills at once. */
    struct sigaction note = {.sa_handler = signal_note, .sa_flags = (int)SA_RESETHAND};
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction before;
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
            sigaction(numbers[i], &note, NULL);
        }
    }
    signal(SIGPIPE, SIG_IGN);
}

int os_signal_caught(void)
{
    return signal_caught;
}

void os_signal_die(int number)
{
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, number);
    signal(number, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
    raise(number);
}

int os_signal_pipe(void)
{
    return SIGPIPE;
}

bool os_is_terminal(int descriptor)
{
    return isatty(descriptor) == 1;
}

int os_terminal_width(int descriptor)
{
    struct winsize size;
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t os_monotonic_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int64_t os_realtime_ns(void)
{
    return clock_ns(CLOCK_REALTIME);
}

void os_date(char text[32], int64_t since_1970_ns)
{
    time_t seconds = (time_t)(since_1970_ns / 1000000000);
    struct tm parts;
    if (gmtime_r(&seconds, &parts) == NULL || strftime(text, 32, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0) {
        snprintf(text, 32, "unknown");
    }
}

int os_input_ready(int descriptor, int timeout_ms)
{
    struct pollfd one = {.fd = descriptor, .events = POLLIN};
    int count = poll(&one, 1, timeout_ms);
    /* Where poll cannot tell, reading can. */
    return count > 0 || (count < 0 && errno != EINTR);
}

void os_output_wait(int descriptor)
{
    struct pollfd one = {.fd = descriptor, .events = POLLOUT};
    poll(&one, 1, 100);
}

bool os_reader_gone(int descriptor)
{
    struct pollfd one = {.fd = descriptor, .events = 0};
    return poll(&one, 1, 0) > 0 && (one.revents & POLLERR) != 0;
}

int64_t os_bytes_left(int descriptor)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        return -1;
    }
    off_t place = lseek(descriptor, 0, SEEK_CUR);
    return place < 0 || place > status.st_size ? 0 : (int64_t)(status.st_size - place);
}

bool os_group(const char *name, uint32_t *group)
{
    const struct group *entry = getgrnam(name);
    if (entry != NULL) {
        *group = entry->gr_gid;
        return true;
    }
    char *end = NULL;
    errno = 0;
    unsigned long number = strtoul(name, &end, 10);
    if (name[0] < '0' || name[0] > '9' || *end != '\0' || errno != 0 || number >= UINT32_MAX) {
        return false;
    }
    *group = (uint32_t)number;
    return true;
}

bool os_space(const char *path, uint64_t *bytes)
{
    char folder[4096] = "/dev/shm";
    if (path != NULL) {
        const char *slash = strrchr(path, '/');
        int length = slash == NULL ? 0 : slash == path ? 1 : (int)(slash - path);
        snprintf(folder, sizeof folder, "%.*s", length == 0 ? 1 : length, length == 0 ? "." : path);
    }
    struct statvfs status;
    if (statvfs(folder, &status) != 0) {
        return false;
    }
    *bytes = (uint64_t)status.f_bavail * status.f_frsize;
    return true;
}
