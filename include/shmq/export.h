/* What the shared library shows: all else is hidden (-fvisibility=hidden). */
#ifndef SHMQ_EXPORT_H
#define SHMQ_EXPORT_H

#if defined(__GNUC__)
#define SHMQ_API __attribute__((visibility("default")))
#else
#define SHMQ_API
#endif

#endif
