/*
 * A waitable timer, named after the bell of who watches: it goes off when it is time to look again, and whoever rings the
 * bell sets it off
 *
 * Nothing tells of a close or of a lost name. Who watches looks again every other moment anyway (fence_win32.c).
 */
#include "port/watch.h"

#include "port/sleep_win32.h"

#include <errno.h>

#define NS_PER_TICK INT64_C(100)
#define NEVER_NS INT64_C(8000000000000000000)

static void set(HANDLE timer, int64_t delay_ns)
{
    LARGE_INTEGER due = {.QuadPart = -(delay_ns < NS_PER_TICK ? 1 : delay_ns / NS_PER_TICK)}; /* from now on */

    SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE);
}

/* Handles have 32 bits that matter. */
static HANDLE timer_of(const struct port_watch *watch)
{
    return (HANDLE)(intptr_t)watch->poll;
}

int port_watch_open(port_file file, const uint32_t *bell, struct port_watch *watch)
{
    wchar_t name[SLEEP_NAME_MAX];

    (void)file;
    if (!sleep_name(bell, L't', name))
        return -EINVAL;
    HANDLE timer = CreateWaitableTimerExW(NULL, name, CREATE_WAITABLE_TIMER_MANUAL_RESET, TIMER_ALL_ACCESS);

    if (timer == NULL) /* another user's of that name: rung by nobody, it still goes off in time */
        timer = CreateWaitableTimerExW(NULL, NULL, CREATE_WAITABLE_TIMER_MANUAL_RESET, TIMER_ALL_ACCESS);
    if (timer == NULL)
        return -ENOMEM;
    *watch = PORT_NO_WATCH;
    watch->poll = (int)(intptr_t)timer;
    port_watch_again(watch, 0);
    return 0;
}

void port_watch_close(struct port_watch *watch)
{
    if (watch->poll >= 0)
        CloseHandle(timer_of(watch));
    *watch = PORT_NO_WATCH;
}

bool port_watch_clear(const struct port_watch *watch)
{
    set(timer_of(watch), NEVER_NS);
    return false;
}

void port_watch_again(const struct port_watch *watch, int64_t delay_ns)
{
    set(timer_of(watch), delay_ns);
}

void port_watch_ring(port_file file, int64_t offset, const uint32_t *bell)
{
    const uint32_t nothing = 0;
    OVERLAPPED place = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
    wchar_t name[SLEEP_NAME_MAX];
    HANDLE timer = sleep_name(bell, L't', name) ? OpenWaitableTimerW(TIMER_MODIFY_STATE, FALSE, name) : NULL;

    if (timer != NULL) {
        set(timer, 0);
        CloseHandle(timer);
        return;
    }
    WriteFile(win32_handle(file), &nothing, sizeof nothing, NULL,
              &place); /* who watches it from another system hears that */
}
