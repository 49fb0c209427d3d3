# A line of which the producer already has the first part is written back once more with the rest.
mutate(core/lane.c
[=[    if (c->owned < to)
        c->owned = to;]=]
[=[    if (0)
        c->owned = to;]=])
