/*
 * Mappings
 *
 * A mapping is a piece of memory that several processes have in common, found by its name. It is what a queue is made
 * of, and of use by itself.
 *
 *     create --------> mapping --------> view, view, ...      a view is memory; it stays until unview,
 *     open by name --/         \-------> close                also when its mapping is closed before
 *     remove                                                  takes the name away; who has it open keeps it
 *
 * | here                     | Windows             | POSIX                                   |
 * |--------------------------|---------------------|-----------------------------------------|
 * | shmq_mapping_create      | CreateFileMapping   | shm_open(O_CREAT) + ftruncate, or open  |
 * | ... returns 1            | ERROR_ALREADY_EXISTS| (O_EXCL: EEXIST)                        |
 * | shmq_mapping_open        | OpenFileMapping     | shm_open                                |
 * | shmq_mapping_view        | MapViewOfFile       | mmap                                    |
 * | shmq_mapping_unview      | UnmapViewOfFile     | munmap                                  |
 * | shmq_mapping_close       | CloseHandle         | close                                   |
 * | shmq_mapping_remove      | (the last close)    | shm_unlink                              |
 * | SHMQ_READ                | PAGE_READONLY       | PROT_READ, MAP_SHARED                   |
 * | SHMQ_READ_WRITE          | PAGE_READWRITE      | PROT_READ and PROT_WRITE, MAP_SHARED    |
 * | SHMQ_COPY                | PAGE_WRITECOPY      | PROT_READ and PROT_WRITE, MAP_PRIVATE   |
 * | options.path             | hFile               | the descriptor of a regular file        |
 * | options.mode, .group     | security descriptor | fchmod, fchown                          |
 * | options.inheritable      | bInheritHandle      | no FD_CLOEXEC                           |
 *
 * Names: NAME is 1..64 characters of A-Z a-z 0-9 . _ - and is the user's own, as is Local\NAME, which is the same.
 * Global\NAME is for all users of the machine; creating it needs privilege. A name with a '/' in it is a path in the
 * file system, absolute or from the current directory.
 *
 * A name lasts until it is removed or, on Linux, the machine restarts. Whoever may write to a mapping may also cut it off,
 * and reading behind the cut ends in SIGBUS: give write permission only to those you trust not to.
 *
 * On Windows:
 *
 *   - A section of the page file would be gone with its last handle. So what has no path is a file all the same, in
 *     %LOCALAPPDATA%\shmq (Global\: in %ProgramData%\shmq), marked as temporary, and it stays until it is removed. With no
 *     name it goes with its last handle.
 *   - Names and paths are UTF-8. Names differ in the case of a letter too; paths do not. A '\' is a '/' in a path.
 *   - mode is what the DACL says: the owner's bits of the user, the others' of Everyone, the group's of the primary group
 *     of the process; nothing is inherited, so 0600 names the user and nobody else. A group by its number is -EINVAL.
 *   - shmq_mapping_handle is the handle of the file. shmq_mapping_adopt takes that, not a section's.
 *   - Nobody can cut off what others have mapped. -EINTR and -ENFILE do not occur.
 */
#ifndef SHMQ_MAPPING_H
#define SHMQ_MAPPING_H

#include <shmq/export.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SHMQ_NAME_MAX 64

/** An open mapping. Opaque. */
struct shmq_mapping;

enum shmq_access {
    SHMQ_READ = 1,       /* read */
    SHMQ_READ_WRITE = 2, /* read, and write for all to see */
    SHMQ_COPY = 3,       /* read, and write for this process only (copy on write) */
};

/** What a new mapping is to be. Zero in a field means its default. */
struct shmq_mapping_options {
    size_t struct_size;      /* sizeof(struct shmq_mapping_options) */
    uint64_t size;           /* bytes; 0: as long as the file of path is (with no path -EINVAL) */
    const char *path;        /* a file of the user's to map, created or made longer where size asks for it;
                                NULL: memory, which is zero at first */
    enum shmq_access access; /* what views may ask for; 0: SHMQ_READ_WRITE */
    uint32_t mode;           /* permission bits as of chmod, exactly (the umask does not apply); 0: 0600 */
    uint32_t group;          /* group id, where has_group is 1 */
    uint32_t has_group;      /* 1: give the mapping to this group; 0: to the creator's */
    uint32_t inheritable;    /* 1: programs that this process starts get the handle too; 0: they do not */
};

/** A piece of a mapping in this process's memory. */
struct shmq_view {
    void *base;
    size_t size; /* bytes */
};

/**
 * Create a mapping, or open the one that has the name already: then it is left as it is, size, mode and backing
 * included, and the return value says so.
 *
 * @param name     [in]   see above; NULL: no name, others get it by inheritance only
 * @param options  [in]
 * @param mapping  [out]  for shmq_mapping_close
 *
 * @return 0 when it was created, 1 when it existed, or
 *   -EINVAL        the name has other characters, an option is out of its range, size is 0 without a path or with an
 *                  empty file, path is not a regular file, or name and path are both paths
 *   -ENAMETOOLONG  the name has more than 64 characters, or the path is too long
 *   -EPERM         a new Global\ name and no privilege
 *   -EACCES        no permission for the path, for the group or for the mapping that exists, or it belongs to somebody
 *                  else, or a file that is too short cannot grow because access is not SHMQ_READ_WRITE
 *   -EEXIST        the name is taken by something that is no mapping, or by a mapping of a file that is gone: remove it
 *   -ENOENT        size is 0 and there is no file at path, or a directory on the way to it is missing
 *   -ENOSPC        shared memory or file system is full
 *   -ENOMEM -EMFILE -ENFILE
 *
 * Threads   any
 * Since     0.1
 */
