#include "run.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BUDGET_S 90
#define COMPLAINTS_MAX 10

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* A number in the environment, or what stands for it. */
static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    char *end;

    if (text == NULL || text[0] == '\0')
        return otherwise;
    errno = 0;
    uint64_t number = strtoull(text, &end, 0);

    if (errno != 0 || *end != '\0') {
        fprintf(stderr, "%s=%s is not a number\n", name, text);
        exit(2);
    }
    return number;
}

void run_begin(struct run *run, int argc, char **argv, unsigned share)
{
    *run = (struct run){.started_s = now_s(), .shared = run_share(sizeof *run->shared)};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--must-fail") == 0) {
            run->must_fail = true;
        } else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
            run->only = argv[++i];
        } else {
            fprintf(stderr, "usage: %s [--only TEXT] [--must-fail]\n", argv[0]);
            exit(2);
        }
    }
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    run->budget_s = (double)number_of("SHMQ_TRUST_BUDGET", BUDGET_S) * share / 100;
    run->seed = number_of("SHMQ_TRUST_SEED", (uint64_t)time(NULL) << 16 ^ (uint64_t)getpid());
    run->random = run->seed;
    printf("budget %.0f s, SHMQ_TRUST_SEED=%llu\n", run->budget_s, (unsigned long long)run->seed);
}

void run_begin_again(struct run *run)
{
    run->started_s = now_s();
}

bool run_wants(const struct run *run, const char *name)
{
    return run->only == NULL || strstr(name, run->only) != NULL;
}

double run_elapsed_s(const struct run *run)
{
    return now_s() - run->started_s;
}

double run_left_s(const struct run *run)
{
    double left = run->budget_s - run_elapsed_s(run);

    return left > 0 ? left : 0;
}

void run_complain(struct run *run, const char *format, ...)
{
    va_list arguments;

    if (run->shared->bad++ >= COMPLAINTS_MAX)
        return;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

bool run_is_decided(const struct run *run)
{
    return run->must_fail && run->shared->bad != 0;
}

/* splitmix64 */
uint64_t run_random(struct run *run, uint64_t bound)
{
    uint64_t x = run->random += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (x ^ x >> 31) % bound;
}

void run_expect(const struct run *run, size_t count)
{
    if (count == 0) {
        fprintf(stderr, "nothing is called '%s'\n", run->only);
        exit(2);
    }
}

int run_end(const struct run *run)
{
    if (!run->must_fail)
        return run->shared->bad == 0 ? 0 : 1;
    puts(run->shared->bad != 0 ? "caught, as it had to be"
                               : "NOT CAUGHT: this harness does not see what is wrong here");
    return run->shared->bad != 0 ? 0 : 1;
}
