/*
 * shmq-demo: real data from one process to another, through a queue and through a pipe
 */
#include "chart.h"
#include "data.h"
#include "round.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define TRANSPORTS 4
#define ROUNDS_MIN 3
#define ROUNDS_MAX 9
#define JOB_SECONDS 4.0
#define DEFAULT_SIZE_MIN ((size_t)32 << 20)

static const char usage[] =
    "usage: shmq-demo [--rounds COUNT] [FILE|FOLDER]...\n"
    "\n"
    "Moves real data from one process to another through a queue and through a pipe, checks that all of it arrived\n"
    "as it was, and shows how fast that went. Without arguments: the files under /usr/share/doc, or under /usr/lib\n"
    "where there is too little.\n"
    "\n"
    "  --rounds COUNT  measure that often, 1 to 9 times; without it 3 to 9 times, about ten seconds in all\n"
    "  --help          show this\n";

static const char *const labels[TRANSPORTS] = {
    [TRANSPORT_PIPE] = "pipe",
    [TRANSPORT_PIPE_BATCHED] = "pipe, batched",
    [TRANSPORT_SHMQ] = "shmq",
    [TRANSPORT_SHMQ_BATCHED] = "shmq, batched",
};

struct job {
    enum round_task task;
    const struct data_records *records;
    int transports; /* the first of them that make a difference */
    enum transport transport[TRANSPORTS];
    double seconds[TRANSPORTS][ROUNDS_MAX];
    int rounds;
};

static int complain(const char *error)
{
    fprintf(stderr, "shmq-demo: %s\n", error);
    return EXIT_FAILURE;
}

