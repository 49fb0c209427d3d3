#include "port/process.h"

#include "port/security_win32.h"
#include "port/win32.h"

#include <errno.h>
#include <ntsecapi.h>

uint32_t port_process_id(void)
{
    return GetCurrentProcessId();
}

/* The last number of the user's SID: what tells the users of one machine from each other. */
uint32_t port_process_user(void)
{
    struct security_self *self = security_self();

    return self != NULL ? *GetSidSubAuthority(self->user, *GetSidSubAuthorityCount(self->user) - 1u) : 0;
}

int port_process_random(void *bytes, size_t size)
{
    return RtlGenRandom(bytes, (ULONG)size) ? 0 : -EACCES;
}
