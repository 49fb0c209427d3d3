#include "peers.h"
#include "support_system.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/membarrier.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

const char *support_names_folder(void)
{
    return "/dev/shm";
}

bool support_is_name(const char *file)
{
    (void)file;
    return true;
}

bool support_make_folder(char *path, size_t size)
{
    const char *base = getenv("TMPDIR");
    snprintf(path, size, "%s/shmq-test-XXXXXX", base != NULL && strlen(base) < 64 ? base : "/tmp");
    return mkdtemp(path) != NULL && chmod(path, 0777) == 0;
}

bool support_tell_children(const char *variable, const char *value)
{
    return setenv(variable, value, 1) == 0;
}

const char *test_place(const char *name)
{
    char *place = support_turn();
    snprintf(place, 512, "/dev/shm/shmq.%lu.%s", (unsigned long)geteuid(), name);
    return place;
}

unsigned test_mode(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? status.st_mode & 07777 : UINT32_MAX;
}

void test_truncate(const char *path, uint64_t length)
{
    assert_int_equal(truncate(path, (off_t)length), 0);
}

unsigned test_mode_wanted(unsigned mode)
{
    return mode;
}

int test_folder(const char *path)
{
    return mkdir(path, 0700);
}

const char *test_stranger(const char *file)
{
    char *path = support_turn();
    snprintf(path, 512, "/dev/shm/%s", file);
    return path;
}

const char *test_null_device(void)
{
    return "/dev/null";
}

bool test_is_path(const char *name)
{
    return strchr(name, '/') != NULL;
}

bool test_may_name_globally(void)
{
    return geteuid() == 0;
}

uint32_t test_user(void)
{
    return geteuid();
}

intptr_t test_handle_copy(intptr_t handle)
{
    return dup((int)handle);
}

bool test_is_handle(intptr_t handle)
{
    return fcntl((int)handle, F_GETFD) >= 0;
}

int test_exec(const char *const arguments[])
{
    char *copy[8] = {NULL};
    char program[4096] = "";
    int status = 0;
    /* By its own path: behind the link, valgrind would start itself. */
    if (readlink("/proc/self/exe", program, sizeof program - 1) < 0) {
        return -1;
    }
    for (size_t i = 0; i < 7 && arguments[i] != NULL; i++) {
        copy[i] = strdup(arguments[i]);
    }
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        execv(program, copy);
        _exit(126);
    }
    for (size_t i = 0; i < 7; i++) {
        free(copy[i]);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool test_become_other(void)
{
    return geteuid() == 0 && setgid(OTHER_UID) == 0 && setuid(OTHER_UID) == 0;
}

static bool file_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return done;
}

bool test_private_names(unsigned size_kib)
{
    char user[64];
    char group[64];
    char text[64];
    snprintf(user, sizeof user, "%lu %lu 1", (unsigned long)geteuid(), (unsigned long)geteuid());
    snprintf(group, sizeof group, "%lu %lu 1", (unsigned long)getegid(), (unsigned long)getegid());
    if (unshare(CLONE_NEWNS) != 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
            return false;
        }
        if (!file_write("/proc/self/uid_map", user) || !file_write("/proc/self/setgroups", "deny") ||
            !file_write("/proc/self/gid_map", group)) {
            return false;
        }
    }
    snprintf(text, sizeof text, "size=%uk,mode=1777", size_kib);
    return mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("shm", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, text) == 0;
}

unsigned test_descriptors(void)
{
    return support_files_with("/proc/self/fd", "", false);
}

unsigned test_maps(void)
{
    unsigned count = 0;
    char line[1024];
    const char *folder = test_path("");
    FILE *maps = fopen("/proc/self/maps", "re");
    if (maps == NULL) {
        return 0;
    }
    while (fgets(line, sizeof line, maps) != NULL) {
        count +=
            strstr(line, "/dev/shm/") != NULL || strstr(line, "memfd:shmq") != NULL || strstr(line, folder) != NULL;
    }
    fclose(maps);
    return count;
}

bool pinned_to(unsigned index)
{
    cpu_set_t all;
    cpu_set_t one;
    int cpu = -1;

    if (sched_getaffinity(0, sizeof all, &all) != 0 || index >= (unsigned)CPU_COUNT(&all))
        return false;
    for (unsigned seen = 0; seen <= index; seen += CPU_ISSET(cpu, &all) ? 1 : 0)
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    return sched_setaffinity(0, sizeof one, &one) == 0;
}

bool test_has_fence(void)
{
    long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);

    return commands >= 0 && (commands & MEMBARRIER_CMD_GLOBAL_EXPEDITED) != 0;
}

int test_readable(const int fds[], int count, int timeout_ms)
{
    struct pollfd all[8];

    assert_in_range(count, 1, 8);
    for (int i = 0; i < count; i++)
        all[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    if (poll(all, (nfds_t)count, timeout_ms) <= 0)
        return -1;
    for (int i = 0; i < count; i++) {
        if (all[i].revents != 0)
            return i;
    }
    return -1;
}

bool test_fence_refused(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {.len = sizeof code / sizeof *code, .filter = code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0 &&
           syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0) == -1 && errno == EPERM;
}

unsigned test_processors(void)
{
    cpu_set_t all;

    return sched_getaffinity(0, sizeof all, &all) == 0 ? (unsigned)CPU_COUNT(&all) : 1;
}

int64_t test_used_us(void)
{
    struct rusage usage;

    assert_int_equal(getrusage(RUSAGE_THREAD, &usage), 0);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000) + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
}

uint64_t test_rounds(uint64_t count)
{
    return count;
}

uint64_t test_moment_us(uint64_t us)
{
    return us;
}
