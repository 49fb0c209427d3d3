# The lane's positions are read before the lane is ours.
mutate(api/queue.c
[=[#define OPEN_TRIES 16]=]
[=[#define OPEN_TRIES 16

static int take_lane(struct shmq *q);]=])
mutate(api/queue.c
[=[            rc = port_role_claim(q->file, SHMQ_ROLE_LANE + lane);]=]
[=[            if (take_lane(q) != 0)
                return -EBADMSG;
            rc = port_role_claim(q->file, SHMQ_ROLE_LANE + lane);]=])
mutate(api/queue.c
[=[    if (rc == 0)
        rc = take_lane(q);]=]
[=[]=])
