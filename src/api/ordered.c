/* Total order: which lane has the next number. core/order.h tells why this is right. */
#include "api/handle.h"
#include "core/order.h"

#include <errno.h>

#define NO_NUMBER UINT64_MAX

/* What the lanes show. */
struct sight {
    uint32_t lane; /* that with the lowest number, or LANES_END */
    uint64_t number;
    bool ended;
    bool waiting;
    bool damaged;
};

/* The number of the lane's next record, looked for where it is not known yet. */
static int see_lane(struct shmq *q, uint32_t lane, bool ask_kernel)
{
    struct lane_service *service = &q->services[lane];

    if (service->number != NO_NUMBER)
        return 0;
    int rc = consumer_look_at_lane(q, lane, ask_kernel);

    return rc != 0 ? rc : order_front(&q->lanes[lane], service->last, &service->header, &service->number);
}

static void compare(struct shmq *q, uint32_t lane, bool ask_kernel, struct sight *sight)
{
    int rc = see_lane(q, lane, ask_kernel);

    sight->damaged |= rc == -EBADMSG;
    sight->ended |= rc == -EPIPE;
    sight->waiting |= rc == -EAGAIN;
    if (rc == 0 && (sight->lane == LANES_END || q->services[lane].number < sight->number)) {
        sight->lane = lane;
        sight->number = q->services[lane].number;
    }
}

/* All lanes, or the first that shows the number that is due. */
static struct sight look_around(struct shmq *q, bool ask_kernel)
{
    struct sight sight = {.lane = LANES_END};

    for (uint32_t lane = 0; (lane = consumer_next_lane(q, lane)) != LANES_END; lane++) {
        compare(q, lane, ask_kernel, &sight);
        if (sight.lane == lane && sight.number == q->expected)
            break;
    }
    return sight;
}

/* Can a lane without a record in sight still publish a number that is lower than one in sight? */
static bool may_fill(struct shmq *q)
{
    for (uint32_t lane = 0; (lane = consumer_next_lane(q, lane)) != LANES_END; lane++) {
        if (q->services[lane].number == NO_NUMBER && order_may_fill(handle_lane(q, lane)) &&
            port_role_taken(q->file, SHMQ_ROLE_LANE + lane) == 1)
            return true;
    }
    return false;
}

static int deliver(struct shmq *q, uint32_t lane)
{
    consumer_serve(q, lane);
    return 0;
}

int ordered_look(struct shmq *q, bool ask_kernel)
{
    uint32_t current = q->current->index;

    /* Mostly the next number comes from where the last one came from. */
    if (see_lane(q, current, false) == 0 && q->services[current].number == q->expected)
        return deliver(q, current);
    struct sight sight = look_around(q, ask_kernel);

    if (sight.lane != LANES_END && sight.number != q->expected) {
        if (may_fill(q))
            return -EAGAIN;
        sight = look_around(q, ask_kernel);
    }
    if (sight.lane != LANES_END)
        return deliver(q, sight.lane);
    return sight.damaged ? -EBADMSG : consumer_nothing(q, sight.ended, sight.waiting);
}

void ordered_take(struct shmq *q, struct shmq_message *message)
{
    struct lane_service *service = &q->services[q->current->index];

    lane_take(q->current, service->header, message);
    q->current->limit = q->current->next;
    message->data = (uint8_t *)message->data + ORDER_NUMBER;
    message->size -= (uint32_t)ORDER_NUMBER;
    service->last = service->number;
    q->expected = service->number + 1;
    service->number = NO_NUMBER;
}
