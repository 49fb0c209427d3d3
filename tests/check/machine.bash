#!/bin/bash
# A machine that is not 64-bit or not little-endian is refused when the library is compiled, by one message that says so.
set -euo pipefail
include=$1/include cc=$2
wanted="shmq needs a 64-bit little-endian machine"
failed=0

# compile OPTION...   for a machine that has no C library here
compile() {
    "$cc" -std=c11 -ffreestanding -fsyntax-only -I"$include" "$@" -x c - <<<"#include <shmq/layout.h>
extern int not_empty;" 2>&1
}

refused() {
    local said
    if said=$(compile "${@:2}"); then
        echo "$1 is not refused"
    elif [ "$(grep -c 'error: ' <<<"$said")" != 1 ] || ! grep -qF "$wanted" <<<"$said"; then
        echo "$1 is refused by more than one message, or another one than \"$wanted\":"
        echo "$said"
    else
        return 0
    fi
    failed=1
}

compile || { echo "this machine is refused"; failed=1; }
refused "a 32-bit machine" -U__SIZEOF_POINTER__ -D__SIZEOF_POINTER__=4
refused "a big-endian machine" -U__BYTE_ORDER__ -D__BYTE_ORDER__=__ORDER_BIG_ENDIAN__
if "$cc" -m32 -fsyntax-only -x c - <<<"extern int not_empty;" 2>/dev/null; then
    refused "-m32" -m32
fi
exit $failed
