#include "doctor.h"

void doctor_advise_paused(struct doctor *d, uint32_t pid)
{
    doctor_advise(d, "let process %u go on, or end it: whoever is paused keeps its role", pid);
}

void doctor_advise_unlisted(struct doctor *d)
{
    doctor_advise(d, "see who owns %%LOCALAPPDATA%%\\shmq: icacls \"%%LOCALAPPDATA%%\\shmq\"");
}

void doctor_advise_locks(struct doctor *d)
{
    doctor_advise(d, "let %%LOCALAPPDATA%% be on a local disk with NTFS (LockFileEx)");
}

void doctor_advise_poll(struct doctor *d, int error)
{
    (void)error;
    doctor_advise(d, "wait in a thread of its own (shmq_wait)");
}