/* One line on the terminal that the next one replaces; nothing where it is none. */
__attribute__((format(printf, 1, 2))) static void progress(const char *format, ...)
{
    va_list arguments;

    if (!isatty(STDERR_FILENO))
        return;
    fputs("\r\033[K", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
}

/* 1234567 as 1,234,567. */
static const char *grouped(char text[32], uint64_t number)
{
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    char *to = text;

    for (int i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}

static void name_processor(char text[128])
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    struct utsname system;
    char line[256];

    snprintf(text, 128, "processor: %s", uname(&system) == 0 ? system.machine : "unknown");
    if (file == NULL)
        return;
    while (fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');

        if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
            snprintf(text, 128, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
            break;
        }
    }
    fclose(file);
}

/* What was named, or else what every machine has; `where` says which. */
static const char *read_data(struct data *data, char **paths, const char **where)
{
    char *doc[] = {(char[]){"/usr/share/doc"}, NULL};
    char *lib[] = {(char[]){"/usr/lib"}, NULL};

    progress("reading ...");
    *where = paths[0] == NULL ? "/usr/share/doc" : paths[1] == NULL ? paths[0] : "the paths that were named";
    if (paths[0] != NULL)
        return data_read(data, paths);
    if (data_read(data, doc) == NULL && data->size >= DEFAULT_SIZE_MIN)
        return NULL;
    data_free(data);
    *where = "/usr/lib";
    return data_read(data, lib);
}

static void print_data(const struct data *data, const char *where)
{
    char files[32];
    char unreadable[32];
    char repeats[32];

    progress("%s", "");
    printf("Data       %s: %s files, %.1f MiB%s, read into memory first", where, grouped(files, data->files),
           (double)data->size / (1 << 20), data->size == data->limit ? " (no more than that)" : "");
    if (data->unreadable > 0)
        printf("; %s could not be read", grouped(unreadable, data->unreadable));
    if (data->repeats > 1)
        printf("; sent %s times over", grouped(repeats, data->repeats));
    printf("\n");
    fflush(stdout);
}

static void print_cores(const struct rounds *rounds, const struct pair_distance *before)
{
    char processor[128];

    name_processor(processor);
    printf("Processor  %s\n", processor);
    if (rounds->cores.producer == rounds->cores.consumer)
        printf("Cores      both processes on core %d: there is no other, so all of them take turns\n",
               rounds->cores.producer);
    else
        printf("Cores      sender on %d, receiver on %d; a cache line goes there and back in %.0f ns: %s\n",
               rounds->cores.producer, rounds->cores.consumer, before->with_pause_ns,
               distance_placement_name(distance_placement(before->with_pause_ns)));
    fflush(stdout);
}

/* All transports take turns, so that whatever disturbs the machine disturbs each of them. */
static const char *measure(struct rounds *rounds, struct job *job, int wanted)
{
    double spent = 0;
    int least = wanted != 0 ? wanted : ROUNDS_MIN;
    int most = wanted != 0 ? wanted : ROUNDS_MAX;

    for (int round = -1; round < most && (round < least || spent < JOB_SECONDS); round++) {
        for (int i = 0; i < job->transports; i++) {
            double seconds = 0;
            const char *error;

            progress("%s, %s%s ...", job->task == ROUND_LINES ? "lines" : "chunks", labels[job->transport[i]],
                     round < 0 ? ", warming up" : "");
            error = rounds_move(rounds, job->task, job->transport[i], &seconds);
            if (error != NULL) {
                progress("%s", "");
                return error;
            }
            spent += seconds;
            /* The first is to warm up. */
            if (round >= 0)
                job->seconds[i][round] = seconds;
        }
        job->rounds = round + 1;
    }
    progress("%s", "");
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

static void show(const struct chart *chart, const char *title, struct job *job)
{
    double rates[TRANSPORTS] = {0};
    double most = 0;

    for (int i = 0; i < job->transports; i++) {
        qsort(job->seconds[i], (size_t)job->rounds, sizeof job->seconds[i][0], by_size);
        rates[i] = (double)job->records->count / job->seconds[i][job->rounds / 2];
        most = rates[i] > most ? rates[i] : most;
    }
    chart_title(chart, title);
    for (int i = 0; i < job->transports; i++) {
        double bytes = rates[i] * (double)job->records->size / (double)job->records->count;
        bool millions = most >= 1e6;
        char text[64];

        snprintf(text, sizeof text, "%6.*f %s/s %6.2f GB/s %5.*fx", millions ? 2 : 1,
                 rates[i] / (millions ? 1e6 : 1e3), millions ? "M" : "k", bytes / 1e9,
                 rates[i] / rates[0] < 9.95 ? 1 : 0, rates[i] / rates[0]);
        chart_draw(chart, &(struct chart_bar){
                              .label = labels[job->transport[i]],
                              .value = rates[i],
                              .most = most,
                              .text = text,
                              .ours = job->transport[i] >= TRANSPORT_SHMQ,
                          });
    }
    fflush(stdout);
}

static void print_end(const struct rounds *rounds, int line_rounds, int chunk_rounds)
{
    printf("\nAll of it arrived as it was sent, in every round: digests of the contents and of where each message\n"
           "ends are %016llx (lines) and %016llx (chunks).\n",
           (unsigned long long)rounds->digests[ROUND_LINES], (unsigned long long)rounds->digests[ROUND_CHUNKS]);
    printf(
        "Medians of %d and %d rounds in turn. The clock runs from the first message until the receiver has copied\n"
        "the last one out and has the digest of all. Pipe and queue have room for 1 MiB each. Batched: 64 KiB\n"
        "a system call at both ends of the pipe; SHMQ_MORE for the queue.",
        line_rounds, chunk_rounds);
}

static const char *move_lines(struct rounds *rounds, const struct chart *chart, struct job *job, int wanted)
{
    const struct data_records *records = &rounds->data->lines;
    const char *error;
    char title[128];
    char count[32];

    *job = (struct job){
        .task = ROUND_LINES,
        .records = records,
        .transports = 4,
        .transport = {TRANSPORT_PIPE, TRANSPORT_PIPE_BATCHED, TRANSPORT_SHMQ, TRANSPORT_SHMQ_BATCHED},
    };
    error = measure(rounds, job, wanted);
    if (error != NULL)
        return error;
    snprintf(title, sizeof title, "Each line a message: %s of %.0f bytes on average (x: times the pipe)",
             grouped(count, records->count), (double)records->size / (double)records->count);
    show(chart, title, job);
    return NULL;
}

static const char *move_chunks(struct rounds *rounds, const struct chart *chart, struct job *job, int wanted)
{
    const struct data_records *records = &rounds->data->chunks;
    const char *error;
    char title[128];
    char count[32];

    *job = (struct job){
        .task = ROUND_CHUNKS,
        .records = records,
        .transports = 2,
        .transport = {TRANSPORT_PIPE, TRANSPORT_SHMQ},
    };
    error = measure(rounds, job, wanted);
    if (error != NULL)
        return error;
    snprintf(title, sizeof title, "Chunks of 64 KiB: %s (x: times the pipe)", grouped(count, records->count));
    show(chart, title, job);
    return NULL;
}

static const char *run(struct rounds *rounds, int wanted)
{
    struct chart chart = chart_of_terminal();
    struct pair_distance before = {.with_pause_ns = 0};
    struct pair_distance after = {.with_pause_ns = 0};
    bool two_cores = rounds->cores.producer != rounds->cores.consumer;
    struct job lines;
    struct job chunks;
    const char *error = two_cores ? rounds_distance(rounds, &before) : NULL;

    if (error != NULL)
        return error;
    print_cores(rounds, &before);
    error = move_lines(rounds, &chart, &lines, wanted);
    if (error == NULL)
        error = move_chunks(rounds, &chart, &chunks, wanted);
    if (error == NULL && two_cores)
        error = rounds_distance(rounds, &after);
    if (error != NULL)
        return error;
    print_end(rounds, lines.rounds, chunks.rounds);
    if (two_cores)
        printf(" The cache line afterwards: %.0f ns.", after.with_pause_ns);
    printf("\n");
    return NULL;
}

/* -1: wrong usage; -2: help was asked for; otherwise the number of rounds wanted, 0 where none is said. */
static int parse(int argc, char **argv)
{
    static const struct option options[] = {
        {"rounds", required_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int wanted = 0;
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return -2;
        if (option != 'r' || strlen(optarg) != 1 || *optarg < '1' || *optarg > '0' + ROUNDS_MAX)
            return -1;
        wanted = *optarg - '0';
    }
    return wanted;
}

int main(int argc, char **argv)
{
    int wanted = parse(argc, argv);
    struct rounds rounds;
    struct data data;
    const char *where;
    const char *error;

    if (wanted < 0) {
        fputs(usage, wanted == -2 ? stdout : stderr);
        return wanted == -2 && fflush(stdout) == 0 ? EXIT_SUCCESS : 2;
    }
    error = read_data(&data, argv + optind, &where);
    if (error != NULL)
        return complain(error);
    print_data(&data, where);
    error = rounds_open(&rounds, &data);
    if (error == NULL)
        error = run(&rounds, wanted);
    if (error != NULL)
        return complain(error);
    rounds_close(&rounds);
    data_free(&data);
    if (fflush(stdout) != 0 || ferror(stdout))
        return complain("cannot write to standard output");
    return EXIT_SUCCESS;
}
