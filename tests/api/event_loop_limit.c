#include "peers.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

/* Whatever is missing: said, nothing kept, and the queue goes on without. */
static void who_has_no_descriptors_left_is_refused(void **state)
{
    const char *name = queue_made("none", 4096, 1, SHMQ_LANES);
    struct shmq *c = queue_opened(name, SHMQ_CONSUMER);
    struct shmq *p = queue_opened(name, SHMQ_PRODUCER);
    struct shmq *o = queue_opened(name, SHMQ_OBSERVER);
    struct shmq_message m;
    struct rlimit limit;
    unsigned before = test_descriptors();
    int next = dup(0);

    (void)state;
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    rlim_t usual = limit.rlim_cur;

    for (int left = 0; left < 3; left++) {
        limit.rlim_cur = (rlim_t)(next + left);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        int rc = shmq_fd(c);

        limit.rlim_cur = usual;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        assert_int_equal(rc, -EMFILE);
        assert_int_equal(test_descriptors(), before);
    }
    assert_int_equal(shmq_send(p, "x", 1, 0, 0), 0);
    assert_int_equal(shmq_peek(c, &m), 0);
    assert_int_equal(shmq_peek(c, &m), -EAGAIN);
    assert_true(shmq_fd(c) >= 0);
    assert_int_equal(shmq_fd(o), -EINVAL);
    shmq_close(o);
    shmq_close(p);
    shmq_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_no_descriptors_left_is_refused),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
