/* Functions that take what printf takes. The compiler checks their arguments as C has them, on every system. */
#ifndef SHMQ_FORMATTED_H
#define SHMQ_FORMATTED_H

#if defined(__MINGW32__) && !defined(__clang__)
#define FORMATTED(format_at, arguments_at) __attribute__((format(gnu_printf, format_at, arguments_at)))
#else
#define FORMATTED(format_at, arguments_at) __attribute__((format(printf, format_at, arguments_at)))
#endif

#endif
