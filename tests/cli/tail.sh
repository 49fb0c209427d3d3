source "$(dirname "$0")/lib.sh"

trader=$TEST_CLI_HELPERS/test_cli_trader

lines_are() {
    [[ -e $1 && $(wc -l <"$1") -ge $2 ]]
}
helpers+=$'\nlines_are'

the_last_records_are_shown_received_or_not() {
    "$shmq" create "$q-last"
    seq 1 100 | "$shmq" send "$q-last"
    "$shmq" recv -c 95 "$q-last" >got
    is "$("$shmq" tail --raw "$q-last")" "$(seq 91 100)"
    is "$("$shmq" tail -n 3 --raw "$q-last")" "$(seq 98 100)"
    is "$("$shmq" tail -n 1000 --raw "$q-last")" "$(seq 1 100)"
    is "$("$shmq" tail -n 0 --raw "$q-last")" ""
    is "$(waiting "$q-last")" 5
    "$trader" "$q-lastt" 30
    is "$("$shmq" tail -n 2 -w symbol=IBM --json "$q-lastt" | jq .fields.id | tr '\n' ' ')" "25 28 "
}

the_last_of_each_lane_are_shown_or_the_last_of_all() {
    "$shmq" create --lanes 3 "$q-lanes"
    seq 1 9 | "$shmq" send --lane 2 "$q-lanes"
    seq 101 20000 | "$shmq" send --lane 0 "$q-lanes"
    is "$("$shmq" tail -n 2 --raw "$q-lanes" | tr '\n' ' ')" "19999 20000 8 9 "
    is "$("$shmq" tail -n 2 --raw --lane 2 "$q-lanes" | tr '\n' ' ')" "8 9 "
    "$shmq" create --lanes 3 --order total "$q-order"
    seq 1 9 | "$shmq" send --lane 2 "$q-order"
    seq 11 19 | "$shmq" send --lane 0 "$q-order"
    is "$("$shmq" tail -n 2 --raw "$q-order" | tr '\n' ' ')" "18 19 "
}

it_follows_while_others_receive_and_ends_with_the_queue() {
    local kind
    for kind in '' --order=total --recorder; do
        "$shmq" create $kind "$q-follow${kind/=/}"
        rm -f seen
        echo before | "$shmq" send "$q-follow${kind/=/}"
        "$shmq" tail -f --raw "$q-follow${kind/=/}" >seen 2>err &
        local tail=$!
        until_true lines_are seen 1
        "$shmq" recv -c 501 "$q-follow${kind/=/}" >got &
        seq 1 500 | "$shmq" send "$q-follow${kind/=/}"
        ends 0 $!
        "$shmq" rm "$q-follow${kind/=/}"
        ends 0 "$tail"
        same seen got
        grep -q 'it was removed' err || fail "it does not say why it ends"
    done
}

with_none_of_the_last_only_new_ones_come() {
    "$shmq" create "$q-new"
    echo before | "$shmq" send "$q-new"
    program tail -f -n 0 --raw "$q-new" >seen &
    local tail=$!
    # Until it has the queue open, what is sent is not new.
    until_true lines_are_now
    kill -INT "$tail"
    ends 130 "$tail"
    ! grep -q before seen || fail "what was there before"
}

ctrl_c_ends_it_and_nothing_is_lost() {
    "$shmq" create "$q-int"
    program tail -f --raw "$q-int" >seen 2>err &
    local tail=$!
    echo one | "$shmq" send "$q-int"
    until_true lines_are seen 1
    kill -INT "$tail"
    ends 130 "$tail"
    is "$(cat seen)" one
    [[ ! -s err ]] || fail "it said something"
}

a_reader_that_goes_away_ends_it_without_a_word() {
    "$shmq" create "$q-pipe"
    seq 1 100 | "$shmq" send "$q-pipe"
    local codes=(0)
    program tail -f -n 100 --raw "$q-pipe" 2>err | head -n 3 >out || codes=("${PIPESTATUS[@]}")
    is "$(wc -l <out)" 3
    is "${codes[0]}" 141
    [[ ! -s err ]] || fail "it said something"
}

what_it_misses_is_told() {
    "$shmq" create --capacity 4K --recorder "$q-gap"
    echo first | "$shmq" send "$q-gap"
    program tail -f --json "$q-gap" >seen &
    local tail=$!
    until_true lines_are seen 1
    kill -STOP "$tail"
    seq 1 5000 | "$shmq" send "$q-gap"
    kill -CONT "$tail"
    until_true grep -q '"text":"5000"' seen
    kill -INT "$tail"
    ends 130 "$tail"
    # All that was sent was seen, or is told to be missing.
    is "$(jq -s 'map(if .missed then .missed else 1 end) | add' seen)" 5001
    is "$(jq -s 'map(select(.missed)) | length > 0' seen)" true
    rm seen
    : >err
    program tail -f --raw "$q-gap" >seen 2>err &
    tail=$!
    until_true lines_are seen 10
    kill -STOP "$tail"
    seq 1 5000 | "$shmq" send "$q-gap"
    kill -CONT "$tail"
    until_true grep -q 'missed .* records (.* bytes), overwritten before they could be seen' err
    kill -INT "$tail"
    ends 130 "$tail"
}

total_order_is_followed_across_lanes() {
    "$shmq" create --order=total --lanes 4 "$q-total"
    "$shmq" tail -f -n 1000 --json "$q-total" >seen 2>/dev/null &
    local tail=$! i
    for i in 1 2 3 4; do
        seq 1 200 | "$shmq" send "$q-total" &
    done
    "$shmq" recv -c 800 "$q-total" >got
    "$shmq" rm "$q-total"
    ends 0 "$tail"
    is "$(jq .number seen | tr '\n' ' ')" "$(seq 0 799 | tr '\n' ' ')"
    jq -r .text seen >texts
    same texts got
}

lines_are_now() {
    echo now | "$shmq" send "$q-new"
    lines_are seen 1
}
helpers+=$'\nlines_are_now'

run_facts
