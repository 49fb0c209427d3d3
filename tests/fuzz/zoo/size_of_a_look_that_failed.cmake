# A look at the status that failed takes the place of one that succeeded.
mutate(api/status.c
[=[    if (rc != 0)
        return rc;
    w->sight = sight;
    w->seen = true;]=]
[=[    w->sight = sight;
    if (rc != 0)
        return rc;
    w->seen = true;]=])
