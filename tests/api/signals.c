/* Whatever somebody waits for, a signal ends it; the wait that comes next is not concerned. */
#include "peers.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

static void on_signal(int number)
{
    (void)number;
}

/* Again and again: the first one may come when nobody sleeps. */
static void set_alarms(long period_us)
{
    const struct sigaction action = {.sa_handler = on_signal};
    const struct timeval period = {.tv_usec = period_us};

    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &(struct itimerval){period, period}, NULL), 0);
}

static void signal_ends_a_wait_for_a_record(void **state)
{
    const char *name = queue_made("record", 4096, 1, SHMQ_LANES);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);

    (void)state;
    set_alarms(20000);
    assert_int_equal(shmq_wait(c, -1), -EINTR);
    set_alarms(0);
    assert_int_equal(shmq_wait(c, 1000), -ETIMEDOUT);
    shmq_close(c);
}

static void signal_ends_a_wait_for_room(void **state)
{
    const char *name = queue_made("room", 4096, 1, SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    static char bytes[1000];

    (void)state;
    while (shmq_send(p, bytes, sizeof bytes, 0, 0) == 0)
        ;
    set_alarms(20000);
    assert_int_equal(shmq_send_wait(p, bytes, sizeof bytes, 0, 0, -1), -EINTR);
    set_alarms(0);
    shmq_close(p);
}

static void signal_ends_a_wait_for_a_ticket(void **state)
{
    const char *name = queue_made("ticket", 4096, 1, SHMQ_LANES);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq_ticket ticket;
    struct shmq_answer answer;

    (void)state;
    assert_int_equal(shmq_send(p, "12345678", 8, 0, 0), 0);
    assert_int_equal(shmq_ticket(p, &ticket), 0);
    set_alarms(20000);
    assert_int_equal(shmq_await(p, &ticket, -1, &answer), -EINTR);
    set_alarms(0);
    shmq_close(c);
    shmq_close(p);
}

static void signal_ends_a_wait_for_the_status(void **state)
{
    const enum shmq_role roles[] = {SHMQ_OBSERVER, SHMQ_PRODUCER};
    const char *name = queue_made("status", 4096, 2, SHMQ_LANES);
    struct shmq *r = queue_opened(name, SHMQ_REPORTER);
    struct shmq_status s = {.struct_size = sizeof s};

    (void)state;
    assert_int_equal(shmq_report_begin(r, 1, 100, "x"), 0);
    for (int i = 0; i < 2; i++) {
        struct shmq *q = queue_opened(name, roles[i]);

        assert_int_equal(shmq_status_wait(q, SHMQ_ENDED, 0, &s), -ETIMEDOUT);
        set_alarms(20000);
        assert_int_equal(shmq_status_wait(q, SHMQ_CHANGED, -1, &s), -EINTR);
        set_alarms(0);
        shmq_close(q);
    }
    shmq_close(r);
}

/* One thread sleeps, and another one is to hit it while it does. */
struct sleeper {
    const char *name;
    pthread_t thread;
};

static void *signal_sleeper(void *arg)
{
    const struct sleeper *sleeper = arg;

    await_consumer_sleep(sleeper->name, 0);
    for (int i = 0; i < 5; i++) { /* one may find it before it sleeps */
        pthread_kill(sleeper->thread, SIGUSR1);
        usleep(20000);
    }
    return NULL;
}

static void signal_that_would_restart_a_call_ends_a_sleep_too(void **state)
{
    const char *name = queue_made("restart", 4096, 1, SHMQ_LANES);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct sleeper sleeper = {name, pthread_self()};
    pthread_t thread;

    (void)state;
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    assert_int_equal(pthread_create(&thread, NULL, signal_sleeper, &sleeper), 0);
    assert_int_equal(shmq_wait(c, -1), -EINTR);
    assert_int_equal(pthread_join(thread, NULL), 0);
    action.sa_handler = SIG_DFL;
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    shmq_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signal_ends_a_wait_for_a_record),
        cmocka_unit_test(signal_ends_a_wait_for_room),
        cmocka_unit_test(signal_ends_a_wait_for_a_ticket),
        cmocka_unit_test(signal_ends_a_wait_for_the_status),
        cmocka_unit_test(signal_that_would_restart_a_call_ends_a_sleep_too),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
