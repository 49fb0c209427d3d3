# A reader steps over one size and hands out another.
mutate(core/lane.h
[=[    message->size = lane_header_size(header);]=]
[=[    message->size = lane_header_size(atomic_load_u64((const uint64_t *)message->data - 1));]=])
