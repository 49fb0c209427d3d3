# A producer claims its span by moving the head, and writes the record into it afterwards: a hole, if it dies between.
mutate(api/producer.c
[=[    copy_words(lane_slot(&q->producer), data, size);
    if (lane_commit(&q->producer, size, type, flags))
        handle_wake_consumer(q);]=]
[=[    uint64_t *header = (uint64_t *)(void *)((uint8_t *)lane_slot(&q->producer) - sizeof(struct shmq_record));

    atomic_store_u64(header, 0);
    q->producer.head += lane_span(size);
    q->producer.sent++;
    lane_publish(&q->producer);
    copy_words(header + 1, data, size);
    atomic_store_release_u64(header, lane_header(size, type, 0));]=])
mutate(core/lane.c
[=[    if (lane_header_flags(header) != SHMQ_RECORD_PADDING || span != to_end || span > c->head_seen - c->next)]=]
[=[    if (header == 0)
        return -EAGAIN;
    if (lane_header_flags(header) != SHMQ_RECORD_PADDING || span != to_end || span > c->head_seen - c->next)]=])
mutate(core/lane.h
[=[lane_header_flags(*header) == 0);]=]
[=[lane_header_flags(*header) == 0 && *header != 0);]=])
