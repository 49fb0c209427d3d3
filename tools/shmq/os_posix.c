#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

static volatile sig_atomic_t signal_caught;
static volatile sig_atomic_t signal_of_terminal;

void os_arguments(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
}

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

static void signal_note(int number, siginfo_t *info, void *context)
{
    (void)context;
    signal_of_terminal = info->si_code == SI_KERNEL;
    signal_caught = number;
}

void os_signals_catch(void)
{
    /* Without SA_RESTART, so that reads and writes that sleep come back; a second one then kills at once. */
    struct sigaction note = {.sa_sigaction = signal_note, .sa_flags = (int)(SA_RESETHAND | SA_SIGINFO)};
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction before;
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
            sigaction(numbers[i], &note, NULL);
        }
    }
    signal(SIGPIPE, SIG_IGN);
}

void os_signals_again(void)
{
    signal_caught = 0;
    os_signals_catch();
}

int os_signal_caught(void)
{
    return signal_caught;
}

bool os_signal_is_of_terminal(void)
{
    return signal_of_terminal != 0;
}

const char *os_signal_text(int number)
{
    return strsignal(number);
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

void os_clock(char text[16])
{
    time_t now = time(NULL);
    struct tm parts;
    if (localtime_r(&now, &parts) == NULL || strftime(text, 16, "%H:%M:%S", &parts) == 0) {
        text[0] = '\0';
    }
}

bool os_utf8(void)
{
    return setlocale(LC_CTYPE, "") != NULL && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

size_t os_character(const char *text, int *columns)
{
    mbstate_t state = {0};
    wchar_t wide = 0;
    size_t bytes = mbrtowc(&wide, text, strlen(text), &state);
    if (bytes == 0 || bytes > 16) { /* also (size_t)-1 and -2 */
        *columns = -1;
        return 1;
    }
    *columns = wcwidth(wide);
    return bytes;
}

void os_host_name(char text[65])
{
    if (gethostname(text, 65) != 0) {
        text[0] = '\0';
    }
    text[64] = '\0';
}

void os_sleep(int64_t ns)
{
    struct timespec time = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
    nanosleep(&time, NULL);
}

long os_process_id(void)
{
    return (long)getpid();
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
