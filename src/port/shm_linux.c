/*
 * Named memory on Linux: files in the tmpfs /dev/shm, and files of the user's
 *
 *     NAME, Local\NAME   /dev/shm/shmq.<effective user id>.NAME
 *     Global\NAME        /dev/shm/shmq.global.NAME
 *     a path             as it is
 *
 * Everybody may put things into /dev/shm, so what is found there is believed only when it belongs to the user whose
 * name it bears (root for the global ones). An alias is a symbolic link in the place of a name.
 */
#include "port/shm_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
#define PIECE_SIZE ((off_t)1 << 20)

_Static_assert(sizeof(off_t) == 8, "compile with _FILE_OFFSET_BITS=64");

/* Many file systems have many ways to refuse. The table in error.h has one for each meaning. */
int shm_failure(int error)
{
    switch (error) {
    case EPERM:
    case EROFS:
    case ELOOP:
    case ETXTBSY:
    case EOVERFLOW:
        return -EACCES;
    case ENOTDIR:
        return -ENOENT;
    case EDQUOT:
    case EFBIG:
        return -ENOSPC;
    case EBADF:
    case EISDIR:
    case ENXIO:
    case ENODEV:
        return -EINVAL;
    default:
        return -error;
    }
}

int shm_descriptor(const char *path, int flags)
{
    int fd;
    do {
        fd = open(path, flags, 0600);
    } while (fd < 0 && errno == EINTR);
    return fd < 0 ? -errno : fd;
}

void shm_local_prefix(char prefix[32])
{
    snprintf(prefix, 32, "shmq.%lu.", (unsigned long)geteuid());
}

int shm_name_check(const char *name)
{
    size_t length = strspn(name, NAME_CHARACTERS);
    if (length == 0 || name[length] != '\0') {
        return -EINVAL;
    }
    return length > SHM_NAME_MAX ? -ENAMETOOLONG : 0;
}

int port_shm_path(const char *path, struct port_place *place)
{
    if (path[0] == '\0') {
        return -EINVAL;
    }
    const char *folder = strchr(path, '/') == NULL ? "./" : "";
    if (strlen(folder) + strlen(path) >= sizeof place->path) {
        return -ENAMETOOLONG;
    }
    place->scope = PORT_PATH;
    snprintf(place->path, sizeof place->path, "%s%s", folder, path);
    return 0;
}

int port_shm_place(const char *name, struct port_place *place)
{
    static const char local[] = "Local\\";
    static const char global[] = "Global\\";

    if (strchr(name, '/') != NULL) {
        return port_shm_path(name, place);
    }
    enum port_scope scope = PORT_LOCAL;
    char prefix[32];
    shm_local_prefix(prefix);
    if (strncmp(name, local, sizeof local - 1) == 0) {
        name += sizeof local - 1;
    } else if (strncmp(name, global, sizeof global - 1) == 0) {
        name += sizeof global - 1;
        scope = PORT_GLOBAL;
        strcpy(prefix, SHM_GLOBAL_PREFIX);
    }
    int rc = shm_name_check(name);
    if (rc != 0) {
        return rc;
    }
    place->scope = scope;
    snprintf(place->path, sizeof place->path, SHM_FOLDER "%s%s", prefix, name);
    return 0;
}

bool shm_owner_fits(enum port_scope scope, const struct stat *status)
{
    switch (scope) {
    case PORT_LOCAL:
        return status->st_uid == geteuid();
    case PORT_GLOBAL:
        return status->st_uid == 0;
    default:
        return true;
    }
}

int port_shm_may_create(const struct port_place *place)
{
    return place->scope == PORT_GLOBAL && geteuid() != 0 ? -EPERM : 0;
}

/*
 * An interrupted tmpfs takes back all it has allocated. Small pieces go on where they were, so that a program with a
 * timer gets there too; the whole at once comes first because it fails at once when it can never fit.
 */
int shm_allocate(int fd, uint64_t size)
{
    if (size == 0 || size > INT64_MAX) {
        return size == 0 ? -EINVAL : -ENOSPC;
    }
    off_t end = (off_t)size;
    int error = posix_fallocate(fd, 0, end);
    if (error == EINTR) {
        error = 0;
        for (off_t done = 0; error == 0 && done < end; done += PIECE_SIZE) {
            do {
                error = posix_fallocate(fd, done, end - done < PIECE_SIZE ? end - done : PIECE_SIZE);
            } while (error == EINTR);
        }
    }
    return shm_failure(error);
}

/* Read where an alias leads, without a moment in which it could become another: 1 when it is no alias (any more). */
static int alias_read(const struct port_place *place, char target[PORT_PATH_MAX])
{
    int fd = shm_descriptor(place->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return shm_failure(-fd);
    }
    struct stat status;
    int rc = 0;
    if (fstat(fd, &status) != 0) {
        rc = shm_failure(errno);
    } else if (!S_ISLNK(status.st_mode)) {
        rc = 1;
    } else if (!shm_owner_fits(place->scope, &status)) {
        rc = -EACCES;
    } else {
        ssize_t length = readlinkat(fd, "", target, PORT_PATH_MAX);
        if (length < 0) {
            rc = shm_failure(errno);
        } else if (length == PORT_PATH_MAX || target[0] != '/') {
            rc = -EACCES;
        } else {
            target[length] = '\0';
        }
    }
    close(fd);
    return rc;
}

