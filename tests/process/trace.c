#include "trace.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_US 20000
#define BREAKPOINT 0xccu

/* What meeting a breakpoint costs, in steps. */
#define STEPS_OF_A_BREAKPOINT 4

/* How far in front of a point a breakpoint is looked for. */
#define BREAKPOINT_FAR 2048

/* Of the traced process; NULL in all others. */
static struct trace_page *traced;
static bool watched;

void trace_watch(void)
{
    watched = traced != NULL;
}

void trace_enter(void)
{
    if (!watched)
        return;
    traced->stepping = 1;
#if defined(__x86_64__)
    __asm__ volatile("int3" ::: "memory");
#else
    raise(SIGTRAP);
#endif
}

void trace_leave(void)
{
    if (watched)
        traced->stepping = 0;
}

bool trace_told(void)
{
    return traced != NULL && traced->told != 0;
}

static _Noreturn void give_up(const char *what)
{
    perror(what);
    exit(1);
}

static struct trace_page *page_create(void)
{
    void *page = mmap(NULL, sizeof(struct trace_page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED)
        give_up("mmap");
    return page;
}

static struct user_regs_struct registers_of(const struct trace *trace)
{
    struct user_regs_struct registers;
    struct iovec vector = {&registers, sizeof registers};

    if (ptrace(PTRACE_GETREGSET, trace->process, NT_PRSTATUS, &vector) != 0)
        give_up("PTRACE_GETREGSET");
    return registers;
}

static uint64_t address_of(const struct trace *trace)
{
#if defined(__x86_64__)
    return registers_of(trace).rip;
#else
    return registers_of(trace).pc;
#endif
}

/* Does the process sleep in a system call, rather than be stopped or not get a processor? */
static bool sleeps(pid_t process)
{
    char path[64];
    char state = '?';

    snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
    FILE *stat = fopen(path, "re");

    if (stat == NULL)
        return false;
    int found = fscanf(stat, "%*d (%*[^)]) %c", &state);

    fclose(stat);
    return found == 1 && (state == 'S' || state == 'D');
}

static void on_alarm(int signal)
{
    (void)signal;
}

static void set_timer(suseconds_t interval_us)
{
    struct itimerval timer = {{0, interval_us}, {0, interval_us}};
    struct sigaction action = {.sa_handler = on_alarm};

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* Wait for what it does: the signal it stopped with, 0 when it has ended, -1 when it sleeps and that is of interest. */
static int await(struct trace *trace, bool may_sleep)
{
    if (may_sleep)
        set_timer(PATIENCE_US);
    trace->asleep = false;
    while (waitpid(trace->process, &trace->status, 0) != trace->process) {
        if (errno != EINTR)
            give_up("waitpid");
        trace->asleep = may_sleep && sleeps(trace->process);
        if (trace->asleep)
            break;
    }
    if (may_sleep)
        set_timer(0);
    if (trace->asleep)
        return -1;
    trace->alive = WIFSTOPPED(trace->status);
    return trace->alive ? WSTOPSIG(trace->status) : 0;
}

static int proceed(struct trace *trace, int request, int signal)
{
    if (!trace->asleep && ptrace(request, trace->process, NULL, (void *)(intptr_t)signal) != 0)
        give_up("ptrace");
    return await(trace, request == PTRACE_SINGLESTEP && trace->may_sleep);
}

/* A signal that is none of ours goes where it was sent to. */
static int signal_to_deliver(int stopped)
{
    return stopped == SIGTRAP || stopped == SIGSTOP ? 0 : stopped;
}

enum trace_stop trace_next(struct trace *trace)
{
    int deliver = 0;

    for (;;) {
        int stopped = proceed(trace, trace->page->stepping ? PTRACE_SINGLESTEP : PTRACE_CONT, deliver);

        if (stopped == 0)
            return TRACE_ENDED;
        trace->point++;
        if (stopped < 0)
            return TRACE_ASLEEP;
        if (stopped == SIGTRAP && trace->page->stepping) {
            trace->at = address_of(trace);
            return TRACE_POINT;
        }
        trace->point--;
        deliver = signal_to_deliver(stopped);
    }
}

static _Noreturn void run_traced(struct trace_page *page, void (*body)(void *arg), void *arg)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGALRM, SIG_DFL);
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(77);
    raise(SIGSTOP);
    traced = page;
    body(arg);
    _exit(0);
}

bool trace_start(struct trace *trace, void (*body)(void *arg), void *arg)
{
    if (trace->page == NULL)
        trace->page = page_create();
    trace->page->stepping = 0;
    trace->page->told = 0;
    trace->asleep = false;
    fflush(NULL);
    trace->process = _Fork();
    if (trace->process < 0)
        give_up("fork");
    if (trace->process == 0)
        run_traced(trace->page, body, arg);
    trace->alive = true;
    if (await(trace, false) != SIGSTOP)
        return false;
    trace->point = UINT32_MAX;
    return trace_next(trace) != TRACE_ENDED || WIFEXITED(trace->status);
}

#if defined(__x86_64__)

