#include <shmq/error.h>

#include <stddef.h>

static const struct {
    int error;
    const char *text;
} table[] = {
    {EAGAIN, "full or empty now"},
    {ETIMEDOUT, "timed out"},
    {EMSGSIZE, "larger than any record of this queue can be"},
    {ENOBUFS, "the buffer is too small for the record"},
    {EPIPE, "every producer has finished, and all is received"},
    {EOWNERDEAD, "the other side died"},
    {ESTALE, "the queue was removed"},
    {ECANCELED, "cancelled"},
    {ECHILD, "the handle is of the parent process"},
    {EBUSY, "in use"},
    {EBADMSG, "the mapping is damaged"},
    {ENOMSG, "the record is of another type"},
    {EPROTO, "not a queue, or one of another format or type"},
    {ENOENT, "no such name"},
    {EEXIST, "the name is taken"},
    {EACCES, "no permission"},
    {EPERM, "needs privilege"},
    {ENAMETOOLONG, "the name is too long"},
    {EINVAL, "an argument is out of its range"},
    {ERANGE, "outside of the mapping"},
    {ENOSPC, "no space left"},
    {ENOMEM, "out of memory"},
    {EMFILE, "too many open files in this process"},
    {ENFILE, "too many open files in the system"},
    {EINTR, "interrupted by a signal"},
};

const char *shmq_strerror(int error)
{
    if (error >= 0)
        return "success";
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].error == -error)
            return table[i].text;
    }
    return "an error of the operating system";
}
