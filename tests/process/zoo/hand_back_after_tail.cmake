# Lines are written back after the producer has been told that they are free.
mutate(core/lane.c
[=[    own_released(c);
    atomic_store_release_u64(&c->shared->tail.tail, to); /* R1 */]=]
[=[    atomic_store_release_u64(&c->shared->tail.tail, to); /* R1 */
    own_released(c);]=])
