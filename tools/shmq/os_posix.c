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

void os_date_exact(char text[40], int64_t since_1970_ns)
{
    time_t seconds = (time_t)(since_1970_ns / 1000000000);
    char date[32];
    struct tm parts;
    if (gmtime_r(&seconds, &parts) == NULL || strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts) == 0) {
        snprintf(date, sizeof date, "0000-00-00T00:00:00");
    }
    snprintf(text, 40, "%.24s.%09uZ", date, (unsigned)(since_1970_ns % 1000000000) % 1000000000);
}

void os_sleep(int64_t ns)
{
    struct timespec time = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
    nanosleep(&time, NULL);
}

/* The file has one line, and anything may be in the name: "4711 (name) S 1 ...". */
static bool process_read(uint32_t pid, struct os_process *process, long long *start_ticks)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = descriptor < 0 ? -1 : read(descriptor, text, sizeof text - 1);
    if (descriptor >= 0) {
        close(descriptor);
    }
    text[size > 0 ? size : 0] = '\0';
    char *name = strchr(text, '(');
    char *end = strrchr(text, ')');
    if (name == NULL || end == NULL || end < name) {
        return false;
    }
    snprintf(process->name, sizeof process->name, "%.*s", (int)(end - name - 1), name + 1);
    char state = '\0';
    /* Behind the state come 18 other numbers, and then when it began. */
    if (sscanf(end + 1, " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lld", &state,
               start_ticks) != 2) {
        return false;
    }
    process->paused = state == 'T' || state == 't';
    return true;
}

bool os_process_look(uint32_t pid, int64_t began_until_ns, struct os_process *process)
{
    const int64_t second_ns = 1000000000;
    long long ticks = 0;
    if (pid == 0 || !process_read(pid, process, &ticks)) {
        return false;
    }
    int64_t boot_ns = os_realtime_ns() - clock_ns(CLOCK_BOOTTIME);
    int64_t began_ns = boot_ns + ticks * (second_ns / sysconf(_SC_CLK_TCK));
    /* The clock may have been set a little meanwhile. */
    return began_ns <= began_until_ns + 2 * second_ns;
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
