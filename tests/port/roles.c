/* Roles: who asks is in nobody's way, and a death gives back what was held. */
#include "scratch.h"

#include "peer/peer.h"
#include "port/clock.h"
#include "port/role.h"

#define FIRST (INT64_C(1) << 62)
#define ROUNDS 3000

static struct port_place place;
static port_file one;
static port_file other;

static int open_both(void **state)
{
    (void)state;
    place = scratch_name("roles");
    one = scratch_published(&place);
    other = scratch_opened(&place, PORT_READ_WRITE);
    return 0;
}

static int close_both(void **state)
{
    (void)state;
    port_shm_close(one);
    port_shm_close(other);
    return port_shm_unlink(&place);
}

static void role_has_one_holder_also_among_handles_of_one_process(void **state)
{
    (void)state;
    assert_int_equal(port_role_taken(other, FIRST), 0);
    assert_int_equal(port_role_claim(one, FIRST), 0);
    assert_int_equal(port_role_claim(other, FIRST), -EBUSY);
    assert_int_equal(port_role_taken(other, FIRST), 1);
    assert_int_equal(port_role_taken(other, FIRST + 1), 0);
    port_role_release(one, FIRST);
    assert_int_equal(port_role_taken(other, FIRST), 0);
    assert_int_equal(port_role_claim(other, FIRST), 0);
    assert_int_equal(port_role_taken(one, FIRST), 1);
    port_role_release(other, FIRST);
}

static void holder_does_not_see_its_own_role_and_keeps_it_when_it_asks(void **state)
{
    (void)state;
    assert_int_equal(port_role_claim(one, FIRST), 0);
    assert_int_equal(port_role_taken(one, FIRST), 0);
    assert_int_equal(port_role_taken(other, FIRST), 1);
    assert_int_equal(port_role_claim(one, FIRST), 0);
    assert_int_equal(port_role_taken(other, FIRST), 1);
    port_role_release(one, FIRST);
    assert_int_equal(port_role_taken(other, FIRST), 0);
}

static void roles_are_claimed_together_or_not_at_all(void **state)
{
    (void)state;
    assert_int_equal(port_role_claim(other, FIRST + 700), 0);
    assert_int_equal(port_role_claim_all(one, FIRST, 768), -EBUSY);
    assert_int_equal(port_role_taken(other, FIRST), 0);
    port_role_release(other, FIRST + 700);
    assert_int_equal(port_role_claim_all(one, FIRST, 768), 0);
    assert_int_equal(port_role_taken(other, FIRST), 1);
    assert_int_equal(port_role_taken(other, FIRST + 767), 1);
    assert_int_equal(port_role_taken(other, FIRST + 768), 0);
    assert_int_equal(port_role_claim(other, FIRST + 5), -EBUSY);
    port_role_release_all(one, FIRST, 768);
    assert_int_equal(port_role_claim_all(other, FIRST, 768), 0);
    port_role_release_all(other, FIRST, 768);
}

static void roles_claimed_one_by_one_are_given_back_together(void **state)
{
    (void)state;
    for (int64_t role = FIRST; role < FIRST + 40; role += 2)
        assert_int_equal(port_role_claim(one, role), 0);
    assert_int_equal(port_role_taken(other, FIRST + 38), 1);
    port_role_release_all(one, FIRST, 40);
    assert_int_equal(port_role_claim_all(other, FIRST, 40), 0);
    port_role_release_all(other, FIRST, 40);
}

static void close_gives_back_what_the_handle_had(void **state)
{
    (void)state;
    port_file third = scratch_opened(&place, PORT_READ_WRITE);

    assert_int_equal(port_role_claim(third, FIRST), 0);
    assert_int_equal(port_role_taken(one, FIRST), 1);
    port_shm_close(third);
    assert_int_equal(port_role_taken(one, FIRST), 0);
    /* A new handle may have the number of the old one. */
    third = scratch_opened(&place, PORT_READ_WRITE);
    assert_int_equal(port_role_claim(one, FIRST), 0);
    assert_int_equal(port_role_taken(third, FIRST), 1);
    port_role_release(one, FIRST);
    port_shm_close(third);
}

static void observer_may_ask(void **state)
{
    (void)state;
    port_file reader = scratch_opened(&place, PORT_READ);

    assert_int_equal(port_role_taken(reader, FIRST), 0);
    assert_int_equal(port_role_claim(one, FIRST), 0);
    assert_int_equal(port_role_taken(reader, FIRST), 1);
    port_role_release(one, FIRST);
    port_shm_close(reader);
}

