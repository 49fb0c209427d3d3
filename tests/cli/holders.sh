source "$(dirname "$0")/lib.sh"

# lane QUEUE LANE   its holder and how that is, as stat has it
lane() {
    "$shmq" stat -l "$1" | awk -v "lane=$2" '/^LANE/ { lanes = 1; next } lanes && $1 == lane { print $2, $3 }'
}

consumer() {
    "$shmq" stat "$1" | sed -n 's/^consumer  *//p' | sed 's/since .*/since/; s/had come .*/had come/'
}

lane_is() {
    [[ $(lane "$1" "$2") == "$3" ]]
}

consumer_is() {
    [[ $(consumer "$1") == "$2" ]]
}

need_jq() {
    command -v jq >/dev/null || skip "jq is missing"
}
helpers+=$'\nlane\nconsumer\nlane_is\nconsumer_is\nneed_jq'

a_producer_is_alive_paused_died_or_gone() {
    "$shmq" create --lanes 2 "$q-states"
    is "$(lane "$q-states" 0)" "- -"
    mkfifo in
    "$shmq" send "$q-states" <in &
    local sender=$!
    exec 3>in
    until_true lane_is "$q-states" 0 "$sender alive"
    is "$(lane "$q-states" 1)" "- -"
    kill -STOP "$sender"
    until_true lane_is "$q-states" 0 "$sender paused"
    kill -CONT "$sender"
    until_true lane_is "$q-states" 0 "$sender alive"
    killed "$sender"
    is "$(lane "$q-states" 0)" "$sender died"
    "$shmq" send "$q-states" <in 3>&- &
    until_true lane_is "$q-states" 0 "$! alive"
    exec 3>&-
    ends 0 $!
    is "$(lane "$q-states" 0)" "- -"
}

a_consumer_is_alive_paused_died_or_gone() {
    "$shmq" create "$q-reader"
    is "$(consumer "$q-reader")" none
    "$shmq" recv "$q-reader" &
    local receiver=$!
    until_true consumer_is "$q-reader" "process $receiver (shmq), alive, since"
    kill -STOP "$receiver"
    until_true consumer_is "$q-reader" "process $receiver (shmq, paused), since"
    refused 1 "process $receiver (shmq, paused) receives from it already" "$shmq" recv "$q-reader"
    kill -CONT "$receiver"
    until_true consumer_is "$q-reader" "process $receiver (shmq), alive, since"
    killed "$receiver"
    is "$(consumer "$q-reader")" "none; process $receiver died, it had come"
    echo x | "$shmq" send "$q-reader"
    expect 0 "$shmq" recv "$q-reader"
    is "$(consumer "$q-reader")" none
}

json_has_the_same() {
    need_jq
    "$shmq" create --lanes 3 "$q-json"
    mkfifo in
    "$shmq" send "$q-json" <in &
    local first=$!
    exec 3>in
    until_true lane_is "$q-json" 0 "$first alive"
    "$shmq" send "$q-json" <in &
    local second=$!
    until_true lane_is "$q-json" 1 "$second alive"
    "$shmq" recv "$q-json" >/dev/null 3>&- &
    local receiver=$!
    until_true consumer_is_here "$q-json"
    kill -STOP "$first"
    until_true lane_is "$q-json" 0 "$first paused"
    killed "$second"
    expect 0 "$shmq" stat --json "$q-json"
    is "$(jq -c '[.lanes[] | [.producer, .state, .process]]' out)" \
        "[[$first,\"paused\",\"shmq\"],[$second,\"died\",null],[null,\"absent\",null]]"
    is "$(jq -c '[.consumer, .consumer_state, .consumer_process]' out)" "[$receiver,\"alive\",\"shmq\"]"
    is "$(jq -c '[.lanes[].since_ns | type]' out)" '["number","number","null"]'
    killed "$receiver"
    expect 0 "$shmq" stat --json "$q-json"
    is "$(jq -c '[.consumer, .consumer_state, .consumer_process]' out)" "[$receiver,\"died\",null]"
    kill -CONT "$first"
}

