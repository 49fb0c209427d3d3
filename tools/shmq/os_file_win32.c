#include "os.h"
#include "os_win32.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <sddl.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

/* -errno of the last error. */
static int failure(void)
{
    return -win32_errno(GetLastError());
}

static HANDLE file_open(const char *path, DWORD access, DWORD how, DWORD flags, SECURITY_ATTRIBUTES *security)
{
    wchar_t *wide = win32_wide_path(path);
    HANDLE handle =
        wide != NULL ? CreateFileW(wide, access, SHARE_ALL, security, how, flags, NULL) : INVALID_HANDLE_VALUE;
    DWORD error = wide != NULL ? GetLastError() : ERROR_NOT_ENOUGH_MEMORY;
    DWORD attributes = handle == INVALID_HANDLE_VALUE && wide != NULL ? GetFileAttributesW(wide) : 0;
    free(wide);
    errno = win32_errno(error);
    if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0 && errno == EACCES) {
        errno = EISDIR;
    }
    return handle;
}

/* Of a handle, which goes where that does not work. */
static int descriptor_of(HANDLE handle, int flags)
{
    if (handle == INVALID_HANDLE_VALUE) {
        return -errno;
    }
    int descriptor = _open_osfhandle((intptr_t)handle, flags | _O_BINARY | _O_NOINHERIT);
    if (descriptor < 0) {
        CloseHandle(handle);
        errno = EMFILE;
        return -EMFILE;
    }
    return descriptor;
}

static FILE *stream_of(HANDLE handle, int flags, const char *mode)
{
    int descriptor = descriptor_of(handle, flags);
    return descriptor >= 0 ? _fdopen(descriptor, mode) : NULL;
}

int os_file_open(const char *path)
{
    return descriptor_of(file_open(path, GENERIC_READ, OPEN_EXISTING, 0, NULL), _O_RDONLY);
}

void os_file_close(int descriptor)
{
    win32_input_close(descriptor);
    _close(descriptor);
}

int64_t os_write(int descriptor, const void *memory, size_t size)
{
    DWORD count = 0;
    if (!WriteFile(win32_handle(descriptor), memory, (DWORD)(size < INT32_MAX ? size : INT32_MAX), &count, NULL) &&
        count == 0) {
        return failure();
    }
    return count;
}

int64_t os_file_size(const char *path)
{
    LARGE_INTEGER size;
    HANDLE handle = file_open(path, FILE_READ_ATTRIBUTES, OPEN_EXISTING, 0, NULL);
    bool regular = handle != INVALID_HANDLE_VALUE && GetFileType(handle) == FILE_TYPE_DISK;
    int64_t bytes = regular && GetFileSizeEx(handle, &size) ? size.QuadPart : -1;
    if (handle != INVALID_HANDLE_VALUE) {
        CloseHandle(handle);
    }
    return bytes;
}

FILE *os_file_stream(const char *path)
{
    return stream_of(file_open(path, GENERIC_READ, OPEN_EXISTING, 0, NULL), _O_RDONLY, "rb");
}

/* The list of those who may: this user, and nobody else. To be freed with LocalFree. */
static PSECURITY_DESCRIPTOR owner_only(void)
{
    union {
        TOKEN_USER user;
        unsigned char room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } token;
    wchar_t *sid = NULL, text[256];
    PSECURITY_DESCRIPTOR descriptor = NULL;
    HANDLE handle;
    DWORD size;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &handle)) {
        return NULL;
    }
    if (GetTokenInformation(handle, TokenUser, &token, sizeof token, &size) &&
        ConvertSidToStringSidW(token.user.User.Sid, &sid)) {
        swprintf(text, sizeof text / sizeof text[0], L"D:P(A;;FA;;;%ls)", sid);
        ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1, &descriptor, NULL);
    }
    LocalFree(sid);
    CloseHandle(handle);
    return descriptor;
}

FILE *os_file_new(const char *path, enum os_readers readers)
{
    SECURITY_ATTRIBUTES security = {.nLength = sizeof security};
    if (readers == OS_OWNER_READS) {
        security.lpSecurityDescriptor = owner_only();
        if (security.lpSecurityDescriptor == NULL) {
            errno = EACCES;
            return NULL;
        }
    }
    HANDLE handle = file_open(path, GENERIC_WRITE, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, &security);
    int error = errno;
    LocalFree(security.lpSecurityDescriptor);
    errno = error;
    return stream_of(handle, _O_WRONLY, "wb");
}

