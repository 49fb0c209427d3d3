#!/bin/bash
# Each public header compiles alone, as C11 and as C++17, without a warning.
set -euo pipefail
include=$1/include cc=$2 cxx=${3:-}
failed=0

compile() {
    local header=$1
    shift
    "$@" -pedantic -Wall -Wextra -Werror -fsyntax-only -I"$include" - <<<"#include <$header>
extern int not_empty;" || {
        echo "<$header> does not compile alone with: $*" >&2
        failed=1
    }
}

for header in "$include"/shmq/*.h; do
    header=shmq/$(basename "$header")
    compile "$header" "$cc" -std=c11 -x c
    [ -z "$cxx" ] || compile "$header" "$cxx" -std=c++17 -x c++
done
exit $failed
