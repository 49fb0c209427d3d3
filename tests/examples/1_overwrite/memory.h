/* What the memory holds: known to both sides. */
#include <stdint.h>

struct memory {
    char text[64];
    uint8_t bytes[8];
};
