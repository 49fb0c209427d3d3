# The size that fits the caller's buffer is not the one that is copied into it.
mutate(api/consumer.c
[=[    copy_words_out(buffer, message->data, size);]=]
[=[    copy_payload_out(buffer, message->data, lane_header_size(atomic_load_u64((const uint64_t *)message->data - 1)));]=])
