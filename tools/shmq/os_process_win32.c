#include "os.h"
#include "os_win32.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { CHILDREN_MAX = 8, COMMAND_MAX = 32767, SIGNAL_INT = 2, SIGNAL_KILL = 9 };

/* A program that was started. */
static struct child {
    int64_t process; /* 0: none */
    HANDLE handle;
    HANDLE wait; /* for its end */
    int signal;  /* that it was given */
} children[CHILDREN_MAX];

static void (*volatile child_ended)(void);

long os_process_id(void)
{
    return (long)GetCurrentProcessId();
}

/* C:\bin\name.exe is called name. */
static bool name_get(HANDLE handle, char *name, size_t size)
{
    wchar_t path[4096];
    DWORD length = sizeof path / sizeof path[0];
    char *narrow = QueryFullProcessImageNameW(handle, 0, path, &length) ? win32_narrow(path) : NULL;
    if (narrow == NULL) {
        return false;
    }
    const char *slash = strrchr(narrow, '\\');
    const char *from = slash != NULL ? slash + 1 : narrow;
    const char *dot = strrchr(from, '.');
    size_t end = dot != NULL && _stricmp(dot, ".exe") == 0 ? (size_t)(dot - from) : strlen(from);
    snprintf(name, size, "%.*s", (int)end, from);
    free(narrow);
    return true;
}

static int64_t began_ns(HANDLE handle)
{
    const int64_t ticks_to_1970 = 116444736000000000; /* of 100 ns, from 1601 */
    FILETIME began, ended, kernel, user;
    if (!GetProcessTimes(handle, &began, &ended, &kernel, &user)) {
        return INT64_MAX;
    }
    return (((int64_t)began.dwHighDateTime << 32 | began.dwLowDateTime) - ticks_to_1970) * 100;
}

/* Nothing here stops a process as a signal does: a debugger stops its threads, and nobody is told. */
bool os_process_look(uint32_t pid, int64_t began_until_ns, struct os_process *process)
{
    const int64_t second_ns = 1000000000;
    HANDLE handle = pid != 0 ? OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE, FALSE, pid) : NULL;
    if (handle == NULL) {
        return false;
    }
    *process = (struct os_process){.paused = false};
    /* Whoever has ended is found as long as somebody has a handle. */
    bool found =
        WaitForSingleObject(handle, 0) == WAIT_TIMEOUT && name_get(handle, process->name, sizeof process->name);
    int64_t began = began_ns(handle);
    CloseHandle(handle);
    /* The clock may have been set a little meanwhile. */
    return found && began <= began_until_ns + 2 * second_ns;
}

struct words {
    wchar_t *text;
    size_t length;
    bool full;
};

static void word_put(struct words *words, wchar_t c, size_t times)
{
    for (; times > 0 && !words->full; times--) {
        words->full = words->length + 1 >= COMMAND_MAX;
        words->text[words->length] = words->full ? L'\0' : c;
        words->length += !words->full;
    }
}

/* As C's start-up code takes it apart again: backslashes are only special in front of a quotation mark. */
static void word_add(struct words *words, const wchar_t *word)
{
    bool quoted = word[0] == L'\0' || wcspbrk(word, L" \t\n\v\"") != NULL;
    size_t backslashes = 0;
    if (words->length > 0) {
        word_put(words, L' ', 1);
    }
    word_put(words, L'"', quoted);
    for (; *word != L'\0'; word++) {
        if (*word == L'"') {
            word_put(words, L'\\', backslashes + 1);
        }
        backslashes = *word == L'\\' ? backslashes + 1 : 0;
        word_put(words, *word, 1);
    }
    word_put(words, L'\\', quoted ? backslashes : 0);
    word_put(words, L'"', quoted);
    words->text[words->length] = L'\0';
}

/* What cmd.exe, which runs such files, would take for more than a word. */
static bool is_batch(const wchar_t *path)
{
    const wchar_t *dot = wcsrchr(path, L'.');
    return dot != NULL && (_wcsicmp(dot, L".bat") == 0 || _wcsicmp(dot, L".cmd") == 0);
}