/* What a name leads to, by itself or through its alias. */
static int place_open(const struct port_place *place, int flags, bool *is_alias)
{
    *is_alias = false;
    for (int try = 0; try < SHM_TRIES_MAX; try++) {
        int fd = shm_descriptor(place->path, flags);
        if (fd != -ELOOP || place->scope == PORT_PATH || place->scope == PORT_BESIDE) {
            return fd;
        }
        char target[PORT_PATH_MAX];
        int rc = alias_read(place, target);
        if (rc <= 0) {
            *is_alias = rc == 0;
            return rc == 0 ? shm_descriptor(target, flags) : rc;
        }
    }
    return -ELOOP;
}

int port_shm_open(const struct port_place *place, enum port_access access, bool inheritable, port_file *file)
{
    /* Whatever lies there (a FIFO, a terminal), opening it neither waits nor adopts it. */
    int flags = O_NONBLOCK | O_NOCTTY;
    flags |= access == PORT_READ_WRITE ? O_RDWR : O_RDONLY;
    flags |= inheritable ? 0 : O_CLOEXEC;
    flags |= place->scope == PORT_PATH ? 0 : O_NOFOLLOW;

    bool is_alias;
    int fd = place_open(place, flags, &is_alias);
    if (fd < 0) {
        return shm_failure(-fd);
    }
    struct stat status;
    int rc = 0;
    if (fstat(fd, &status) != 0) {
        rc = shm_failure(errno);
    } else if (!is_alias && !shm_owner_fits(place->scope, &status)) {
        rc = -EACCES;
    } else if (!S_ISREG(status.st_mode)) {
        rc = -EINVAL;
    }
    if (rc != 0) {
        close(fd);
        return rc;
    }
    *file = fd;
    return 0;
}

int port_shm_alias(const struct port_place *place, const char *path)
{
    char target[PORT_PATH_MAX];
    if (place->scope == PORT_PATH) {
        return -EINVAL;
    }
    int rc = port_shm_may_create(place);
    if (rc != 0) {
        return rc;
    }
    if (realpath(path, target) == NULL || symlink(target, place->path) != 0) {
        return shm_failure(errno);
    }
    return 0;
}

int port_shm_beside(const struct port_place *place, const char *suffix, struct port_place *beside)
{
    char file[PORT_PATH_MAX];
    int rc = place->scope == PORT_PATH ? 0 : alias_read(place, file);
    if (rc < 0) {
        return rc;
    }
    if (rc == 1) {
        snprintf(file, sizeof file, "%s", place->path);
    } else if (place->scope == PORT_PATH && realpath(place->path, file) == NULL) {
        return shm_failure(errno);
    }
    /* A name of the user's own stays that; of all others the folder's permissions decide. */
    beside->scope = rc == 1 && place->scope == PORT_LOCAL ? PORT_LOCAL : PORT_BESIDE;
    int length = snprintf(beside->path, sizeof beside->path, "%s%s", file, suffix);
    return length >= PORT_PATH_MAX ? -ENAMETOOLONG : 0;
}

bool port_shm_is_alias(const struct port_place *place)
{
    struct stat status;
    return lstat(place->path, &status) == 0 && S_ISLNK(status.st_mode);
}

int port_shm_allows(port_file file, enum port_access access)
{
    int flags = file == (int)file ? fcntl((int)file, F_GETFL) : -1;
    if (flags < 0 || (flags & O_PATH) != 0) {
        return -EINVAL;
    }
    int mode = flags & O_ACCMODE;
    return mode == O_RDWR || (mode == O_RDONLY && access != PORT_READ_WRITE) ? 0 : -EACCES;
}

int port_shm_permissions(port_file file, struct port_permissions *permissions)
{
    struct stat status;
    if (fstat((int)file, &status) != 0) {
        return shm_failure(errno);
    }
    *permissions = (struct port_permissions){status.st_mode & 0777, status.st_gid, status.st_gid != getegid()};
    return 0;
}

bool port_shm_same(port_file a, port_file b)
{
    struct stat first;
    struct stat second;
    return fstat((int)a, &first) == 0 && fstat((int)b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

int port_shm_size(port_file file, uint64_t *size)
{
    struct stat status;
    if (fstat((int)file, &status) != 0) {
        return shm_failure(errno);
    }
    if (!S_ISREG(status.st_mode)) {
        return -EINVAL;
    }
    *size = (uint64_t)status.st_size;
    return 0;
}

int port_shm_grow(port_file file, uint64_t size)
{
    uint64_t now = 0;
    int rc = port_shm_size(file, &now);
    if (rc != 0 || size <= now) {
        return rc;
    }
    return shm_allocate((int)file, size);
}

int port_shm_map(port_file file, enum port_access access, uint64_t offset, size_t length, void **base)
{
    int protection = access == PORT_READ ? PROT_READ : PROT_READ | PROT_WRITE;
    int kind = access == PORT_COPY ? MAP_PRIVATE : MAP_SHARED;
    void *memory = mmap(NULL, length, protection, kind, (int)file, (off_t)offset);
    if (memory == MAP_FAILED) {
        return errno == EAGAIN || errno == ENFILE ? -ENOMEM : shm_failure(errno);
    }
    *base = memory;
    return 0;
}

int port_shm_unmap(void *base, size_t length)
{
    return munmap(base, length) != 0 ? shm_failure(errno) : 0;
}

size_t port_shm_granularity(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

void port_shm_close(port_file file)
{
    if (file != PORT_NO_FILE) {
        close((int)file);
    }
}

int port_shm_unlink(const struct port_place *place)
{
    struct stat status;
    if (lstat(place->path, &status) != 0) {
        return shm_failure(errno);
    }
    if (!shm_owner_fits(place->scope, &status)) {
        return -EACCES;
    }
    if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) {
        return -EINVAL;
    }
    return unlink(place->path) != 0 ? shm_failure(errno) : 0;
}
