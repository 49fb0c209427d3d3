# Of an array, each header is there before its payload, and all of them are published first.
mutate(core/many.c
[=[    for (uint64_t i = 0; i < count; i++, at += span, data += size) {]=]
[=[    atomic_store_release_u64(&p->shared->producer.head, p->head + count * span);
    for (uint64_t i = 0; i < count; i++, at += span, data += size) {]=])
