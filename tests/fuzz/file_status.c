/* Awaiting, and the status. */
#include "file.h"

#include <string.h>

void user_await(struct user *user, uint8_t how)
{
    struct shmq_answer answer;

    begin("ticket", user);
    if (how % 4 == 0)
        (void)shmq_ticket(user->q, &user->ticket);
    begin("await", user);
    if (how % 4 == 3) {
        await_film(user);
        return;
    }
    if (shmq_await(user->q, &user->ticket, how % 4 == 1 ? 1000 : 0, &answer) != 0)
        return;
    if (answer.size != 0)
        check_in_ring(user, answer.data, answer.size, answer.lane);
    sink(answer.data, answer.size);
}

void user_report(struct user *user, uint8_t how)
{
    static const char *const texts[] = {"", "half of it", "\xe2\x82\xac 12", "no \xff text"};
    const char *text = texts[how / 32 % 4];

    begin("report", user);
    switch (how % 16) {
    case 0:
    case 1:
        (void)shmq_report_begin(user->q, how, how, text);
        break;
    case 2:
        (void)shmq_report_resume(user->q);
        break;
    case 3:
        (void)shmq_report_advance(user->q, how);
        break;
    case 4:
        (void)shmq_report_step(user->q, how, text);
        break;
    case 5:
        (void)shmq_report_total(user->q, how);
        break;
    case 6:
        (void)shmq_report_finish(user->q, how, text);
        break;
    case 7:
        (void)shmq_report_cancelled(user->q, text);
        break;
    case 8:
        (void)shmq_cancel_requested(user->q);
        break;
    case 9:
        shmq_report_leave(user->q);
        break;
    case 10:
        (void)shmq_report_lend(user->q);
        break;
    case 11:
        (void)shmq_report_borrow(user->q, how & 0x80 ? 1000 : 0);
        break;
    case 12:
        (void)shmq_report_set(user->q, how);
        break;
    case 13:
        (void)shmq_report_message(user->q, text);
        break;
    case 14:
        (void)shmq_report_unit(user->q, text);
        break;
    default:
        (void)shmq_report_fail(user->q, how, text);
        break;
    }
}

void user_watch(struct user *user, uint8_t how)
{
    struct shmq_status *status = &user->status;
    int rc;

    status->struct_size = sizeof *status;
    /* A reporter that is always faster: 256 copies a look, 16 looks to know who lives, 32 between two at the clock. */
    adversary_allow("status", UINT64_C(1) << 26);
    if (how % 4 == 0) {
        (void)shmq_request_cancel(user->q);
        return;
    }
    if (how % 4 == 1)
        rc = shmq_status_wait(user->q, how / 4 % 2, how / 8 % 2 ? 1000 : 0, status);
    else
        rc = how % 4 == 2 ? shmq_status(user->q, status) : shmq_status_glance(user->q, status);
    if (rc != 0)
        return;
    must(status->message_size < sizeof status->message && status->message[status->message_size] == '\0');
    must(status->state <= SHMQ_CANCELLED && strnlen(status->unit, sizeof status->unit) < sizeof status->unit);
    shmq_rate_look(&user->rate, status);
}
