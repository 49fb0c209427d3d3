# Link options for a test that uses fault_calls.c: each call that it can make fail.
set(fault_calls
  open memfd_create posix_fallocate ftruncate fchown fchmod fstat lstat fstatat linkat link renameat2 symlink unlink
  readlinkat realpath mmap munmap fcntl dup3 lseek sendfile opendir malloc realloc free getrandom)
list(TRANSFORM fault_calls PREPEND -Wl,--wrap= OUTPUT_VARIABLE fault_calls_options)
