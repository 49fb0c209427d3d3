# A lane whose producer has ended is closed without asking whether there is a new one.
mutate(api/consumer.c
[=[if (consumer_lane_is_used(q, lane) || look_for_records(q, lane) != -EAGAIN)]=]
[=[if (q->lanes == NULL)]=])
