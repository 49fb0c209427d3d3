#include "doctor.h"

#include <errno.h>

void doctor_advise_paused(struct doctor *d, uint32_t pid)
{
    doctor_advise(d, "kill -CONT %u, or end it: whoever is paused keeps its role", pid);
}

void doctor_advise_unlisted(struct doctor *d)
{
    doctor_advise(d, "chmod 1777 /dev/shm");
}

void doctor_advise_locks(struct doctor *d)
{
    doctor_advise(d, "use Linux 3.15 or later, with a tmpfs at /dev/shm (F_OFD_SETLK)");
}

void doctor_advise_poll(struct doctor *d, int error)
{
    doctor_advise(d, error == -EMFILE || error == -ENOSPC
                         ? "sysctl fs.inotify.max_user_instances=1024 fs.inotify.max_user_watches=65536"
                         : "allow the system calls inotify_init1, timerfd_create and epoll_create1");
}
