source "$(dirname "$0")/lib.sh"

files_are_sent_in_their_order_and_a_dash_is_standard_input() {
    "$shmq" create "$q-files"
    echo a >a
    printf 'c' >c
    echo b | "$shmq" send "$q-files" a - c
    expect 0 "$shmq" recv "$q-files"
    printf 'a\nb\nc' >wanted
    same wanted out
}

a_file_that_cannot_be_read_is_named() {
    "$shmq" create "$q-missing"
    echo a >a
    mkdir folder
    refused 1 "send '$q-missing': none: No such file or directory" "$shmq" send "$q-missing" a none a
    refused 1 "folder: Is a directory" "$shmq" send "$q-missing" folder
    refused 1 "standard input: Bad file descriptor" bash -c '"$0" send "$1" <&-' "$shmq" "$q-missing"
    expect 0 "$shmq" recv "$q-missing"
    is "$(cat out)" a
}

create_makes_the_queue_where_there_is_none() {
    echo one | "$shmq" send --create "$q-create"
    echo two | "$shmq" send --create "$q-create"
    expect 0 "$shmq" recv "$q-create"
    is "$(tr '\n' ' ' <out)" "one two "
    refused 2 "not a name" "$shmq" send --create 'a b'
}

what_is_typed_arrives_before_the_next_is() {
    "$shmq" create "$q-typed"
    mkfifo in
    "$shmq" send "$q-typed" <in &
    local producer=$!
    exec 3>in
    local i
    for i in 1 2 3; do
        echo "line $i" >&3
        is "$("$shmq" recv -c 1 "$q-typed" 3>&-)" "line $i"
    done
    printf 'whole\nhalf' >&3
    is "$("$shmq" recv -c 1 "$q-typed" 3>&-)" whole
    echo ' a line' >&3
    is "$("$shmq" recv -c 1 "$q-typed" 3>&-)" "half a line"
    exec 3>&-
    ends 0 "$producer"
}

slow_chunks_and_records_arrive_when_they_are_whole() {
    "$shmq" create "$q-slow"
    mkfifo in
    "$shmq" send --chunk 4 "$q-slow" <in &
    exec 3>in
    printf 'abcdef' >&3
    is "$("$shmq" recv -c 1 "$q-slow" 3>&-)" abcd
    printf 'gh' >&3
    is "$("$shmq" recv -c 1 "$q-slow" 3>&-)" efgh
    exec 3>&-
    wait
    "$shmq" send --length-prefixed "$q-slow" <in &
    exec 3>in
    printf '\2\0\0\0ab\2\0' >&3
    is "$("$shmq" recv -c 1 "$q-slow" 3>&-)" ab
    printf '\0\0cd' >&3
    is "$("$shmq" recv -c 1 "$q-slow" 3>&-)" cd
    exec 3>&-
    wait
}

a_full_queue_waits_or_says_so() {
    "$shmq" create --capacity 4K "$q-full"
    seq 1 10000 >lines
    refused 4 "full (receive from it, or wait with --timeout)" "$shmq" send --timeout 0 "$q-full" lines
    refused 124 "timed out: it stayed full" "$shmq" send --timeout 10ms "$q-full" lines
    refused 124 "timed out: it stayed full" "$shmq" send --timeout 10ms --chunk 1K "$q-full" lines
    refused 4 "full" "$shmq" send --timeout 0 --chunk 1K "$q-full" lines
    local there
    there=$(waiting "$q-full")
    expect 0 "$shmq" recv "$q-full"
    is "$(wc -l <out)" "$there"
    seq 1 "$there" >wanted
    same wanted out
    "$shmq" send "$q-full" lines &
    expect 0 "$shmq" recv "$q-full"
    same lines out
    ends 0 $!
}

a_consumer_that_dies_does_not_harm_the_sender() {
    "$shmq" create --capacity 64K "$q-heir"
    mkfifo in
    seq 1 200000 >lines
    "$shmq" send "$q-heir" <in &
    local producer=$! i
    # Held open, so that no consumer ends by itself.
    exec 3>in
    cat lines >&3 &
    for i in {1..20}; do
        expect 0 "$shmq" recv -c 1000 -e "$q-heir" 3>&-
        cat out >>all
        : >got
        "$shmq" recv "$q-heir" >got 3>&- &
        sleep "0.0$((RANDOM % 3))"
        killed $!
        # A half line is of a record that was not released.
        sed -n '$!p' got >>all
        [[ -n $(tail -c 1 got) ]] || tail -n 1 got >>all
    done
    exec 3>&-
    expect 0 "$shmq" recv "$q-heir"
    cat out >>all
    ends 0 "$producer"
    # Who is killed between writing and releasing has written what the next one receives again.
    sort -nu all >once
    same lines once
}

nothing_is_told_where_nobody_looks() {
    "$shmq" create --capacity 64K "$q-quiet"
    seq 1 200000 >lines
    "$shmq" recv "$q-quiet" >got &
    expect 0 "$shmq" send "$q-quiet" lines
    [[ ! -s err && ! -s out ]] || fail "something was said"
    wait
    same lines got
}

run_facts
