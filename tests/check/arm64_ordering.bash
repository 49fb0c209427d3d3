#!/bin/bash
# What orders memory accesses in the source does so in the machine code for arm64, whose processors keep no order that
# is not asked for: each acquire is a load-acquire (ldar), each release a store-release (stlr), each fence a barrier
# (dmb), at every place of the table in arm64_ordering.txt; and in the hot calls no path leads to a payload in front of
# the acquire, nor behind the release.
#
#     bash tests/check/arm64_ordering.bash TOP COMPILER CK-INCLUDE-FOLDER [--weaken | --list]
#
# --weaken proves that this is noticed: each acquire, release and fence of the source is made a plain access, or nothing,
# one after the other, and each time the check must fail. --list prints the first part of the table as it is now.
set -euo pipefail
cd "$1"
compiler=$2 ck=$3 mode=${4:-}
here=$PWD/tests/check
table=$here/arm64_ordering.txt

prefix=
[ "$(uname -m)" = aarch64 ] || prefix=aarch64-linux-gnu-
if ! "$compiler" -dumpmachine | grep -q '^aarch64-'; then
    compiler=aarch64-linux-gnu-gcc
    command -v $compiler >/dev/null || { echo "no compiler for arm64; tools/setup arm64 installs it"; exit 77; }
fi
files=$(sed -n 's/^\([a-z_/]*\.c\) .*/\1/p' "$table" | sort -u)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# CK's headers may be another machine's: all that tells them so is the name of its memory model.
mkdir "$folder/ck"
cp "$ck"/ck_*.h "$folder/ck"
cp -r "$ck/gcc" "$folder/ck"
sed 's/CK_MD_TSO/CK_MD_RMO/' "$ck/ck_md.h" >"$folder/ck/ck_md.h"

# check SOURCE-FOLDER FILE [AWK-OPTION...]: compile it as the library is, and compare its machine code with the table. 1
# where they differ, 2 where they cannot be compared.
check() {
    local source=$1 file=$2 object
    object=$(mktemp -p "$folder")
    shift 2
    "$compiler" -std=gnu11 -O3 -DNDEBUG -g -fPIC -fvisibility=hidden -fno-semantic-interposition -fno-plt -D_GNU_SOURCE \
        -Iinclude -I"$source" -isystem "$folder/ck" -shared -nostdlib -o "$object" "$source/$file" || exit 2
    "${prefix}objdump" -d --no-show-raw-insn "$object" >"$object.code" || exit 2
    sed -n 's/^ *\([0-9a-f]*\):\t.*/\1/p' "$object.code" | \
        "${prefix}addr2line" -a -f -i -e "$object" >"$object.places" || exit 2
    awk "$@" -v file="$file" -f "$here/arm64_ordering.awk" "$table" "$object.places" "$object.code"
}

# Each place where the source orders something: FILE LINE.
sites() {
    grep -nE '\batomic_(load_acquire|store_release|fence(_store|_load)?\()' -r src/{core,api,port} --include='*.[ch]' \
            --exclude='*_win32.*' |
        sed -E 's|^src/([^:]*):([0-9]+):.*|\1 \2|'
}

# weaken FILE LINE: fails where nobody notices.
weaken() {
    local source=$folder/$BASHPID affected=$1 file said code
    mkdir "$source"
    cp -r src/. "$source"
    sed -i -E "$2s/atomic_load_acquire_/atomic_load_/g; $2s/atomic_store_release_/atomic_store_/g
        $2s/atomic_fence(_store|_load)?\(\);/;/" "$source/$1"
    ! cmp -s "src/$1" "$source/$1" || { echo "src/$1:$2: cannot be weakened"; return 1; }
    [[ $1 == *.c ]] || affected=$files
    for file in $affected; do
        code=0
        said=$(check "$source" "$file") || code=$?
        [ $code != 0 ] || continue
        echo "src/$1:$2: ${said%%$'\n'*}"
        rm -rf "$source"
        return $((code - 1))
    done
    echo "src/$1:$2: NOT NOTICED where it is weakened"
    return 1
}

compare_all() {
    local failed=0 file
    for file in $files; do (check src "$file") || failed=1; done
    [ $failed = 1 ] || echo "$(grep -c '^[a-z].*[0-9]$' "$table") places in $(wc -w <<<"$files") files order as they say"
    return $failed
}

case $mode in
--list)
    for file in $files; do check src "$file" -v list=1 | sort; done
    ;;
--weaken)
    compare_all
    export -f weaken check
    export folder files compiler prefix here table
    if ! sites | xargs -P "$(nproc)" -L 1 bash -c 'weaken "$0" "$1"' >"$folder/log"; then
        grep 'NOT NOTICED\|cannot\|: $' "$folder/log" || cat "$folder/log"
        exit 1
    fi
    sort -V "$folder/log"
    echo "$(wc -l <"$folder/log") of $(sites | wc -l) were noticed"
    ;;
*)
    compare_all
    ;;
esac
