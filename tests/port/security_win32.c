/* Who may do what with memory of the user's own, asked of Windows itself: the user, and nobody else. */
#include "scratch.h"

#include "port/security_win32.h"

#include <aclapi.h>
#include <sddl.h>
#include <wchar.h>

/* The entries of the DACL that Windows would show, and whether nothing comes from the folder above. */
struct access {
    unsigned users;
    unsigned others;
    bool is_protected;
};

static struct access access_of(PSECURITY_DESCRIPTOR descriptor)
{
    struct access access = {0, 0, false};
    SECURITY_DESCRIPTOR_CONTROL control;
    DWORD revision;
    BOOL present;
    BOOL defaulted;
    PACL dacl = NULL;

    assert_true(GetSecurityDescriptorDacl(descriptor, &present, &dacl, &defaulted) && present);
    assert_non_null(dacl);
    assert_true(GetSecurityDescriptorControl(descriptor, &control, &revision));
    access.is_protected = (control & SE_DACL_PROTECTED) != 0;
    for (DWORD i = 0; i < dacl->AceCount; i++) {
        ACCESS_ALLOWED_ACE *entry;

        assert_true(GetAce(dacl, i, (LPVOID *)&entry));
        if (EqualSid(&entry->SidStart, security_self()->user))
            access.users++;
        else
            access.others++;
    }
    return access;
}

static void descriptor_of_0600_names_only_the_user(void **state)
{
    (void)state;
    PSECURITY_DESCRIPTOR descriptor;
    PSID owner;
    BOOL defaulted;

    assert_int_equal(security_descriptor(&scratch_private, PORT_LOCAL, false, &descriptor), 0);
    struct access access = access_of(descriptor);

    assert_int_equal(access.users, 1);
    assert_int_equal(access.others, 0);
    assert_true(access.is_protected);
    assert_true(GetSecurityDescriptorOwner(descriptor, &owner, &defaulted));
    assert_true(EqualSid(owner, security_self()->user));
    LocalFree(descriptor);
}

static void descriptor_of_the_folder_names_only_the_user_and_is_inherited(void **state)
{
    (void)state;
    const struct port_permissions none = {.mode = 0};
    PSECURITY_DESCRIPTOR descriptor;
    wchar_t *text;

    assert_int_equal(security_descriptor(&none, PORT_LOCAL, true, &descriptor), 0);
    struct access access = access_of(descriptor);

    assert_int_equal(access.users, 1);
    assert_int_equal(access.others, 0);
    assert_true(access.is_protected);
    assert_true(ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor, SDDL_REVISION_1,
                                                                     DACL_SECURITY_INFORMATION, &text, NULL));
    assert_non_null(wcsstr(text, L"(A;OICI;FA;;;"));
    LocalFree(text);
    LocalFree(descriptor);
}

static void bits_of_others_are_entries_of_everyone(void **state)
{
    (void)state;
    const struct port_permissions shared = {.mode = 0604};
    const struct port_permissions grouped = {.mode = 0600, .group = 1000, .has_group = true};
    PSECURITY_DESCRIPTOR descriptor;
    wchar_t *text;

    assert_int_equal(security_descriptor(&shared, PORT_LOCAL, false, &descriptor), 0);
    assert_true(ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor, SDDL_REVISION_1,
                                                                     DACL_SECURITY_INFORMATION, &text, NULL));
    assert_non_null(wcsstr(text, L"(A;;FR;;;WD)"));
    LocalFree(text);
    LocalFree(descriptor);
    assert_int_equal(security_descriptor(&grouped, PORT_LOCAL, false, &descriptor), -EINVAL);
}

static void file_and_its_folder_belong_to_the_user(void **state)
{
    (void)state;
    struct port_place place = scratch_name("owner");
    port_file file = scratch_published(&place);

    assert_true(security_owner_fits(win32_handle(file), PORT_LOCAL));
    port_shm_close(file);
    assert_int_equal(port_shm_unlink(&place), 0);
    assert_non_null(strstr(place.path, "/AppData/Local/shmq/"));
}

static void handle_is_inherited_only_where_that_was_asked_for(void **state)
{
    (void)state;
    struct port_place place = scratch_name("inherit");
    port_file file = scratch_published(&place);
    port_file inheritable = PORT_NO_FILE;
    DWORD flags;

    assert_true(GetHandleInformation(win32_handle(file), &flags));
    assert_false(flags & HANDLE_FLAG_INHERIT);
    assert_int_equal(port_shm_open(&place, PORT_READ_WRITE, true, &inheritable), 0);
    assert_true(GetHandleInformation(win32_handle(inheritable), &flags));
    assert_true(flags & HANDLE_FLAG_INHERIT);
    port_shm_close(inheritable);
    port_shm_close(file);
    assert_int_equal(port_shm_unlink(&place), 0);
    assert_int_equal(port_shm_create(NULL, SCRATCH_SIZE, &scratch_private, true, &inheritable), 0);
    assert_true(GetHandleInformation(win32_handle(inheritable), &flags));
    assert_true(flags & HANDLE_FLAG_INHERIT);
    port_shm_close(inheritable);
}

static void path_that_is_not_utf_8_is_refused(void **state)
{
    (void)state;
    struct port_place place = scratch_path("./\xff\xfe");

    assert_int_equal(scratch_try_open(&place), -EINVAL);
}

static void device_is_no_memory(void **state)
{
    (void)state;
    struct port_place place = scratch_path("NUL");

    assert_int_equal(scratch_try_open(&place), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptor_of_0600_names_only_the_user),
        cmocka_unit_test(descriptor_of_the_folder_names_only_the_user_and_is_inherited),
        cmocka_unit_test(bits_of_others_are_entries_of_everyone),
        cmocka_unit_test(file_and_its_folder_belong_to_the_user),
        cmocka_unit_test(handle_is_inherited_only_where_that_was_asked_for),
        cmocka_unit_test(path_that_is_not_utf_8_is_refused),
        cmocka_unit_test(device_is_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