bool os_file_replace(const char *from, const char *to)
{
    wchar_t *wide_from = win32_wide_path(from), *wide_to = win32_wide_path(to);
    bool done = wide_from != NULL && wide_to != NULL && MoveFileExW(wide_from, wide_to, MOVEFILE_REPLACE_EXISTING);
    errno = done ? 0 : win32_errno(GetLastError());
    free(wide_from);
    free(wide_to);
    return done;
}

void os_file_remove(const char *path)
{
    wchar_t *wide = win32_wide_path(path);
    if (wide != NULL) {
        DeleteFileW(wide);
    }
    free(wide);
}

/* A file that goes with the process, used again each time; small ones never reach the disk. */
static FILE *memory_file(void)
{
    static FILE *file;
    wchar_t folder[MAX_PATH + 1], path[MAX_PATH + 1];
    if (file == NULL && GetTempPathW(MAX_PATH + 1, folder) != 0 && GetTempFileNameW(folder, L"shmq", 0, path) != 0) {
        HANDLE handle = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, SHARE_ALL, NULL, CREATE_ALWAYS,
                                    FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE, NULL);
        file = stream_of(handle, _O_RDWR, "w+b");
    }
    return file;
}

FILE *os_memory_begin(void)
{
    FILE *file = memory_file();
    if (file != NULL) {
        rewind(file);
    }
    return file;
}

int os_memory_end(FILE *stream, char **text, size_t *size)
{
    long end = ftell(stream);
    char *memory = end >= 0 && ferror(stream) == 0 ? malloc((size_t)end + 1) : NULL;
    rewind(stream);
    if (memory == NULL || fread(memory, 1, (size_t)end, stream) != (size_t)end) {
        free(memory);
        return -ENOMEM;
    }
    memory[end] = '\0';
    *text = memory;
    *size = (size_t)end;
    return 0;
}

void os_output_wait(int descriptor)
{
    (void)descriptor;
    win32_signal_await(1);
}

bool os_reader_gone(int descriptor)
{
    DWORD count, error = (DWORD)_doserrno;
    HANDLE handle = win32_handle(descriptor);
    if (GetFileType(handle) != FILE_TYPE_PIPE) {
        return false;
    }
    /* What C's own streams met last, or what writing nothing meets. */
    return win32_errno(error) == EPIPE ||
           (!WriteFile(handle, "", 0, &count, NULL) && win32_errno(GetLastError()) == EPIPE);
}

bool os_output_is_lost(void)
{
    return os_reader_gone(1);
}

int64_t os_bytes_left(int descriptor)
{
    HANDLE handle = win32_handle(descriptor);
    LARGE_INTEGER size, place, none = {.QuadPart = 0};
    if (GetFileType(handle) != FILE_TYPE_DISK || !GetFileSizeEx(handle, &size)) {
        return -1;
    }
    bool known = SetFilePointerEx(handle, none, &place, FILE_CURRENT) != 0 && place.QuadPart <= size.QuadPart;
    return known ? size.QuadPart - place.QuadPart : 0;
}

bool os_space(const char *path, uint64_t *bytes)
{
    const wchar_t *folder_of_queues = L"%LOCALAPPDATA%";
    ULARGE_INTEGER available;
    wchar_t folder[4096] = L".\\";
    if (path == NULL) {
        ExpandEnvironmentStringsW(folder_of_queues, folder, sizeof folder / sizeof folder[0]);
    } else {
        wchar_t *wide = win32_wide_path(path);
        wchar_t *slash = wide != NULL ? wcsrchr(wide, L'\\') : NULL;
        if (slash != NULL && slash - wide < 4094) {
            wmemcpy(folder, wide, (size_t)(slash - wide) + 1);
            folder[slash - wide + 1] = L'\0';
        }
        free(wide);
    }
    if (!GetDiskFreeSpaceExW(folder, &available, NULL, NULL)) {
        return false;
    }
    *bytes = available.QuadPart;
    return true;
}
