/*
 * Roles on Windows: LockFileEx on the same bytes, so that who shares a file from another system sees them too
 *
 * There is no call that asks for a lock without taking one. So who asks takes a shared lock and drops it at once: shared
 * locks are in each other's way never, and in a claim's only for that moment.
 *
 * A handle is not kept from sharing what it has locked itself, and would then drop the wrong one of its two locks. So what
 * each has locked is remembered; also because only just what was locked can be unlocked.
 */
#include "port/role.h"

#include "port/shm_win32.h"

#include <errno.h>
#include <stdlib.h>

/*
 * How often a claim is tried that only those are in the way of who ask. They need microseconds; somebody who was stopped
 * in the middle of asking must not hold us up for ever.
 */
#define CLAIM_TRIES 200

struct held {
    port_file file;
    int64_t first;
    int64_t count;
};

static SRWLOCK lock = SRWLOCK_INIT;
static struct held *all_held;
static size_t held_count;
static size_t held_capacity;

/* Room for one more, so that what is locked can be remembered. */
static int held_reserve(void)
{
    if (held_count < held_capacity)
        return 0;
    size_t capacity = held_capacity == 0 ? 16 : held_capacity * 2;
    struct held *more = realloc(all_held, capacity * sizeof *more);

    if (more == NULL)
        return -ENOMEM;
    all_held = more;
    held_capacity = capacity;
    return 0;
}

static bool held_overlaps(const struct held *held, port_file file, int64_t first, int64_t count)
{
    return held->file == file && held->first < first + count && first < held->first + held->count;
}

static bool is_held(port_file file, int64_t first, int64_t count)
{
    for (size_t i = 0; i < held_count; i++) {
        if (held_overlaps(&all_held[i], file, first, count))
            return true;
    }
    return false;
}

/* All of them, by one claim? */
static bool has_all(port_file file, int64_t first, int64_t count)
{
    for (size_t i = 0; i < held_count; i++) {
        const struct held *held = &all_held[i];

        if (held->file == file && held->first <= first && first + count <= held->first + held->count)
            return true;
    }
    return false;
}

static OVERLAPPED place_of(int64_t first)
{
    return (OVERLAPPED){.Offset = (DWORD)first, .OffsetHigh = (DWORD)(first >> 32)};
}

static int lock_now(port_file file, int64_t first, int64_t count, bool exclusive)
{
    OVERLAPPED place = place_of(first);
    DWORD flags = LOCKFILE_FAIL_IMMEDIATELY | (exclusive ? LOCKFILE_EXCLUSIVE_LOCK : 0);

    if (LockFileEx(win32_handle(file), flags, 0, (DWORD)count, (DWORD)(count >> 32), &place))
        return 0;
    DWORD error = GetLastError();

    return error == ERROR_IO_PENDING ? -EBUSY : win32_failure(error);
}

static void unlock(port_file file, int64_t first, int64_t count)
{
    OVERLAPPED place = place_of(first);

    UnlockFileEx(win32_handle(file), 0, (DWORD)count, (DWORD)(count >> 32), &place);
}

/* Has somebody else one of them? Of what this file itself has nothing is asked. */
static int ask(port_file file, int64_t first, int64_t count)
{
    int rc = lock_now(file, first, count, false);

    if (rc == 0)
        unlock(file, first, count);
    return rc;
}

/* One attempt. -EAGAIN: in the way are only those who ask. */
static int claim_once(port_file file, int64_t first, int64_t count)
{
    if (is_held(file, first, count))
        return has_all(file, first, count) ? 0 : -EBUSY;
    int rc = held_reserve();

    if (rc != 0)
        return rc;
    rc = lock_now(file, first, count, true);
    if (rc == 0)
        all_held[held_count++] = (struct held){file, first, count};
    if (rc != -EBUSY)
        return rc;
    rc = ask(file, first, count);
    return rc == 0 ? -EAGAIN : rc;
}

int port_role_claim_all(port_file file, int64_t first, int64_t count)
{
    int rc;

    for (int try = 1;; try++) {
        AcquireSRWLockExclusive(&lock);
        rc = claim_once(file, first, count);
        ReleaseSRWLockExclusive(&lock);
        if (rc != -EAGAIN)
            return rc;
        if (try == CLAIM_TRIES)
            return -EBUSY;
        Sleep(try < CLAIM_TRIES / 2 ? 0 : 1);
    }
}

int port_role_claim(port_file file, int64_t role)
{
    return port_role_claim_all(file, role, 1);
}

/* What was claimed together is given back together, also where only a part of it is named. */
void port_role_release_all(port_file file, int64_t first, int64_t count)
{
    AcquireSRWLockExclusive(&lock);
    for (size_t i = 0; i < held_count;) {
        if (held_overlaps(&all_held[i], file, first, count)) {
            unlock(file, all_held[i].first, all_held[i].count);
            all_held[i] = all_held[--held_count];
        } else {
            i++;
        }
    }
    ReleaseSRWLockExclusive(&lock);
}

void port_role_release(port_file file, int64_t role)
{
    port_role_release_all(file, role, 1);
}

int port_role_taken(port_file file, int64_t role)
{
    AcquireSRWLockShared(&lock);
    int rc = is_held(file, role, 1) ? 0 : ask(file, role, 1);

    ReleaseSRWLockShared(&lock);
    return rc == -EBUSY ? 1 : rc;
}

void role_forget(port_file file)
{
    AcquireSRWLockExclusive(&lock);
    for (size_t i = 0; i < held_count;) {
        if (all_held[i].file == file)
            all_held[i] = all_held[--held_count];
        else
            i++;
    }
    if (held_count == 0) {
        free(all_held);
        all_held = NULL;
        held_capacity = 0;
    }
    ReleaseSRWLockExclusive(&lock);
}
