# Room that is seen while waiting, and gone when it is looked for, keeps the producer waiting behind its deadline.
mutate(api/wait.c
[=[    return left_ns > 0 ? shmq_wait(q, left_ns) : -ETIMEDOUT;]=]
[=[    return shmq_wait(q, left_ns > 0 ? left_ns : 0);]=])
