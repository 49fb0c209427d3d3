#include "peer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void give_up(const char *what)
{
    perror(what);
    exit(1);
}

struct peer peer_start_with(peer_work *work, const void *arg, size_t size)
{
    struct peer peer;
    int ends[2];

    (void)size; /* it is there, and stays as it is: the copy is the whole memory */
    fflush(NULL);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        give_up("socketpair");
    pid_t pid = fork();

    if (pid < 0) /* a signal to -1 would meet everybody */
        give_up("fork");
    if (pid == 0) {
        struct peer self = {.pid = (uint32_t)getpid(), .told = ends[1], .tells = ends[1]};

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[0]);
        _exit(work(&self, (void *)(uintptr_t)arg));
    }
    close(ends[1]);
    peer = (struct peer){.pid = (uint32_t)pid, .process = pid, .told = ends[0], .tells = ends[0]};
    return peer;
}

void peer_die(void)
{
    raise(SIGKILL);
    abort();
}

bool peer_tell(struct peer *peer, const void *data, size_t size)
{
    return send((int)peer->tells, data, size, MSG_NOSIGNAL) == (ssize_t)size;
}

bool peer_hear(struct peer *peer, void *data, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t got = read((int)peer->told, (char *)data + done, size - done);

        if (got > 0)
            done += (size_t)got;
        else if (got == 0 || errno != EINTR)
            return false;
    }
    return true;
}

void peer_strike(struct peer *peer)
{
    (void)kill((pid_t)peer->process, SIGKILL);
}

void peer_stop(struct peer *peer)
{
    siginfo_t info;

    (void)kill((pid_t)peer->process, SIGSTOP);
    while (waitid(P_PID, (id_t)peer->process, &info, WSTOPPED) != 0 && errno == EINTR)
        ; /* one that has ended is nobody's to wait for here */
}

void peer_continue(struct peer *peer)
{
    (void)kill((pid_t)peer->process, SIGCONT);
}

bool peer_has_ended(struct peer *peer)
{
    siginfo_t info = {.si_pid = 0};

    return waitid(P_PID, (id_t)peer->process, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

int peer_end(struct peer *peer)
{
    int status;
    pid_t pid;

    do
        pid = waitpid((pid_t)peer->process, &status, 0);
    while (pid < 0 && errno == EINTR);
    if (pid < 0)
        give_up("waitpid");
    close((int)peer->told);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
