#include "support.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TURNS 32

static char turns[TURNS][512];
static unsigned turn;
static char folder[128];
static char tag[32];

static char *next_turn(void)
{
    return turns[turn++ % TURNS];
}

const char *test_name(const char *word)
{
    char *name = next_turn();
    snprintf(name, sizeof turns[0], "%s.%s", tag, word);
    return name;
}

const char *test_place(const char *name)
{
    char *place = next_turn();
    snprintf(place, sizeof turns[0], "/dev/shm/shmq.%lu.%s", (unsigned long)geteuid(), name);
    return place;
}

const char *test_path(const char *file)
{
    char *path = next_turn();
    snprintf(path, sizeof turns[0], "%s/%s", folder, file);
    return path;
}

struct shmq_mapping_options test_sized(uint64_t size)
{
    return (struct shmq_mapping_options){.struct_size = sizeof(struct shmq_mapping_options), .size = size};
}

int test_create(const char *name, struct shmq_mapping_options options)
{
    struct shmq_mapping *mapping = NULL;
    int rc = shmq_mapping_create(name, &options, &mapping);
    shmq_mapping_close(mapping);
    return (rc < 0) == (mapping == NULL) ? rc : -EPROTO;
}

int test_open(const char *name, enum shmq_access access)
{
    struct shmq_mapping *mapping = NULL;
    int rc = shmq_mapping_open(name, access, 0, &mapping);
    shmq_mapping_close(mapping);
    return (rc < 0) == (mapping == NULL) ? rc : -EPROTO;
}

unsigned test_mode(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? status.st_mode & 07777 : UINT32_MAX;
}

uint64_t test_length(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (uint64_t)status.st_size : UINT64_MAX;
}

void test_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    ssize_t written = write(fd, text, strlen(text));
    close(fd);
    assert_int_equal(written, strlen(text));
}

/* Each file of a folder with this in its name; all of them where it is empty. */
static unsigned files_with(const char *where, const char *text, bool remove_them)
{
    unsigned count = 0;
    DIR *files = opendir(where);
    if (files == NULL) {
        return 0;
    }
    const struct dirent *file;
    while ((file = readdir(files)) != NULL) {
        if (strcmp(file->d_name, ".") == 0 || strcmp(file->d_name, "..") == 0 || strstr(file->d_name, text) == NULL) {
            continue;
        }
        count++;
        if (remove_them && unlinkat(dirfd(files), file->d_name, 0) != 0) {
            unlinkat(dirfd(files), file->d_name, AT_REMOVEDIR);
        }
    }
    closedir(files);
    return count;
}

int test_setup(void **state)
{
    (void)state;
    snprintf(tag, sizeof tag, "t%ld", (long)getpid());
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/shmq-test-XXXXXX", base != NULL && strlen(base) < 64 ? base : "/tmp");
    return mkdtemp(folder) != NULL && chmod(folder, 0777) == 0 ? 0 : -1;
}

int test_teardown(void **state)
{
    (void)state;
    char mark[40];
    snprintf(mark, sizeof mark, ".%s.", tag);
    files_with("/dev/shm", mark, true);
    files_with(folder, "", true);
    return rmdir(folder);
}

static int status_of(pid_t child)
{
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int test_child(int (*work)(void *arg), void *arg)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        _exit(work(arg));
    }
    return status_of(child);
}

int test_exec(const char *const arguments[])
{
    char *copy[8] = {NULL};
    char program[4096] = "";
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
    int status = status_of(child);
    for (size_t i = 0; i < 7; i++) {
        free(copy[i]);
    }
    return status;
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

bool test_private_shm(unsigned size_kib)
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
    return files_with("/proc/self/fd", "", false);
}

unsigned test_maps(void)
{
    unsigned count = 0;
    char line[1024];
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

unsigned test_names(void)
{
    char mark[40];
    snprintf(mark, sizeof mark, ".%s.", tag);
    return files_with("/dev/shm", mark, false) + files_with(folder, "", false);
}
