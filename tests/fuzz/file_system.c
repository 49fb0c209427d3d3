/* What stands between the library and the system. */
#include "file.h"

#include <fcntl.h>
#include <sched.h>
#include <shmq/layout.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)

struct map maps[MAPS_MAX];
unsigned map_count;
static int64_t slept_ns;

void *__real_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset);
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset);
int __real_munmap(void *address, size_t size);
int __wrap_munmap(void *address, size_t size);
int __wrap_clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left);
int __real_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);
int __real_inotify_init1(int flags);
int __wrap_inotify_init1(int flags);

static size_t whole_pages(size_t size)
{
    return (size + SHMQ_PAGE - 1) & ~(SHMQ_PAGE - 1);
}

/* Files are mapped between two pages that cannot be touched. */
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset)
{
    if (file < 0)
        return __real_mmap(address, size, protection, flags, file, offset);
    uint8_t *room =
        __real_mmap(NULL, whole_pages(size) + 2 * SHMQ_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (room == MAP_FAILED)
        return room;
    void *mapped = __real_mmap(room + SHMQ_PAGE, size, protection, flags | MAP_FIXED, file, offset);

    if (mapped != MAP_FAILED && map_count < MAPS_MAX) {
        maps[map_count++] = (struct map){mapped, size};
        adversary_share(mapped, size);
    }
    return mapped;
}

int __wrap_munmap(void *address, size_t size)
{
    for (unsigned i = 0; i < map_count; i++) {
        if (maps[i].base != address)
            continue;
        must(maps[i].size == size);
        adversary_unshare(address);
        memmove(maps + i, maps + i + 1, (--map_count - i) * sizeof *maps);
        return __real_munmap((uint8_t *)address - SHMQ_PAGE, whole_pages(size) + 2 * SHMQ_PAGE);
    }
    return __real_munmap(address, size);
}

/* Nobody comes who would be worth waiting for: the clock is put forward instead. */
int __wrap_clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left)
{
    (void)clock;
    (void)flags;
    (void)left;
    slept_ns += time->tv_sec * NS_PER_S + time->tv_nsec;
    return 0;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
    int rc = __real_clock_gettime(clock, time);
    int64_t ns = time->tv_nsec + slept_ns;

    time->tv_sec += ns / NS_PER_S;
    time->tv_nsec = ns % NS_PER_S;
    return rc;
}

/* The kernel takes long to close the last descriptor of one: all handles share it. */
int __wrap_inotify_init1(int flags)
{
    static int shared = -1;

    if (shared < 0)
        shared = __real_inotify_init1(flags);
    return fcntl(shared, F_DUPFD_CLOEXEC, 0);
}

/* Root's privilege. It goes with the process, and all that is in it. */
bool make_own_shm(void)
{
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("shm", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "size=64m,mode=1777") == 0;
}
