source "$(dirname "$0")/lib.sh"

every_field_tells_what_it_says() {
    "$shmq" create --lanes 2 "$q-fields"
    mkfifo in
    local before after
    before=$(date -u +%Y-%m-%dT%H:%M:%S)
    "$shmq" send --lane 1 --type 77 "$q-fields" <in &
    local sender=$!
    printf 'abc\n\n' >in
    ends 0 "$sender"
    after=$(date -u +%Y-%m-%dT%H:%M:%S.999999999Z)
    expect 0 "$shmq" recv -f '%s|%S|%t|%l|%p|%n|%k|%T\n' "$q-fields"
    is "$(cut -d '|' -f 1-7 out)" "abc|3|77|1|$sender|1|16
|0|77|1|$sender|1|24"
    local time
    time=$(head -n 1 out | cut -d '|' -f 8)
    [[ $time =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{9}Z$ ]] || fail "not a time: $time"
    [[ ! $time < $before && ! $time > $after ]] || fail "$before, $time, $after"
    is "$(cut -d '|' -f 8 out | uniq | wc -l)" 1
}

the_payload_goes_out_as_it_is_and_nothing_is_added() {
    "$shmq" create "$q-bytes"
    printf '%%s\\n\0x' | "$shmq" send --chunk 100 "$q-bytes"
    expect 0 "$shmq" recv --format '%s' "$q-bytes"
    printf '%%s\\n\0x' >wanted
    same wanted out
    seq 1 1000 >lines
    "$shmq" send "$q-bytes" lines
    expect 0 "$shmq" recv --format '%s\n' "$q-bytes"
    same lines out
}

escapes_are_those_of_c() {
    "$shmq" create "$q-escapes"
    echo x | "$shmq" send "$q-escapes"
    expect 0 "$shmq" recv --format '[\n\t\r\0\\\x41\xfF%%]' "$q-escapes"
    printf '[\n\t\r\0\\A\xff%%]' >wanted
    same wanted out
    echo x | "$shmq" send "$q-escapes"
    expect 0 "$shmq" recv --format '%s%s-%S%s' "$q-escapes"
    is "$(cat out)" "xx-1x"
    echo x | "$shmq" send "$q-escapes"
    expect 0 "$shmq" recv --format '' "$q-escapes"
    [[ ! -s out ]] || fail "nothing was asked for"
    is "$(waiting "$q-escapes")" 0
}

what_no_format_has_is_refused_and_nothing_is_received() {
    "$shmq" create "$q-wrong"
    echo x | "$shmq" send "$q-wrong"
    refused 2 "--format: there is no %q (see: shmq recv --help)" "$shmq" recv -f '%s%q' "$q-wrong"
    refused 2 "--format: there is no \\a" "$shmq" recv -f '\a' "$q-wrong"
    refused 2 "--format: there is no \\x" "$shmq" recv -f '\x4' "$q-wrong"
    refused 2 "--format: a single % at its end (say %%)" "$shmq" recv -f '100%' "$q-wrong"
    refused 2 "--format: a single \\ at its end (say \\\\)" "$shmq" recv -f 'a\' "$q-wrong"
    refused 2 "--format: it has more than 64 parts" "$shmq" recv -f "$(printf '%%s%.0s' {1..65})" "$q-wrong"
    local option
    for option in -0 --raw --length-prefixed '--chunk 1K'; do
        # shellcheck disable=SC2086
        refused 2 "only one of --null, --raw, --length-prefixed and --format" "$shmq" recv $option -f %s "$q-wrong"
        # shellcheck disable=SC2086
        refused 2 "only one of --null, --raw, --length-prefixed and --format" "$shmq" recv -f %s $option "$q-wrong"
    done
    is "$(waiting "$q-wrong")" 1
}

each_record_names_its_own_sender() {
    "$shmq" create "$q-who"
    local i pids=()
    for i in 1 2 3; do
        "$shmq" send "$q-who" <<<"$i" &
        pids+=($!)
        ends 0 $!
    done
    expect 0 "$shmq" recv -f '%n %p %s\n' "$q-who"
    is "$(cat out)" "1 ${pids[0]} 1
2 ${pids[1]} 2
3 ${pids[2]} 3"
}

a_sender_that_is_forgotten_is_a_dash() {
    "$shmq" create "$q-forgotten"
    local i
    for i in {1..6}; do
        echo "$i" | "$shmq" send "$q-forgotten"
    done
    expect 0 "$shmq" recv -f '%p %n %T %s\n' "$q-forgotten"
    is "$(awk '$1 == "-" && $3 == "-" { print $4 }' out | tr '\n' ' ')" "1 2 "
    is "$(awk '$1 ~ /^[0-9]+$/ && $3 ~ /Z$/ { print $2 }' out | tr '\n' ' ')" "3 4 5 6 "
}

kinds_with_numbers_show_the_payload_only() {
    local kind
    for kind in '--order total' --recorder; do
        # shellcheck disable=SC2086
        "$shmq" create $kind "$q-numbers"
        echo four | "$shmq" send "$q-numbers"
        expect 0 "$shmq" recv -f '%S %s %l %n\n' "$q-numbers"
        is "$(cat out)" "4 four 0 1"
        "$shmq" rm "$q-numbers"
    done
}

a_reader_who_goes_away_leaves_the_rest_in_the_queue() {
    "$shmq" create --capacity 8M "$q-pipe"
    seq 1 100000 >lines
    "$shmq" send "$q-pipe" lines
    "$shmq" recv -f '%l %s\n' "$q-pipe" | head -n 3 >out || true
    is "$(cat out)" "0 1
0 2
0 3"
    local left
    left=$(waiting "$q-pipe")
    ((left > 0)) || fail "nothing is left"
    expect 0 "$shmq" recv -f '%s\n' "$q-pipe"
    tail -n "$left" lines >wanted
    same wanted out
}

run_facts