any_name_of_a_process_is_shown_and_breaks_nothing() {
    need_jq
    ln -s "$shmq" './a) S 1 (b'
    "$shmq" create "$q-name"
    mkfifo in
    './a) S 1 (b' send "$q-name" <in &
    local sender=$!
    exec 3>in
    until_true lane_is "$q-name" 0 "$sender alive"
    "$shmq" stat "$q-name" | grep -qE 'a\) S 1 \(b$' || fail "stat"
    expect 0 "$shmq" stat --json "$q-name"
    is "$(jq -r '.lanes[0].process' out)" 'a) S 1 (b'
    refused 4 "$sender (a) S 1 (b)" "$shmq" send "$q-name"
}

lanes_that_were_never_used_are_shown_where_asked_for() {
    "$shmq" create --lanes 5 "$q-lanes"
    echo x | "$shmq" send --lane 3 "$q-lanes"
    expect 0 "$shmq" stat "$q-lanes"
    is "$(awk '/^LANE/ { lanes = 1; next } lanes { print $1 }' out | tr '\n' ' ')" "3 "
    expect 0 "$shmq" stat -l "$q-lanes"
    is "$(awk '/^LANE/ { lanes = 1; next } lanes { print $1 }' out | tr '\n' ' ')" "0 1 2 3 4 "
}

a_lane_tells_what_became_of_its_records() {
    "$shmq" create --capacity 4K --lanes 2 "$q-depth"
    seq 1 10 | "$shmq" send "$q-depth"
    expect 0 "$shmq" recv -c 3 "$q-depth"
    seq 1 10000 >lines
    expect 4 "$shmq" send --lane 0 --policy drop "$q-depth" lines
    expect 0 "$shmq" stat -b "$q-depth"
    # 256 records of 16 bytes: what fits, and what was received before.
    is "$(awk '/^LANE/ { print $5, $6, $7, $8, $9, $11, $12; getline; print $5, $6, $7, $8, $9, $11, $12 }' out)" \
        "SENT RECEIVED WAITING USED FULL DROPPED SO
259 3 256 4096 1 9751 2"
    grep -qE '^dropped +9751 records$' out || fail "the sum"
    "$shmq" send "$q-depth" lines --lane 0 &
    until_true producer_sleeps
    expect 0 "$shmq" recv "$q-depth"
    ends 0 $!
}

producer_sleeps() {
    (($("$shmq" stat "$q-depth" | awk '/^LANE/ { getline; print $10 }') > 0))
}
helpers+=$'\nproducer_sleeps'

rm_names_who_uses_it_and_force_tells_them() {
    "$shmq" create --lanes 2 --capacity 4K "$q-used"
    seq 1 10000 >lines
    "$shmq" send "$q-used" lines 2>told &
    local sender=$!
    until_true has_been_full "$q-used"
    refused 1 "rm '$q-used': in use: $sender (shmq) sends (remove it all the same with: shmq rm --force)" \
        "$shmq" rm "$q-used"
    kill -STOP "$sender"
    until_true lane_is "$q-used" 0 "$sender paused"
    refused 1 "in use: $sender (shmq, paused) sends" "$shmq" rm "$q-used"
    kill -CONT "$sender"
    expect 0 "$shmq" rm --force "$q-used"
    ends 3 "$sender"
    grep -qF "it was removed meanwhile" told || fail "the sender does not know"
    "$shmq" create "$q-read"
    "$shmq" recv "$q-read" 2>told &
    local receiver=$!
    until_true consumer_is_here "$q-read"
    refused 1 "in use: $receiver (shmq) receives" "$shmq" rm "$q-read"
    killed "$receiver"
    expect 0 "$shmq" rm "$q-read"
}

run_facts
