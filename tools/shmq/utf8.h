#ifndef SHMQ_UTF8_H
#define SHMQ_UTF8_H

#include <stddef.h>
#include <stdint.h>

/** The bytes of the character that a text begins with, which ends with NUL; 0 where that is no UTF-8. */
size_t utf8_character(const char *text, uint32_t *character);

#endif
