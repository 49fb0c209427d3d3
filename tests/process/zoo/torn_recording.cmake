# What was copied out of a recorder is believed without another look at the tail.
mutate(core/recorder.c
[=[    int followed = follow_tail(c, &passed);

    if (followed != 0 || passed)]=]
[=[    int followed = 0;

    passed = false;
    if (followed != 0 || passed)]=])
