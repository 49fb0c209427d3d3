#include "command.h"
#include "options.h"
#include "os.h"
#include "picture.h"
#include "report.h"
#include "screen.h"
#include "top.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_row options[] = {
    {'d', "delay", "TIME", "From one look to the next; 1s."},
    {'n', "count", "N", "End after so many pictures."},
    {'b', "batch", NULL, "Lines on standard output, for a file or a program, and no screen."},
    {'s', "sort", "COLUMN", "By name, sent, received, bytes, waiting or depth."},
    {0},
};

#define DELAY_MIN_NS INT64_C(10000000)
/* Between two intervals there are more looks, and at the queue that is shown still more: for high-water marks. */
#define LOOK_NS INT64_C(200000000)
#define MOMENT_NS INT64_C(20000000)

struct request {
    bool batch;
    uint64_t count; /* 0: for ever */
};

static enum top_order order_of(struct options *o)
{
    static const char *const words[TOP_ORDERS] = {"name", "sent", "received", "bytes", "waiting", "depth"};
    for (int i = 0; i < TOP_ORDERS; i++) {
        if (strcmp(options_text(o), words[i]) == 0) {
            return (enum top_order)i;
        }
    }
    options_wrong(o, "--sort: '%s' is not name, sent, received, bytes, waiting or depth", options_text(o));
    return TOP_BY_NAME;
}

static int failed(int rc)
{
    report_line("top: %s", shmq_strerror(rc));
    return report_code(rc);
}

static int batch_width(void)
{
    const int usual = 132;
    const char *columns = getenv("COLUMNS");
    long width = columns != NULL ? strtol(columns, NULL, 10) : 0;
    width = width > 0 ? width : os_is_terminal(1) ? os_terminal_width(1) : usual;
    return width < PICTURE_COLUMNS ? (int)width : PICTURE_COLUMNS;
}

/* Sleep until the next interval, looking now and then. Returns an error of the library. */
static int interval_pass(struct top *t)
{
    int64_t end_ns = os_monotonic_ns() + t->interval_ns;
    for (int64_t left_ns; os_signal_caught() == 0 && (left_ns = end_ns - os_monotonic_ns()) > 0;) {
        os_sleep(left_ns < LOOK_NS ? left_ns : LOOK_NS);
        int rc = left_ns > LOOK_NS ? top_look(t, false) : 0;
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

/* The rates of the first picture are those of the interval before it too. */
static int batch_run(struct top *t, const struct request *request)
{
    int rc = top_look(t, true);
    for (uint64_t i = 0; rc == 0 && (request->count == 0 || i < request->count); i++) {
        rc = interval_pass(t);
        rc = rc == 0 ? top_look(t, true) : rc;
        if (rc != 0 || os_signal_caught() != 0) {
            break;
        }
        top_rows(t);
        if (i > 0) {
            putchar('\n');
        }
        top_list_print(t, batch_width());
        if (fflush(stdout) != 0) {
            if (errno == EPIPE) {
                os_signal_die(os_signal_pipe());
            }
            return EXIT_CODE_OK; /* told by main */
        }
    }
    return rc != 0 ? failed(rc) : EXIT_CODE_OK;
}

static void draw(struct top *t, int *height)
{
    int width;
    screen_begin(&width, height);
    if (t->help) {
        top_help_draw(width, *height);
    } else if (t->inside) {
        top_detail_draw(t, width, *height);
    } else {
        top_list_draw(t, width, *height);
    }
    screen_end();
}

/* The next key, or none when it is time for the next look. */
static int key_wait(struct top *t)
{
    int64_t wait_ns = t->interval_ns < LOOK_NS ? t->interval_ns : LOOK_NS;
    int key = KEY_OF_NONE;
    for (; wait_ns > 0 && key == KEY_OF_NONE && os_signal_caught() == 0; wait_ns -= MOMENT_NS) {
        key = screen_key((int)(MOMENT_NS / 1000000));
        if (t->inside && !t->stopped) {
            top_moments(t);
        }
    }
    return key;
}

static int screen_run(struct top *t, const struct request *request)
{
    int rc = 0, height = 0;
    uint64_t pictures = 0;
    const char *why = screen_open();
    if (why != NULL) {
        report_line("top: %s; for lines of text: shmq top -b", why);
        return EXIT_CODE_ERROR;
    }
    for (bool stay = true; stay && rc == 0 && os_signal_caught() == 0;) {
        int64_t rates_ns = t->rates_ns;
        if (!t->stopped) {
            rc = top_look(t, rates_ns == 0);
            top_rows(t);
        }
        /* A picture stands for an interval, and is drawn anew for keys. */
        pictures += t->rates_ns != rates_ns && rates_ns != 0;
        draw(t, &height);
        stay = top_key(t, key_wait(t), height) && (request->count == 0 || pictures < request->count);
    }
    screen_close();
    return rc != 0 ? failed(rc) : EXIT_CODE_OK;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o = options_of(self, argc, argv);
    struct request request = {0};
    struct top *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return failed(-ENOMEM);
    }
    t->interval_ns = 1000000000;
    for (int letter; (letter = options_next(&o)) != 0;) {
        if (letter == 'd') {
            t->interval_ns = options_time(&o);
        } else if (letter == 'n') {
            request.count = options_number(&o, 1, UINT64_MAX);
        } else if (letter == 's') {
            t->order = order_of(&o);
        }
        request.batch = request.batch || letter == 'b';
    }
    if (!o.over && t->interval_ns < DELAY_MIN_NS) {
        options_wrong(&o, "--delay: at least 10ms");
    }
    int code = o.code;
    if (!o.over) {
        t->watch = (struct watch){.names = o.operands, .name_count = (size_t)o.operand_count};
        t->utf8 = os_utf8();
        os_signals_catch();
        code = request.batch ? batch_run(t, &request) : screen_run(t, &request);
    }
    watch_free(&t->watch);
    free(t->rows);
    free(t);
    if (os_signal_caught() != 0) {
        os_signal_die(os_signal_caught());
    }
    return code;
}

const struct command command_top = {
    .name = "top",
    .operands = "[NAME...]",
    .operands_min = 0,
    .operands_max = INT_MAX,
    .summary = "Watch all queues, or look into one, on a full screen.",
    .description =
        "What is sent and received a second, how full each queue is, who receives, and how the rate has been. Enter "
        "looks into a queue: its lanes with how full they are and the highest that was seen, processes, and the task "
        "of "
        "its status with rate and time left. Yellow is what is paused or stalled, or gets full; red is who died, "
        "what is "
        "full, and records that were lost. ? shows the keys.\n"
        "Looking disturbs nobody, and needs read permission only. Queues may come and go meanwhile.\n"
        "With --batch there are lines of text instead, for each interval; as wide as COLUMNS says, or 132. NO_COLOR "
        "in "
        "the environment: no colours. Bars are drawn with UTF-8 where the locale has it.",
    .examples = "shmq top\n"
                "shmq top --batch --count 1\n"
                "shmq top -b -n 3 -d 200ms --sort sent jobs\n",
    .options = options,
    .run = run,
};