static uint64_t exchange_text(const struct trace *trace, uint64_t at, uint64_t keep, uint64_t value)
{
    errno = 0;
    uint64_t word = (uint64_t)ptrace(PTRACE_PEEKTEXT, trace->process, (void *)at, NULL);

    if (errno != 0 || ptrace(PTRACE_POKETEXT, trace->process, (void *)at, (void *)((word & keep) | value)) != 0)
        give_up("breakpoint");
    return word;
}

static void set_address(struct trace *trace, uint64_t at)
{
    void *field = (void *)offsetof(struct user, regs.rip);

    if (ptrace(PTRACE_POKEUSER, trace->process, field, (void *)at) != 0)
        give_up("PTRACE_POKEUSER");
}

/* Past the breakpoint it has met. */
static bool step_over(struct trace *trace, uint64_t at, uint64_t text)
{
    set_address(trace, at);
    exchange_text(trace, at, 0, text);
    if (proceed(trace, PTRACE_SINGLESTEP, 0) != SIGTRAP)
        return false;
    exchange_text(trace, at, ~UINT64_C(0xff), BREAKPOINT);
    return true;
}

/* Run until the instruction at this address comes next for the n-th time in calls of interest. */
static bool run_to(struct trace *trace, uint64_t at, uint32_t n)
{
    uint64_t text = exchange_text(trace, at, ~UINT64_C(0xff), BREAKPOINT);
    bool is_there = false;
    int deliver = 0;

    while (!is_there) {
        int stopped = proceed(trace, PTRACE_CONT, deliver);

        if (stopped <= 0)
            return false;
        deliver = signal_to_deliver(stopped);
        if (stopped != SIGTRAP)
            continue;
        uint64_t now = address_of(trace);

        /* Where a call begins it is stopped without having met the breakpoint, and would meet it next. */
        if (now == at + 1) {
            n -= trace->page->stepping;
            is_there = n == 0;
            if (is_there)
                set_address(trace, at);
            else if (!step_over(trace, at, text))
                return false;
        }
    }
    exchange_text(trace, at, 0, text);
    trace->at = at;
    return true;
}

#else

static bool run_to(struct trace *trace, uint64_t at, uint32_t n)
{
    (void)trace;
    (void)at;
    (void)n;
    return false;
}

#endif

/* From which point on the way to another is stepped: where breakpoint and steps together cost least. */
static uint32_t best_breakpoint(const struct trace_record *record, uint32_t from, uint32_t point)
{
    uint32_t best = from;
    uint32_t least = point - from;

    for (uint32_t i = point; i > from && point - i < least && point - i < BREAKPOINT_FAR; i--) {
        uint32_t cost = record->turn[i] * STEPS_OF_A_BREAKPOINT + (point - i);

        if (cost < least) {
            least = cost;
            best = i;
        }
    }
    return best;
}

bool trace_go(struct trace *trace, const struct trace_record *record, uint32_t point)
{
    if (point >= record->count || trace->point != 0)
        return false;
    uint32_t best = best_breakpoint(record, 0, point);

    if (best != 0) {
        if (!run_to(trace, record->at[best], record->turn[best]))
            return false;
        trace->point = best;
    }
    while (trace->point < point) {
        if (trace_next(trace) == TRACE_ENDED)
            return false;
    }
    return trace->at == record->at[point];
}

void trace_finish(struct trace *trace)
{
    int deliver = 0;

    while (trace->alive) {
        int stopped = proceed(trace, PTRACE_CONT, deliver);

        deliver = stopped > 0 ? signal_to_deliver(stopped) : 0;
    }
}

void trace_kill(struct trace *trace)
{
    if (!trace->alive)
        return;
    kill(trace->process, SIGKILL);
    while (waitpid(trace->process, &trace->status, 0) != trace->process || WIFSTOPPED(trace->status))
        continue;
    trace->alive = false;
    trace->asleep = false;
}

void trace_note(struct trace_record *record, const struct trace *trace, uint64_t image)
{
    if (record->count == record->room) {
        record->room = record->room * 2 + 1024;
        record->at = realloc(record->at, record->room * sizeof *record->at);
        record->image = realloc(record->image, record->room * sizeof *record->image);
        if (record->at == NULL || record->image == NULL)
            give_up("realloc");
    }
    record->image[record->count] = image;
    record->at[record->count++] = trace->at;
}

static int compare_points(const void *a, const void *b, void *of)
{
    const struct trace_record *record = of;
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;

    if (record->at[left] != record->at[right])
        return record->at[left] < record->at[right] ? -1 : 1;
    return left < right ? -1 : left > right;
}

void trace_record_finish(struct trace_record *record)
{
    uint32_t *sorted = malloc((record->count + 1) * sizeof *sorted);

    record->turn = malloc((record->count + 1) * sizeof *record->turn);
    if (sorted == NULL || record->turn == NULL)
        give_up("malloc");
    for (uint32_t i = 0; i < record->count; i++)
        sorted[i] = i;
    qsort_r(sorted, record->count, sizeof *sorted, compare_points, record);
    for (uint32_t i = 0; i < record->count; i++) {
        bool again = i != 0 && record->at[sorted[i]] == record->at[sorted[i - 1]];

        record->turn[sorted[i]] = again ? record->turn[sorted[i - 1]] + 1 : 1;
    }
    free(sorted);
}

void trace_record_clear(struct trace_record *record)
{
    free(record->at);
    free(record->image);
    free(record->turn);
    *record = (struct trace_record){0};
}
