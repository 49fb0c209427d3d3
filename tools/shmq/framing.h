/*
 * Framing: how a stream of bytes becomes records, and again a stream
 *
 * A delimiter (newline, or NUL with -0) is not part of the record in front of it; recv writes it again behind each
 * record. Two things have none: a chunk, and a last line that was not ended. To tell these from lines, send gives
 * them the type FRAMING_PIECE and all others the type 0, and recv writes nothing behind a piece.
 */
#ifndef SHMQ_FRAMING_H
#define SHMQ_FRAMING_H

enum framing {
    FRAMING_LINES,
    FRAMING_NULL,
    FRAMING_CHUNKS,
    FRAMING_LENGTH_PREFIXED,
};

enum {
    FRAMING_PIECE = 65535,
    FRAMING_PREFIX = 4, /* bytes, the lowest first */
};

#endif
