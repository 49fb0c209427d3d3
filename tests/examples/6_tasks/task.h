/* What a task is, and its queue: known to both sides. C answers where P has asked, in the same record. */
#include <shmq/shmq.h>

#define FACTORS_MAX 63

#define TASK(F)                                                                                                      \
    F(u64, number) F(array, factors, u64, FACTORS_MAX) F(u32, factor_count) F(i32, code) F(text, reason, 48)
SHMQ_SM(task, 1, TASK)

/* Who comes first creates it, and with its last user it goes. */
static inline int open_tasks(const char *name, enum shmq_role role, struct shmq **q)
{
    const struct shmq_sm *types[] = {&task_sm};
    const struct shmq_create_options options = {
        .struct_size = sizeof options, .types = types, .type_count = 1, .transient = 1};
    int rc = shmq_create(name, &options);

    return rc < 0 ? rc : shmq_open(name, role, NULL, q);
}
