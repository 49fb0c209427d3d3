# A record may go on behind the end of the ring.
mutate(core/lane.c
[=[    uint64_t room = seen < to_end ? seen : to_end;
]=]
[=[    uint64_t room = seen;

    (void)to_end;
]=])
