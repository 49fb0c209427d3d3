# A bit of the mapping makes a lane, even where there is none.
mutate(api/queue.c
[=[        q->serves[word] = o->has_lane == 0 ? all : 0;]=]
[=[        q->serves[word] = o->has_lane == 0 ? all | ~UINT64_C(0) : 0;]=])
