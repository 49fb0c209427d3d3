# A lane whose producer has ended is closed, although another one may have come and gone since it was looked at: what
# that one sent stays in a closed lane. Only who is paused there sees it.
mutate(api/consumer.c
[=[if (consumer_lane_is_used(q, lane) || look_for_records(q, lane) != -EAGAIN)]=]
[=[if (consumer_lane_is_used(q, lane))]=])
