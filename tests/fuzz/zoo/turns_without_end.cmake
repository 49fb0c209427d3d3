# A header that is another one at each look keeps the reader looking.
mutate(core/lane.c
[=[        if (c->next == begun)
            rc = step_over_padding(c);
        begun = c->next;
        lane_begin_turn(c);]=]
[=[        begun = c->limit;
        lane_begin_turn(c);
        if (c->limit == begun) {
            rc = step_over_padding(c);
            lane_begin_turn(c);
        }]=])
