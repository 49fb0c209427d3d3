# The record that fits is not the one that is copied.
mutate(core/recorder.c
[=[        copy_out(c, r->copy, size);]=]
[=[        copy_out(c, r->copy, lane_header_size(load_header(c->ring, c->mask, c->next)));]=])
