/*
 * Sleeping on a word of a file on Windows, where WaitOnAddress is for one process only
 *
 *     sleeper   make the word's event, or open it -> unset it -> is the word still `value`? -> wait for the event
 *     waker     the word is another -> open the event: where there is none, nobody sleeps -> set it
 *
 * Setting it lets go all who wait in that moment, so it harms none of them that the next sleeper unsets it. One that has
 * looked at the word but does not wait yet may miss it so, or one of another user or of another system: the callers bound
 * each sleep, because there is no barrier (fence_win32.c).
 */
#include "port/sleep.h"

#include "base/atomic.h"
#include "port/clock.h"
#include "port/shm_win32.h"
#include "port/sleep_win32.h"

#include <errno.h>
#include <stdio.h>

#define NS_PER_MS INT64_C(1000000)

bool sleep_name(const void *word, wchar_t kind, wchar_t name[SLEEP_NAME_MAX])
{
    struct shm_identity identity;
    uint64_t offset;
    uint64_t id[2];

    if (!shm_locate(word, &identity, &offset))
        return false;
    memcpy(id, identity.file, sizeof id);
    swprintf(name, SLEEP_NAME_MAX, L"Global\\shmq-%lc-%016llx-%016llx%016llx-%llx", kind, identity.volume, id[1],
             id[0], offset);
    return true;
}

int port_sleep(const uint32_t *word, uint32_t value, int64_t timeout_ns)
{
    int64_t timeout_ms = (timeout_ns + NS_PER_MS - 1) / NS_PER_MS;
    wchar_t name[SLEEP_NAME_MAX];
    HANDLE event = sleep_name(word, L'w', name)
                       ? CreateEventExW(NULL, name, CREATE_EVENT_MANUAL_RESET, SYNCHRONIZE | EVENT_MODIFY_STATE)
                       : NULL;
    int rc = 0;

    if (event == NULL) { /* somebody else's, or no memory */
        (void)port_clock_sleep(timeout_ns < NS_PER_MS ? timeout_ns : NS_PER_MS);
        return timeout_ns <= NS_PER_MS ? -ETIMEDOUT : 0;
    }
    ResetEvent(event);
    atomic_fence();
    if (atomic_load_u32(word) == value &&
        WaitForSingleObject(event, timeout_ms < MAXLONG ? (DWORD)timeout_ms : MAXLONG) == WAIT_TIMEOUT)
        rc = -ETIMEDOUT;
    CloseHandle(event);
    return rc;
}

void port_wake(const uint32_t *word)
{
    wchar_t name[SLEEP_NAME_MAX];

    if (!sleep_name(word, L'w', name))
        return;
    HANDLE event = OpenEventW(EVENT_MODIFY_STATE, FALSE, name);

    if (event == NULL)
        return;
    SetEvent(event);
    CloseHandle(event);
}

bool port_spinning_helps(void)
{
    return GetActiveProcessorCount(ALL_PROCESSOR_GROUPS) > 1;
}
