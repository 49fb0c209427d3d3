#include "os.h"

#include <setjmp.h>
#include <signal.h>

static sigjmp_buf guard_place;
static volatile sig_atomic_t guard_on;

static void guard_hit(int number)
{
    if (guard_on) {
        guard_on = 0;
        siglongjmp(guard_place, 1);
    }
    /* Not ours. */
    signal(number, SIG_DFL);
    raise(number);
}

bool os_guarded(void (*run)(void *arg), void *arg)
{
    struct sigaction hit = {.sa_handler = guard_hit};
    struct sigaction before;
    sigemptyset(&hit.sa_mask);
    sigaction(SIGBUS, &hit, &before);
    bool whole = sigsetjmp(guard_place, 1) == 0;
    if (whole) {
        guard_on = 1;
        run(arg);
        guard_on = 0;
    }
    sigaction(SIGBUS, &before, NULL);
    return whole;
}
