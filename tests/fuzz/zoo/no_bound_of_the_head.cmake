# A head may be any number of rings ahead.
mutate(core/lane.c
[=[ || head - c->tail > c->capacity)]=]
[=[)]=])
