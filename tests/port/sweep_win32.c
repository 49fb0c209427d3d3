/* What a process that died in the middle has left in the folder of names is swept away; what somebody uses is not. */
#include "scratch.h"

#include "peer/peer.h"
#include "port/shm_win32.h"

static int ignore(const char *name, const char *suffix, void *arg)
{
    (void)name;
    (void)suffix;
    (void)arg;
    return 0;
}

static void sweep(void)
{
    assert_int_equal(port_shm_list_beside(ignore, NULL), 0);
}

static void nameless_path(wchar_t wide[WIN32_PATH_MAX])
{
    struct port_place place = scratch_name("sweep");
    char path[PORT_PATH_MAX];

    assert_int_equal(shm_folder_make(PORT_LOCAL), 0);
    assert_int_equal(shm_nameless(place.path, path), 0);
    assert_int_equal(win32_path(path, wide), 0);
}

static bool is_there(const wchar_t *wide)
{
    return GetFileAttributesW(wide) != INVALID_FILE_ATTRIBUTES;
}

static void file_that_nobody_has_open_is_swept_away(void **state)
{
    (void)state;
    wchar_t wide[WIN32_PATH_MAX];

    nameless_path(wide);
    HANDLE file = CreateFileW(wide, GENERIC_WRITE, WIN32_SHARE_ALL, NULL, CREATE_NEW, 0, NULL);

    assert_true(file != INVALID_HANDLE_VALUE);
    sweep();
    assert_true(is_there(wide));
    CloseHandle(file);
    assert_true(is_there(wide));
    sweep();
    assert_false(is_there(wide));
}

static void folder_of_an_alias_is_swept_away_with_what_is_in_it(void **state)
{
    (void)state;
    wchar_t wide[WIN32_PATH_MAX];
    wchar_t target[WIN32_PATH_MAX];

    nameless_path(wide);
    assert_true(CreateDirectoryW(wide, NULL));
    swprintf(target, WIN32_PATH_MAX, L"%ls\\target", wide);
    HANDLE file = CreateFileW(target, GENERIC_WRITE, WIN32_SHARE_ALL, NULL, CREATE_NEW, 0, NULL);

    assert_true(file != INVALID_HANDLE_VALUE);
    CloseHandle(file);
    sweep();
    assert_false(is_there(wide));
}

static int create_and_pause(struct peer *self, void *name)
{
    struct port_place place;
    port_file file;

    if (port_shm_place(name, &place) != 0 ||
        port_shm_create(&place, SCRATCH_SIZE, &scratch_private, false, &file) != 0)
        return 1;
    peer_pause(self);
    return port_shm_publish(file, &place) == 0 ? 0 : 2;
}

static void what_another_process_is_about_to_publish_is_not_swept_away(void **state)
{
    (void)state;
    struct port_place place = scratch_name("others");
    struct peer peer = peer_start(create_and_pause, strrchr(place.path, '/') + 1);

    assert_true(peer_await(&peer));
    sweep();
    assert_true(peer_let_go(&peer));
    assert_int_equal(peer_end(&peer), 0);
    assert_int_equal(scratch_try_open(&place), 0);
    assert_int_equal(port_shm_unlink(&place), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_that_nobody_has_open_is_swept_away),
        cmocka_unit_test(folder_of_an_alias_is_swept_away_with_what_is_in_it),
        cmocka_unit_test(what_another_process_is_about_to_publish_is_not_swept_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
