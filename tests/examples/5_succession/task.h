/* What a task is: known to P, to C and to P's successor. */
#include <shmq/shmq.h>

#define TASK(F) F(text, text, 64) F(array, bytes, u8, 8) F(bool, is_done)
SHMQ_SM(task, 1, TASK)