static int command_line(char *const argv[], wchar_t *text)
{
    struct words words = {.text = text};
    wchar_t *program = win32_wide_path(argv[0]);
    int rc = program != NULL ? 0 : -ENOMEM;
    for (size_t i = 0; rc == 0 && argv[i] != NULL; i++) {
        wchar_t *word = i == 0 ? program : win32_wide(argv[i]);
        if (word == NULL) {
            rc = -ENOMEM;
        } else if (i > 0 && is_batch(program) && wcspbrk(word, L"\"%!&|<>^()\r\n") != NULL) {
            rc = -EINVAL;
        } else {
            word_add(&words, word);
        }
        if (i > 0) {
            free(word);
        }
    }
    free(program);
    return words.full ? -E2BIG : rc;
}

/* What the program finds as its standard streams: copies of ours that it may inherit, all else stays with us. */
static void streams_open(HANDLE streams[3], enum os_stdin in)
{
    static const DWORD ours[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof inherited, .bInheritHandle = TRUE};
    for (int i = 0; i < 3; i++) {
        if (i == 0 && in == OS_STDIN_EMPTY) {
            streams[i] = CreateFileW(L"NUL", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited,
                                     OPEN_EXISTING, 0, NULL);
        } else if (!DuplicateHandle(GetCurrentProcess(), GetStdHandle(ours[i]), GetCurrentProcess(), &streams[i], 0,
                                    TRUE, DUPLICATE_SAME_ACCESS)) {
            streams[i] = NULL;
        }
    }
}

/* In a group of its own, so that it can be asked to end alone. */
static int spawn(wchar_t *command, enum os_stdin in, PROCESS_INFORMATION *started)
{
    STARTUPINFOEXW startup = {.StartupInfo = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES}};
    HANDLE streams[3], given[3];
    SIZE_T size = 0, count = 0;
    int rc = -ENOMEM;
    streams_open(streams, in);
    for (int i = 0; i < 3; i++) {
        if (streams[i] != NULL && streams[i] != INVALID_HANDLE_VALUE) {
            given[count++] = streams[i];
        }
    }
    InitializeProcThreadAttributeList(NULL, 1, 0, &size);
    startup.lpAttributeList = malloc(size);
    startup.StartupInfo.hStdInput = streams[0];
    startup.StartupInfo.hStdOutput = streams[1];
    startup.StartupInfo.hStdError = streams[2];
    if (startup.lpAttributeList != NULL && InitializeProcThreadAttributeList(startup.lpAttributeList, 1, 0, &size)) {
        UpdateProcThreadAttribute(startup.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, given,
                                  count * sizeof given[0], NULL, NULL);
        rc = CreateProcessW(NULL, command, NULL, NULL, count > 0,
                            CREATE_NEW_PROCESS_GROUP | EXTENDED_STARTUPINFO_PRESENT, NULL, NULL, &startup.StartupInfo,
                            started)
                 ? 0
                 : -win32_errno(GetLastError());
        DeleteProcThreadAttributeList(startup.lpAttributeList);
    }
    free(startup.lpAttributeList);
    for (size_t i = 0; i < count; i++) {
        CloseHandle(given[i]);
    }
    return rc;
}

static VOID CALLBACK child_note(void *arg, BOOLEAN timed_out)
{
    (void)arg;
    (void)timed_out;
    child_ended();
}

static struct child *child_of(int64_t process)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++) {
        if (children[i].process == process) {
            return &children[i];
        }
    }
    return NULL;
}

/* The environment of ours is what it inherits: nothing here looks at that variable, and each gets the same. */
static int environment_set(const char *variable, const char *value)
{
    wchar_t *wide_variable = win32_wide(variable), *wide_value = win32_wide(value);
    bool set = wide_variable != NULL && wide_value != NULL && SetEnvironmentVariableW(wide_variable, wide_value);
    free(wide_variable);
    free(wide_value);
    return set ? 0 : -ENOMEM;
}

