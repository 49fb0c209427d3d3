source "$(dirname "$0")/lib.sh"

# senders QUEUE COUNT LINES   each sends "sender line" for so many lines, all at once
senders() {
    local i
    for ((i = 1; i <= $2; i++)); do
        seq -f "$i %.0f" 1 "$3" | "$shmq" send "$1" &
    done
}

# whole_and_in_order FILE COUNT LINES   what all senders sent, each in its order
whole_and_in_order() {
    local i
    is "$(wc -l <"$1")" $(($2 * $3))
    seq 1 "$3" >wanted
    for ((i = 1; i <= $2; i++)); do
        awk -v "i=$i" '$1 == i { print $2 }' "$1" >one
        same wanted one
    done
}

# held QUEUE COUNT   starts senders that keep their lanes until descriptor 3 is closed; their ids are in pids
held() {
    local i
    mkfifo held
    exec 3<>held
    pids=()
    for ((i = 0; i < $2; i++)); do
        "$shmq" send "$1" <held &
        pids+=($!)
        until_true producers_are "$1" $((i + 1))
    done
}

is_paused() {
    grep -q '^State:.T' "/proc/$1/status"
}
helpers+=$'\nsenders\nwhole_and_in_order\nheld\nis_paused'

several_senders_at_once_each_keep_their_order() {
    "$shmq" create --lanes 8 --capacity 4K "$q-many"
    "$shmq" recv --wait -c 40000 "$q-many" >got &
    senders "$q-many" 8 5000
    wait
    whole_and_in_order got 8 5000
}

senders_come_and_go_while_the_receiver_stays() {
    "$shmq" create --lanes 3 "$q-turns"
    "$shmq" recv -c 20000 "$q-turns" >got &
    # More than there are lanes at a time: each waits for its turn.
    seq 1 20 | xargs -P 8 -I{} bash -c 'seq -f "{} %.0f" 1 1000 | "$0" send --wait "$1"' "$shmq" "$q-turns"
    ends 0 $!
    whole_and_in_order got 20 1000
}

who_finds_no_lane_is_told_who_has_them() {
    "$shmq" create --lanes 3 "$q-busy"
    held "$q-busy" 3
    kill -STOP "${pids[1]}"
    until_true is_paused "${pids[1]}"
    refused 4 "send '$q-busy': all 3 lanes have a producer: ${pids[0]} (shmq), ${pids[1]} (shmq, paused), ${pids[2]} (shmq)" \
        "$shmq" send "$q-busy"
    grep -qF 'more lanes: shmq create --lanes' err || fail "no way out"
    killed "${pids[1]}"
    echo in | "$shmq" send "$q-busy"
    is "$("$shmq" recv -c 1 "$q-busy" 3>&-)" in
    "$shmq" create "$q-only"
    "$shmq" send "$q-only" <held &
    until_true producers_are "$q-only" 1
    refused 4 "its only lane has a producer: $! (shmq)" "$shmq" send "$q-only"
}

of_very_many_the_first_are_told() {
    "$shmq" create --lanes 10 --capacity 4K "$q-ten"
    held "$q-ten" 10
    refused 4 "${pids[7]} (shmq) and 2 more" "$shmq" send "$q-ten"
}

a_lane_can_be_chosen() {
    "$shmq" create --lanes 3 "$q-choice"
    echo one | "$shmq" send --lane 2 "$q-choice"
    is "$("$shmq" recv -f '%l %s' "$q-choice")" "2 one"
    mkfifo in
    "$shmq" send --lane 1 "$q-choice" <in &
    exec 3>in
    until_true producers_are "$q-choice" 1
    refused 4 "lane 1 has a producer: $! (shmq)" "$shmq" send --lane 1 "$q-choice"
    refused 2 "no lane 3: it has lanes 0 to 2" "$shmq" send --lane 3 "$q-choice"
    refused 2 "'256' is not within 0 .. 255" "$shmq" send --lane 256 "$q-choice"
    echo two | "$shmq" send --lane 0 "$q-choice"
    "$shmq" create "$q-single"
    refused 2 "no lane 1: it has lane 0 only" "$shmq" send --lane 1 "$q-single"
}

who_waits_gets_the_lane_of_who_ends() {
    "$shmq" create "$q-next"
    held "$q-next" 1
    refused 124 "timed out: waiting for a free lane" "$shmq" send --wait --timeout 20ms "$q-next"
    echo next | "$shmq" send --wait "$q-next" 3>&- &
    killed "${pids[0]}"
    ends 0 $!
    is "$("$shmq" recv "$q-next" 3>&-)" next
}

waiting_for_the_queue_ends_when_it_is_there() {
    refused 3 "no such queue" "$shmq" send "$q-later"
    refused 3 "no such queue" "$shmq" recv "$q-later"
    refused 124 "timed out: waiting for the queue" "$shmq" recv --wait -t 20ms "$q-later"
    refused 124 "timed out: waiting for the queue" "$shmq" send --wait -t 0 "$q-later"
    "$shmq" recv --wait "$q-later" >got &
    local receiver=$!
    seq 1 100 | "$shmq" send --wait "$q-later" &
    "$shmq" create "$q-later"
    ends 0 $!
    ends 0 "$receiver"
    is "$(wc -l <got)" 100
}

who_waits_takes_over_from_a_receiver() {
    "$shmq" create "$q-heir"
    "$shmq" recv "$q-heir" >first &
    local first=$!
    until_true consumer_is_here "$q-heir"
    refused 124 "timed out: waiting for the other consumer to end" "$shmq" recv --wait -t 20ms "$q-heir"
    "$shmq" recv --wait "$q-heir" >second &
    killed "$first"
    seq 1 100 | "$shmq" send "$q-heir"
    ends 0 $!
    is "$(wc -l <second)" 100
    [[ ! -s first ]] || fail "the dead one received"
}

waiting_ends_with_a_signal() {
    program recv --wait "$q-never" 2>err &
    local waiter=$!
    until_true grep -q shmq "/proc/$waiter/comm"
    sleep 0.05
    kill -INT "$waiter"
    ends 130 "$waiter"
    [[ ! -s err ]] || fail "it said something"
}

from_receives_one_lane_and_leaves_the_others() {
    "$shmq" create --lanes 3 "$q-from"
    local i
    for i in 0 1 2; do
        seq -f "$i %.0f" 1 10 | "$shmq" send --lane "$i" "$q-from"
    done
    expect 0 "$shmq" recv --from 1 "$q-from"
    is "$(cut -d ' ' -f 1 out | sort -u)" 1
    is "$(wc -l <out)" 10
    is "$(waiting "$q-from")" 20
    expect 0 "$shmq" recv -e --from 1 "$q-from"
    [[ ! -s out ]] || fail "of another lane"
    refused 4 "empty" "$shmq" recv -t 0 --from 1 "$q-from"
    expect 0 "$shmq" recv -e --from 2 "$q-from"
    is "$(wc -l <out)" 10
    refused 2 "no lane 3: it has lanes 0 to 2" "$shmq" recv --from 3 "$q-from"
    expect 0 "$shmq" recv "$q-from"
    is "$(cut -d ' ' -f 1 out | sort -u)" 0
}

run_facts
