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

# Of Windows: under an emulator, which is Wine, and with other words for what becomes of a process.
windows=
[[ ! -e $programs/consumer.exe ]] || windows=1

# Where names lie.
names=(/dev/shm)
[[ -z $windows ]] || names=("$SHMQ_WINE"/prefix/drive_c/users/*/AppData/Local/shmq)

# wrapped NAME COMMAND...   the path of a script that runs it
wrapped() {
    local script=$PWD/$1.run
    printf '#!/bin/bash\nexec %s "$@"\n' "${*:2}" >"$script"
    chmod +x "$script"
    echo "$script"
}

# The command likewise.
[[ $shmq != *.exe ]] || shmq=$(cd "$work" && wrapped shmq "$EXAMPLES_EMULATOR" "$(printf %q "$shmq")")

# example NAME   the path of a program, or of a script that runs it under the emulator
example() {
    local path=$programs/$1
    [[ -z $windows ]] || path+=.exe
    if [[ -n ${EXAMPLES_EMULATOR:-} ]]; then
        path=$(wrapped "$1" "$EXAMPLES_EMULATOR" "$(printf %q "$path")")
    fi
    echo "$path"
}

# given NAME   the path of a program as P is told it, to start that itself: an example, true or false
given() {
    local path=$programs/$1
    if [[ -n $windows ]]; then
        [[ $1 != true && $1 != false ]] || path=$(dirname "$programs")/$1
        echo "Z:$path.exe"
    elif [[ $1 == true || $1 == false ]]; then
        echo "/bin/$1"
    else
        example "$1"
    fi
}

# watched NAME   as given, of one whose process and exit code are asked for: NAME.pid and NAME.code, where a script can be
# in between
watched() {
    if [[ -n $windows ]]; then
        given "$1"
        return
    fi
    printf '#!/bin/bash\n%q "$@" &\necho $! >%q.pid\nwait $! 2>/dev/null\necho $? >%q.code\n' "$(example "$1")" "$PWD/$1" "$PWD/$1" \
        >"$1.watched"
    chmod +x "$1.watched"
    echo "$PWD/$1.watched"
}

# process_of NAME QUEUE   the process of a watched program
process_of() {
    if [[ -n $windows ]]; then
        pgrep -f "[/\\\\]$1\\.exe\"? \"?$2\"?( |\$)"
    else
        cat "$1.pid"
    fi
}

# has_ended NAME QUEUE
has_ended() {
    if [[ -n $windows ]]; then
        ! process_of "$1" "$2" >/dev/null
    else
        [[ -s $1.code ]]
    fi
}

# says FILE   what is on standard input, and nothing else
says() {
    diff -u --label wanted --label "$1" - "$1" >&2 || fail "$1 is not what was to be said"
}

# not_started NAME [ARGUMENT...]   P is told that there is no such program
not_started() {
    local nothing=$PWD/nothing
    [[ -n $windows || -z ${EXAMPLES_EMULATOR:-} ]] ||
        skip "an emulator may start a program before it knows that there is none"
    [[ -z $windows ]] || nothing=Z:$nothing
    expect 1 "$(example producer)" "$1" "$nothing" "${@:2}"
    if [[ -n $windows ]]; then
        grep -q "^P: $nothing: [[:print:]]" err || fail "it does not say what it cannot start"
    else
        says err <<<"P: $nothing: No such file or directory"
    fi
    nothing_left "$1"
}

# nothing_left NAME   no memory of this name, nor of one that begins with it
nothing_left() {
    local left
    left=$(find "${names[@]}" -name "*$1*")
    [[ -z $left ]] || fail "left behind: $left"
}

helpers+=$'\nwrapped\nexample\ngiven\nwatched\nprocess_of\nhas_ended\nsays\nnot_started\nnothing_left'
