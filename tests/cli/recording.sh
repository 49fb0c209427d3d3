source "$(dirname "$0")/lib.sh"

trader=$TEST_CLI_HELPERS/test_cli_trader

# recorded FILE QUEUE COUNT   a queue with the numbers 1 .. COUNT in it, recorded and gone
recorded() {
    "$shmq" create --capacity 4M "$2"
    seq 1 "$3" | "$shmq" send "$2"
    "$shmq" record -q --history -e "$2" "$1"
    "$shmq" rm "$2"
}

# replayed FILE QUEUE   what comes out, in the file got
replayed() {
    "$shmq" replay --speed 0 "${@:3}" "$1" "$2"
    "$shmq" recv -e "$2" >got
    "$shmq" rm "$2"
}

size_is() {
    [[ $(stat -c %s "$1" 2>/dev/null || echo 0) -ge $2 ]]
}
helpers+=$'\nrecorded\nreplayed\nsize_is'

what_was_recorded_is_replayed() {
    recorded ./some.rec "$q-some" 20000
    replayed ./some.rec "$q-again"
    seq 1 20000 >wanted
    same wanted got
    # Packed, where this was built with what packs.
    size_is some.rec 1000
    is "$(stat -c %a some.rec)" 600
}

it_records_what_passes_while_others_receive() {
    "$shmq" create "$q-pass"
    "$shmq" recv -c 5000 "$q-pass" >received &
    local receiver=$!
    "$shmq" record "$q-pass" ./pass.rec 2>said &
    local recorder=$!
    until_true size_is pass.rec 64
    seq 1 5000 | "$shmq" send "$q-pass"
    ends 0 "$receiver"
    "$shmq" rm "$q-pass"
    ends 0 "$recorder"
    grep -qE '5000 records, .* in 1 file; missed 0$' said || fail "$(cat said)"
    replayed ./pass.rec "$q-pass2"
    same received got
}

kinds_lanes_and_types_come_back() {
    "$shmq" create --order total --lanes 3 "$q-kind"
    seq 1 10 | "$shmq" send --lane 2 "$q-kind"
    seq 11 20 | "$shmq" send --lane 0 "$q-kind"
    printf 'no newline' | "$shmq" send --lane 1 "$q-kind"
    "$shmq" record -q --history -e "$q-kind" ./kind.rec
    "$shmq" replay --speed 0 ./kind.rec "$q-kind2"
    is "$("$shmq" stat --json "$q-kind2" | jq -c '[.kind, .lane_count, .capacity]')" '["total",3,1048576]'
    "$shmq" recv -e -f '%l %t %s\n' "$q-kind" >first
    "$shmq" recv -e -f '%l %t %s\n' "$q-kind2" >second
    same first second
    "$trader" "$q-type" 5
    "$shmq" record -q --history -e "$q-type" ./type.rec
    "$trader" "$q-type2" 0
    "$shmq" replay --speed 0 ./type.rec "$q-type2"
    is "$("$shmq" peek --json "$q-type2" | jq -c .fields.id | tr '\n' ' ')" "0 1 2 3 4 "
}

types_come_back_with_the_queue() {
    "$trader" "$q-types" 5
    "$shmq" record -q --history -e "$q-types" ./types.rec
    "$shmq" replay --speed 0 ./types.rec "$q-types2"
    "$shmq" info --json "$q-types" | jq -S .schemas >first
    "$shmq" info --json "$q-types2" | jq -S .schemas >second
    is "$(jq length first)" 2
    same first second
    is "$("$shmq" peek --json "$q-types2" | jq -c .fields.place.x | tr '\n' ' ')" "0 -1 -2 -3 -4 "
    # A program with these types finds them in it, and receives and sends.
    "$trader" "$q-types2" 1
    is "$("$shmq" peek --json --where id=0 "$q-types2" | wc -l)" 2
}

