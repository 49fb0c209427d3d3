# The record that fits the cursor's copy is not the one that is copied.
mutate(core/cursor.c
[=[        memcpy(copy, at + 1, (size_t)need);]=]
[=[        memcpy(copy, at + 1, lane_header_size(atomic_load_u64((const uint64_t *)(const void *)(c->ring + (c->next & c->mask)))));]=])
