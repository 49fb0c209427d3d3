# The records of a queue of total order are published, and then get their numbers.
mutate(core/order.c
[=[    write_numbers(p, first);
    lane_publish(p);]=]
[=[    uint64_t published = p->published;

    lane_publish(p);
    p->published = published;
    write_numbers(p, first);
    p->published = p->head;]=])
