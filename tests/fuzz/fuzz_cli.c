/*
 * The command on damaged queues: every subcommand that takes a queue, on real queues with some words written over, on
 * ones that were cut off or grew, and on noise. However it ends, it is with a documented exit code, a reason where that
 * is not 0, and never by a signal or a hang. (What each damage is called is tested in tests/cli/damage.sh.)
 *
 *     fuzz_cli PROGRAM [SEED ROUND]
 *
 * It runs for a fifth of SHMQ_FUZZ_BUDGET seconds. The seed is printed, or SHMQ_FUZZ_SEED; each round is made from the
 * seed and its number alone: both together repeat it.
 */
#include "images.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HANGS_AFTER_S 60
#define MUTATIONS_MAX 6
#define FAILURES_MAX 5

/* `@` is the queue. What waits is told not to. */
static const char *const commands[][8] = {
    {"stat", "@"},
    {"stat", "--json", "@"},
    {"status", "@"},
    {"cancel", "@"},
    {"metrics", "@"},
    {"recv", "-e", "@"},
    {"recv", "-t", "0", "@"},
    {"recv", "-c", "1", "-t", "0", "@"},
    {"send", "-t", "0", "@"},
    {"send", "--create", "-t", "0", "@"},
    {"create", "@"},
    {"create", "--if-not-exists", "@"},
    {"rm", "@"},
    {"rm", "-f", "@"},
};
#define COMMANDS_COUNT (sizeof commands / sizeof *commands)
static unsigned code_counts[256];

static uint64_t random_state;

