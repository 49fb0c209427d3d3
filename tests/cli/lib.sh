# What the tests of the command have in common.
#
#     source "$(dirname "$0")/lib.sh"
#     an_empty_line_is_a_record() {
#         ...
#     }
#     run_facts
#
# Every function of a script states a fact; each runs in a process group of its own, with set -eu, in a folder of its
# own. One that hangs is ended after a minute, and whatever it left running with it. A third argument runs one fact:
#
#     bash framing.sh build/bin/shmq build/share/man/man1/shmq.1 an_empty_line_is_a_record

shmq=$(realpath "$1")
manual=${2:+$(realpath "$2")}
only=${3:-}
script=$(realpath "$0")
unset NO_COLOR
[[ -n ${TEST_CLI_WORK:-} ]] || unset TEST_CLI_OWN_SHM
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_sigbus=0
q=${TEST_CLI_PREFIX:-test-cli-$$-$RANDOM} # begins the name of every queue here
work=${TEST_CLI_WORK:-$(mktemp -d)}
running= # the process group of a fact
helpers=

# A program for another machine runs under the emulator that is named.
if [[ -n ${TEST_CLI_EMULATOR:-} && -z ${TEST_CLI_WORK:-} ]]; then
    printf '#!/bin/sh\nexec %s %q "$@"\n' "$TEST_CLI_EMULATOR" "$shmq" >"$work/shmq"
    chmod +x "$work/shmq"
    shmq=$work/shmq
fi

clean_up() {
    local name
    [[ -z $running ]] || kill -9 -- "-$running" 2>/dev/null
    [[ -z ${TEST_CLI_WORK:-} ]] || return 0
    timeout 30 "$shmq" ls --no-headings 2>/dev/null | awk '{ print $1 }' | grep -F -e "$q" | while read -r name; do
        timeout 30 "$shmq" rm -f "$name"
    done
    rm -f /dev/shm/shmq.*."$q"* # what another user has, or what is not a queue any more
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
    echo "    $*" >&2
    [[ ! -s out ]] || head -c 1000 out | sed 's/^/    out: /' >&2
    [[ ! -s err ]] || head -c 1000 err | sed 's/^/    err: /' >&2
    exit 1
}

# The machine cannot do what this fact needs.
skip() {
    echo "    skipped: $*" >&2
    exit 77
}

# expect CODE COMMAND...   runs it with its output in the files out and err
expect() {
    local wanted=$1 code=0
    shift
    "$@" >out 2>err || code=$?
    [[ $code == "$wanted" ]] || fail "exit code $code and not $wanted: $*"
}

# refused CODE TEXT COMMAND...   as expect; there is one line on standard error, TEXT in it, and nothing else
refused() {
    local code=$1 text=$2
    shift 2
    expect "$code" "$@" </dev/null
    grep -qF -e "$text" err || fail "the message has no '$text'"
    [[ $(wc -l <err) == 1 ]] || fail "not one line: $*"
    [[ ! -s out ]] || fail "something on standard output: $*"
}

same() {
    cmp "$1" "$2" >&2 || fail "$1 and $2 differ"
}

is() {
    [[ $1 == "$2" ]] || fail "'$1' and not '$2'"
}

# How many records wait in a queue.
waiting() {
    "$shmq" stat "$1" | awk '$1 == "waiting" { print $2 }'
}

# own_shm OPTIONS   the rest of this fact has a /dev/shm of its own, a tmpfs mounted with these options
own_shm() {
    local mount='mount -t tmpfs -o "$1" shmq /dev/shm && exec bash "${@:2}"'
    [[ -z ${TEST_CLI_OWN_SHM:-} ]] || return 0
    unshare -m true 2>/dev/null && unshare -m bash -c 'mount -t tmpfs -o size=1M shmq /dev/shm' 2>/dev/null ||
        skip "no mounts of our own"
    TEST_CLI_OWN_SHM=1 exec unshare -m bash -c "$mount" - "$1" "$script" "$shmq" "$manual" "$only"
}

consumer_is_here() {
    local text
    text=$("$shmq" stat "$1") && ! grep -q '^consumer *none' <<<"$text"
}

# How many lanes of a queue have a producer that lives.
producers() {
    "$shmq" stat "$1" | awk '/^LANE/ { lanes = 1; next } lanes && ($3 == "alive" || $3 == "paused")' | wc -l
}

producers_are() {
    [[ $(producers "$1") == "$2" ]]
}

waiting_is() {
    [[ $(waiting "$1") == "$2" ]]
}

has_been_full() {
    (($("$shmq" stat "$1" | awk '$1 == "full" { print $2 }') > 0))
}

# until_true COMMAND...   without a limit of its own: the watchdog has one
until_true() {
    until "$@"; do
        sleep 0.02
    done
}

# program ARGUMENT...   the command as a person's shell starts it: a script's background jobs ignore Ctrl-C
program() {
    exec env --default-signal=INT,TERM,HUP,PIPE "$shmq" "$@"
}

# ended PID   sets code to its exit code, as the shell tells it. Not for $(...): another shell has other children.
ended() {
    code=0
    wait "$1" 2>/dev/null || code=$?
}

# ends CODE PID
ends() {
    local code
    ended "$2"
    [[ $code == "$1" ]] || fail "process $2 ended with $code and not $1"
}

# killed PID   at once, and it is gone when this returns
killed() {
    local code
    kill -9 "$1"
    ended "$1"
}

# run_fact NAME   in a process group of its own, that of timeout. Sets code.
run_fact() {
    mkdir -p "$work/$1"
    TEST_CLI_PREFIX=$q TEST_CLI_WORK=$work \
        timeout -s KILL "${TEST_CLI_LIMIT:-60}" bash "$script" "$shmq" "$manual" "$1" </dev/null &
    running=$!
    ended "$running"
    kill -9 -- "-$running" 2>/dev/null
    running=
}

run_facts() {
    local fact code failed=0 passed=0
    if [[ -n ${TEST_CLI_WORK:-} ]]; then
        trap - EXIT INT TERM
        set -Eeuo pipefail
        trap 'echo "    line $LINENO: $BASH_COMMAND" >&2' ERR
        cd "$work/$only"
        "$only"
        exit 0
    fi
    for fact in ${only:-$(declare -F | awk '{ print $3 }' | grep -vxF -e "$helpers")}; do
        run_fact "$fact"
        case $code in
        0) passed=$((passed + 1)) && echo "ok      $fact" ;;
        77) echo "skipped $fact" ;;
        137) failed=$((failed + 1)) && echo "FAILED  $fact: it hung" ;;
        *) failed=$((failed + 1)) && echo "FAILED  $fact" ;;
        esac
    done
    ((failed == 0)) || exit 1
    ((passed > 0)) || exit 77
}

helpers=$(declare -F | awk '{ print $3 }')
