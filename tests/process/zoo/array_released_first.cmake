# An array is given back before it is copied.
mutate(core/many.c
[=[    if (count > seen)
        count = seen;
    switch (size) {]=]
[=[    if (count > seen)
        count = seen;
    atomic_store_release_u64(&c->shared->released.released, c->next + count * span);
    atomic_store_release_u64(&c->shared->tail.tail, c->next + count * span);
    switch (size) {]=])
