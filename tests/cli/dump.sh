source "$(dirname "$0")/lib.sh"

trader=$TEST_CLI_HELPERS/test_cli_trader

a_dump_shows_what_the_queue_showed() {
    local kind name command
    for kind in --order=lanes --order=total --recorder; do
        name=$q-same${kind//[-=]/}
        "$shmq" create $kind --lanes 2 --capacity 64K "$name"
        seq 1 300 | "$shmq" send --lane 0 "$name"
        seq 1 200 | "$shmq" send --lane 1 "$name"
        "$shmq" recv -c 150 "$name" >got
        for command in 'peek' 'peek --history --json' 'tail -n 20 --hex' 'stat --json'; do
            "$shmq" $command "$name" >"live-${command// /_}"
        done
        "$shmq" dump "$name" "./$kind.dump"
        "$shmq" rm "$name"
        for command in 'peek' 'peek --history --json' 'tail -n 20 --hex'; do
            expect 0 "$shmq" $command "./$kind.dump"
            same out "live-${command// /_}"
        done
        expect 0 "$shmq" stat --json "./$kind.dump"
        is "$(jq -c 'del(.name, .dumped_ns)' out)" "$(jq -c 'del(.name, .dumped_ns)' live-stat_--json)"
    done
}

who_held_what_is_kept() {
    "$shmq" create --lanes 2 "$q-roles"
    mkfifo in
    "$shmq" send "$q-roles" <in &
    local sender=$!
    exec 3>in
    "$shmq" recv "$q-roles" >got 3>&- &
    local receiver=$!
    until_true consumer_is_here "$q-roles"
    until_true producers_are "$q-roles" 1
    killed "$receiver"
    expect 0 "$shmq" dump "$q-roles" ./roles.dump
    killed "$sender"
    "$shmq" rm "$q-roles"
    expect 0 "$shmq" info ./roles.dump
    grep -qE "^producer 0 +$sender +alive .* shmq$" out || fail "the producer lived"
    grep -qE "^consumer +$receiver +died " out || fail "the consumer had died"
    grep -q '^dumped .*; what follows is as of then$' out || fail "it does not say when"
    expect 0 "$shmq" stat ./roles.dump
    grep -q '^dumped .* what follows is as of then$' out || fail "stat does not say when"
    [[ $(producers ./roles.dump) == 1 ]] || fail "stat does not know of the producer"
}

fields_of_a_dump_can_be_looked_for() {
    "$trader" "$q-type" 20
    "$shmq" dump "$q-type" ./type.dump
    is "$("$shmq" peek --json -w 'id>17' ./type.dump | jq .fields.id | tr '\n' ' ')" "18 19 "
    expect 0 "$shmq" info ./type.dump
    grep -q '^trade  version 1' out || fail "no types"
}

a_dump_can_only_be_looked_at() {
    "$shmq" create "$q-only"
    echo one | "$shmq" send "$q-only"
    "$shmq" dump "$q-only" ./only.dump
    cp only.dump before
    refused 1 "a dump: it can be looked at" "$shmq" recv ./only.dump
    refused 1 "a dump: it can be looked at" "$shmq" send ./only.dump
    expect 0 "$shmq" tail -f --raw ./only.dump
    same before only.dump
    is "$(stat -c %a only.dump)" 600
    expect 0 "$shmq" dump ./only.dump ./again.dump
    is "$("$shmq" peek --raw ./again.dump)" one
}

a_file_that_exists_stays() {
    "$shmq" create "$q-file"
    echo mine >file
    refused 1 "'./file' exists already" "$shmq" dump "$q-file" ./file
    is "$(cat file)" mine
    refused 1 "cannot write './no/file'" "$shmq" dump "$q-file" ./no/file
    refused 3 "no such queue" "$shmq" dump "$q-none" ./none
    [[ ! -e none ]] || fail "a file of nothing"
}

while_records_pass_what_is_copied_is_whole() {
    "$shmq" create --capacity 64K "$q-run"
    "$shmq" recv --wait "$q-run" >/dev/null &
    local receiver=$!
    seq 1 100000000 | "$shmq" send "$q-run" &
    local sender=$! i
    until_true has_been_sent "$q-run"
    for i in {1..20}; do
        "$shmq" dump "$q-run" "./$i.dump" 2>err
        "$shmq" peek --history --raw "./$i.dump" >out 2>err || continue
        # Lines one behind the other, and pieces of what was not read as lines would be no numbers.
        awk 'NR > 1 && $1 != last + 1 { exit 1 } { last = $1 }' out || fail "not in order"
        touch some
        rm "./$i.dump"
    done
    # The receiver first: without a sender it ends by itself.
    killed "$receiver"
    killed "$sender"
    [[ -e some ]] || fail "no dump had a record"
}

a_dump_that_is_damaged_is_told() {
    "$shmq" create "$q-bad"
    seq 1 1000 | "$shmq" send "$q-bad"
    "$shmq" dump "$q-bad" ./bad.dump
    local size
    size=$(stat -c %s bad.dump)
    head -c $((size / 2)) bad.dump >cut.dump
    refused 5 "damaged or cut off" "$shmq" peek ./cut.dump
    # Only the note is gone: the queue is there, and who lived is known from its header.
    head -c $((size - 20)) bad.dump >note.dump
    expect 0 "$shmq" info ./note.dump
    is "$("$shmq" peek --raw ./note.dump | wc -l)" 1000
}

has_been_sent() {
    (($("$shmq" stat "$1" | awk '$1 == "sent" { print $2 }') > 100000))
}
helpers+=$'\nhas_been_sent'

run_facts
