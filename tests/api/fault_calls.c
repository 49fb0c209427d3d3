#include "fault_calls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

struct faults faults;

/* An interruption is over when it is over; a sticky one would rightly be tried for ever. */
static bool passes(int error)
{
    return error == EINTR || error == EBUSY;
}

static bool fails(const char *call, const int *errors, unsigned count)
{
    if (!faults.armed) {
        return false;
    }
    faults.count++;
    if (faults.count == faults.at) {
        faults.call = call;
        faults.exhausted = faults.choice >= count;
        faults.hit = !faults.exhausted;
        faults.error = faults.hit ? errors[faults.choice] : 0;
    }
    bool again = faults.sticky && faults.hit && !passes(faults.error) && strcmp(call, faults.call) == 0;
    if (faults.hit && (faults.count == faults.at || again)) {
        errno = faults.error;
        return true;
    }
    return false;
}

#define FAILS(call, ...) fails(call, (const int[]){__VA_ARGS__}, (unsigned)(sizeof(int[]){__VA_ARGS__} / sizeof(int)))

static bool lacks(enum fault_lack what, int error)
{
    if (!faults.armed || (faults.lacks & what) == 0) {
        return false;
    }
    errno = error;
    return true;
}

/* A call that fails with -1 and errno. */
#define WRAPPED(type, name, parameters, arguments, ...)                                                              \
    type __real_##name parameters;                                                                                   \
    type __wrap_##name parameters;                                                                                   \
    type __wrap_##name parameters                                                                                    \
    {                                                                                                                \
        return FAILS(#name, __VA_ARGS__) ? (type)-1 : __real_##name arguments;                                       \
    }

WRAPPED(int, memfd_create, (const char *name, unsigned flags), (name, flags), EMFILE, ENFILE, ENOMEM)
WRAPPED(int, ftruncate, (int fd, off_t length), (fd, length), EFBIG, EPERM)
WRAPPED(int, fchown, (int fd, uid_t user, gid_t group), (fd, user, group), EPERM, EROFS, EDQUOT, ENOMEM)
WRAPPED(int, fchmod, (int fd, mode_t mode), (fd, mode), EPERM, EROFS, ENOMEM)
WRAPPED(int, fstat, (int fd, struct stat *status), (fd, status), ENOMEM)
WRAPPED(int, lstat, (const char *path, struct stat *status), (path, status), ENOMEM, EACCES, ENOENT)
WRAPPED(int, fstatat, (int fd, const char *path, struct stat *status, int flags), (fd, path, status, flags), ENOENT,
        ENOMEM)
WRAPPED(int, link, (const char *from, const char *to), (from, to), EEXIST, ENOSPC, EPERM, ENOMEM)
WRAPPED(int, symlink, (const char *target, const char *path), (target, path), EEXIST, ENOSPC, EDQUOT, EACCES, EROFS,
        ENOMEM)
WRAPPED(int, unlink, (const char *path), (path), EACCES, EPERM, EROFS, ENOENT, ENOMEM)
WRAPPED(ssize_t, readlinkat, (int fd, const char *path, char *target, size_t size), (fd, path, target, size), ENOMEM,
        EACCES, ENOENT)
WRAPPED(int, munmap, (void *base, size_t length), (base, length), ENOMEM)
WRAPPED(int, dup3, (int from, int to, int flags), (from, to, flags), EINTR, EBUSY, EMFILE)
WRAPPED(off_t, lseek, (int fd, off_t offset, int whence), (fd, offset, whence), EINVAL)
WRAPPED(ssize_t, sendfile, (int to, int from, off_t *offset, size_t count), (to, from, offset, count), EINTR, ENOSPC,
        ENOMEM)

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    bool nameless = (flags & O_TMPFILE) == O_TMPFILE;
    if (nameless && lacks(LACK_NAMELESS_FILES, EOPNOTSUPP)) {
        return -1;
    }
    bool failed;
    if (nameless) {
        failed = FAILS("open O_TMPFILE", EINTR, EMFILE, ENFILE, ENOMEM, EACCES, ENOSPC, EROFS, EOPNOTSUPP, EISDIR);
    } else if ((flags & O_CREAT) != 0) {
        failed = FAILS("open O_CREAT", EINTR, EMFILE, ENFILE, ENOMEM, EACCES, ENOSPC, EDQUOT, EROFS, EEXIST);
    } else {
        failed = FAILS("open", EINTR, EMFILE, ENFILE, ENOMEM, EACCES, ENOENT, ELOOP, ENXIO);
    }
    return failed ? -1 : __real_open(path, flags, mode);
}

