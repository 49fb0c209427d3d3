/*
 * How named memory comes into being on Linux: whole, or not at all
 *
 * A file that has no name yet (O_TMPFILE) gets its size and its permissions, its creator fills it, and a link makes
 * it visible. Where the file system has no such files, the creator fills a draft in memory, and publishing copies it
 * to a hidden file first.
 */
#include "port/shm_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/sysinfo.h>
#include <unistd.h>

static int permissions_set(int fd, const struct port_permissions *permissions)
{
    /* The group comes first: changing it may clear bits of the mode. */
    if (permissions->has_group && fchown(fd, (uid_t)-1, permissions->group) != 0) {
        return shm_failure(errno);
    }
    return fchmod(fd, permissions->mode) != 0 ? shm_failure(errno) : 0;
}

/* No tmpfs limits memory without a name: to try what can never fit would only call the OOM killer. */
static int memory_check(uint64_t size)
{
    struct sysinfo memory;
    if (sysinfo(&memory) != 0) {
        return shm_failure(errno);
    }
    return size / memory.mem_unit > (uint64_t)memory.totalram + memory.totalswap ? -ENOSPC : 0;
}

/* For a file system without O_TMPFILE: memory that takes up only what is written to it, until publish copies it. */
static int draft_size(int fd, uint64_t size)
{
    if (size == 0 || size > INT64_MAX) {
        return size == 0 ? -EINVAL : -ENOSPC;
    }
    return ftruncate(fd, (off_t)size) != 0 ? shm_failure(errno) : 0;
}

/* The folder of a place, with its last '/'. */
static void folder_of(const struct port_place *place, char folder[PORT_PATH_MAX])
{
    size_t length = (size_t)(strrchr(place->path, '/') - place->path) + 1;
    memcpy(folder, place->path, length);
    folder[length] = '\0';
}

int port_shm_create(const struct port_place *place, uint64_t size, const struct port_permissions *permissions,
                    bool inheritable, port_file *file)
{
    bool draft = false;
    int fd = -ENOENT;
    int rc = place != NULL ? port_shm_may_create(place) : memory_check(size);
    if (rc != 0) {
        return rc;
    }
    if (place != NULL) {
        char folder[PORT_PATH_MAX];
        folder_of(place, folder);
        fd = shm_descriptor(folder, O_TMPFILE | O_RDWR | (inheritable ? 0 : O_CLOEXEC));
        draft = fd == -EOPNOTSUPP || fd == -EISDIR;
    }
    if (place == NULL || draft) {
        fd = memfd_create("shmq", inheritable ? 0 : MFD_CLOEXEC);
        fd = fd < 0 ? -errno : fd;
    }
    if (fd < 0) {
        return shm_failure(-fd);
    }
    rc = draft ? draft_size(fd, size) : shm_allocate(fd, size);
    if (rc == 0) {
        rc = permissions_set(fd, permissions);
    }
    if (rc != 0) {
        close(fd);
        return rc;
    }
    *file = fd;
    return 0;
}

/* A hidden file beside the place; its name is for the few instructions that it takes to fill it. */
static int temporary_create(const struct port_place *place, char path[PORT_PATH_MAX])
{
    char folder[PORT_PATH_MAX];
    folder_of(place, folder);
    for (int try = 0; try < SHM_TRIES_MAX; try++) {
        uint64_t number;
        if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) {
            continue;
        }
        if (snprintf(path, PORT_PATH_MAX, "%s.shmq-%016llx", folder, (unsigned long long)number) >= PORT_PATH_MAX) {
            return -ENAMETOOLONG;
        }
        int fd = shm_descriptor(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC);
        if (fd != -EEXIST) {
            return fd < 0 ? shm_failure(-fd) : fd;
        }
    }
    return -EACCES;
}

/* Copy what is not a hole. */
static int contents_copy(int from, int to)
{
    off_t data = lseek(from, 0, SEEK_DATA);
    while (data >= 0) {
        off_t end = lseek(from, data, SEEK_HOLE);
        if (end < 0 || lseek(to, data, SEEK_SET) < 0) {
            return shm_failure(errno);
        }
        while (data < end) {
            ssize_t count = sendfile(to, from, &data, (size_t)(end - data));
            if (count == 0 || (count < 0 && errno != EINTR)) {
                return count == 0 ? -ENOSPC : shm_failure(errno);
            }
        }
        data = lseek(from, end, SEEK_DATA);
    }
    return errno == ENXIO ? 0 : shm_failure(errno);
}

/* Make `to` what `from` is: size, contents, permissions. Holes are zero, and allocated. */
static int draft_copy(int from, int to)
{
    struct stat status;
    if (fstat(from, &status) != 0) {
        return shm_failure(errno);
    }
    int rc = shm_allocate(to, (uint64_t)status.st_size);
    if (rc == 0) {
        rc = contents_copy(from, to);
    }
    if (rc == 0) {
        struct port_permissions permissions = {status.st_mode & 07777, status.st_gid, true};
        rc = permissions_set(to, &permissions);
    }
    return rc;
}

/* Some file systems know one of the two ways that do not replace, some the other. */
static int temporary_publish(const char *temporary, const char *path)
{
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    if ((errno != EINVAL && errno != ENOSYS) || link(temporary, path) != 0) {
        return shm_failure(errno);
    }
    unlink(temporary);
    return 0;
}

/* Publish by way of a temporary name. The caller's descriptor then means the published file. */
static int copy_publish(int fd, const struct port_place *place)
{
    char temporary[PORT_PATH_MAX];
    struct stat status;
    if (lstat(place->path, &status) == 0) {
        return -EEXIST;
    }
    int flags = fcntl(fd, F_GETFD);
    if (flags < 0) {
        return shm_failure(errno);
    }
    int copy = temporary_create(place, temporary);
    if (copy < 0) {
        return copy;
    }
    int rc = draft_copy(fd, copy);
    while (rc == 0 && dup3(copy, fd, (flags & FD_CLOEXEC) != 0 ? O_CLOEXEC : 0) < 0) {
        rc = errno == EINTR || errno == EBUSY ? 0 : shm_failure(errno);
    }
    if (rc == 0) {
        rc = temporary_publish(temporary, place->path);
    }
    if (rc != 0) {
        unlink(temporary);
    }
    close(copy);
    return rc;
}

int port_shm_publish(port_file file, const struct port_place *place)
{
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", (int)file);
    if (linkat(AT_FDCWD, self, AT_FDCWD, place->path, AT_SYMLINK_FOLLOW) == 0) {
        return 0;
    }
    /* No /proc: with some privilege it goes without. */
    if (errno == ENOENT && linkat((int)file, "", AT_FDCWD, place->path, AT_EMPTY_PATH) == 0) {
        return 0;
    }
    return errno == ENOENT || errno == EXDEV ? copy_publish((int)file, place) : shm_failure(errno);
}
