/*
 * reporter NAME
 *
 * Reports the status of a queue, as the lines of standard input say:
 *
 *     begin TOTAL UNIT    advance COUNT    message TEXT    finish CODE TEXT    fail CODE TEXT
 *
 * Tells each line that was done on standard output.
 */
#include <shmq/shmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int report(struct shmq *q, char *line)
{
    char *word = strtok(line, " ");
    char *number = strtok(NULL, " ");
    char *rest = strtok(NULL, "");

    if (word == NULL || number == NULL)
        return -EINVAL;
    uint64_t value = strtoull(number, NULL, 10);

    if (strcmp(word, "begin") == 0)
        return shmq_report_begin(q, 1, value, rest);
    if (strcmp(word, "advance") == 0)
        return shmq_report_advance(q, value);
    if (strcmp(word, "message") == 0)
        return shmq_report_message(q, rest != NULL ? (rest[-1] = ' ', number) : number);
    if (strcmp(word, "finish") == 0)
        return shmq_report_finish(q, (int)value, rest);
    if (strcmp(word, "fail") == 0)
        return shmq_report_fail(q, (int)value, rest);
    return -EINVAL;
}

int main(int argc, char **argv)
{
    struct shmq *q = NULL;
    char line[512];
    int rc = argc == 2 ? shmq_open(argv[1], SHMQ_REPORTER, NULL, &q) : -EINVAL;

    while (rc >= 0 && fgets(line, sizeof line, stdin) != NULL) {
        char copy[sizeof line];

        line[strcspn(line, "\n")] = '\0';
        memcpy(copy, line, sizeof copy);
        rc = report(q, copy);
        if (rc >= 0) {
            puts(line);
            fflush(stdout);
        }
    }
    shmq_close(q);
    if (rc < 0)
        fprintf(stderr, "reporter: %s\n", shmq_strerror(rc));
    return rc < 0;
}
