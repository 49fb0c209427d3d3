#include "bridge.h"

#include "module.h"
#include "report.h"

#include <string.h>

int bridge_run(struct bridge *b)
{
    bridge_function *run = NULL;
    void *found = module_function("bridge", "shmq_nats.so", "bridge_module", "libnats-dev");
    memcpy(&run, &found, sizeof run);
    return run != NULL ? run(b) : EXIT_CODE_ERROR;
}
