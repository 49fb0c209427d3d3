/* What the operating system is asked for beyond C. Files of a system end in its name: os_posix.c, os_file_posix.c. */
#ifndef SHMQ_OS_H
#define SHMQ_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** What the program was started with, in UTF-8. */
void os_arguments(int *argc, char ***argv);

/** See to it that descriptors 0, 1 and 2 are taken, so that no queue ever becomes standard output. */
void os_standard_streams(void);

/** The text of errno. */
const char *os_error_text(void);

/** From now on the signals that end a program are only noted, the first time each. Broken pipes become errors. */
void os_signals_catch(void);
/** The signal that was noted, or 0. */
int os_signal_caught(void);
/** End as that signal ends a program. */
void os_signal_die(int number);
/** Forget the signal that was noted, and note the next one too. */
void os_signals_again(void);
/** It came from the terminal, which has given it to all processes there. */
bool os_signal_is_of_terminal(void);
/** Segmentation fault */
const char *os_signal_text(int number);
/** The signal of a closed pipe. */
int os_signal_pipe(void);

bool os_is_terminal(int descriptor);
/** Columns of a terminal, 80 where that is unknown. */
int os_terminal_width(int descriptor);
int64_t os_monotonic_ns(void);
int64_t os_realtime_ns(void);
/** 2025-01-31 12:00:00 UTC */
void os_date(char text[32], int64_t since_1970_ns);
/** 2025-01-31T12:00:00.123456789Z */
void os_date_exact(char text[40], int64_t since_1970_ns);
/** 12:00:00, as the clocks on the wall here show it; empty where that is unknown. */
void os_clock(char text[16]);

/** Can standard output show UTF-8? */
bool os_utf8(void);
/** The next character of a text: its bytes, and its columns. Of what cannot be shown one byte, and columns -1. */
size_t os_character(const char *text, int *columns);

/** A descriptor to read from, or a negative errno. */
int os_file_open(const char *path);
void os_file_close(int descriptor);
/** How much was read, 0 at the end, or a negative errno: -EINTR after a signal, -EAGAIN where it would block. */
int64_t os_read(int descriptor, void *memory, size_t size);
/** How much was written, or a negative errno, as with os_read. */
int64_t os_write(int descriptor, const void *memory, size_t size);
/** The bytes of a regular file, else -1. */
int64_t os_file_size(const char *path);

/** A file to read. NULL, and errno, where that does not work. */
FILE *os_file_stream(const char *path);
enum os_readers { OS_OWNER_READS, OS_ALL_READ };
/** A new file to write to. NULL, and errno, where that does not work, or where there is one. */
FILE *os_file_new(const char *path, enum os_readers readers);
/** Give it the name of another, which goes. False, and errno, where that does not work. */
bool os_file_replace(const char *from, const char *to);
void os_file_remove(const char *path);

/** A stream that writes to memory, one at a time; NULL where there is none. */
FILE *os_memory_begin(void);
/** Close it. Returns 0 and what was written, to be freed, or -ENOMEM. */
int os_memory_end(FILE *stream, char **text, size_t *size);

/** What this machine is called. */
void os_host_name(char text[65]);
/** Sleep so long, or until a signal comes. */
void os_sleep(int64_t ns);

/** Run it. False where it came upon memory whose file was cut off (SIGBUS), and ended there. One at a time. */
bool os_guarded(void (*run)(void *arg), void *arg);

long os_process_id(void);

/** What people call a process that runs on this machine. */
struct os_process {
    char name[64];
    bool paused; /* stopped by a signal or a debugger */
};

/**
 * Look at a process. False where there is none of that number, or it began after that time: then the number is that of
 * another PID namespace, or was given to somebody else.
 */
bool os_process_look(uint32_t pid, int64_t began_until_ns, struct os_process *process);

/** What a program that is started finds in the place of its standard input. */
enum os_stdin { OS_STDIN_SAME, OS_STDIN_EMPTY };

/**
 * Start a program, looked for in PATH, with one more variable in its environment. From then on `ended` is called, as a
 * signal handler is, whenever a program that was started has ended. Returns 0, -ENOENT, -EACCES or another errno.
 */
int os_start(char *const argv[], const char *variable, const char *value, enum os_stdin in, void (*ended)(void),
             int64_t *process);

struct os_end {
    int code;   /* exit code, where there was no signal */
    int signal; /* 0: none */
};

/** Has that program ended? Told once. */
bool os_ended(int64_t process, struct os_end *end);
void os_end_wait(int64_t process, struct os_end *end);

enum os_kill { OS_ASK_TO_END, OS_KILL };
void os_kill(int64_t process, enum os_kill how);
/** As that signal came to us. */
void os_signal_pass_on(int64_t process, int number);

/** The path of this program's file. False where that is unknown. */
bool os_own_path(char path[4096]);

/** 1: reading would not block; 0: it would, still after timeout_ms or a signal. */
int os_input_ready(int descriptor, int timeout_ms);
/** Sleep until writing would not block, or a signal comes. */
void os_output_wait(int descriptor);
/** Nobody will ever read what is written there. */
bool os_reader_gone(int descriptor);
/** The same of standard output, where that does not end a program by a signal. */
bool os_output_is_lost(void);

/** How much is left to read where that is known, else -1. */
int64_t os_bytes_left(int descriptor);

/** A group's number, by its name or its number. */
bool os_group(const char *name, uint32_t *group);

/** Room in the file system of a path that need not exist; NULL: in shared memory. False where unknown. */
bool os_space(const char *path, uint64_t *bytes);

#endif
