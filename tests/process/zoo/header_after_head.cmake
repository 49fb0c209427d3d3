# The record is published, and then gets its header.
mutate(core/lane.h
[=[    lane_append(p, size, type);
    if (!lane_is_due(p, more))
        return false;
    lane_publish(p);
    return true;]=]
[=[    uint64_t *header = (uint64_t *)(void *)(p->ring + (p->head & p->mask));

    p->head += lane_span(size);
    p->sent++;
    bool due = lane_is_due(p, more);

    if (due)
        lane_publish(p);
    *header = lane_header(size, type, 0);
    return due;]=])
