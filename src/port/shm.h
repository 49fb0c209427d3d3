/*
 * Named memory, as the operating system has it
 *
 *     place: where a name leads     create: memory that has no name yet     publish: the name, in one step
 *
 * So nobody can open what is not finished: fill it between create and publish.
 * All calls return 0 or a negative errno, and leave nothing behind when they fail.
 */
#ifndef SHMQ_PORT_SHM_H
#define SHMQ_PORT_SHM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PORT_PATH_MAX 4096
#define PORT_NO_FILE ((port_file)-1)

typedef intptr_t port_file;

enum port_access { PORT_READ = 1, PORT_READ_WRITE = 2, PORT_COPY = 3 };

enum port_scope {
    PORT_LOCAL,  /* the user's own: who else owns it is refused */
    PORT_GLOBAL, /* all users': only a privileged one may create it, and must own it */
    PORT_PATH,   /* a path in the file system: its permissions decide */
    PORT_BESIDE, /* beside another file: the same, and never a symbolic link */
};

struct port_place {
    enum port_scope scope;
    char path[PORT_PATH_MAX];
};

struct port_permissions {
    uint32_t mode; /* exact: the umask does not apply */
    uint32_t group;
    bool has_group;
};

/* -EINVAL, -ENAMETOOLONG: not a name. NAME, Local\NAME, Global\NAME, or a path (has a '/'). */
int port_shm_place(const char *name, struct port_place *place);

/* A path is a path here also without a '/'. -EINVAL where it is empty, -ENAMETOOLONG. */
int port_shm_path(const char *path, struct port_place *place);

/*
 * A file beside the one that a place leads to now: the same name and a suffix, which holds a '~' and so is part of no
 * name. -ENAMETOOLONG, -ENOENT, -EACCES.
 */
int port_shm_beside(const struct port_place *place, const char *suffix, struct port_place *beside);

/* -EPERM: this process lacks the privilege to make such a name. */
int port_shm_may_create(const struct port_place *place);

/*
 * New zeroed memory of exactly `size` bytes that will live at `place`, all of it allocated (so a full file system is
 * -ENOSPC here and not SIGBUS later), without a name so far. A place of NULL: memory that never gets a name.
 * -EPERM as port_shm_may_create.
 */
int port_shm_create(const struct port_place *place, uint64_t size, const struct port_permissions *permissions,
                    bool inheritable, port_file *file);

/*
 * Give what port_shm_create made its name. -EEXIST: the name is taken, nothing changed. Unmap before, map again after:
 * where the file system cannot give a name to a nameless file, `file` becomes that of a copy.
 */
int port_shm_publish(port_file file, const struct port_place *place);

/*
 * Open what is there. Follows an alias that its owner made, never another symbolic link in the place of a name.
 * -EACCES where a PORT_LOCAL or PORT_GLOBAL place belongs to somebody it may not belong to.
 * -EINVAL: not a regular file.
 */
int port_shm_open(const struct port_place *place, enum port_access access, bool inheritable, port_file *file);

/*
 * Let a name lead to a file of the user's. -EEXIST: the name is taken. -EPERM as port_shm_may_create. -EINVAL: a PORT_PATH
 * is the file itself and leads to no other.
 */
int port_shm_alias(const struct port_place *place, const char *path);

/* Does the name lead to a file of the user's, which stays when the name goes? */
bool port_shm_is_alias(const struct port_place *place);

/* -EINVAL: no open file. -EACCES: it is not open for that access. */
int port_shm_allows(port_file file, enum port_access access);

/* Who may do what with an open file, such that port_shm_create makes another that is the same in that. */
int port_shm_permissions(port_file file, struct port_permissions *permissions);

/* Are both open on the same file? */
bool port_shm_same(port_file a, port_file b);

/* How large it is. -EINVAL: neither a regular file nor memory. */
int port_shm_size(port_file file, uint64_t *size);

/* Make it at least `size` bytes long, allocated. */
int port_shm_grow(port_file file, uint64_t size);

/* `offset` is a multiple of port_shm_granularity(), `length` > 0, both inside of the file. */
int port_shm_map(port_file file, enum port_access access, uint64_t offset, size_t length, void **base);
int port_shm_unmap(void *base, size_t length);
size_t port_shm_granularity(void);

void port_shm_close(port_file file);

/* -ENOENT, -EACCES (also where it belongs to somebody it may not belong to). Of an alias only the alias goes. */
int port_shm_unlink(const struct port_place *place);

/*
 * Each name that port_shm_place would lead to something that exists: NAME and Global\NAME, sorted. An alias is there
 * also when its file is gone. What `each` returns other than 0 ends the list and is returned.
 */
int port_shm_list(int (*each)(const char *name, void *arg), void *arg);

/* The same of what lies beside them, or once did: the name without the suffix, and the suffix from its '~' on. */
int port_shm_list_beside(int (*each)(const char *name, const char *suffix, void *arg), void *arg);

#endif