int __real_posix_fallocate(int fd, off_t offset, off_t length);
int __wrap_posix_fallocate(int fd, off_t offset, off_t length);
int __wrap_posix_fallocate(int fd, off_t offset, off_t length)
{
    return FAILS("posix_fallocate", EINTR, ENOSPC, EFBIG) ? errno : __real_posix_fallocate(fd, offset, length);
}

int __real_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags);
int __wrap_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags);
int __wrap_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    if (lacks(LACK_PROC, ENOENT) || FAILS("linkat", EEXIST, ENOENT, EXDEV, ENOSPC, EACCES, EROFS, ENOMEM)) {
        return -1;
    }
    return __real_linkat(from_fd, from, to_fd, to, flags);
}

int __real_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int __wrap_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int __wrap_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    if (lacks(LACK_RENAME_FLAGS, EINVAL) || FAILS("renameat2", EEXIST, EINVAL, ENOSYS, EACCES, ENOSPC, ENOMEM)) {
        return -1;
    }
    return __real_renameat2(from_fd, from, to_fd, to, flags);
}

char *__real_realpath(const char *path, char *resolved);
char *__wrap_realpath(const char *path, char *resolved);
char *__wrap_realpath(const char *path, char *resolved)
{
    return FAILS("realpath", EACCES, ENOENT, ENAMETOOLONG, ENOMEM) ? NULL : __real_realpath(path, resolved);
}

void *__real_mmap(void *base, size_t length, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *base, size_t length, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *base, size_t length, int protection, int flags, int fd, off_t offset)
{
    return FAILS("mmap", ENOMEM, EAGAIN, ENFILE, EACCES, EPERM, ENODEV)
               ? MAP_FAILED
               : __real_mmap(base, length, protection, flags, fd, offset);
}

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...)
{
    va_list rest;
    va_start(rest, command);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    return FAILS("fcntl", EBADF) ? -1 : __real_fcntl(fd, command, argument);
}

DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
DIR *__wrap_opendir(const char *path)
{
    return FAILS("opendir", EACCES, EMFILE, ENFILE, ENOMEM) ? NULL : __real_opendir(path);
}

/* Numbers that can be recognised: what is called by one of them is of this process. */
ssize_t __wrap_getrandom(void *buffer, size_t length, unsigned flags);
ssize_t __wrap_getrandom(void *buffer, size_t length, unsigned flags)
{
    static uint32_t turn;
    uint64_t number = (uint64_t)getpid() << 32 | turn++;
    (void)flags;
    memset(buffer, 0, length);
    memcpy(buffer, &number, length < sizeof number ? length : sizeof number);
    return FAILS("getrandom", EINTR, ENOSYS) ? -1 : (ssize_t)length;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    void *block = FAILS("malloc", ENOMEM) ? NULL : __real_malloc(size);
    faults.blocks += block != NULL;
    return block;
}

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size)
{
    bool fresh = old == NULL;
    void *block = FAILS("realloc", ENOMEM) ? NULL : __real_realloc(old, size);
    faults.blocks += fresh && block != NULL;
    return block;
}

void __real_free(void *block);
void __wrap_free(void *block);
void __wrap_free(void *block)
{
    faults.blocks -= block != NULL;
    __real_free(block);
}