static port_file opened_by_peer(const char *path)
{
    struct port_place its = {.scope = PORT_BESIDE};
    port_file file = PORT_NO_FILE;

    snprintf(its.path, sizeof its.path, "%s", path);
    return port_shm_open(&its, PORT_READ_WRITE, false, &file) == 0 ? file : PORT_NO_FILE;
}

static int hold_two(struct peer *self, void *path)
{
    port_file file = opened_by_peer(path);

    if (port_role_claim(file, FIRST) != 0 || port_role_claim_all(file, FIRST + 10, 10) != 0)
        return 1;
    peer_pause(self);
    return 0;
}

/* Whoever waits for the end of a process does so for its locks too, or a moment longer. */
static int claim_of_the_dead(int64_t role)
{
    int rc;

    while ((rc = port_role_claim(one, role)) == -EBUSY)
        (void)port_clock_sleep(1000000);
    return rc;
}

static void killed_holder_has_no_role_any_more(void **state)
{
    (void)state;
    struct peer peer = peer_start(hold_two, place.path);

    assert_true(peer_await(&peer));
    assert_int_equal(port_role_claim(one, FIRST), -EBUSY);
    assert_int_equal(port_role_claim(one, FIRST + 19), -EBUSY);
    peer_strike(&peer);
    assert_int_equal(peer_end(&peer), PEER_KILLED);
    assert_int_equal(claim_of_the_dead(FIRST), 0);
    assert_int_equal(claim_of_the_dead(FIRST + 19), 0);
    port_role_release_all(one, FIRST, 20);
}

static void stopped_holder_keeps_its_role(void **state)
{
    (void)state;
    struct peer peer = peer_start(hold_two, place.path);

    assert_true(peer_await(&peer));
    peer_stop(&peer);
    assert_int_equal(port_role_claim(one, FIRST), -EBUSY);
    assert_int_equal(port_role_taken(other, FIRST), 1);
    peer_continue(&peer);
    assert_true(peer_let_go(&peer));
    assert_int_equal(peer_end(&peer), 0);
    assert_int_equal(claim_of_the_dead(FIRST), 0);
    port_role_release(one, FIRST);
}

/* Asks until its starter says no more, or is no more. */
static int ask_all_the_time(struct peer *self, void *path)
{
    port_file file = opened_by_peer(path);
    int wrong = 0;

    if (!peer_tell(self, "", 1))
        return 1;
    for (int i = 0; i < ROUNDS; i++)
        wrong += port_role_taken(file, FIRST) < 0;
    return wrong != 0;
}

static void who_asks_makes_no_claim_fail(void **state)
{
    (void)state;
    struct peer peers[2] = {peer_start(ask_all_the_time, place.path), peer_start(ask_all_the_time, place.path)};
    char begun;

    assert_true(peer_hear(&peers[0], &begun, 1) && peer_hear(&peers[1], &begun, 1));
    while (!peer_has_ended(&peers[0]) || !peer_has_ended(&peers[1])) {
        assert_int_equal(port_role_claim(one, FIRST), 0);
        assert_int_equal(port_role_taken(other, FIRST), 1);
        port_role_release(one, FIRST);
    }
    assert_int_equal(peer_end(&peers[0]), 0);
    assert_int_equal(peer_end(&peers[1]), 0);
}

static void those_who_ask_do_not_see_each_other(void **state)
{
    (void)state;
    struct peer peer = peer_start(ask_all_the_time, place.path);
    char begun;

    assert_true(peer_hear(&peer, &begun, 1));
    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(port_role_taken(one, FIRST), 0);
        assert_int_equal(port_role_taken(other, FIRST), 0);
    }
    assert_int_equal(peer_end(&peer), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(role_has_one_holder_also_among_handles_of_one_process),
        cmocka_unit_test(holder_does_not_see_its_own_role_and_keeps_it_when_it_asks),
        cmocka_unit_test(roles_are_claimed_together_or_not_at_all),
        cmocka_unit_test(roles_claimed_one_by_one_are_given_back_together),
        cmocka_unit_test(close_gives_back_what_the_handle_had),
        cmocka_unit_test(observer_may_ask),
        cmocka_unit_test(killed_holder_has_no_role_any_more),
        cmocka_unit_test(stopped_holder_keeps_its_role),
        cmocka_unit_test(who_asks_makes_no_claim_fail),
        cmocka_unit_test(those_who_ask_do_not_see_each_other),
    };

    return cmocka_run_group_tests(tests, open_both, close_both);
}
