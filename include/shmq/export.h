/* What the shared library shows: all else is hidden (-fvisibility=hidden). */
#ifndef SHMQ_EXPORT_H
#define SHMQ_EXPORT_H

#if defined(__GNUC__) && defined(__ELF__)
#define SHMQ_API __attribute__((visibility("default")))
#elif defined(SHMQ_EXPORTS) /* of a DLL, while it is built */
#define SHMQ_API __declspec(dllexport)
#else
#define SHMQ_API
#endif

#endif
