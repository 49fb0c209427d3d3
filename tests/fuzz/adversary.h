/*
 * A peer that answers every shared load, from the fuzzer's input
 *
 * The input has two ends. The script, from its front, says what our side does. The tape, at its back, says what the
 * other side answers: mostly what is in memory, sometimes something near to it, sometimes anything. A tape may end in a
 * circle: then the peer lies for ever, and what waits for it to stop never ends.
 *
 *     | settings (4) | script ... -->                 tape (settings[2] bytes) |
 *
 * settings[0] and [1] are the target's. settings[3]: bit 0 the circle, bit 1 it begins by telling the truth, from bit 4
 * on the length of the circle, 0 for the whole tape.
 *
 * Calls are counted by what they load: one that loads more than it was allowed is taken for endless.
 */
#ifndef SHMQ_TESTS_FUZZ_ADVERSARY_H
#define SHMQ_TESTS_FUZZ_ADVERSARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SETTINGS 4

struct script {
    const uint8_t *at;
    const uint8_t *end;
};

/* What the peer can store to. A load of anything else is answered with what is there. */
void adversary_share(const void *start, size_t size);
void adversary_unshare(const void *start);
bool adversary_reaches(const void *address);

/* Split the input. False where it is too short to do anything. */
bool adversary_begin(const uint8_t *data, size_t size, uint64_t capacity, struct script *script);

/* From now on, answer truly, or by the tape, from its beginning. */
void adversary_lies(bool lies);
bool adversary_is_lying(void);

/* `call` begins, and may load so many shared words. */
void adversary_allow(const char *call, uint64_t loads);

/* Any value, as strange as those that the peer answers with. */
uint64_t adversary_value(struct script *script, uint64_t truth, const void *address);

/* The next byte, or the next two; 0 behind the end. */
uint8_t script_u8(struct script *script);
uint16_t script_u16(struct script *script);

/* State a fact that must hold; ends the process, with the call that broke it. */
#define must(fact)                                                                                                   \
    do {                                                                                                             \
        if (!(fact))                                                                                                 \
            adversary_wins(#fact, __FILE__, __LINE__);                                                               \
    } while (0)
_Noreturn void adversary_wins(const char *fact, const char *file, int line);

/* Read each byte. */
void sink(const void *data, size_t size);

/* For LLVMFuzzerInitialize: with --seeds=FOLDER, write each of these inputs to a file there, and end. */
struct seed {
    const char *name;
    const void *data;
    size_t size;
};
void seeds_write(int argc, char **argv, const struct seed *seeds, size_t count);

#endif
