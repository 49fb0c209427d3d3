#include "port/clock.h"

#include "port/win32.h"

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_TICK INT64_C(100)
#define TICKS_TO_1970 INT64_C(116444736000000000) /* FILETIME counts from 1601 */

/* Since Windows 10 1803: without it a timer is late by up to a tick of the scheduler, some 15 ms. */
#ifndef CREATE_WAITABLE_TIMER_HIGH_RESOLUTION
#define CREATE_WAITABLE_TIMER_HIGH_RESOLUTION 2
#endif

int64_t port_clock_monotonic_ns(void)
{
    LARGE_INTEGER count;
    LARGE_INTEGER frequency;

    QueryPerformanceCounter(&count);
    QueryPerformanceFrequency(&frequency);
    int64_t whole = count.QuadPart / frequency.QuadPart;
    int64_t rest = count.QuadPart % frequency.QuadPart;

    return whole * NS_PER_S + rest * NS_PER_S / frequency.QuadPart;
}

static int64_t since_1970_ns(FILETIME time)
{
    return (((int64_t)time.dwHighDateTime << 32 | time.dwLowDateTime) - TICKS_TO_1970) * NS_PER_TICK;
}

int64_t port_clock_real_ns(void)
{
    FILETIME now;

    GetSystemTimePreciseAsFileTime(&now);
    return since_1970_ns(now);
}

int64_t port_clock_coarse_ns(void)
{
    FILETIME now;

    GetSystemTimeAsFileTime(&now);
    return since_1970_ns(now);
}

int port_clock_sleep(int64_t duration_ns)
{
    LARGE_INTEGER due = {.QuadPart = -((duration_ns + NS_PER_TICK - 1) / NS_PER_TICK)}; /* negative: from now on */
    HANDLE timer = CreateWaitableTimerExW(NULL, NULL, CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, TIMER_ALL_ACCESS);

    if (duration_ns <= 0 || timer == NULL || !SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE) ||
        WaitForSingleObject(timer, INFINITE) != WAIT_OBJECT_0)
        Sleep(duration_ns <= 0 ? 0 : (DWORD)((duration_ns + NS_PER_MS - 1) / NS_PER_MS));
    if (timer != NULL)
        CloseHandle(timer);
    return 0;
}
