# What the tests of the scenarios have in common; ../cli/lib.sh tells the rest.
#
#     source "$(dirname "$0")/../lib.sh"
#     facts, each a function
#     run_facts
source "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"

programs=$manual # the second argument: where they were built
ulimit -c 0
# A program is to die of its signal, as it would without a sanitizer.
export ASAN_OPTIONS=$ASAN_OPTIONS:handle_segv=0

# example NAME   the path of a program, or of a script that runs it under the emulator
example() {
    local path=$programs/$1
    if [[ -n ${EXAMPLES_EMULATOR:-} ]]; then
        printf '#!/bin/bash\nexec %s %q "$@"\n' "$EXAMPLES_EMULATOR" "$path" >"$1.run"
        chmod +x "$1.run"
        path=$PWD/$1.run
    fi
    echo "$path"
}

# watched NAME   the path of a script that runs it, and leaves its process in NAME.pid and its exit code in NAME.code
watched() {
    printf '#!/bin/bash\n%q "$@" &\necho $! >%q.pid\nwait $! 2>/dev/null\necho $? >%q.code\n' "$(example "$1")" "$PWD/$1" "$PWD/$1" \
        >"$1.watched"
    chmod +x "$1.watched"
    echo "$PWD/$1.watched"
}

# says FILE   what is on standard input, and nothing else
says() {
    diff -u --label wanted --label "$1" - "$1" >&2 || fail "$1 is not what was to be said"
}

# not_started NAME [ARGUMENT...]   P is told that there is no such program
not_started() {
    [[ -z ${EXAMPLES_EMULATOR:-} ]] || skip "an emulator may start a program before it knows that there is none"
    expect 1 "$(example producer)" "$1" "$PWD/nothing" "${@:2}"
    says err <<<"P: $PWD/nothing: No such file or directory"
    nothing_left "$1"
}

# nothing_left NAME   no memory of this name, nor of one that begins with it
nothing_left() {
    local left
    left=$(find /dev/shm -name "shmq.*.$1*")
    [[ -z $left ]] || fail "left behind: $left"
}

helpers+=$'\nexample\nwatched\nsays\nnot_started\nnothing_left'
