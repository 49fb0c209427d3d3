# A process of Linux and one of Windows at the two ends of one queue, in a file that both can open.
#
#     bash test.sh build/bin/shmq build/tests/test_worlds
#
# WINDOWS_SIDE is side.exe, and WINDOWS_EMULATOR runs it.
source "$(dirname "$0")/../cli/lib.sh"

# in_world WORLD ARGUMENT...   a side of it; the file is one of this folder. In the background its process is $!.
in_world() {
    local world=$1 what=$2 file=$PWD/$3
    shift 3
    if [[ $world == linux ]]; then
        exec "$manual" "$what" "$file" "$@"
    fi
    # shellcheck disable=SC2086
    exec $WINDOWS_EMULATOR "$WINDOWS_SIDE" "$what" "Z:$file" "$@"
}

# said FILE LINE...   what a side has said, whatever ends its lines
said() {
    local file=$1
    shift
    diff -u <(printf '%s\n' "$@") <(tr -d '\r' <"$file") >&2 || fail "$file is not what was to be said"
}

# start FILE WORLD ARGUMENT...   in the background, as $pid, with what it says in FILE
start() {
    rm -f "$1"
    (in_world "${@:2}") >"$1" 2>&1 &
    pid=$!
}

# run FILE WORLD ARGUMENT...   until its end, which is a good one
run() {
    local code=0
    (in_world "${@:2}") >"$1" 2>&1 || code=$?
    [[ $code == 0 ]] || fail "${*:2}: exit code $code: $(cat "$1")"
}

# The other world.
across() {
    [[ $1 == linux ]] && echo windows || echo linux
}

queue() {
    expect 0 "$shmq" create --capacity 4096 "$PWD/$1"
}

# role_is FILE WORLD ROLE WHAT
role_is() {
    local code=0
    (in_world "$2" try "$1" "$3") >tried 2>&1 || code=$?
    said tried "try: $4"
}

role_is_free() {
    (in_world "$2" try "$1" "$3") >tried 2>&1
}

helpers+=$'\nin_world\nsaid\nstart\nrun\nacross\nqueue\nrole_is\nrole_is_free'

both_leave_the_same_bytes() {
    run said.one linux write one
    run said.two windows write two
    said said.two 'write: well'
    expect 0 "$manual" compare "$PWD/one" "$PWD/two"
    # And the comparison can tell.
    printf '\1' | dd of=two bs=1 seek=4100 conv=notrunc status=none
    expect 1 "$manual" compare "$PWD/one" "$PWD/two"
}

each_reads_what_the_other_has_made() {
    run made windows write queue
    expect 0 "$shmq" peek "$PWD/queue"
    grep -q 'th.*ng' out || fail "the typed record is not shown"
    expect 0 "$shmq" status "$PWD/queue"
    grep -q 'all of them' out || fail "the status is not shown"
}

records_pass_at_full_speed_both_ways() {
    local world pid
    for world in linux windows; do
        queue "fast.$world"
        start received "$(across $world)" recv "fast.$world"
        run sent $world send "fast.$world" 50000
        ends 0 "$pid"
        said received 'recv: 50000' 'recv: well'
        said sent 'send: well'
    done
}

records_wake_who_sleeps_both_ways() {
    local world pid
    for world in linux windows; do
        queue "slow.$world"
        start received "$(across $world)" recv "slow.$world"
        run sent $world send "slow.$world" 200 3000
        ends 0 "$pid"
        said received 'recv: 200' 'recv: well'
    done
}

questions_are_answered_in_place_both_ways() {
    local world pid
    for world in linux windows; do
        queue "ask.$world"
        start answered "$(across $world)" answer "ask.$world"
        run asked $world ask "ask.$world" 300
        ends 0 "$pid"
        said asked 'ask: well'
        said answered 'answer: well'
    done
}

role_is_of_one_in_both_worlds_until_its_death() {
    local world role pid
    for world in linux windows; do
        for role in producer consumer; do
            queue "$role.$world"
            start held $world hold "$role.$world" $role
            until_true grep -sq here held
            role_is "$role.$world" linux $role 'in use'
            role_is "$role.$world" windows $role 'in use'
            killed "$pid"
            until_true role_is_free "$role.$world" "$(across $world)" $role
            role_is "$role.$world" $world $role well
        done
    done
}

death_of_the_producer_ends_the_receiving_in_the_other_world() {
    local world pid consumer
    for world in linux windows; do
        queue "die.$world"
        start received "$(across $world)" recv "die.$world"
        consumer=$pid
        start sent $world send "die.$world" 1000000 1000
        until_true has_come "die.$world"
        killed "$pid"
        ends 0 "$consumer"
        grep -q 'recv: well' received || fail "$(cat received)"
    done
}

# At least ten records have come through.
has_come() {
    (($("$shmq" stat "$PWD/$1" | awk '$1 == "received" { print $2 }') >= 10))
}

death_of_the_consumer_is_told_in_the_other_world_and_its_heir_goes_on() {
    local world pid asker
    for world in linux windows; do
        queue "heir.$world"
        start asked "$(across $world)" ask "heir.$world" 1000000000
        asker=$pid
        start answered $world answer "heir.$world"
        until_true has_come "heir.$world"
        killed "$pid"
        ends 1 "$asker"
        said asked 'ask: the other side died'
        # What was asked is still there: a new consumer gets it, though the asker has gone.
        run answered "$(across $world)" answer "heir.$world"
    done
}

status_is_followed_from_the_other_world() {
    local world pid
    for world in linux windows; do
        queue "status.$world"
        start followed "$(across $world)" follow "status.$world"
        until_true grep -sq here followed
        run reported $world report "status.$world"
        ends 0 "$pid"
        said followed 'follow: here' 'follow: done at 10 of 10, code 42, thát is all' 'follow: well'
    done
}

helpers+=$'\nhas_come'

run_facts
