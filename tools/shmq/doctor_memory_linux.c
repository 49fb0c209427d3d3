#include "doctor.h"
#include "units.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#define FOLDER "/dev/shm"
/* A queue of the default size, with its header. */
#define QUEUE_BYTES (SHMQ_CAPACITY_DEFAULT + 8192)
/* What container engines give where nothing is said. */
#define CONTAINER_BYTES (UINT64_C(64) << 20)

static const char advice_space[] = "remove what nobody uses (shmq clean --remove), or make it larger: mount -o "
                                   "remount,size=1G " FOLDER "; for a container: docker run --shm-size=1g";

static void space_find(struct doctor *d, const struct statfs *fs)
{
    char total_text[UNITS_TEXT], free_text[UNITS_TEXT], queue_text[UNITS_TEXT];
    uint64_t total = (uint64_t)fs->f_blocks * (uint64_t)fs->f_bsize;
    uint64_t available = (uint64_t)fs->f_bavail * (uint64_t)fs->f_bsize;
    units_size(total_text, total, false);
    units_size(free_text, available, false);
    units_size(queue_text, QUEUE_BYTES, false);
    if (total == 0) { /* mounted without a limit */
        doctor_find(d, DOCTOR_OK, "space", FOLDER " has no limit of its own");
    } else if (available < QUEUE_BYTES) {
        doctor_find(d, DOCTOR_PROBLEM, "space",
                    FOLDER " is full: %s free of %s, and a queue of the default size takes %s", free_text, total_text,
                    queue_text);
        doctor_advise(d, "%s", advice_space);
    } else if (available < total / 10) {
        doctor_find(d, DOCTOR_WARNING, "space", FOLDER " is nearly full: %s free of %s", free_text, total_text);
        doctor_advise(d, "%s", advice_space);
    } else if (total <= CONTAINER_BYTES) {
        doctor_find(d, DOCTOR_WARNING, "space", FOLDER " is small: %s, %s free", total_text, free_text);
        doctor_advise(d, "%s", advice_space);
    } else {
        doctor_find(d, DOCTOR_OK, "space", FOLDER ": %s, %s free", total_text, free_text);
    }
    if (fs->f_files == 0) {
        return;
    }
    uintmax_t files = (uintmax_t)fs->f_files, left = (uintmax_t)fs->f_ffree;
    if (left < 16) {
        doctor_find(d, left == 0 ? DOCTOR_PROBLEM : DOCTOR_WARNING, "files",
                    FOLDER " has room for %ju more files of %ju; each queue is one", left, files);
        doctor_advise(d,
                      "remove what nobody uses (shmq clean --remove), or: mount -o remount,nr_inodes=100k " FOLDER);
    } else {
        doctor_find(d, DOCTOR_OK, "files", FOLDER " has room for %ju more", left);
    }
}

static void permission_find(struct doctor *d)
{
    struct stat status;
    if (stat(FOLDER, &status) != 0) {
        return;
    }
    unsigned mode = (unsigned)status.st_mode & 07777;
    if (faccessat(AT_FDCWD, FOLDER, W_OK | X_OK, AT_EACCESS) != 0) {
        bool read_only = errno == EROFS;
        doctor_find(d, DOCTOR_PROBLEM, "permission", FOLDER " %s: no queue can be created",
                    read_only ? "is mounted read-only" : "may not be written to");
        doctor_advise(d, read_only ? "mount -o remount,rw " FOLDER : "as root: chmod 1777 " FOLDER);
        return;
    }
    int fd = open(FOLDER, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    bool unnamed = fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR);
    if (fd >= 0) {
        close(fd);
    }
    if ((mode & 0002) != 0 && (mode & S_ISVTX) == 0) {
        doctor_find(d, DOCTOR_WARNING, "permission",
                    FOLDER " has mode %04o: anybody may remove the queues of everybody else", mode);
        doctor_advise(d, "as root: chmod 1777 " FOLDER);
    } else if (!unnamed) {
        doctor_find(d, DOCTOR_WARNING, "permission",
                    FOLDER " has no files without a name (O_TMPFILE): queues are copied once as they are created");
        doctor_advise(d, "mount a tmpfs there: mount -t tmpfs tmpfs " FOLDER);
    } else {
        doctor_find(d, DOCTOR_OK, "permission", FOLDER " has mode %04o, and may be written to", mode);
    }
}

struct least {
    bool limited;
    uint64_t bytes;
};

static void least_note(const char *line, void *arg)
{
    struct least *least = arg;
    char *end = NULL;
    unsigned long long value = strtoull(line, &end, 10);
    if (end != line && (!least->limited || value < least->bytes)) {
        *least = (struct least){true, value};
    }
}

/* A tmpfs promises more than there may be: whoever uses it is ended by the kernel then. */
static void memory_find(struct doctor *d, uint64_t promised)
{
    char line[256], promised_text[UNITS_TEXT], text[UNITS_TEXT];
    struct least least = {0};
    unsigned long long available_kb = 0;
    FILE *file = fopen("/proc/meminfo", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "MemAvailable: %llu kB", &available_kb) == 1) {
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    doctor_cgroup("memory", "memory.max", "memory.limit_in_bytes", least_note, &least);
    units_size(promised_text, promised, false);
    uint64_t available = (uint64_t)available_kb << 10;
    if (least.limited && least.bytes < promised) {
        units_size(text, least.bytes, false);
        doctor_find(d, DOCTOR_WARNING, "memory",
                    "the control group allows %s, less than the %s that are free in " FOLDER
                    ": what goes beyond is killed",
                    text, promised_text);
        doctor_advise(d, "count queues into the limit (memory.max, docker run --memory), or make " FOLDER " smaller");
    } else if (available_kb != 0 && available < QUEUE_BYTES * 64) {
        units_size(text, available, false);
        doctor_find(d, DOCTOR_WARNING, "memory", "only %s are available", text);
        doctor_advise(d, "end what takes it: a queue takes its memory as it is created");
    } else if (available_kb != 0) {
        units_size(text, available, false);
        doctor_find(d, DOCTOR_OK, "memory", "%s available", text);
    }
}

void doctor_memory(struct doctor *d)
{
    struct statfs fs;
    if (statfs(FOLDER, &fs) != 0) {
        doctor_find(d, DOCTOR_PROBLEM, "space", FOLDER ": %s", strerror(errno));
        doctor_advise(d, "mkdir -p " FOLDER " && mount -t tmpfs -o mode=1777 tmpfs " FOLDER);
        return;
    }
    if (fs.f_type != TMPFS_MAGIC) {
        doctor_find(d, DOCTOR_WARNING, "space", FOLDER " is no tmpfs: what is written goes to a disk as well");
        doctor_advise(d, "mount -t tmpfs -o mode=1777 tmpfs " FOLDER);
    }
    space_find(d, &fs);
    memory_find(d, (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize);
    permission_find(d);
}