filters_choose_what_is_recorded() {
    "$trader" "$q-where" 30
    echo untyped | "$shmq" send "$q-where"
    "$shmq" record -q --history -e -w symbol=IBM -w 'id<9' "$q-where" ./where.rec
    "$trader" "$q-where2" 0
    "$shmq" replay --speed 0 ./where.rec "$q-where2"
    is "$("$shmq" peek --json "$q-where2" | jq -c .fields.id | tr '\n' ' ')" "1 4 7 "
    "$shmq" record -q --history -n 2 "$q-where" ./two.rec
    replayed ./two.rec "$q-where3"
    is "$(wc -c <got)" $((2 * 57))
}

from_and_to_choose_what_is_replayed() {
    recorded ./part.rec "$q-part" 100
    replayed ./part.rec "$q-part2" --from 10 --to 20
    is "$(tr '\n' ' ' <got)" "$(seq 11 20 | tr '\n' ' ')"
    replayed ./part.rec "$q-part2" --from 1h
    is "$(cat got)" ""
    replayed ./part.rec "$q-part2" --to 1h
    is "$(wc -l <got)" 100
    replayed ./part.rec "$q-part2" --loop 3 --to 2
    is "$(tr '\n' ' ' <got)" "1 2 1 2 1 2 "
    "$shmq" create "$q-loop"
    program replay --speed 0 --loop 0 ./part.rec "$q-loop" 2>err &
    local player=$!
    "$shmq" recv -c 1000 "$q-loop" >got
    kill -INT "$player"
    ends 130 "$player"
    is "$(sort -n got | uniq -c | awk '$1 == 10' | wc -l)" 100
}

times_are_kept_and_can_be_stretched() {
    "$shmq" create "$q-time"
    "$shmq" record -q -n 3 "$q-time" ./time.rec &
    local recorder=$! i start
    until_true size_is time.rec 64
    for i in 1 2 3; do
        echo "$i" | "$shmq" send "$q-time"
        sleep 0.3
    done
    ends 0 "$recorder"
    "$shmq" rm "$q-time"
    # No more than a lower bound: a machine may be slow.
    start=$(date +%s%N)
    "$shmq" replay --speed 2 ./time.rec "$q-time"
    (($(date +%s%N) - start >= 250000000)) || fail "faster than twice"
    is "$("$shmq" recv -e "$q-time" | tr '\n' ' ')" "1 2 3 "
}

rotation_begins_new_files_that_are_played_as_one() {
    "$shmq" create --capacity 4M "$q-rot"
    head -c 3000000 /dev/urandom | base64 -w 100 >data
    "$shmq" send --policy drop "$q-rot" <data >/dev/null 2>&1 || true
    "$shmq" recv -e "$q-rot" >data
    "$shmq" rm "$q-rot"
    "$shmq" create --capacity 8M "$q-rot"
    "$shmq" send "$q-rot" <data
    "$shmq" record -q --history -e --rotate 1M "$q-rot" ./rot.rec
    [[ -e rot.rec.1 && -e rot.rec.2 ]] || fail "no other files"
    "$shmq" rm "$q-rot"
    replayed ./rot.rec "$q-rot2"
    same data got
    # A file of another recording is no part of this one.
    recorded ./other.rec "$q-other" 10
    mv other.rec rot.rec.1
    replayed ./rot.rec "$q-rot3"
    (($(wc -l <got) < $(wc -l <data))) || fail "a strange part was played"
}

a_recording_that_is_cut_off_is_played_up_to_there() {
    head -c 2000000 /dev/urandom | base64 -w 100 >data
    "$shmq" create --capacity 8M "$q-cut"
    "$shmq" send "$q-cut" <data
    "$shmq" record -q --history -e "$q-cut" ./cut.rec
    local size at last=-1
    size=$(stat -c %s cut.rec)
    for at in 300 $((size / 4)) $((size / 2)) $((size * 3 / 4)) $((size - 1)); do
        head -c "$at" cut.rec >short.rec
        "$shmq" replay --speed 0 ./short.rec "$q-cut2" 2>err
        grep -q 'was cut off' err || fail "nothing said at $at"
        { "$shmq" recv -e "$q-cut2" || true; } >got 2>err
        "$shmq" rm "$q-cut2"
        head -n "$(wc -l <got)" data >wanted
        same wanted got
        (($(wc -l <got) >= last)) || fail "less of more"
        last=$(wc -l <got)
    done
    ((last > 10000)) || fail "only $last lines of nearly all"
}

