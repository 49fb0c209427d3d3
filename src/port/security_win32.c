#include "port/security_win32.h"

#include <aclapi.h>
#include <errno.h>
#include <sddl.h>
#include <stdio.h>
#include <wchar.h>

#define SDDL_MAX 1024

static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
static struct security_self self;
static bool self_is_known;

static bool token_sid(HANDLE token, TOKEN_INFORMATION_CLASS what, unsigned char sid[SECURITY_MAX_SID_SIZE])
{
    _Alignas(8) unsigned char buffer[256];
    DWORD size;

    if (!GetTokenInformation(token, what, buffer, sizeof buffer, &size))
        return false;
    PSID found = what == TokenUser ? ((TOKEN_USER *)(void *)buffer)->User.Sid
                                   : ((TOKEN_PRIMARY_GROUP *)(void *)buffer)->PrimaryGroup;

    return CopySid(SECURITY_MAX_SID_SIZE, sid, found);
}

static BOOL CALLBACK ask_once(PINIT_ONCE init, PVOID argument, PVOID *context)
{
    _Alignas(8) unsigned char administrators[SECURITY_MAX_SID_SIZE];
    DWORD size = sizeof administrators;
    BOOL member = FALSE;
    HANDLE token;

    (void)init;
    (void)argument;
    (void)context;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return TRUE;
    self_is_known = token_sid(token, TokenUser, self.user) && token_sid(token, TokenPrimaryGroup, self.group);
    CloseHandle(token);
    self.is_administrator = CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, administrators, &size) &&
                            CheckTokenMembership(NULL, administrators, &member) && member;
    return TRUE;
}

struct security_self *security_self(void)
{
    InitOnceExecuteOnce(&once, ask_once, NULL, NULL);
    return self_is_known ? &self : NULL;
}

/* One entry of a DACL, behind what is there already. */
static void entry_add(wchar_t *text, const wchar_t *flags, const wchar_t *owner_rights, uint32_t bits,
                      const wchar_t *sid)
{
    size_t length = wcslen(text);

    if (bits == 0 && owner_rights[0] == L'\0')
        return;
    swprintf(text + length, SDDL_MAX - length, L"(A;%ls;%ls%ls%ls;;;%ls)", flags, (bits & 4) != 0 ? L"FR" : L"",
             (bits & 2) != 0 ? L"FW" : L"", owner_rights, sid);
}

int security_descriptor(const struct port_permissions *permissions, enum port_scope scope, bool inherit,
                        PSECURITY_DESCRIPTOR *descriptor)
{
    struct security_self *me = security_self();
    const wchar_t *flags = inherit ? L"OICI" : L"";
    wchar_t text[SDDL_MAX];
    wchar_t *user;
    wchar_t *group;

    if (permissions->has_group)
        return -EINVAL; /* a number is no group here */
    if (me == NULL || !ConvertSidToStringSidW(me->user, &user))
        return -EACCES;
    if (!ConvertSidToStringSidW(me->group, &group)) {
        LocalFree(user);
        return -ENOMEM;
    }
    /* Whatever the bits say, the owner may delete it and change its permissions, as on POSIX systems. */
    swprintf(text, SDDL_MAX, L"O:%lsD:P", scope == PORT_GLOBAL ? L"BA" : user);
    entry_add(text, flags, inherit ? L"FA" : L"SDRCWD", inherit ? 0 : permissions->mode >> 6 & 7, user);
    if (scope == PORT_GLOBAL)
        entry_add(text, flags, L"FA", 0, L"BA");
    entry_add(text, flags, L"", permissions->mode >> 3 & 7, group);
    entry_add(text, flags, L"", permissions->mode & 7, L"WD");
    LocalFree(user);
    LocalFree(group);
    return ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1, descriptor, NULL)
               ? 0
               : win32_failure(GetLastError());
}

bool security_owner_fits(HANDLE file, enum port_scope scope)
{
    struct security_self *me = security_self();
    PSECURITY_DESCRIPTOR descriptor;
    PSID owner;

    if (scope != PORT_LOCAL && scope != PORT_GLOBAL)
        return true;
    if (me == NULL ||
        GetSecurityInfo(file, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL, NULL, NULL, &descriptor) != 0)
        return false;
    bool own = EqualSid(owner, me->user);
    bool fits = scope == PORT_LOCAL ? own
                                    : IsWellKnownSid(owner, WinBuiltinAdministratorsSid) ||
                                          IsWellKnownSid(owner, WinLocalSystemSid) || (own && me->is_administrator);

    LocalFree(descriptor);
    return fits;
}

static uint32_t bits_of(ACCESS_MASK mask)
{
    return ((mask & (FILE_READ_DATA | GENERIC_READ | GENERIC_ALL)) != 0 ? 4u : 0u) |
           ((mask & (FILE_WRITE_DATA | GENERIC_WRITE | GENERIC_ALL)) != 0 ? 2u : 0u);
}

int security_mode(HANDLE file, uint32_t *mode)
{
    struct security_self *me = security_self();
    PSECURITY_DESCRIPTOR descriptor;
    PACL dacl;
    DWORD error =
        GetSecurityInfo(file, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, &dacl, NULL, &descriptor);
    uint32_t bits = 0;

    if (error != 0 || me == NULL)
        return error != 0 ? win32_failure(error) : -EACCES;
    for (DWORD i = 0; dacl != NULL && i < dacl->AceCount; i++) {
        ACCESS_ALLOWED_ACE *entry;

        if (!GetAce(dacl, i, (LPVOID *)&entry) || entry->Header.AceType != ACCESS_ALLOWED_ACE_TYPE)
            continue;
        PSID sid = &entry->SidStart;

        if (EqualSid(sid, me->user))
            bits |= bits_of(entry->Mask) << 6;
        else if (EqualSid(sid, me->group))
            bits |= bits_of(entry->Mask) << 3;
        else if (IsWellKnownSid(sid, WinWorldSid))
            bits |= bits_of(entry->Mask);
    }
    LocalFree(descriptor);
    bits |= (bits & 7) << 3;            /* who is of the group is of everyone too */
    *mode = dacl == NULL ? 0666 : bits; /* no DACL at all: everybody may */
    return 0;
}
