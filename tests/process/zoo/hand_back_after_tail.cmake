# Lines are written back after the producer has been told that they are free.
mutate(core/lane.c
[=[    if (c->hand_back != SHMQ_HAND_BACK_NONE)
        hand_back_lines(c, bits_align_up(c->tail, CACHE_LINE), to & ~(CACHE_LINE - 1));
    atomic_store_release_u64(&c->shared->tail.tail, to); /* R1 */]=]
[=[    atomic_store_release_u64(&c->shared->tail.tail, to); /* R1 */
    if (c->hand_back != SHMQ_HAND_BACK_NONE)
        hand_back_lines(c, bits_align_up(c->tail, CACHE_LINE), to & ~(CACHE_LINE - 1));]=])