SHMQ_API int shmq_mapping_create(const char *name, const struct shmq_mapping_options *options,
                                 struct shmq_mapping **mapping);

/**
 * Open an existing mapping.
 *
 * @param name         [in]
 * @param access       [in]   what views may ask for
 * @param inheritable  [in]   1: programs that this process starts get the handle too
 * @param mapping      [out]  for shmq_mapping_close
 *
 * @return 0, or
 *   -ENOENT        no such name
 *   -EACCES        no permission for that access, or the name belongs to somebody else
 *   -EINVAL        the name has other characters, access is none of the three, or what is there is no regular file
 *   -ENAMETOOLONG -ENOMEM -EMFILE -ENFILE
 *
 * Threads   any
 * Since     0.1
 */
SHMQ_API int shmq_mapping_open(const char *name, enum shmq_access access, int inheritable,
                               struct shmq_mapping **mapping);

/**
 * The operating system's handle (on Linux a descriptor), to tell an inheriting program which it is. The mapping keeps it.
 *
 * Threads   any
 * Since     0.1
 */
SHMQ_API intptr_t shmq_mapping_handle(const struct shmq_mapping *mapping);

/**
 * Make a mapping of a handle that was inherited. On success the mapping owns it.
 *
 * @param handle   [in]
 * @param access   [in]   what views may ask for
 * @param mapping  [out]  for shmq_mapping_close
 *
 * @return 0, or
 *   -EINVAL  not an open handle of something that can be mapped, or access is none of the three
 *   -EACCES  the handle does not allow that access
 *   -ENOMEM
 *
 * Threads   any
 * Since     0.1
 */
SHMQ_API int shmq_mapping_adopt(intptr_t handle, enum shmq_access access, struct shmq_mapping **mapping);

/**
 * How large it is now, in bytes.
 *
 * Threads   any
 * Since     0.1
 */
SHMQ_API uint64_t shmq_mapping_size(const struct shmq_mapping *mapping);

/**
 * Map a view. One mapping may have any number of them.
 *
 * @param mapping  [in]
 * @param access   [in]   SHMQ_READ and SHMQ_COPY fit every mapping, SHMQ_READ_WRITE only one opened with it
 * @param offset   [in]   bytes; a multiple of shmq_mapping_granularity()
 * @param length   [in]   bytes; 0: all from offset to the end
 * @param view     [out]  for shmq_mapping_unview
 *
 * @return 0, or
 *   -EACCES  the mapping was not opened for that access
 *   -EINVAL  offset is no such multiple, or access is none of the three
 *   -ERANGE  the view would not lie within the mapping, or be empty
 *   -ENOMEM
 *
 * Threads   any
 * Since     0.1
 */
SHMQ_API int shmq_mapping_view(const struct shmq_mapping *mapping, enum shmq_access access, uint64_t offset,
                               size_t length, struct shmq_view *view);

/**
 * What offsets of views must be multiples of, in bytes: the page size on Linux, 64 KiB on Windows.
 *
 * Threads   any
 * Since     0.1
 */
SHMQ_API size_t shmq_mapping_granularity(void);

/**
 * Unmap a view. Sets it to nothing.
 *
 * @return 0, or
 *   -EINVAL  a view of nothing
 *   -ENOMEM  the system cannot even keep book of less; the view stays
 *
 * Threads   any
 * Since     0.1
 */
SHMQ_API int shmq_mapping_unview(struct shmq_view *view);

/**
 * Close a mapping. Its views stay. NULL does nothing.
 *
 * Threads   any
 * Since     0.1
 */
SHMQ_API void shmq_mapping_close(struct shmq_mapping *mapping);

/**
 * Remove a name. Whoever has the mapping open keeps it. A file of the user's stays where it is, unless the name is
 * its path.
 *
 * @return 0, or
 *   -ENOENT  no such name
 *   -EACCES  no permission, or the name belongs to somebody else
 *   -EINVAL  not a name, or the name of something that is no mapping
 *   -ENAMETOOLONG -ENOMEM
 *
 * Threads   any
 * Since     0.1
 */
SHMQ_API int shmq_mapping_remove(const char *name);

/**
 * Name all mappings of the user's (NAME) and of all users (Global\NAME), queues among them, in the order of their
 * names.
 *
 * @param each  [in]  called for each name; another value than 0 ends the listing
 * @param arg   [in]  for each
 *
 * @return 0, what each returned, or
 *   -EACCES -ENOMEM -EMFILE -ENFILE
 *
 * Threads   any
 * Since     0.1
 */
SHMQ_API int shmq_mapping_list(int (*each)(const char *name, void *arg), void *arg);

#ifdef __cplusplus
}
#endif
#endif
