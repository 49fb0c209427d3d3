#include "doctor.h"
#include "os.h"
#include "report.h"

#include <errno.h>
#include <shmq/shmq.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct trial {
    const char *step; /* what was tried last */
    struct shmq *consumer;
    struct shmq *producer;
    struct shmq *observer;
    bool seen;   /* the observer sees who has which role */
    int poll_rc; /* a descriptor to poll, or a negative errno */
};

static int record_passes(struct trial *t)
{
    static const char sent[] = "doctor";
    char got[sizeof sent];
    struct shmq_message message;
    t->step = "sending a record";
    int rc = shmq_send(t->producer, sent, sizeof sent, 0, 0);
    if (rc == 0) {
        t->step = "receiving a record";
        rc = shmq_recv(t->consumer, got, sizeof got, &message);
    }
    if (rc == 0 && (message.size != sizeof sent || memcmp(got, sent, sizeof sent) != 0)) {
        rc = -EBADMSG;
    }
    return rc;
}

static int roles_seen(struct trial *t, const char *name)
{
    struct shmq_info info = {.struct_size = sizeof info};
    struct shmq_lane_info lane = {.struct_size = sizeof lane};
    struct shmq *second = NULL;
    t->step = "looking at the queue";
    int rc = shmq_open(name, SHMQ_OBSERVER, NULL, &t->observer);
    rc = rc == 0 ? shmq_info(t->observer, &info) : rc;
    rc = rc == 0 ? shmq_lane_info(t->observer, 0, &lane) : rc;
    if (rc == 0) {
        t->seen = info.consumer_presence == SHMQ_PRESENT && lane.presence == SHMQ_PRESENT &&
                  shmq_open(name, SHMQ_CONSUMER, NULL, &second) == -EBUSY;
    }
    shmq_close(second);
    return rc;
}

static int trial_run(struct trial *t, const char *name)
{
    const struct shmq_create_options small = {.struct_size = sizeof small, .capacity = SHMQ_CAPACITY_MIN};
    t->step = "creating a queue";
    int rc = shmq_create(name, &small);
    if (rc != 0) {
        return rc < 0 ? rc : -EEXIST;
    }
    t->step = "opening the queue";
    rc = shmq_open(name, SHMQ_CONSUMER, NULL, &t->consumer);
    rc = rc == 0 ? shmq_open(name, SHMQ_PRODUCER, NULL, &t->producer) : rc;
    rc = rc == 0 ? record_passes(t) : rc;
    rc = rc == 0 ? roles_seen(t, name) : rc;
    t->poll_rc = rc == 0 ? shmq_fd(t->consumer) : 0;
    shmq_close(t->observer);
    shmq_close(t->producer);
    shmq_close(t->consumer);
    int removed = shmq_remove(name, SHMQ_REMOVE_USED);
    if (rc == 0 && removed != 0) {
        t->step = "removing the queue";
        rc = removed;
    }
    return rc;
}

void doctor_trial(struct doctor *d)
{
    char name[SHMQ_NAME_MAX];
    struct trial t = {0};
    snprintf(name, sizeof name, "shmq-doctor.%ld", os_process_id());
    int rc = trial_run(&t, name);
    if (rc != 0) {
        doctor_find(d, DOCTOR_PROBLEM, "trial", "%s fails: %s", t.step, shmq_strerror(rc));
        doctor_advise(d, rc == -ENOSPC || rc == -EACCES || rc == -EMFILE
                             ? "see what is told above"
                             : "this is what every program would meet; see what is told above, if anything is");
        return;
    }
    doctor_find(d, DOCTOR_OK, "trial", "a queue was created, used and removed");
    if (!t.seen) {
        doctor_find(d, DOCTOR_PROBLEM, "locks",
                    "who has a role is not seen: the file system of shared memory has no locks");
        doctor_advise_locks(d);
    } else {
        doctor_find(d, DOCTOR_OK, "locks", "a second consumer is refused, and who is there is seen");
    }
    if (t.poll_rc < 0) {
        doctor_find(d, DOCTOR_WARNING, "event loops",
                    "there is no descriptor to poll (%s): event loops cannot wait for records",
                    shmq_strerror(t.poll_rc));
        doctor_advise_poll(d, t.poll_rc);
    } else {
        doctor_find(d, DOCTOR_OK, "event loops", "a descriptor to poll can be had");
    }
}
