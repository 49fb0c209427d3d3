/*
 * Several queues in one event loop
 *
 * One process receives from two queues with libuv, and does other things (here: a timer) meanwhile. Two others send.
 *
 *     event_loop      runs all three, and ends with 0 when everything has arrived
 */
#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#define MESSAGES 20000

struct source {
    char name[32];
    struct shmq *q;
    uv_poll_t poll;
    unsigned long received;
};

/* The queue has something to say: take all there is. */
static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct source *source = poll->data;
    struct shmq_message message;
    int rc;

    (void)status, (void)events;
    while ((rc = shmq_peek(source->q, &message)) == 0) {
        source->received++;
        shmq_release(source->q);
    }
    if (rc == -EAGAIN)
        return; /* the descriptor is readable again when there is more */
    printf("%s: %s\n", source->name, shmq_strerror(rc));
    uv_close((uv_handle_t *)poll, NULL);
}

static void on_timer(uv_timer_t *timer)
{
    const struct source *sources = timer->data;

    printf("so far %lu and %lu\n", sources[0].received, sources[1].received);
}

static void send_all(const char *name)
{
    struct shmq_open_options options = {.struct_size = sizeof options, .policy = SHMQ_WAIT};
    struct shmq *q;
    int rc = shmq_open(name, SHMQ_PRODUCER, &options, &q);

    for (int i = 0; i < MESSAGES && rc == 0; i++) {
        rc = shmq_send(q, &i, sizeof i, 0, 0);
        if (i % 1000 == 0)
            usleep(1000);
    }
    if (rc == 0)
        shmq_close(q);
    _exit(rc != 0);
}

static int open_source(struct source *source, int number)
{
    struct shmq_create_options options = {.struct_size = sizeof options, .capacity = 4096};

    snprintf(source->name, sizeof source->name, "event-loop-%d-%d", (int)getpid(), number);
    int rc = shmq_create(source->name, &options);

    if (rc == 0)
        rc = shmq_open(source->name, SHMQ_CONSUMER, NULL, &source->q);
    return rc;
}

int main(void)
{
    static struct source sources[2];
    uv_timer_t timer;
    uv_loop_t *loop = uv_default_loop();

    uv_timer_init(loop, &timer);
    timer.data = sources;
    uv_timer_start(&timer, on_timer, 10, 10);
    uv_unref((uv_handle_t *)&timer); /* it does not keep the loop running */
    for (int i = 0; i < 2; i++) {
        if (open_source(&sources[i], i) != 0)
            return EXIT_FAILURE;
        uv_poll_init(loop, &sources[i].poll, shmq_fd(sources[i].q));
        sources[i].poll.data = &sources[i];
        uv_poll_start(&sources[i].poll, UV_READABLE, on_readable);
        if (fork() == 0)
            send_all(sources[i].name);
    }
    uv_run(loop, UV_RUN_DEFAULT);
    for (int i = 0; i < 2; i++) {
        wait(NULL);
        shmq_close(sources[i].q);
        shmq_remove(sources[i].name, 0);
    }
    return sources[0].received == MESSAGES && sources[1].received == MESSAGES ? EXIT_SUCCESS : EXIT_FAILURE;
}
