# A lane is taken as long as a process with the number that stands in it lives. Nobody who is killed harms this one:
# only who is paused between the look and the claim.
mutate(api/queue.c
[=[            rc = port_role_claim(q->file, SHMQ_ROLE_LANE + lane);]=]
[=[            uint32_t pid = atomic_load_u32(&shared->owner.pid);

            rc = pid != 0 && kill((pid_t)pid, 0) == 0 ? -EBUSY : 0;]=])
mutate(api/queue.c
[=[#include <stdlib.h>]=]
[=[#include <signal.h>
#include <stdlib.h>]=])
