/* Records with a type: one that is what a stream's records are, and one that has that in a blob. */
#ifndef SHMQ_TESTS_CARGO_H
#define SHMQ_TESTS_CARGO_H

#include <shmq/shmq.h>

#define NOTE_SIZE 40

#define NOTE(F) F(array, bytes, u8, NOTE_SIZE) F(bool, good)
SHMQ_SM(note, 1, NOTE)

/* The blob holds the record of `size` bytes. */
#define CARGO(F) F(u32, stream) F(u32, number) F(u32, size) F(string, label, 8) F(blob, load)
SHMQ_SM(cargo, 1, CARGO)

#endif
