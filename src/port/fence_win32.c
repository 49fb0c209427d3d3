#include "port/fence.h"

#include "base/atomic.h"

/* FlushProcessWriteBuffers reaches the threads of one process only. So sleeps are bounded. */
bool port_fence_join(void)
{
    return false;
}

bool port_fence_all(void)
{
    atomic_fence();
    return false;
}
