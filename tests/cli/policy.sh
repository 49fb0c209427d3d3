source "$(dirname "$0")/lib.sh"

dropped() {
    "$shmq" stat "$1" | awk '$1 == "dropped" { print $2 }'
}
helpers+=$'\ndropped'

waiting_is_what_it_does_by_itself() {
    local policy
    "$shmq" create --capacity 4K "$q-wait"
    seq 1 10000 >lines
    for policy in '' '--policy wait'; do
        # shellcheck disable=SC2086
        "$shmq" send $policy "$q-wait" lines &
        until_true has_been_full "$q-wait"
        expect 0 "$shmq" recv "$q-wait"
        same lines out
        ends 0 $!
    done
}

fail_gives_up_at_once_and_what_was_sent_stays() {
    "$shmq" create --capacity 4K "$q-fail"
    seq 1 10000 >lines
    refused 4 "send '$q-fail': full (receive from it, or wait with --policy wait)" "$shmq" send --policy fail "$q-fail" lines
    local there
    there=$(waiting "$q-fail")
    expect 0 "$shmq" recv "$q-fail"
    seq 1 "$there" >wanted
    same wanted out
    seq 1 10 | "$shmq" send --policy fail "$q-fail"
    expect 0 "$shmq" recv "$q-fail"
    is "$(wc -l <out)" 10
}

drop_drops_the_newest_and_counts_them() {
    "$shmq" create --capacity 4K "$q-drop"
    seq 1 10000 >lines
    expect 4 "$shmq" send --policy drop "$q-drop" lines
    local there
    there=$(waiting "$q-drop")
    is "$(cat err)" "shmq: send '$q-drop': dropped $((10000 - there)) records for want of room, and sent $there"
    is "$(dropped "$q-drop")" $((10000 - there))
    expect 0 "$shmq" recv "$q-drop"
    seq 1 "$there" >wanted
    same wanted out
    seq 1 300 >lines
    expect 4 "$shmq" send -q -p drop "$q-drop" lines
    [[ ! -s err ]] || fail "it is not quiet"
}

where_nothing_has_to_be_dropped_nothing_is() {
    "$shmq" create "$q-room"
    seq 1 10000 >lines
    expect 0 "$shmq" send --policy drop "$q-room" lines
    [[ ! -s err ]] || fail "it said something"
    is "$(dropped "$q-room")" 0
    expect 0 "$shmq" recv "$q-room"
    same lines out
}

chunks_and_prefixed_records_are_dropped_whole() {
    "$shmq" create --capacity 4K "$q-chunk"
    seq 1 10000 >lines
    head -c 10000 lines >bytes
    # Three of 1 KiB find room in 4 KiB, with their headers; so does the small rest.
    expect 4 "$shmq" send --policy drop --chunk 1K "$q-chunk" bytes
    grep -qF 'dropped 6 records for want of room, and sent 4' err || fail "other numbers"
    expect 0 "$shmq" recv "$q-chunk"
    { head -c 3072 bytes && tail -c 784 bytes; } >wanted
    same wanted out
    "$shmq" create --capacity 4K "$q-prefixed"
    local i
    for i in 1 2 3 4; do
        printf '\0\4\0\0' && head -c 1024 /dev/zero | tr '\0' "$i"
    done >prefixed
    expect 4 "$shmq" send --policy drop --length-prefixed "$q-prefixed" prefixed
    grep -qF 'dropped 1 record for want of room, and sent 3' err || fail "other numbers"
    expect 0 "$shmq" recv --length-prefixed "$q-prefixed"
    head -c $((3 * 1028)) prefixed >wanted
    same wanted out
}

what_is_received_and_what_is_dropped_is_all() {
    "$shmq" create --capacity 4K "$q-sum"
    "$shmq" recv "$q-sum" >got &
    local receiver=$!
    until_true consumer_is_here "$q-sum"
    seq 1 200000 >lines
    local code=0
    "$shmq" send --policy drop "$q-sum" lines 2>err || code=$?
    ends 0 "$receiver"
    is $(($(wc -l <got) + $(dropped "$q-sum"))) 200000
    # In their order, each once.
    sort -nuc got || fail "out of order"
    is "$code" "$(($(dropped "$q-sum") > 0 ? 4 : 0))"
}

the_death_of_a_receiver_is_told_once_and_the_next_is_waited_for() {
    "$shmq" create --capacity 4K "$q-heir"
    mkfifo slow
    "$shmq" recv "$q-heir" >slow &
    local first=$!
    exec 3<slow
    until_true consumer_is_here "$q-heir"
    seq 1 100000 >lines
    "$shmq" send "$q-heir" lines 2>err &
    local sender=$!
    until_true has_been_full "$q-heir"
    [[ ! -s err ]] || fail "it said something of somebody who lives"
    kill -STOP "$first"
    sleep 0.3
    [[ ! -s err ]] || fail "paused is not dead"
    killed "$first"
    until_true test -s err
    sleep 0.5
    expect 0 "$shmq" recv "$q-heir" 3<&-
    ends 0 "$sender"
    # The file err is that of expect by now.
    is "$(tail -n 1 out)" 100000
}

