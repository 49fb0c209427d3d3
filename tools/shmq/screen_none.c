#include "screen.h"

const char *screen_open(void)
{
    return "this shmq was built without ncurses (on Debian: apt-get install libncurses-dev, and build again)";
}

void screen_close(void)
{
}

void screen_begin(int *width, int *height)
{
    *width = 80;
    *height = 24;
}

void screen_put(int y, int x, enum ink ink, const char *text)
{
    (void)y;
    (void)x;
    (void)ink;
    (void)text;
}

void screen_fill(int y, enum ink ink)
{
    (void)y;
    (void)ink;
}

void screen_end(void)
{
}

int screen_key(int wait_ms)
{
    (void)wait_ms;
    return KEY_OF_NONE;
}
