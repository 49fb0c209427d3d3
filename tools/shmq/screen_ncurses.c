#include "screen.h"

#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

enum { ESCAPE_MS = 25 };

static SCREEN *terminal;
static attr_t inks[INK_COUNT];

/* Where there are no colours, bold, faint and reversed have to do. */
static void inks_plain(void)
{
    inks[INK_FAINT] = A_DIM;
    inks[INK_TITLE] = A_REVERSE;
    inks[INK_HEADING] = A_BOLD;
    inks[INK_CHOSEN] = A_BOLD | A_UNDERLINE;
    inks[INK_SELECTED] = A_REVERSE;
    inks[INK_WARNING] = A_BOLD;
    inks[INK_BAD] = A_BOLD | A_UNDERLINE;
    inks[INK_STRONG] = A_BOLD;
}

static void inks_coloured(void)
{
    static const struct {
        enum ink ink;
        short front, back;
        attr_t more;
    } colours[] = {
        {INK_TITLE, COLOR_BLACK, COLOR_GREEN, 0},
        {INK_HEADING, COLOR_CYAN, -1, 0},
        {INK_CHOSEN, COLOR_CYAN, -1, A_BOLD | A_UNDERLINE},
        {INK_SELECTED, COLOR_BLACK, COLOR_CYAN, 0},
        {INK_GOOD, COLOR_GREEN, -1, 0},
        {INK_WARNING, COLOR_YELLOW, -1, 0},
        {INK_BAD, COLOR_RED, -1, A_BOLD},
        {INK_LABEL, COLOR_CYAN, -1, 0},
    };
    for (size_t i = 0; i < sizeof colours / sizeof colours[0]; i++) {
        short pair = (short)(i + 1);
        if (init_pair(pair, colours[i].front, colours[i].back) == OK) {
            inks[colours[i].ink] = COLOR_PAIR(pair) | colours[i].more;
        }
    }
}

const char *screen_open(void)
{
    static char why[160];
    const char *type = getenv("TERM");
    const char *no_colour = getenv("NO_COLOR");
    int error = 0;
    if (isatty(0) != 1 || isatty(1) != 1) {
        return "standard input and output are no terminal";
    }
    if (setupterm(NULL, 1, &error) != OK) {
        snprintf(why, sizeof why, "TERM is '%.64s', a terminal that is not known here", type != NULL ? type : "");
        return why;
    }
    /* Without a way to put the cursor somewhere there is no picture. */
    bool drawable = cursor_address != NULL;
    del_curterm(cur_term); /* newterm makes another */
    if (!drawable) {
        snprintf(why, sizeof why, "TERM is '%.64s', a terminal that cannot be drawn on", type != NULL ? type : "");
        return why;
    }
    terminal = newterm(NULL, stdout, stdin);
    if (terminal == NULL) {
        return "the terminal cannot be used";
    }
    set_escdelay(ESCAPE_MS);
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    curs_set(0);
    inks_plain();
    if ((no_colour == NULL || no_colour[0] == '\0') && has_colors() && start_color() == OK &&
        use_default_colors() == OK) {
        inks_coloured();
    }
    return NULL;
}

void screen_close(void)
{
    if (terminal != NULL) {
        endwin();
        delscreen(terminal);
        terminal = NULL;
    }
}

void screen_begin(int *width, int *height)
{
    getmaxyx(stdscr, *height, *width);
    erase();
}

void screen_put(int y, int x, enum ink ink, const char *text)
{
    int width, height;
    getmaxyx(stdscr, height, width);
    if (y < 0 || y >= height || x < 0 || x >= width) {
        return;
    }
    attrset(inks[ink]);
    mvaddnstr(y, x, text, -1);
    attrset(A_NORMAL);
}

void screen_fill(int y, enum ink ink)
{
    int width, height;
    getmaxyx(stdscr, height, width);
    if (y >= 0 && y < height) {
        attrset(inks[ink]);
        mvhline(y, 0, ' ' | inks[ink], width);
        attrset(A_NORMAL);
    }
}

void screen_end(void)
{
    refresh();
}

int screen_key(int wait_ms)
{
    static const int keys[][2] = {
        {KEY_UP, KEY_OF_UP},           {KEY_DOWN, KEY_OF_DOWN},     {KEY_LEFT, KEY_OF_LEFT},
        {KEY_RIGHT, KEY_OF_RIGHT},     {KEY_PPAGE, KEY_OF_PAGE_UP}, {KEY_NPAGE, KEY_OF_PAGE_DOWN},
        {KEY_HOME, KEY_OF_HOME},       {KEY_END, KEY_OF_END},       {KEY_F(1), KEY_OF_HELP},
        {KEY_RESIZE, KEY_OF_RESIZE},   {KEY_ENTER, KEY_OF_ENTER},   {'\r', KEY_OF_ENTER},
        {KEY_BACKSPACE, KEY_OF_ERASE}, {'\b', KEY_OF_ERASE},        {KEY_F(10), 'q'},
    };
    timeout(wait_ms);
    int key = getch();
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (key == keys[i][0]) {
            return keys[i][1];
        }
    }
    return key > 0 && key < 256 ? key : KEY_OF_NONE;
}
