# A record of total order may be shorter than its number.
mutate(core/order.c
[=[    if (lane_header_size(*header) < ORDER_NUMBER)
        return -EBADMSG;
]=]
[=[]=])
