#include "peers.h"
#include "support_system.h"

#include <fcntl.h>
#include <io.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <windows.h>

/* A process, or a sleep that is woken, is so much dearer under Wine than on Linux. */
#define DEARER 20
#define START_US 60000 /* what a process takes until it runs */

const char *support_names_folder(void)
{
    char *folder = support_turn();
    snprintf(folder, 512, "%s\\shmq", getenv("LOCALAPPDATA"));
    return folder;
}

bool support_is_name(const char *file)
{
    return strncmp(file, "~shmq-", 6) != 0;
}

bool support_make_folder(char *path, size_t size)
{
    char base[MAX_PATH];
    if (GetTempPathA(sizeof base, base) == 0) {
        return false;
    }
    snprintf(path, size, "%sshmq-test-%lu", base, GetCurrentProcessId());
    for (char *at = path; *at != '\0'; at++) {
        *at = *at == '\\' ? '/' : *at;
    }
    return mkdir(path) == 0;
}

bool support_tell_children(const char *variable, const char *value)
{
    return _putenv_s(variable, value) == 0;
}

const char *test_place(const char *name)
{
    char *place = support_turn();
    snprintf(place, 512, "%s\\%s", support_names_folder(), name);
    return place;
}

/* There are no such bits: a file is its owner's. */
unsigned test_mode(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? 0600 : UINT32_MAX;
}

unsigned test_mode_wanted(unsigned mode)
{
    (void)mode;
    return 0600;
}

void test_truncate(const char *path, uint64_t length)
{
    int fd = open(path, O_RDWR | O_BINARY);
    assert_true(fd >= 0);
    int rc = _chsize_s(fd, (int64_t)length);
    close(fd);
    assert_int_equal(rc, 0);
}

int test_folder(const char *path)
{
    return mkdir(path);
}

/* What no name may be called. */
const char *test_stranger(const char *file)
{
    char *path = support_turn();
    snprintf(path, 512, "%s\\,%s", support_names_folder(), file);
    return path;
}

const char *test_null_device(void)
{
    return "\\\\.\\NUL";
}

bool test_is_path(const char *name)
{
    return strpbrk(name, "/\\") != NULL && strncmp(name, "Local\\", 6) != 0 && strncmp(name, "Global\\", 7) != 0;
}

bool test_may_name_globally(void)
{
    return true;
}

/* The last number of the user's SID. */
uint32_t test_user(void)
{
    _Alignas(8) uint8_t bytes[256];
    HANDLE token = NULL;
    DWORD size;
    assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
    BOOL done = GetTokenInformation(token, TokenUser, bytes, sizeof bytes, &size);
    CloseHandle(token);
    assert_true(done);
    PSID sid = ((TOKEN_USER *)(void *)bytes)->User.Sid;
    return *GetSidSubAuthority(sid, *GetSidSubAuthorityCount(sid) - 1u);
}

intptr_t test_handle_copy(intptr_t handle)
{
    HANDLE copy = NULL;
    HANDLE self = GetCurrentProcess();
    DuplicateHandle(self, (HANDLE)handle, self, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS);
    return (intptr_t)copy;
}

bool test_is_handle(intptr_t handle)
{
    DWORD flags;
    return GetHandleInformation((HANDLE)handle, &flags);
}

int test_exec(const char *const arguments[])
{
    STARTUPINFOA start = {.cb = sizeof start};
    PROCESS_INFORMATION made;
    DWORD status = 1;
    char program[MAX_PATH];
    char line[4096];
    GetModuleFileNameA(NULL, program, sizeof program);
    int used = snprintf(line, sizeof line, "\"%s\"", program);
    for (size_t i = 1; arguments[i] != NULL; i++) {
        used += snprintf(line + used, sizeof line - (size_t)used, " \"%s\"", arguments[i]);
    }
    fflush(NULL);
    if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &made)) {
        return -1;
    }
    WaitForSingleObject(made.hProcess, INFINITE);
    GetExitCodeProcess(made.hProcess, &status);
    CloseHandle(made.hProcess);
    CloseHandle(made.hThread);
    return status == STATUS_ACCESS_VIOLATION ? PEER_FAULTED : (int)status;
}

bool test_become_other(void)
{
    return false;
}

/*
 * Nothing can be mounted here: where no other names are, and no other test runs at this time, the place is as good as our
 * own. There is no limit to it.
 */
bool test_private_names(unsigned size_kib)
{
    (void)size_kib;
    if (getenv("SHMQ_TEST_PRIVATE") != NULL) {
        return true;
    }
    if (test_names_with("") != 0) {
        fprintf(stderr, "skipped: there is something in %s\n", support_names_folder());
        return false;
    }
    return support_tell_children("SHMQ_TEST_PRIVATE", "1");
}

bool test_has_fence(void)
{
    return false;
}

int test_readable(const int fds[], int count, int timeout_ms)
{
    HANDLE all[8];
    for (int i = 0; i < count; i++) {
        all[i] = (HANDLE)(intptr_t)fds[i];
    }
    DWORD got = WaitForMultipleObjects((DWORD)count, all, FALSE, timeout_ms < 0 ? INFINITE : (DWORD)timeout_ms);
    return got < WAIT_OBJECT_0 + (DWORD)count ? (int)(got - WAIT_OBJECT_0) : -1;
}

bool test_fence_refused(void)
{
    return true; /* there is none */
}

unsigned test_processors(void)
{
    DWORD_PTR own = 1;
    DWORD_PTR all;
    GetProcessAffinityMask(GetCurrentProcess(), &own, &all);
    return (unsigned)__builtin_popcountll(own);
}

bool pinned_to(unsigned index)
{
    DWORD_PTR own = 0;
    DWORD_PTR all;
    GetProcessAffinityMask(GetCurrentProcess(), &own, &all);
    for (; index > 0 && own != 0; index--) {
        own &= own - 1;
    }
    return own != 0 && SetThreadAffinityMask(GetCurrentThread(), own & -own) != 0;
}

int64_t test_used_us(void)
{
    FILETIME times[4];
    ULARGE_INTEGER kernel, user;
    assert_true(GetThreadTimes(GetCurrentThread(), &times[0], &times[1], &times[2], &times[3]));
    kernel.LowPart = times[2].dwLowDateTime;
    kernel.HighPart = times[2].dwHighDateTime;
    user.LowPart = times[3].dwLowDateTime;
    user.HighPart = times[3].dwHighDateTime;
    return (int64_t)((kernel.QuadPart + user.QuadPart) / 10);
}

uint64_t test_rounds(uint64_t count)
{
    return count / DEARER + 1;
}

uint64_t test_moment_us(uint64_t us)
{
    return us * DEARER + START_US;
}

/* Handles are multiples of 4, given away from below; Wine does not count them. */
unsigned test_descriptors(void)
{
    unsigned count = 0;
    for (intptr_t handle = 4; handle < 1 << 14; handle += 4) {
        count += test_is_handle(handle);
    }
    return count;
}

unsigned test_maps(void)
{
    unsigned count = 0;
    MEMORY_BASIC_INFORMATION piece;
    const uint8_t *last = NULL;
    for (const uint8_t *at = NULL; VirtualQuery(at, &piece, sizeof piece) != 0;
         at = (const uint8_t *)piece.BaseAddress + piece.RegionSize) {
        if (piece.Type == MEM_MAPPED && piece.State == MEM_COMMIT && piece.AllocationBase != last) {
            last = piece.AllocationBase;
            count++;
        }
    }
    return count;
}
