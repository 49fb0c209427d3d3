source "$(dirname "$0")/lib.sh"

# json EXPRESSION   of the file out, as jq has it
json() {
    jq -r "$1" out
}

need_jq() {
    command -v jq >/dev/null || skip "jq is missing"
}
helpers+=$'\njson\nneed_jq'

a_line_tells_what_is_in_a_queue() {
    expect 0 "$shmq" create --capacity 64K --lanes 3 "$q-line"
    printf 'a\nb\n' | "$shmq" send "$q-line"
    expect 0 "$shmq" ls
    head -1 out | grep -qE '^NAME +KIND +CAPACITY +LANES +USED +WAITING +PRODUCERS +CONSUMER +AGE +NOTE$' || fail "headings"
    grep -qE "^$q-line +queue +64K +3 +32 +2 +- +- +[0-9hms]+$" out || fail "the line"
    expect 0 "$shmq" ls --no-headings -b
    ! grep -q NAME out || fail "headings"
    grep -qE "^$q-line +queue +65536 +3 +32 +2 +- +- +[0-9hms]+$" out || fail "the line in bytes"
}

ls_names_who_has_it_open_now() {
    expect 0 "$shmq" create --lanes 5 "$q-who"
    mkfifo in
    exec 3<>in
    local pids=() i
    for i in 1 2 3 4 5; do
        "$shmq" send "$q-who" <in &
        pids+=($!)
    done
    "$shmq" recv "$q-who" >/dev/null 3>&- &
    local consumer=$!
    until_true six_are_here
    expect 0 "$shmq" ls
    grep -E "^$q-who " out | grep -qE "[0-9]+,[0-9]+,[0-9]+\+2 +$consumer " || fail "not all are named"
    refused 1 "process $consumer (shmq) receives from it already" "$shmq" recv "$q-who"
    killed "$consumer"
    expect 0 "$shmq" ls
    grep -E "^$q-who " out | grep -qE "[0-9]+,[0-9]+,[0-9]+\+2 +- " || fail "the dead one is named"
    kill "${pids[@]}"
    wait
}

six_are_here() {
    "$shmq" ls | grep -E "^$q-who " | grep -qE '\+2 +[0-9]+ '
}
helpers+=$'\nsix_are_here'

a_pipe_gets_no_colours() {
    expect 0 "$shmq" create "$q-colour"
    expect 0 "$shmq" ls
    ! grep -q $'\033' out || fail "escape sequences"
}

what_is_not_well_is_listed_with_what_is_wrong() {
    local name file
    for name in short future; do
        expect 0 "$shmq" create --file "$PWD/$name" "$q-$name"
    done
    truncate -s 8192 short
    printf '\x63' | dd of=future bs=1 seek=12 conv=notrunc status=none
    expect 0 "$shmq" ls
    grep -qE "^$q-short +queue .*damaged or cut off$" out || fail "the cut one"
    grep -qE "^$q-future +queue .*a queue of format 99, and this shmq knows format 1$" out || fail "the future one"
}

json_of_ls_is_valid() {
    need_jq
    expect 0 "$shmq" create --capacity 64K --lanes 2 "$q-json"
    expect 0 "$shmq" create --file "$PWD/short" "$q-json-short"
    truncate -s 8192 short
    echo one | "$shmq" send "$q-json"
    expect 0 "$shmq" ls --json
    local one=".[] | select(.name == \"$q-json\")"
    is "$(json "$one | [.kind, .capacity, .lanes, .used, .waiting, .consumer] | @csv")" '"queue",65536,2,16,1,'
    is "$(json "$one | .producers | length")" 0
    is "$(json "$one | .age_seconds | type")" number
    is "$(json ".[] | select(.name == \"$q-json-short\") | .error")" "damaged or cut off"
}

json_of_stat_is_valid() {
    need_jq
    expect 0 "$shmq" create --capacity 64K --lanes 2 "$q-numbers"
    printf 'one\ntwo\n' | "$shmq" send "$q-numbers"
    expect 0 "$shmq" recv -c 1 "$q-numbers"
    expect 0 "$shmq" stat --json "$q-numbers"
    is "$(json '[.name, .capacity, .record_max, .lane_count, .sent, .received, .waiting, .used] | @csv')" \
        "\"$q-numbers\",65536,32760,2,2,1,1,16"
    is "$(json '.id | length')" 32
    is "$(json '.lanes | length')" 2
    is "$(json '.lanes[0] | [.lane, .producer, .sent, .received, .head, .released] | @csv')" "0,,2,1,32,16"
    is "$(json '.lanes[1].sent')" 0
}

json_of_a_path_that_is_no_text_is_valid() {
    need_jq
    expect 0 "$shmq" create $'./\xff'
    expect 0 "$shmq" stat --json $'./\xff'
    is "$(json .name)" null
}

stat_tells_people_what_is_there() {
    expect 0 "$shmq" create --capacity 64K --lanes 3 "$q-stat"
    printf 'one\ntwo\n' | "$shmq" send "$q-stat"
    expect 0 "$shmq" stat "$q-stat"
    grep -qE "^name +$q-stat$" out || fail "the name"
    grep -qE '^capacity +64K a lane$' out || fail "the capacity"
    grep -qE '^lanes +3, 1 open$' out || fail "the lanes"
    grep -qE '^consumer +none$' out || fail "the consumer"
    grep -qE '^waiting +2 records$' out || fail "what waits"
    is "$(awk '/^LANE/ { lanes = 1; next } lanes' out | wc -l)" 1
}

looking_needs_only_read_permission_and_changes_nothing() {
    expect 0 "$shmq" create ./still
    printf 'one\ntwo\n' | "$shmq" send ./still
    chmod 0400 still
    sha256sum still >before
    expect 0 "$shmq" stat ./still
    expect 0 "$shmq" stat --json ./still
    sha256sum still >after
    same before after
}

a_mapping_that_is_no_queue_is_listed_as_one() {
    [[ -d /dev/shm ]] || skip "no /dev/shm"
    expect 0 "$shmq" create --file "$PWD/other" "$q-mapping"
    printf '\0' | dd of=other bs=1 seek=1 conv=notrunc status=none
    expect 0 "$shmq" ls
    grep -qE "^$q-mapping +mapping +[0-9.]+[KM] +- +- +- +- +- +-$" out || fail "the line"
    refused 5 "not a queue" "$shmq" stat "$q-mapping"
    printf '\x53' | dd of=other bs=1 seek=1 conv=notrunc status=none
}

it_tells_the_state_of_tasks() {
    [[ -n ${TEST_CLI_HELPERS:-} ]] || skip "no program that reports"
    "$shmq" create "$q-task"
    is "$("$shmq" ls --json | jq -r ".[] | select(.name == \"$q-task\") | .state")" null
    mkfifo status
    exec 4<>status
    "$TEST_CLI_HELPERS/test_cli_reporter" "$q-task" <status >reported &
    local reporter=$!
    printf 'begin 500 files\nadvance 150\n' >&4
    until_true grep -q advance reported
    "$shmq" ls | grep -qE "^$q-task .* task running 30%$" || fail "not in the table"
    is "$("$shmq" ls --json | jq -r ".[] | select(.name == \"$q-task\") | .state")" running
    killed "$reporter"
    "$shmq" ls | grep -qE "^$q-task .* task died" || fail "dead, and not told"
}

run_facts
