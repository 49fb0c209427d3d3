#include "screen.h"
#include "top.h"

#include <string.h>

static const char *const lines[][2] = {
    {"Up Down j k", "choose a queue; among lanes, scroll"},
    {"PgUp PgDn g G", "by pages, to the first, to the last"},
    {"Enter", "look inside the queue: lanes, who is there, its task"},
    {"Esc", "back"},
    {"s r", "sort by the next column; the other way round"},
    {"/", "show only names with a text; Esc shows all again"},
    {"p space", "the picture stands still, and goes on"},
    {"+ -", "look less often, more often"},
    {"q", "quit"},
    {"", ""},
    {"DEPTH", "how full the fullest lane is"},
    {"USED", "how full the lane is; | is the highest that was seen"},
    {"Waiting ~", "inside: how long what comes now waits to be received, at the present rate"},
    {"FULL/s", "how often a producer found no room"},
    {"LOST/s", "records dropped by producers, or missed in a recorder"},
    {"PROD", "producers that are there, of how many there can be"},
    {"yellow", "paused, stalled (waits to be received), getting full"},
    {"red", "died with its role, full, failed, lost records"},
};

void top_help_draw(int width, int height)
{
    const int count = (int)(sizeof lines / sizeof lines[0]);
    (void)width;
    screen_fill(0, INK_TITLE);
    screen_put(0, 1, INK_TITLE, "Keys, and what is shown");
    for (int i = 0; i < count && i + 1 < height - 1; i++) {
        screen_put(i + 1, 1, INK_LABEL, lines[i][0]);
        screen_put(i + 1, 16, INK_PLAIN, lines[i][1]);
    }
    screen_put(height - 1, 0, INK_FAINT, "Any key goes back");
}
