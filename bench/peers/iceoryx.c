/*
 * iceoryx, through its C binding and its daemon
 *
 * The publisher waits for a subscriber whose queue is full, as nothing may be lost here. Waiting for a message is a
 * wait set with the subscriber in it.
 */
#include "peer.h"

#include <fcntl.h>
#include <iceoryx_binding_c/log.h>
#include <iceoryx_binding_c/publisher.h>
#include <iceoryx_binding_c/runtime.h>
#include <iceoryx_binding_c/subscriber.h>
#include <iceoryx_binding_c/wait_set.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define QUEUE_CHUNKS 256 /* as many as it allows */
#define TRIES 3000
#define DAEMON_TRIES 6
#define DAEMON_TRY_US 500000

struct ends {
    iox_pub_storage_t publisher_room;
    iox_sub_storage_t subscriber_room;
    iox_ws_storage_t waiter_room;
    iox_pub_t publisher;
    iox_sub_t subscriber;
    iox_ws_t waiter;
};

static pid_t daemon_process;

/* On any processor. It dies with this process. */
static pid_t daemon_start(void)
{
    pid_t child = fork();

    if (child == 0) {
        cpu_set_t all;
        int null = open("/dev/null", O_RDWR);

        prctl(PR_SET_PDEATHSIG, SIGTERM);
        memset(&all, 0xff, sizeof all);
        sched_setaffinity(0, sizeof all, &all);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execlp("iox-roudi", "iox-roudi", "-l", "off", (char *)NULL);
        _exit(EXIT_FAILURE);
    }
    return child;
}

/* Where one runs already, ours ends at once. That one may be about to end itself, so ours tries a few times. */
static int start(void)
{
    for (int i = 0; i < DAEMON_TRIES; i++) {
        daemon_process = daemon_start();
        if (daemon_process < 0) {
            return -errno;
        }
        usleep(DAEMON_TRY_US);
        if (waitpid(daemon_process, NULL, WNOHANG) == 0) {
            return 0;
        }
        daemon_process = 0;
    }
    return 0;
}

/* It takes its shared memory away with it. */
static void stop(void)
{
    if (daemon_process > 0) {
        kill(daemon_process, SIGTERM);
        waitpid(daemon_process, NULL, 0);
    }
}

static void run_once(void)
{
    static bool running;

    if (!running) {
        char name[48];
        int null = open("/dev/null", O_WRONLY);

        /* It says on both when it has run out of memory, which is how a full queue shows. */
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        running = true;
        iox_set_loglevel(Iceoryx_LogLevel_Off);
        snprintf(name, sizeof name, "shmq-bench-%ld", (long)getpid());
        iox_runtime_init(name);
    }
}

static bool connected(const struct ends *ends)
{
    return ends->publisher != NULL ? iox_pub_has_subscribers(ends->publisher)
                                   : iox_sub_get_subscription_state(ends->subscriber) == SubscribeState_SUBSCRIBED;
}

static void open_publisher(struct ends *ends, const char *name)
{
    iox_pub_options_t options;

    iox_pub_options_init(&options);
    options.historyCapacity = 0;
    options.subscriberTooSlowPolicy = ConsumerTooSlowPolicy_WAIT_FOR_CONSUMER;
    ends->publisher = iox_pub_init(&ends->publisher_room, "shmq-bench", name, "message", &options);
}

static void open_subscriber(struct ends *ends, const char *name, bool spin)
{
    iox_sub_options_t options;

    iox_sub_options_init(&options);
    options.queueCapacity = QUEUE_CHUNKS;
    options.historyRequest = 0;
    options.queueFullPolicy = QueueFullPolicy_BLOCK_PRODUCER;
    ends->subscriber = iox_sub_init(&ends->subscriber_room, "shmq-bench", name, "message", &options);
    if (!spin) {
        ends->waiter = iox_ws_init(&ends->waiter_room);
        iox_ws_attach_subscriber_state(ends->waiter, ends->subscriber, SubscriberState_HAS_DATA, 0, NULL);
    }
}

