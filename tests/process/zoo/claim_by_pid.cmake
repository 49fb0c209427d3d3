# A lane is taken as long as a process number stands in it.
mutate(api/queue.c
[=[            rc = port_role_claim(q->file, SHMQ_ROLE_LANE + lane);]=]
[=[            rc = atomic_load_u32(&shared->owner.pid) != 0 ? -EBUSY : 0;]=])
