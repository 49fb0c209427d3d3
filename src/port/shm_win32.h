/* What the files that make up shm.h on Windows have in common. */
#ifndef SHMQ_PORT_SHM_WIN32_H
#define SHMQ_PORT_SHM_WIN32_H

#include "port/win32.h"

#define SHM_NAME_MAX 64
#define SHM_TRIES_MAX 64

/* A file that has no name yet, or none any more, is called this and a number. It is part of no name: see shm_name_check. */
#define SHM_NAMELESS "~shmq-"

/* The file in the folder of an alias that says where it leads. */
#define SHM_TARGET "/target"

/* The folder of the names of a scope, with its last '/'. */
int shm_folder(enum port_scope scope, char folder[PORT_PATH_MAX]);

/* It exists, and belongs to who may own such names. */
int shm_folder_make(enum port_scope scope);

/* -EINVAL, -ENAMETOOLONG: not what may be a name. */
int shm_name_check(const char *name);

/* A name as it is called in its folder, and back; what it came from has SHM_NAME_MAX characters at most. */
void shm_name_encode(const char *name, char encoded[2 * SHM_NAME_MAX + 1]);
int shm_name_decode(const char *encoded, size_t length, char name[SHM_NAME_MAX + 1]);

/* Read where an alias leads. -ENOENT: it is none (any more). */
int shm_alias_read(const struct port_place *place, char target[PORT_PATH_MAX]);

/* SHM_NAMELESS and a random number, in the folder of `path`. */
int shm_nameless(const char *path, char nameless[PORT_PATH_MAX]);

/* An open file gets another path, in one step; not that of another. */
int shm_rename(HANDLE file, const char *path);

/* It goes with its last handle; or not any more. */
int shm_doom(HANDLE file, bool doomed);

/* Delete what creators and removers left behind in a folder that died in the middle, where nobody has it open. */
void shm_sweep(const char *folder);

/* Which file it is, on this machine. */
struct shm_identity {
    uint64_t volume;
    unsigned char file[16];
};

int shm_identify(HANDLE file, struct shm_identity *identity);

/* Which file a word of memory is of, and where in it: false where this process has no view there. */
bool shm_locate(const void *word, struct shm_identity *identity, uint64_t *offset);

/* role_win32.c: the file is closed, and its locks are gone with it. */
void role_forget(port_file file);

#endif
