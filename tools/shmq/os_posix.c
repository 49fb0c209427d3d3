#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t signal_caught;
static volatile sig_atomic_t signal_of_terminal;
static void (*volatile child_ended)(void);

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

FILE *os_file_new(const char *path)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return descriptor >= 0 ? fdopen(descriptor, "wb") : NULL;
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

static void child_note(int number)
{
    (void)number;
    int error = errno;
    child_ended();
    errno = error;
}

/* The environment with one variable more, which takes the place of one of that name. The caller frees both. */
static char **environment_with(const char *variable, const char *value, char **entry)
{
    size_t length = strlen(variable), count = 0, kept = 0;
    while (environ[count] != NULL) {
        count++;
    }
    char **result = malloc((count + 2) * sizeof *result);
    *entry = malloc(length + strlen(value) + 2);
    if (result == NULL || *entry == NULL) {
        free(result);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (strncmp(environ[i], variable, length) != 0 || environ[i][length] != '=') {
            result[kept++] = environ[i];
        }
    }
    sprintf(*entry, "%s=%s", variable, value);
    result[kept] = *entry;
    result[kept + 1] = NULL;
    return result;
}

static int spawn(char *const argv[], char **environment, enum os_stdin in, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t reset;
    /* What we ignore for ourselves is not for those we start. */
    sigemptyset(&reset);
    sigaddset(&reset, SIGPIPE);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &reset);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    int rc = in == OS_STDIN_EMPTY ? posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0) : 0;
    if (rc == 0) {
        rc = posix_spawnp(pid, argv[0], &files, &attributes, argv, environment);
    }
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return -rc;
}

int os_start(char *const argv[], const char *variable, const char *value, enum os_stdin in, void (*ended)(void),
             int64_t *process)
{
    struct sigaction note = {.sa_handler = child_note, .sa_flags = SA_NOCLDSTOP};
    char *entry = NULL;
    char **environment = environment_with(variable, value, &entry);
    pid_t pid = 0;
    int rc = environment != NULL ? 0 : -ENOMEM;
    if (rc == 0) {
        child_ended = ended;
        sigaction(SIGCHLD, &note, NULL);
        rc = spawn(argv, environment, in, &pid);
    }
    free(environment);
    free(entry);
    *process = pid;
    return rc;
}

static void end_fill(struct os_end *end, int status)
{
    *end = (struct os_end){
        .code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
        .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
    };
}

bool os_ended(int64_t process, struct os_end *end)
{
    int status = 0;
    if (waitpid((pid_t)process, &status, WNOHANG) != (pid_t)process) {
        return false;
    }
    end_fill(end, status);
    return true;
}

void os_end_wait(int64_t process, struct os_end *end)
{
    int status = 0;
    pid_t pid;
    do {
        pid = waitpid((pid_t)process, &status, 0);
    } while (pid < 0 && errno == EINTR);
    end_fill(end, status);
}

void os_kill(int64_t process, enum os_kill how)
{
    kill((pid_t)process, how == OS_KILL ? SIGKILL : SIGTERM);
}

void os_signal_pass_on(int64_t process, int number)
{
    kill((pid_t)process, number);
}

bool os_own_path(char path[4096])
{
    ssize_t size = readlink("/proc/self/exe", path, 4095);
    path[size > 0 ? size : 0] = '\0';
    return size > 0 && size < 4095;
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
