#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int os_file_open(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    return descriptor >= 0 ? descriptor : -errno;
}

void os_file_close(int descriptor)
{
    close(descriptor);
}

int64_t os_read(int descriptor, void *memory, size_t size)
{
    ssize_t count = read(descriptor, memory, size);
    return count >= 0 ? count : -errno;
}

int64_t os_write(int descriptor, const void *memory, size_t size)
{
    ssize_t count = write(descriptor, memory, size);
    return count >= 0 ? count : -errno;
}

int64_t os_file_size(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) ? (int64_t)status.st_size : -1;
}

FILE *os_file_stream(const char *path)
{
    return fopen(path, "rbe");
}

FILE *os_file_new(const char *path, enum os_readers readers)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, readers == OS_OWNER_READS ? 0600 : 0666);
    return descriptor >= 0 ? fdopen(descriptor, "wb") : NULL;
}

bool os_file_replace(const char *from, const char *to)
{
    return rename(from, to) == 0;
}

void os_file_remove(const char *path)
{
    remove(path);
}

static char *memory_text;
static size_t memory_size;

FILE *os_memory_begin(void)
{
    return open_memstream(&memory_text, &memory_size);
}

int os_memory_end(FILE *stream, char **text, size_t *size)
{
    if (fclose(stream) != 0) {
        free(memory_text);
        return -ENOMEM;
    }
    *text = memory_text;
    *size = memory_size;
    return 0;
}

int os_input_ready(int descriptor, int timeout_ms)
{
    struct pollfd one = {.fd = descriptor, .events = POLLIN};
    int count = poll(&one, 1, timeout_ms);
    /* Where poll cannot tell, reading can. */
    return count > 0 || (count < 0 && errno != EINTR);
}

void os_output_wait(int descriptor)
{
    struct pollfd one = {.fd = descriptor, .events = POLLOUT};
    poll(&one, 1, 100);
}

bool os_reader_gone(int descriptor)
{
    struct pollfd one = {.fd = descriptor, .events = 0};
    return poll(&one, 1, 0) > 0 && (one.revents & POLLERR) != 0;
}

bool os_output_is_lost(void)
{
    return false;
}

int64_t os_bytes_left(int descriptor)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        return -1;
    }
    off_t place = lseek(descriptor, 0, SEEK_CUR);
    return place < 0 || place > status.st_size ? 0 : (int64_t)(status.st_size - place);
}
