#include "chart.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LABEL_WIDTH 15
#define TEXT_WIDTH 34
#define BAR_MIN 8
#define BAR_MAX 60

struct chart chart_of_terminal(void)
{
    struct chart chart = {.width = 80};
    struct winsize size;
    const char *no_colour = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    bool plain = no_colour != NULL && *no_colour != '\0';
    bool dumb = terminal == NULL || strcmp(terminal, "dumb") == 0;

    setlocale(LC_CTYPE, "");
    chart.blocks = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    chart.colour = isatty(STDOUT_FILENO) && !plain && !dumb;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        chart.width = size.ws_col;
    return chart;
}

void chart_title(const struct chart *chart, const char *title)
{
    printf("\n%s%s%s\n", chart->colour ? "\033[1m" : "", title, chart->colour ? "\033[0m" : "");
}

/* Blocks have a resolution of an eighth of a character. */
static int draw_blocks(double length)
{
    static const char *const eighths[] = {"▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    int whole = (int)length;
    int part = (int)((length - whole) * 8);

    for (int i = 0; i < whole; i++)
        fputs("█", stdout);
    if (part == 0 && whole == 0)
        part = 1;
    if (part == 0)
        return whole;
    fputs(eighths[part - 1], stdout);
    return whole + 1;
}

static int draw_signs(double length)
{
    int whole = length < 1 ? 1 : (int)length;

    for (int i = 0; i < whole; i++)
        putchar('#');
    return whole;
}

void chart_draw(const struct chart *chart, const struct chart_bar *bar)
{
    int width = chart->width - LABEL_WIDTH - TEXT_WIDTH - 4;
    double length;
    int drawn;

    if (width < BAR_MIN)
        width = BAR_MIN;
    if (width > BAR_MAX)
        width = BAR_MAX;
    length = bar->value / bar->most * width;
    printf("  %-*s%s", LABEL_WIDTH, bar->label, chart->colour ? (bar->ours ? "\033[32m" : "\033[2m") : "");
    drawn = chart->blocks ? draw_blocks(length) : draw_signs(length);
    printf("%s%*s%s\n", chart->colour ? "\033[0m" : "", width - drawn + 1, "", bar->text);
}