a_recorder_that_is_killed_leaves_what_is_older_than_a_second() {
    "$shmq" create "$q-kill"
    "$shmq" record -q "$q-kill" ./kill.rec &
    local recorder=$! size
    until_true size_is kill.rec 64
    size=$(stat -c %s kill.rec)
    seq 1 100 | "$shmq" send "$q-kill"
    until_true size_is kill.rec $((size + 65))
    killed "$recorder"
    replayed ./kill.rec "$q-kill2"
    is "$(wc -l <got)" 100
}

a_damaged_block_is_left_out_and_told() {
    head -c 3000000 /dev/urandom | base64 -w 100 >data
    "$shmq" create --capacity 8M "$q-dam"
    "$shmq" send "$q-dam" <data
    "$shmq" record -q --history -e "$q-dam" ./dam.rec
    local size
    size=$(stat -c %s dam.rec)
    printf 'XXXX' | dd of=dam.rec bs=1 seek=$((size / 2)) conv=notrunc status=none
    expect 5 "$shmq" replay --speed 0 ./dam.rec "$q-dam2"
    grep -q 'is damaged in 1 place' err || fail "$(cat err)"
    "$shmq" recv -e "$q-dam2" >got
    (($(wc -l <got) > 10000 && $(wc -l <got) < $(wc -l <data))) || fail "$(wc -l <got) lines"
    # What came is a beginning and an end of what was sent.
    diff data got | grep -q '^>' && fail "a line that was never sent"
    for at in 10 20 40 70; do
        cp dam.rec head.rec
        printf '\377' | dd of=head.rec bs=1 seek=$at conv=notrunc status=none
        refused 5 "'./head.rec'" "$shmq" replay ./head.rec "$q-dam3"
    done
}

what_makes_no_sense_is_refused() {
    "$shmq" create "$q-ref"
    echo mine >file
    refused 1 "'./file' exists already" "$shmq" record "$q-ref" ./file
    is "$(cat file)" mine
    refused 1 "cannot write './no/file'" "$shmq" record "$q-ref" ./no/file
    refused 3 "no such queue" "$shmq" record "$q-none" ./none.rec
    refused 3 "no such file" "$shmq" replay ./none.rec "$q-ref"
    refused 5 "not a recording" "$shmq" replay ./file "$q-ref"
    refused 2 "not a factor" "$shmq" replay --speed fast ./file "$q-ref"
    refused 2 "neither a number nor a time" "$shmq" replay --from x ./file "$q-ref"
    recorded ./big.rec "$q-big" 1
    "$shmq" create --capacity 1M "$q-big"
    head -c 100000 /dev/zero | "$shmq" send --chunk 128K "$q-big"
    "$shmq" record -q --history -e "$q-big" ./large.rec
    "$shmq" create --capacity 4K "$q-small"
    refused 1 "larger than any" "$shmq" replay ./large.rec "$q-small"
}

a_full_disk_is_told() {
    [[ -w /dev/full ]] || skip "no /dev/full"
    own_disk=$(mktemp -d)
    mount -t tmpfs -o size=64k shmq "$own_disk" 2>/dev/null || skip "no mounts of our own"
    "$shmq" create "$q-full"
    head -c 500000 /dev/urandom | base64 | "$shmq" send "$q-full"
    local code=0
    "$shmq" record --history -e "$q-full" "$own_disk/full.rec" >out 2>err || code=$?
    umount "$own_disk"
    rmdir "$own_disk"
    is "$code" 1
    grep -q 'No space left' err || fail "$(cat err)"
}

run_facts
