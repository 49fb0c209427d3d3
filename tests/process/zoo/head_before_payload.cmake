# The record is published, and then written.
mutate(api/producer.c
[=[    copy_words(lane_slot(&q->producer), data, size);
    if (lane_commit(&q->producer, size, type, flags))
        handle_wake_consumer(q);]=]
[=[    void *slot = lane_slot(&q->producer);

    if (lane_commit(&q->producer, size, type, flags))
        handle_wake_consumer(q);
    copy_words(slot, data, size);]=])
