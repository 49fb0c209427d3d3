#include "port/process.h"

#include <errno.h>
#include <unistd.h>

uint32_t port_process_id(void)
{
    return (uint32_t)getpid();
}

uint32_t port_process_user(void)
{
    return (uint32_t)geteuid();
}

int port_process_random(void *bytes, size_t size)
{
    return getentropy(bytes, size) == 0 ? 0 : -errno;
}
