/* A terminal to draw on. One file a library: screen_ncurses.c, and screen_none.c where there is none. */
#ifndef SHMQ_SCREEN_H
#define SHMQ_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

/* What a text is, and not how it looks: a terminal may have no colours. */
enum ink {
    INK_PLAIN,
    INK_FAINT,
    INK_TITLE,    /* a bar across the screen */
    INK_HEADING,  /* of a column */
    INK_CHOSEN,   /* the column that sorts */
    INK_SELECTED, /* the row that the cursor is on */
    INK_GOOD,
    INK_WARNING,
    INK_BAD,
    INK_STRONG,
    INK_LABEL,
    INK_COUNT,
};

/* Keys that are no characters. */
enum {
    KEY_OF_NONE = 0,
    KEY_OF_ENTER = '\n',
    KEY_OF_ESCAPE = 27,
    KEY_OF_ERASE = 127,
    KEY_OF_UP = 0x110000,
    KEY_OF_DOWN,
    KEY_OF_LEFT,
    KEY_OF_RIGHT,
    KEY_OF_PAGE_UP,
    KEY_OF_PAGE_DOWN,
    KEY_OF_HOME,
    KEY_OF_END,
    KEY_OF_HELP,
    KEY_OF_RESIZE,
};

/** NULL, or why it cannot be drawn on: a phrase. */
const char *screen_open(void);
void screen_close(void);

/** A new picture, and its size. */
void screen_begin(int *width, int *height);
/** A text, as many columns of it as there is room for from there. */
void screen_put(int y, int x, enum ink ink, const char *text);
/** A whole line of that ink, to write on. */
void screen_fill(int y, enum ink ink);
/** Show the picture. */
void screen_end(void);

/** Wait so long for a key: a byte of text or one of those above. */
int screen_key(int wait_ms);

#endif
