/*
 * Whose a file is, and who may do what with it, on Windows
 *
 * Permission bits become a DACL: those of the owner an entry for the user's SID, those of the group one for the primary
 * group of the process, those of others one for Everyone. Nothing is inherited from the folder.
 */
#ifndef SHMQ_PORT_SECURITY_WIN32_H
#define SHMQ_PORT_SECURITY_WIN32_H

#include "port/win32.h"

/* Who this process is, asked once. */
struct security_self {
    _Alignas(8) unsigned char user[SECURITY_MAX_SID_SIZE];
    _Alignas(8) unsigned char group[SECURITY_MAX_SID_SIZE];
    bool is_administrator; /* with the privileges of one, now */
};

/* NULL: the system does not say. */
struct security_self *security_self(void);

/* For LocalFree. `inherit`: a folder's, that what is made in it gets too. */
int security_descriptor(const struct port_permissions *permissions, enum port_scope scope, bool inherit,
                        PSECURITY_DESCRIPTOR *descriptor);

/* Does an open file belong to who may own a name of this scope? */
bool security_owner_fits(HANDLE file, enum port_scope scope);

/* The permission bits that security_descriptor would make this file's DACL from. */
int security_mode(HANDLE file, uint32_t *mode);

#endif
