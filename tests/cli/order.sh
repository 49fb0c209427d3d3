source "$(dirname "$0")/lib.sh"

# takes_turns QUEUE LINES   two senders that live all the while send the lines, one by one and in turns
takes_turns() {
    local i to
    mkfifo a b
    "$shmq" send "$1" <a &
    exec 3>a
    "$shmq" send "$1" <b &
    exec 4>b
    for ((i = 1; i <= $2; i++)); do
        to=$((3 + i % 2))
        echo "$i" >&"$to"
        until_true waiting_is "$1" "$i"
    done
    exec 3>&- 4>&-
    wait
}
helpers+=$'\ntakes_turns'

total_order_is_the_order_of_sending_across_all_senders() {
    "$shmq" create --order total --lanes 2 "$q-total"
    takes_turns "$q-total" 30
    expect 0 "$shmq" recv "$q-total"
    seq 1 30 >wanted
    same wanted out
}

lanes_have_no_order_between_them() {
    "$shmq" create --lanes 2 "$q-lanes"
    takes_turns "$q-lanes" 30
    expect 0 "$shmq" recv "$q-lanes"
    sort -n out >sorted
    seq 1 30 >wanted
    same wanted sorted
    ! cmp -s wanted out || fail "there is nothing that --order total has to do"
}

many_senders_at_once_each_keep_their_order() {
    "$shmq" create --order total --lanes 8 --capacity 4K "$q-many"
    "$shmq" recv -c 16000 "$q-many" >got &
    local i
    for i in {1..8}; do
        seq -f "$i %.0f" 1 2000 | "$shmq" send "$q-many" &
    done
    wait
    is "$(wc -l <got)" 16000
    seq 1 2000 >wanted
    for i in {1..8}; do
        awk -v "i=$i" '$1 == i { print $2 }' got >one
        same wanted one
    done
}

a_killed_sender_holds_up_nobody() {
    "$shmq" create --order total --lanes 3 --capacity 64K "$q-killed"
    "$shmq" recv "$q-killed" >got &
    local receiver=$! i
    mkfifo in
    "$shmq" send "$q-killed" <in &
    exec 3>in
    until_true producers_are "$q-killed" 1
    for i in {1..20}; do
        yes noise | "$shmq" send "$q-killed" 3>&- &
        sleep 0.02
        killed $!
        seq -f "$i %.0f" 1 100 | "$shmq" send "$q-killed" 3>&-
    done
    exec 3>&-
    ends 0 "$receiver"
    for i in {1..20}; do
        is "$(awk -v "i=$i" '$1 == i { print $2 }' got | tr '\n' ' ')" "$(seq 1 100 | tr '\n' ' ')"
    done
}

a_paused_sender_keeps_its_lane_and_holds_up_nobody_between_two_records() {
    "$shmq" create --order total --lanes 2 "$q-paused"
    mkfifo in
    "$shmq" send "$q-paused" <in &
    local paused=$!
    exec 3>in
    echo first >&3
    until_true waiting_is "$q-paused" 1
    kill -STOP "$paused"
    seq 1 100 | "$shmq" send "$q-paused"
    expect 0 "$shmq" recv -c 101 -t 20s "$q-paused"
    { echo first && seq 1 100; } >wanted
    same wanted out
    kill -CONT "$paused"
    echo last >&3
    exec 3>&-
    ends 0 "$paused"
    expect 0 "$shmq" recv "$q-paused"
    is "$(cat out)" last
}

end_and_count_and_lane_mean_the_same() {
    "$shmq" create --order total --lanes 2 "$q-same"
    takes_turns "$q-same" 20
    expect 0 "$shmq" recv -c 3 "$q-same"
    is "$(tr '\n' ' ' <out)" "1 2 3 "
    # Which of the two has lane 0 is open; the next two of its lines are 4 and 6, or 5 and 7.
    expect 0 "$shmq" recv -c 2 --from 0 "$q-same"
    local two
    two=$(tr '\n' ' ' <out)
    [[ $two == "4 6 " || $two == "5 7 " ]] || fail "not of one lane: $two"
    expect 0 "$shmq" recv -e "$q-same"
    is "$(tr '\n' ' ' <out)" "$(seq 4 20 | grep -vxF "$(tr ' ' '\n' <<<"${two% }")" | tr '\n' ' ')"
    expect 0 "$shmq" recv -e "$q-same"
    [[ ! -s out ]] || fail "something of an empty queue"
}

the_end_of_one_lane_does_not_wait_for_the_others() {
    "$shmq" create --order total --lanes 2 "$q-one"
    mkfifo in
    "$shmq" send --lane 0 "$q-one" <in &
    exec 3>in
    echo first >&3
    until_true waiting_is "$q-one" 1
    printf 'a\nb\n' | "$shmq" send --lane 1 "$q-one" 3>&-
    expect 0 "$shmq" recv -e --from 0 -t 20s "$q-one" 3>&-
    is "$(cat out)" first
    # Its sender lives, and the records of the other lane wait still.
    expect 0 "$shmq" recv -e --from 0 -t 20s "$q-one" 3>&-
    [[ ! -s out ]] || fail "something of another lane"
    expect 0 "$shmq" recv -e -t 20s "$q-one" 3>&-
    is "$(tr '\n' ' ' <out)" "a b "
}

# byte_set FILE OFFSET BYTE
byte_set() {
    printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
helpers+=$'\nbyte_set'

the_end_waits_for_who_is_in_the_middle_of_sending_and_not_for_who_died_there() {
    "$shmq" create --order total --lanes 2 ./middle
    mkfifo in
    "$shmq" send --lane 0 ./middle <in &
    local paused=$! lanes
    exec 3>in
    until_true producers_are ./middle 1
    # As if it were paused there: it has taken the first number, and not published the record.
    kill -STOP "$paused"
    lanes=$(od -An -t u8 -j 48 -N 8 middle | tr -d ' ')
    byte_set middle $((lanes + 32)) '\1'
    byte_set middle 640 '\1'
    echo second | "$shmq" send --lane 1 ./middle 3>&-
    refused 124 "timed out: no record came" "$shmq" recv -e -t 300ms ./middle 3>&-
    killed "$paused"
    expect 0 "$shmq" recv -e -t 20s ./middle 3>&-
    is "$(cat out)" second
}

the_largest_record_leaves_room_for_its_number() {
    "$shmq" create --order total --capacity 4K "$q-large"
    "$shmq" create --capacity 4K "$q-lane"
    head -c 2040 /dev/zero >large
    expect 0 "$shmq" send --chunk 2032 "$q-large" large
    refused 2 "the largest record of this queue has 2032 bytes" "$shmq" send --chunk 2040 "$q-large" large
    expect 0 "$shmq" send --chunk 2040 "$q-lane" large
    "$shmq" recv "$q-large" >got
    same large got
    "$shmq" recv "$q-lane" >got
    same large got
}

run_facts
