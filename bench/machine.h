/* What this runs on, for the head of reports. */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#define MACHINE_TEXT 128

/* The processor's name, as it says; else its kind. */
void machine_processor(char text[MACHINE_TEXT]);

/* The kernel and its version. */
void machine_system(char text[MACHINE_TEXT]);

/* What this program was compiled with. */
const char *machine_compiler(void);

#endif
