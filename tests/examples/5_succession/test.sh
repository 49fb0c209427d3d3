source "$(dirname "$0")/../lib.sh"

# begun NAME   P and C are at work: their processes are in $producer and consumer.pid, what they say in out and err
begun() {
    "$(example producer)" "$1" "$(watched consumer)" >out 2>err &
    producer=$!
    if [[ -n $windows ]]; then # where processes have other numbers
        until_true grep -sqxE "P: C has begun; now kill me: taskkill /f /pid [0-9]+" out
    else
        until_true grep -sqxF "P: C has begun; now kill me: kill -9 $producer" out
    fi
}

# What it says at its end, it says only then.
consumer_ended_well() {
    until_true has_ended consumer "$1"
    [[ -n $windows ]] || is "$(cat consumer.code)" 0
    grep -qx 'C: all tasks are done, and there is no producer any more' out || fail "the consumer has not ended well"
}

result='S: "overwritten by C" 10 20 30 40 50 60 70 80 done'
helpers+=$'\nbegun\nconsumer_ended_well'

consumer_completes_without_its_producer_and_a_successor_reads_the_result() {
    local producer
    begun "$q-dies"
    kill -9 "$producer"
    ends 137 "$producer"
    consumer_ended_well "$q-dies"
    grep -v '^P:' out >consumer.out
    says consumer.out <<'END'
C: read "written by P"
C: P is dead
C: all tasks are done, and there is no producer any more
END
    says err </dev/null
    expect 0 "$(example successor)" "$q-dies"
    says out <<<"$result"
    says err </dev/null
    nothing_left "$q-dies"
}

successor_waits_for_a_consumer_that_is_not_done() {
    local producer successor
    begun "$q-early"
    kill -s STOP "$(process_of consumer "$q-early")"
    killed "$producer"
    "$(example successor)" "$q-early" >result 2>err.successor &
    successor=$!
    until_true producers_are "$q-early" 1
    says result </dev/null
    kill -s CONT "$(process_of consumer "$q-early")"
    ends 0 "$successor"
    consumer_ended_well "$q-early"
    says result <<<"$result"
    says err </dev/null
    nothing_left "$q-early"
}

consumer_that_dies_too_leaves_the_task_to_the_next_one() {
    local producer
    begun "$q-both"
    kill -s STOP "$(process_of consumer "$q-both")"
    killed "$producer"
    kill -9 "$(process_of consumer "$q-both")"
    until_true has_ended consumer "$q-both"
    refused 1 "the other side died" "$(example successor)" "$q-both"
    expect 0 "$(example consumer)" "$q-both"
    expect 0 "$(example successor)" "$q-both"
    says out <<<"$result"
    nothing_left "$q-both"
}

consumer_that_never_begins_is_noticed() {
    refused 1 "the other side died" "$(example producer)" "$q-never" "$(given true)"
    nothing_left "$q-never"
}

consumer_that_cannot_be_started_is_told() {
    not_started "$q-none"
}

producer_that_outlives_its_consumer_ends() {
    local producer
    begun "$q-outlives"
    kill -9 "$(process_of consumer "$q-outlives")"
    ends 1 "$producer"
    nothing_left "$q-outlives"
}

successor_of_nobody_finds_nothing() {
    refused 1 "no such name" "$(example successor)" "$q-nobody"
}

run_facts
