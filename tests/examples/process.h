/* What the scenarios do with processes: each system has calls of its own for it, in process_posix.c and process_win32.c. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct process {
    intptr_t id;
    bool ended;
    int end; /* as the system tells it */
};

/* Start a program with its arguments, behind which there is NULL. 0, or 1: it cannot be started, and that was said. */
int process_start(struct process *process, char *command[]);

/* Has it ended? Without waiting. */
bool process_has_ended(struct process *process);

/* Wait for its end, and say in words how that was, unless NULL. 0: a good one, else 1. */
int process_wait(struct process *process, char *how, size_t size);

/* Both: 0, if it could be started and has ended well. */
int process_run(char *command[]);

/* End this one at once, as the kernel does when memory is short. */
void process_die(void);

/* What a person types to do that. */
void process_kill_command(char *command, size_t size);
