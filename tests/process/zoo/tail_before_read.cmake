# The memory is given back when the record is peeked.
mutate(core/lane.h
[=[    c->next += lane_span(lane_header_size(header));
    c->peeked++;]=]
[=[    c->next += lane_span(lane_header_size(header));
    atomic_store_release_u64(&c->shared->tail.tail, c->next);
    c->tail = c->next;
    c->peeked++;]=])
