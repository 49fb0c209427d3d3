#include "peers.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define PEER(name) extern const struct peer name;
#include "peers.list"
#undef PEER

const struct peer *const peers[] = {
#define PEER(name) &name,
#include "peers.list"
#undef PEER
    NULL,
};

int peer_share(struct way *way, size_t size)
{
    way->shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (way->shared == MAP_FAILED) {
        way->shared = NULL;
        return -errno;
    }
    way->shared_size = size;
    return 0;
}

void peer_unshare(struct way *way)
{
    if (way->shared != NULL) {
        munmap(way->shared, way->shared_size);
    }
    way->shared = NULL;
}

int peer_nothing(struct way *way)
{
    (void)way;
    return 0;
}

void peer_no_end(struct way *way)
{
    (void)way;
}

int peer_no_open(struct way *way, bool sends)
{
    (void)sends;
    (void)way;
    return 0;
}

static int prepare(struct run *run, int ways)
{
    int rc = 0;

    for (int i = 0; i < ways && rc == 0; i++) {
        run->ways[i] = (struct way){
            .size = run->point->size,
            .room = run->point->capacity != 0 ? run->point->capacity : PEER_ROOM,
            .spin = run->point->spin,
            .fd = -1,
        };
        snprintf(run->ways[i].name, sizeof run->ways[i].name, "shmq-bench-%ld-%d", (long)getpid(), i);
        rc = run->point->peer->prepare(&run->ways[i]);
    }
    return rc;
}

static void clean(struct run *run, int ways)
{
    for (int i = 0; i < ways; i++) {
        run->point->peer->close(&run->ways[i]);
        run->point->peer->clean(&run->ways[i]);
    }
}

int peer_prepare_one(struct run *run)
{
    return prepare(run, 1);
}

int peer_prepare_two(struct run *run)
{
    return prepare(run, 2);
}

void peer_clean_one(struct run *run)
{
    clean(run, 1);
}

void peer_clean_two(struct run *run)
{
    clean(run, 2);
}
