#include "process.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int process_start(struct process *process, char *command[])
{
    pid_t pid;
    int rc = posix_spawn(&pid, command[0], NULL, NULL, command, environ);

    if (rc != 0) {
        fprintf(stderr, "P: %s: %s\n", command[0], strerror(rc));
        return 1;
    }
    *process = (struct process){.id = pid};
    return 0;
}

bool process_has_ended(struct process *process)
{
    process->ended = process->ended || waitpid((pid_t)process->id, &process->end, WNOHANG) == process->id;
    return process->ended;
}

int process_wait(struct process *process, char *how, size_t size)
{
    if (!process->ended)
        process->ended = waitpid((pid_t)process->id, &process->end, 0) == process->id;
    if (how != NULL && WIFSIGNALED(process->end))
        snprintf(how, size, "was ended by signal %d, %s", WTERMSIG(process->end), strsignal(WTERMSIG(process->end)));
    else if (how != NULL)
        snprintf(how, size, "has ended with code %d", WEXITSTATUS(process->end));
    return process->end == 0 ? 0 : 1;
}

int process_run(char *command[])
{
    struct process process;

    return process_start(&process, command) == 0 ? process_wait(&process, NULL, 0) : 1;
}

void process_die(void)
{
    kill(getpid(), SIGKILL);
}

void process_kill_command(char *command, size_t size)
{
    snprintf(command, size, "kill -9 %d", (int)getpid());
}
