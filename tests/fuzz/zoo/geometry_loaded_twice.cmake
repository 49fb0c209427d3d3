# The capacity that is used is not the one that was checked.
mutate(core/layout.c
[=[        .capacity = copy.capacity,]=]
[=[        .capacity = atomic_load_u64(&((const struct shmq_identity *)mapping)->capacity),]=])
