# A number that is missing is waited for, whether or not its owner lives.
mutate(api/ordered.c
[=[ && order_may_fill(handle_lane(q, lane)) &&
            port_role_taken(q->file, SHMQ_ROLE_LANE + lane) == 1)]=]
[=[ && order_may_fill(handle_lane(q, lane)))]=])
