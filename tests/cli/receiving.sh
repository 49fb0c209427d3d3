source "$(dirname "$0")/lib.sh"

filled() {
    "$shmq" create "$1"
    seq 1 "$2" | "$shmq" send "$1"
}
helpers+=$'\nfilled'

a_count_is_exact() {
    filled "$q-count" 1000
    expect 0 "$shmq" recv -c 3 "$q-count"
    seq 1 3 >wanted
    same wanted out
    is "$(waiting "$q-count")" 997
    expect 0 "$shmq" recv --count 1 "$q-count"
    is "$(cat out)" 4
    expect 0 "$shmq" recv -c 996 "$q-count"
    is "$(wc -l <out)" 996
    is "$(waiting "$q-count")" 0
}

a_count_waits_for_the_next_producer() {
    filled "$q-next" 2
    "$shmq" recv -c 3 "$q-next" >got &
    until_true test -s got
    echo 3 | "$shmq" send "$q-next"
    ends 0 $!
    seq 1 3 >wanted
    same wanted got
}

a_count_with_end_takes_what_there_is() {
    filled "$q-up-to" 2
    expect 0 "$shmq" recv -c 5 -e "$q-up-to"
    is "$(wc -l <out)" 2
    filled "$q-up-to-2" 9
    expect 0 "$shmq" recv -c 5 -e "$q-up-to-2"
    is "$(wc -l <out)" 5
    is "$(waiting "$q-up-to-2")" 4
}

the_end_is_that_of_the_start() {
    filled "$q-end" 1000
    expect 0 "$shmq" recv -e "$q-end"
    is "$(wc -l <out)" 1000
    expect 0 "$shmq" recv --end "$q-end"
    [[ ! -s out ]] || fail "something of an empty queue"
}

the_end_comes_while_a_producer_goes_on() {
    "$shmq" create --capacity 64K "$q-on"
    yes | "$shmq" send "$q-on" 2>err-send &
    until_true producer_waits
    "$shmq" recv -e "$q-on" >got
    [[ -s got ]] || fail "nothing received"
    # What was there when it started is at most the ring; the producer went on to send.
    (($(wc -l <got) <= 65536 / 16)) || fail "more than was there"
    kill %1
    wait
}

producer_waits() {
    (($("$shmq" stat "$q-on" | awk '$1 == "full" { print $2 }') > 0))
}
helpers+=$'\nproducer_waits'

the_end_is_of_every_lane() {
    "$shmq" create --lanes 3 --capacity 4K "$q-lanes"
    mkfifo in
    exec 3<>in
    local i pids=()
    for i in 1 2; do
        "$shmq" send "$q-lanes" <in &
        pids+=($!)
    done
    until_true two_producers
    seq 1 50 | "$shmq" send "$q-lanes"
    echo another >in
    until_true fifty_one
    expect 0 "$shmq" recv -e "$q-lanes"
    is "$(wc -l <out)" 51
    kill "${pids[@]}"
    wait
}

two_producers() {
    [[ $("$shmq" stat "$q-lanes" | awk '/^LANE/ { lanes = 1; next } lanes && $2 != "-"' | wc -l) == 2 ]]
}

fifty_one() {
    [[ $(waiting "$q-lanes") == 51 ]]
}
helpers+=$'\ntwo_producers\nfifty_one'

without_options_it_ends_with_the_producer() {
    filled "$q-plain" 10
    expect 0 "$shmq" recv "$q-plain"
    is "$(wc -l <out)" 10
}

the_end_of_one_producer_does_not_end_who_waits_for_the_next() {
    "$shmq" create "$q-each"
    local i
    for i in {1..100}; do
        { sleep 0.003 && echo "$i"; } | "$shmq" send "$q-each" &
        is "$("$shmq" recv "$q-each")" "$i"
        ends 0 $!
    done
}

without_options_it_waits_for_the_first_producer() {
    "$shmq" create "$q-first"
    "$shmq" recv "$q-first" >got &
    until_true consumer_is_here "$q-first"
    seq 1 1000 | "$shmq" send "$q-first"
    ends 0 $!
    is "$(wc -l <got)" 1000
}

it_does_not_end_while_one_of_two_producers_lives() {
    "$shmq" create --lanes 2 "$q-two"
    mkfifo in
    "$shmq" send "$q-two" <in &
    exec 3>in
    until_true producers_are "$q-two" 1
    "$shmq" recv "$q-two" >got 3>&- &
    local consumer=$!
    echo one | "$shmq" send "$q-two" 3>&-
    until_true test -s got
    echo two >&3
    exec 3>&-
    ends 0 "$consumer"
    is "$(tr '\n' ' ' <got)" "one two "
}

a_killed_producer_is_a_finished_one() {
    "$shmq" create "$q-killed"
    mkfifo in
    "$shmq" send "$q-killed" <in &
    local producer=$!
    exec 3>in
    echo one >&3
    "$shmq" recv "$q-killed" >got 2>told 3>&- &
    local consumer=$!
    until_true test -s got
    killed "$producer"
    ends 0 "$consumer"
    is "$(cat got)" one
    is "$(cat told)" "shmq: recv '$q-killed': process $producer, which sent through lane 0, died; what it had sent is received"
    # Told once, and only of who died.
    echo two | "$shmq" send "$q-killed"
    expect 0 "$shmq" recv "$q-killed"
    [[ ! -s err ]] || fail "the next one did not die"
}

a_timeout_is_124_and_none_to_wait_is_4() {
    "$shmq" create "$q-time"
    refused 124 "timed out: no record came" "$shmq" recv --timeout 10ms "$q-time"
    refused 124 "timed out" "$shmq" recv -t 0.01 -c 1 "$q-time"
    refused 4 "empty" "$shmq" recv -t 0 "$q-time"
    refused 4 "empty" "$shmq" recv -t 0 -c 1 "$q-time"
    seq 1 3 | "$shmq" send "$q-time"
    expect 0 "$shmq" recv -t 0 "$q-time"
    is "$(wc -l <out)" 3
    seq 1 3 | "$shmq" send "$q-time"
    expect 4 "$shmq" recv -t 0 -c 5 "$q-time"
    is "$(wc -l <out)" 3
    seq 1 3 | "$shmq" send "$q-time"
    expect 0 "$shmq" recv -t 0 -c 3 "$q-time"
    seq 1 3 | "$shmq" send "$q-time"
    expect 124 "$shmq" recv -t 10ms -c 5 "$q-time"
    is "$(wc -l <out)" 3
}

one_consumer_at_a_time() {
    "$shmq" create "$q-one"
    "$shmq" recv "$q-one" &
    until_true consumer_is_here "$q-one"
    refused 1 "process $! (shmq) receives from it already (take over from it with --wait)" "$shmq" recv "$q-one"
    killed $!
    refused 4 "empty" "$shmq" recv -t 0 "$q-one"
}

run_facts
