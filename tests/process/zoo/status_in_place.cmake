# A report overwrites the newest copy, which may be just half of it when its reporter dies.
mutate(core/status.c
[=[    store_copy(&r->area->copies[(r->sequence + 1) % SHMQ_STATUS_COPIES], &r->copy);]=]
[=[    store_copy(&r->area->copies[r->sequence % SHMQ_STATUS_COPIES], &r->copy);]=])
mutate(core/status.c
[=[    make_newest(r, r->sequence + 1);
}

/*
 * A dead reporter]=]
[=[    make_newest(r, r->sequence);
}

/*
 * A dead reporter]=])
