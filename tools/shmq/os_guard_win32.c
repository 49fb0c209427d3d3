#include "os.h"
#include "os_win32.h"

/* Of the compiler, and not of C: the one of C unwinds the stack, which is not ours where it was hit. */
static void *guard_place[5];
static volatile bool guard_on;

static void guard_leave(void)
{
    __builtin_longjmp(guard_place, 1);
}

/* Memory whose file cannot be read any more; anything else is a fault of ours, and ends us. */
static bool is_of_file(const EXCEPTION_RECORD *what)
{
    MEMORY_BASIC_INFORMATION memory;
    if (what->ExceptionCode != EXCEPTION_IN_PAGE_ERROR && what->ExceptionCode != EXCEPTION_ACCESS_VIOLATION) {
        return false;
    }
    const void *address = (const void *)what->ExceptionInformation[1]; /* NOLINT(performance-no-int-to-ptr) */
    return VirtualQuery(address, &memory, sizeof memory) != 0 && memory.Type == MEM_MAPPED;
}

/* The thread goes on in guard_leave, once it is back from here. */
static LONG CALLBACK guard_hit(EXCEPTION_POINTERS *exception)
{
    if (!guard_on || !is_of_file(exception->ExceptionRecord)) {
        return EXCEPTION_CONTINUE_SEARCH;
    }
    guard_on = false;
#if defined(__x86_64__)
    /* As a call would leave the stack. */
    exception->ContextRecord->Rsp = (exception->ContextRecord->Rsp & ~(DWORD64)15) - 8;
    exception->ContextRecord->Rip = (DWORD64)(uintptr_t)guard_leave;
#elif defined(__aarch64__)
    exception->ContextRecord->Pc = (DWORD64)(uintptr_t)guard_leave;
#else
#error "how does a thread go on elsewhere on this processor?"
#endif
    return EXCEPTION_CONTINUE_EXECUTION;
}

bool os_guarded(void (*run)(void *arg), void *arg)
{
    void *handler = AddVectoredExceptionHandler(1, guard_hit);
    bool whole = __builtin_setjmp(guard_place) == 0;
    if (whole) {
        guard_on = true;
        run(arg);
        guard_on = false;
    }
    RemoveVectoredExceptionHandler(handler);
    return whole;
}