a_death_is_told_once_with_who_it_was() {
    "$shmq" create --capacity 4K "$q-died"
    "$shmq" recv "$q-died" >slow &
    local receiver=$! quiet
    until_true consumer_is_here "$q-died"
    killed "$receiver"
    seq 1 10000 >lines
    "$shmq" send "$q-died" lines 2>told &
    local sender=$!
    until_true test -s told
    # Some looks later there is still one line.
    sleep 0.7
    is "$(cat told)" "shmq: send '$q-died': process $receiver, which received from it, died; waiting for the next one"
    expect 0 "$shmq" recv "$q-died"
    same lines out
    ends 0 "$sender"
    is "$(wc -l <told)" 1
}

where_the_wait_is_over_because_of_a_death_that_is_6() {
    "$shmq" create --capacity 4K "$q-orphan"
    seq 1 10000 >lines
    refused 124 "timed out: it stayed full" "$shmq" send -t 10ms "$q-orphan" lines
    "$shmq" recv -c 1000000 "$q-orphan" >/dev/null &
    until_true waiting_is "$q-orphan" 0
    killed $!
    expect 6 "$shmq" send -t 10ms "$q-orphan" lines
    is "$(tail -n 1 err)" \
        "shmq: send '$q-orphan': timed out: it stayed full, because process $!, which received from it, died"
    expect 6 "$shmq" send -q -t 10ms "$q-orphan" lines
    is "$(wc -l <err)" 1
    # A consumer that has closed it is not a dead one.
    expect 0 "$shmq" recv "$q-orphan"
    refused 124 "timed out: it stayed full" "$shmq" send -t 10ms "$q-orphan" lines
}

what_does_not_go_together_is_refused() {
    refused 2 "--policy: 'block' is not wait, fail or drop" "$shmq" send --policy block "$q-x"
    refused 2 "--timeout goes with --policy wait (or with --wait)" "$shmq" send --policy drop --timeout 1s "$q-x"
    refused 2 "--timeout goes with --policy wait" "$shmq" send --policy fail --timeout 1s "$q-x"
    refused 124 "timed out: waiting for the queue" "$shmq" send --wait --policy drop --timeout 10ms "$q-x"
}

a_transient_queue_goes_with_its_last_user() {
    "$shmq" create --transient "$q-gone"
    "$shmq" recv "$q-gone" >got &
    until_true consumer_is_here "$q-gone"
    seq 1 100 >lines
    expect 0 "$shmq" send "$q-gone" lines
    [[ ! -s err ]] || fail "the sender said something"
    ends 0 $!
    same lines got
    refused 3 "no such queue" "$shmq" stat "$q-gone"
    "$shmq" create "$q-stays"
    expect 0 "$shmq" send "$q-stays" lines
    expect 0 "$shmq" recv "$q-stays"
    expect 0 "$shmq" stat "$q-stays"
}

records_that_go_with_a_transient_queue_are_told() {
    "$shmq" create --transient "$q-lost"
    seq 1 100 >lines
    refused 4 "it was transient and went with its last user, and 100 records with it" "$shmq" send "$q-lost" lines
    refused 3 "no such queue" "$shmq" stat "$q-lost"
    "$shmq" create --transient "$q-rest"
    mkfifo in
    "$shmq" send "$q-rest" <in &
    local sender=$!
    exec 3>in
    cat lines >&3
    until_true waiting_is "$q-rest" 100
    # The sender has it open still, so nothing goes.
    expect 0 "$shmq" recv -c 1 "$q-rest" 3>&-
    [[ ! -s err ]] || fail "the receiver said something"
    killed "$sender"
    refused 3 "no such queue" "$shmq" recv -c 1 "$q-rest" 3>&-
}

kinds_are_chosen_at_creation() {
    refused 2 "--order total and --recorder do not go together" "$shmq" create --order total --recorder "$q-x"
    refused 2 "--order total and --recorder do not go together" "$shmq" create --recorder --order total "$q-x"
    refused 2 "--transient and --file do not go together" "$shmq" create --transient --file ./x "$q-x"
    refused 2 "--order: 'global' is not lanes or total" "$shmq" create --order global "$q-x"
    refused 3 "no such queue" "$shmq" stat "$q-x"
    expect 0 "$shmq" create --order lanes "$q-lanes"
    expect 0 "$shmq" create --order total "$q-total"
    expect 0 "$shmq" create --order lanes --recorder --transient "$q-recorder"
    expect 0 "$shmq" ls
    grep -qE "^$q-lanes +queue .* [0-9hms]+$" out || fail "lanes"
    grep -qE "^$q-total +total .* [0-9hms]+$" out || fail "total"
    grep -qE "^$q-recorder +recorder .* transient$" out || fail "recorder"
    "$shmq" stat "$q-lanes" | grep -qE '^kind +queue$' || fail "stat of lanes"
    "$shmq" stat "$q-total" | grep -qE '^kind +total order$' || fail "stat of total"
    "$shmq" stat "$q-recorder" | grep -qE '^kind +flight recorder, transient$' || fail "stat of recorder"
    refused 0 "note: it exists, with a capacity of 1M and lanes: 1 (kind: total)" \
        "$shmq" create --if-not-exists --recorder "$q-total"
    expect 0 "$shmq" create --if-not-exists --order total "$q-total"
    [[ ! -s err ]] || fail "it is what was asked for"
}

run_facts
