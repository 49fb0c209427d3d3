source "$(dirname "$0")/lib.sh"

intervals_show_what_a_second_brought() {
    "$shmq" create --lanes 2 "$q-rates"
    mkfifo in
    "$shmq" send --lane 1 "$q-rates" <in &
    exec 3>in
    until_true producers_are "$q-rates" 1
    "$shmq" stat --json -l "$q-rates" 100ms 3 >seen 3>&- &
    local stat=$!
    seq 1 1000 >&3
    exec 3>&-
    ends 0 "$stat"
    is "$(wc -l <seen)" 3
    # What the intervals brought is not more than what was sent, and what waits is what was sent.
    is "$(jq -s 'map(.sent_per_second * .seconds) | add | . < 1001' seen)" true
    is "$(jq -s 'last | [.waiting, .lanes[0].waiting, .lanes[1].waiting, .consumer] | tojson' -r seen)" '[1000,0,1000,"no"]'
}

lines_have_headings_and_lanes() {
    "$shmq" create --lanes 3 "$q-lines"
    seq 1 10 | "$shmq" send --lane 2 "$q-lines"
    expect 0 "$shmq" stat "$q-lines" 20ms 2
    is "$(grep -c '^ LANE' out)" 1
    is "$(grep -c '^  all' out)" 2
    expect 0 "$shmq" stat -l --no-headings "$q-lines" 20ms 1
    is "$(awk '{ print $1, $4 }' out | tr '\n' ' ')" "all 10 2 10 "
}

it_ends_with_the_queue_or_a_signal() {
    "$shmq" create "$q-end"
    "$shmq" stat "$q-end" 10ms >seen 2>err &
    local stat=$!
    until_true test -s seen
    "$shmq" rm "$q-end"
    ends 0 "$stat"
    grep -q 'it was removed' err || fail "it does not say why it ends"
    "$shmq" create "$q-int"
    program stat "$q-int" 10ms >seen2 2>err &
    stat=$!
    until_true test -s seen2
    kill -INT "$stat"
    ends 130 "$stat"
}

what_is_no_interval_is_refused() {
    "$shmq" create "$q-bad"
    refused 2 "INTERVAL: 'x' is not a time" "$shmq" stat "$q-bad" x
    refused 2 "INTERVAL: '0' is not a time" "$shmq" stat "$q-bad" 0
    refused 2 "COUNT: '0' is not a number" "$shmq" stat "$q-bad" 1 0
    refused 3 "no such queue" "$shmq" stat "$q-none" 1 1
}

run_facts
