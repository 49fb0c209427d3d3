#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void (*volatile child_ended)(void);

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
    struct timespec booted;
    clock_gettime(CLOCK_BOOTTIME, &booted);
    int64_t boot_ns = os_realtime_ns() - (booted.tv_sec * second_ns + booted.tv_nsec);
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
