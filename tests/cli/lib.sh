# What the tests of the command have in common.
#
#     source "$(dirname "$0")/lib.sh"
#     an_empty_line_is_a_record() {
#         ...
#     }
#     run_facts
#
# Every function of a script states a fact; each runs in a shell of its own, with set -eu, in a folder of its own.

shmq=$(realpath "$1")
manual=${2:-}
unset NO_COLOR
q=test-cli-$$-$RANDOM # begins the name of every queue here
work=$(mktemp -d)
helpers=

clean_up() {
    local name
    "$shmq" ls --no-headings 2>/dev/null | awk '{ print $1 }' | grep -F -e "$q" | while read -r name; do
        "$shmq" rm -f "$name"
    done
    rm -rf "$work"
}
trap clean_up EXIT

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

# ended PID   its exit code, as the shell tells it
ended() {
    local code=0
    wait "$1" || code=$?
    echo "$code"
}

run_facts() {
    local fact code failed=0 passed=0
    for fact in $(declare -F | awk '{ print $3 }' | grep -vxF "$helpers"); do
        mkdir "$work/$fact"
        (
            set -euo pipefail
            cd "$work/$fact"
            "$fact"
        )
        code=$?
        case $code in
        0) passed=$((passed + 1)) && echo "ok      $fact" ;;
        77) echo "skipped $fact" ;;
        *) failed=$((failed + 1)) && echo "FAILED  $fact" ;;
        esac
    done
    ((failed == 0)) || exit 1
    ((passed > 0)) || exit 77
}

helpers=$(declare -F | awk '{ print $3 }')