int os_start(char *const argv[], const char *variable, const char *value, enum os_stdin in, void (*ended)(void),
             int64_t *process)
{
    struct child *child = child_of(0);
    wchar_t *command = malloc(COMMAND_MAX * sizeof *command);
    PROCESS_INFORMATION started = {.dwProcessId = 0};
    int rc = child != NULL && command != NULL ? environment_set(variable, value) : -ENOMEM;
    rc = rc == 0 ? command_line(argv, command) : rc;
    rc = rc == 0 ? spawn(command, in, &started) : rc;
    free(command);
    *process = 0;
    if (rc == 0) {
        CloseHandle(started.hThread);
        child_ended = ended;
        *child = (struct child){.process = started.dwProcessId, .handle = started.hProcess};
        if (!RegisterWaitForSingleObject(&child->wait, child->handle, child_note, NULL, INFINITE,
                                         WT_EXECUTEONLYONCE)) {
            child->wait = NULL; /* then whoever waits for more than its end is told of that later */
        }
        *process = child->process;
    }
    return rc;
}

/* The signal that an exit code stands for; 0 where it is one. */
static int signal_of(const struct child *child, DWORD code)
{
    if (child->signal == SIGNAL_KILL && code == 128 + SIGNAL_KILL) {
        return SIGNAL_KILL;
    }
    switch (code) {
    case (DWORD)CONTROL_C_EXIT:
        return child->signal != 0 ? child->signal : SIGNAL_INT;
    case (DWORD)EXCEPTION_ACCESS_VIOLATION:
    case (DWORD)EXCEPTION_STACK_OVERFLOW:
        return SIGSEGV;
    case (DWORD)EXCEPTION_INT_DIVIDE_BY_ZERO:
    case (DWORD)EXCEPTION_FLT_DIVIDE_BY_ZERO:
        return SIGFPE;
    case (DWORD)EXCEPTION_ILLEGAL_INSTRUCTION:
    case (DWORD)EXCEPTION_PRIV_INSTRUCTION:
        return SIGILL;
    default:
        return code >= 0xc0000000u ? SIGABRT : 0;
    }
}

/* Once this returns, nobody calls back for it any more. */
static void child_end(struct child *child, struct os_end *end)
{
    DWORD code = 0;
    GetExitCodeProcess(child->handle, &code);
    if (child->wait != NULL) {
        UnregisterWaitEx(child->wait, INVALID_HANDLE_VALUE);
    }
    CloseHandle(child->handle);
    *end = (struct os_end){.signal = signal_of(child, code)};
    end->code = end->signal == 0 ? (int)code : 0;
    *child = (struct child){.process = 0};
}

bool os_ended(int64_t process, struct os_end *end)
{
    struct child *child = child_of(process);
    if (child == NULL || WaitForSingleObject(child->handle, 0) != WAIT_OBJECT_0) {
        return false;
    }
    child_end(child, end);
    return true;
}

void os_end_wait(int64_t process, struct os_end *end)
{
    struct child *child = child_of(process);
    *end = (struct os_end){.code = 0};
    if (child != NULL) {
        WaitForSingleObject(child->handle, INFINITE);
        child_end(child, end);
    }
}

/* Where it has no console, it can only be killed. */
void os_signal_pass_on(int64_t process, int number)
{
    struct child *child = child_of(process);
    if (child != NULL && GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, (DWORD)process)) {
        child->signal = number;
    }
}

void os_kill(int64_t process, enum os_kill how)
{
    struct child *child = child_of(process);
    if (child != NULL && how == OS_KILL) {
        child->signal = SIGNAL_KILL;
        TerminateProcess(child->handle, 128 + SIGNAL_KILL);
    } else {
        os_signal_pass_on(process, SIGTERM);
    }
}

bool os_own_path(char path[4096])
{
    wchar_t wide[4096];
    DWORD length = GetModuleFileNameW(NULL, wide, sizeof wide / sizeof wide[0]);
    char *narrow = length > 0 && length < sizeof wide / sizeof wide[0] ? win32_narrow(wide) : NULL;
    bool known = narrow != NULL && strlen(narrow) < 4096;
    snprintf(path, 4096, "%s", known ? narrow : "");
    free(narrow);
    return known;
}