static int open_end(struct way *way, bool sends)
{
    struct ends *ends = calloc(1, sizeof *ends);

    if (ends == NULL) {
        return -ENOMEM;
    }
    run_once();
    way->own = ends;
    if (sends) {
        open_publisher(ends, way->name);
    } else {
        open_subscriber(ends, way->name, way->spin);
    }
    return ends->publisher != NULL || ends->subscriber != NULL ? 0 : -EIO;
}

static int ready(struct way *way)
{
    for (int i = 0; !connected(way->own); i++) {
        if (i == TRIES) {
            return -ETIMEDOUT;
        }
        usleep(1000);
    }
    return 0;
}

static void close_end(struct way *way)
{
    struct ends *ends = way->own;

    if (ends == NULL) {
        return;
    }
    if (ends->waiter != NULL) {
        iox_ws_detach_subscriber_state(ends->waiter, ends->subscriber, SubscriberState_HAS_DATA);
        iox_ws_deinit(ends->waiter);
    }
    if (ends->subscriber != NULL) {
        iox_sub_deinit(ends->subscriber);
    }
    if (ends->publisher != NULL) {
        iox_pub_deinit(ends->publisher);
    }
    free(ends);
    way->own = NULL;
}

static inline int put(struct way *way, const uint8_t *message, size_t size)
{
    struct ends *ends = way->own;
    void *chunk;
    enum iox_AllocationResult result = iox_pub_loan_chunk(ends->publisher, &chunk, (uint32_t)size);

    if (result == AllocationResult_RUNNING_OUT_OF_CHUNKS) {
        return -EAGAIN;
    }
    if (result != AllocationResult_SUCCESS) {
        return -EIO;
    }
    payload_copy(chunk, message, size);
    iox_pub_publish_chunk(ends->publisher, chunk);
    return 0;
}

static inline int get(struct way *way, uint8_t *buffer, size_t size)
{
    struct ends *ends = way->own;
    const void *chunk;
    enum iox_ChunkReceiveResult result;

    while ((result = iox_sub_take_chunk(ends->subscriber, &chunk)) == ChunkReceiveResult_NO_CHUNK_AVAILABLE) {
        iox_notification_info_t info;
        uint64_t missed;

        if (way->spin) {
            return -EAGAIN;
        }
        iox_ws_wait(ends->waiter, &info, 1, &missed);
    }
    if (result != ChunkReceiveResult_SUCCESS) {
        return -EIO;
    }
    payload_copy(buffer, chunk, size);
    iox_sub_release_chunk(ends->subscriber, chunk);
    return 0;
}

static inline void *reserve(struct way *way, size_t size)
{
    struct ends *ends = way->own;
    void *chunk = NULL;

    return iox_pub_loan_chunk(ends->publisher, &chunk, (uint32_t)size) == AllocationResult_SUCCESS ? chunk : NULL;
}

static inline int commit(struct way *way, void *slot, size_t size)
{
    struct ends *ends = way->own;

    (void)size;
    iox_pub_publish_chunk(ends->publisher, slot);
    return 0;
}

static inline const uint8_t *peek(struct way *way, size_t size)
{
    struct ends *ends = way->own;
    const void *chunk = NULL;

    (void)size;
    return iox_sub_take_chunk(ends->subscriber, &chunk) == ChunkReceiveResult_SUCCESS ? chunk : NULL;
}

static inline void release(struct way *way, const uint8_t *message)
{
    struct ends *ends = way->own;

    iox_sub_release_chunk(ends->subscriber, message);
}

PEER_COPIES(iceoryx, put, get);
PEER_IN_PLACE(iceoryx, reserve, commit, peek, release);

const struct peer peer_iceoryx = {
    .name = "iceoryx",
    .spins = true,
    .blocks = true,
    .exits = true, /* the daemon wants to hear of it, or aborts at its own end */
    .start = start,
    .stop = stop,
    .prepare = peer_nothing,
    .open = open_end,
    .ready = ready,
    .close = close_end,
    .clean = peer_no_end,
    .single = &iceoryx_single,
    .in_place = &iceoryx_in_place,
    .round_trip = &iceoryx_round_trip,
    .paced = &iceoryx_paced,
};
