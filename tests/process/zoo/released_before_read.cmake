# The record counts as released when it is peeked.
mutate(core/lane.h
[=[    c->next += lane_span(lane_header_size(header));
    c->peeked++;]=]
[=[    c->next += lane_span(lane_header_size(header));
    c->peeked++;
    atomic_store_release_u64(&c->shared->released.released, c->next);]=])