/* S. Vigna, "splitmix64". */
static uint64_t random_u64(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint64_t random_below(uint64_t end)
{
    return random_u64() % end;
}

static uint64_t strange_value(uint64_t truth)
{
    switch (random_below(8)) {
    case 0:
        return random_u64();
    case 1:
        return truth + (random_below(9) - 4) * 8;
    case 2:
        return truth ^ UINT64_C(1) << random_below(64);
    case 3:
        return UINT64_MAX - random_below(16);
    case 4:
        return (UINT64_C(1) << 63) + random_below(17) - 8;
    case 5:
        return UINT64_C(1) << random_below(64);
    case 6:
        return random_below(IMAGE_CAPACITY + 1) | random_below(2) << 48;
    default:
        return random_below(2) == 0 ? 0 : (uint64_t)(uint32_t)truth << 32 | truth >> 32;
    }
}

static void must_be(bool fact, const char *what)
{
    if (fact)
        return;
    perror(what);
    exit(1);
}

static void write_whole(const char *path, const uint8_t *bytes, size_t size, size_t end)
{
    int file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

    must_be(file >= 0 && write(file, bytes, size) == (ssize_t)size && ftruncate(file, (off_t)end) == 0, path);
    close(file);
}

static void write_damaged(const char *path, const struct image *image)
{
    uint8_t *bytes = malloc(image->size);
    size_t size = image->size;
    size_t end = size;

    memcpy(bytes, image->bytes, size);
    for (uint64_t left = 1 + random_below(MUTATIONS_MAX); left > 0; left--) {
        uint64_t *word = image_word(bytes, size, (uint32_t)random_u64());

        *word = strange_value(*word);
    }
    if (random_below(16) == 0)
        size = end = random_below(size + 1);
    else if (random_below(16) == 0)
        end = size + random_below(100000);
    else if (random_below(32) == 0)
        for (size_t i = random_below(64); i < size; i++)
            bytes[i] = (uint8_t)random_u64();
    write_whole(path, bytes, size, end);
    free(bytes);
}

/* The exit code, or 256 and the signal, or 512: it hung. */
static int run(const char *program, const char *const *words, const char *queue)
{
    char *arguments[10] = {(char *)(uintptr_t)program};
    pid_t child;
    int status = 0;

    for (int i = 0; i < 8 && words[i] != NULL; i++)
        arguments[i + 1] = (char *)(uintptr_t)(strcmp(words[i], "@") == 0 ? queue : words[i]);
    fflush(stdout);
    child = fork();
    must_be(child >= 0, "fork");
    if (child == 0) {
        alarm(HANGS_AFTER_S);
        if (freopen("in", "r", stdin) == NULL || freopen("out", "w", stdout) == NULL ||
            freopen("err", "w", stderr) == NULL)
            _exit(98);
        execv(program, arguments);
        _exit(98);
    }
    while (waitpid(child, &status, 0) < 0)
        must_be(errno == EINTR, "waitpid");
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGALRM ? 512 : 256 + WTERMSIG(status);
    return WEXITSTATUS(status);
}

static bool is_documented(int code)
{
    return (code >= 0 && code <= 6) || code == 124;
}

/* Who fails tells the reason, in one line that begins with its name. */
static bool reason_is_told(int code)
{
    char line[512] = "";
    FILE *file = fopen("err", "r");

    must_be(file != NULL, "err");
    bool some = fgets(line, sizeof line, file) != NULL;

    fclose(file);
    return code == 0 || (some && strncmp(line, "shmq: ", 6) == 0);
}

static void print_file(const char *path)
{
    char line[512];
    FILE *file = fopen(path, "r");

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        printf("    %s", line);
    if (file != NULL)
        fclose(file);
}

static bool round_passes(const char *program, uint64_t round, const struct image *images)
{
    const char *const *words = commands[random_below(COMMANDS_COUNT)];

    write_damaged("./queue", &images[random_below(IMAGES_COUNT)]);
    int code = run(program, words, "./queue");

    if (code < 256)
        code_counts[code]++;
    if (is_documented(code) && reason_is_told(code))
        return true;
    printf("round %llu: ", (unsigned long long)round);
    for (int i = 0; i < 8 && words[i] != NULL; i++)
        printf("%s ", words[i]);
    if (code == 512)
        printf("hung\n");
    else if (code >= 256)
        printf("was ended by signal %d\n", code - 256);
    else
        printf("ended with %d, and said:\n", code);
    print_file("err");
    return false;
}

static void report(uint64_t rounds, unsigned failures)
{
    printf("fuzz_cli: %llu rounds, %u failed; exit codes", (unsigned long long)rounds, failures);
    for (int code = 0; code < 256; code++)
        if (code_counts[code] != 0)
            printf(" %d: %u", code, code_counts[code]);
    printf("\n");
}

/* With what the command has left beside a queue. */
static void clean_up(const char *folder)
{
    DIR *listing = opendir(".");

    must_be(listing != NULL, folder);
    for (const struct dirent *file; (file = readdir(listing)) != NULL;)
        unlink(file->d_name);
    closedir(listing);
    must_be(chdir("/") == 0 && rmdir(folder) == 0, folder);
}

static uint64_t number_from(const char *text, uint64_t otherwise)
{
    return text != NULL && *text != '\0' ? strtoull(text, NULL, 10) : otherwise;
}

static unsigned run_rounds(const char *program, uint64_t seed, uint64_t round, bool once, const struct image *images)
{
    uint64_t seconds = number_from(getenv("SHMQ_FUZZ_BUDGET"), 20) / 5;
    time_t end = time(NULL) + (time_t)(seconds > 0 ? seconds : 1);
    unsigned failures = 0;
    uint64_t first = round;

    do {
        random_state = seed + round * UINT64_C(0xd1342543de82ef95);
        failures += !round_passes(program, round, images);
        fflush(stdout);
        round++;
    } while (!once && time(NULL) < end && failures < FAILURES_MAX);
    report(round - first, failures);
    return failures;
}

int main(int count, char **arguments)
{
    char folder[] = "/tmp/shmq-fuzz-cli-XXXXXX";
    struct image images[IMAGES_COUNT];

    if (count != 2 && count != 4) {
        fprintf(stderr, "usage: fuzz_cli PROGRAM [SEED ROUND]\n");
        return 2;
    }
    uint64_t seed = number_from(getenv("SHMQ_FUZZ_SEED"), (uint64_t)time(NULL) * 1000003 + (uint64_t)getpid());
    char *program = realpath(arguments[1], NULL);

    must_be(program != NULL, arguments[1]);
    must_be(mkdtemp(folder) != NULL && chdir(folder) == 0, folder);
    setenv("ASAN_OPTIONS", "exitcode=99:detect_leaks=0", 1);
    setenv("UBSAN_OPTIONS", "exitcode=99:print_stacktrace=1", 1);
    write_whole("in", (const uint8_t *)"one\ntwo\n", 8, 8);
    images_make("./queue", images);
    if (count == 4)
        seed = number_from(arguments[2], 0);
    printf("fuzz_cli: seed %llu\n", (unsigned long long)seed);
    unsigned failures =
        run_rounds(program, seed, number_from(count == 4 ? arguments[3] : NULL, 0), count == 4, images);

    clean_up(folder);
    free(program);
    for (unsigned i = 0; i < IMAGES_COUNT; i++)
        free(images[i].bytes);
    return failures != 0;
}
