# The record that fits the cursor's copy is not the one that is copied.
mutate(core/cursor.c
[=[        copy_out(c, copy, bytes);]=]
[=[        copy_out(c, copy, lane_header_size(atomic_load_u64((const uint64_t *)(const void *)(c->ring + (c->next & c->mask)))));]=])
