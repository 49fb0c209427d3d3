source "$(dirname "$0")/lib.sh"

digest() {
    sha256sum | cut -d ' ' -f 1
}
helpers+=$'\ndigest'

binary_data_travels_through_a_pipe_and_a_small_ring() {
    "$shmq" create --capacity 256K "$q-binary"
    head -c 30000000 /dev/urandom >data
    head -c 100000 /dev/zero >>data
    cat data | "$shmq" send --chunk 64K "$q-binary" &
    is "$("$shmq" recv "$q-binary" | digest)" "$(digest <data)"
    ends 0 $!
}

lines_travel_through_a_pipe_and_the_smallest_ring() {
    "$shmq" create --capacity 4K "$q-lines"
    seq 1 1000000 >data
    cat data | "$shmq" send "$q-lines" &
    is "$("$shmq" recv "$q-lines" | digest)" "$(digest <data)"
    ends 0 $!
}

several_producers_share_a_queue() {
    "$shmq" create --capacity 16K --lanes 4 "$q-several"
    local i pids=()
    for i in 1 2 3 4; do
        seq "${i}000001" "${i}100000" >"in-$i"
        "$shmq" send "$q-several" "in-$i" &
        pids+=($!)
    done
    "$shmq" recv -c 400000 "$q-several" >got
    for i in 1 2 3 4; do
        ends 0 "${pids[i - 1]}"
        # What one producer sent comes in its order.
        grep "^$i" got >"of-$i"
        same "in-$i" "of-$i"
    done
}

a_reader_that_goes_away_ends_it_quietly() {
    "$shmq" create "$q-head"
    seq 1 1000 | "$shmq" send "$q-head"
    local codes=(0)
    program recv "$q-head" 2>err | head -n 1 >first || codes=("${PIPESTATUS[@]}")
    is "$(cat first)" 1
    [[ ${codes[0]} == 0 || ${codes[0]} == 141 ]] || fail "exit code ${codes[0]}"
    [[ ! -s err ]] || fail "something was said"
}

# Where a pipe is in the way, what was written into it is gone with it; all behind that is in the queue, in order.
what_the_pipe_did_not_take_stays_in_the_queue() {
    "$shmq" create --capacity 4M "$q-rest"
    seq 1 200000 | "$shmq" send "$q-rest"
    local codes=(0)
    program recv "$q-rest" 2>err | head -n 1 >first || codes=("${PIPESTATUS[@]}")
    is "$(cat first)" 1
    is "${codes[0]}" 141
    [[ ! -s err ]] || fail "something was said"
    expect 0 "$shmq" recv "$q-rest"
    seq "$(head -n 1 out)" 200000 >wanted
    same wanted out
    # A pipe holds 64K, and head had read a buffer of it.
    (($(head -n 1 out) < 60000)) || fail "more than a pipe can hold is gone"
}

a_count_takes_no_record_too_many_from_a_pipe() {
    "$shmq" create "$q-one"
    seq 1 1000 | "$shmq" send "$q-one"
    local i
    for i in 1 2 3; do
        is "$("$shmq" recv -c 1 "$q-one" | head -n 1)" "$i"
    done
    is "$(waiting "$q-one")" 997
}

a_reader_that_is_gone_before_the_first_record_costs_none() {
    "$shmq" create "$q-gone"
    mkfifo pipe
    : <pipe &
    program recv "$q-gone" >pipe 2>err &
    ends 141 $!
    [[ ! -s err ]] || fail "something was said"
    seq 1 10 | "$shmq" send "$q-gone"
    is "$(waiting "$q-gone")" 10
}

where_broken_pipes_are_ignored_it_says_so_by_its_code() {
    "$shmq" create "$q-ignored"
    seq 1 200000 | "$shmq" send --timeout 0 "$q-ignored" 2>/dev/null || true
    local codes=(0)
    env --ignore-signal=PIPE "$shmq" recv "$q-ignored" 2>err | head -n 1 >first || codes=("${PIPESTATUS[@]}")
    [[ ${codes[0]} != 0 ]] || fail "it says that all went well"
}

a_closed_input_is_told() {
    "$shmq" create "$q-input"
    local code=0
    "$shmq" send "$q-input" <&- 2>err || code=$?
    is "$code" 1
    is "$(cat err)" "shmq: send '$q-input': standard input: Bad file descriptor"
    # Who does not need it does not miss it.
    echo one >one
    "$shmq" send "$q-input" one <&-
    is "$("$shmq" recv "$q-input" <&-)" one
}

a_closed_output_is_told_and_nothing_is_lost() {
    "$shmq" create "$q-output"
    echo one | "$shmq" send "$q-output"
    local code command
    for command in recv stat; do
        code=0
        "$shmq" "$command" "$q-output" >&- 2>err || code=$?
        is "$code" 1
        grep -qF "cannot write to standard output: Bad file descriptor" err || fail "the message of $command"
        is "$(wc -l <err)" 1
    done
    is "$(waiting "$q-output")" 1
    echo two | "$shmq" send "$q-output" >&-
    is "$("$shmq" recv "$q-output" | tr '\n' ' ')" "one two "
}

closed_messages_do_no_harm() {
    "$shmq" create "$q-error"
    local code=0
    "$shmq" stat "$q-none" 2>&- || code=$?
    is "$code" 3
    seq 1 1000 | "$shmq" send "$q-error" 2>&-
    code=0
    "$shmq" send "$q-error" none 2>&- || code=$?
    is "$code" 1
    "$shmq" recv "$q-error" >out 2>&-
    is "$(digest <out)" "$(seq 1 1000 | digest)"
}

all_three_closed_is_no_reason_to_crash() {
    "$shmq" create "$q-three"
    echo one >one
    "$shmq" send "$q-three" one <&- >&- 2>&-
    local code=0
    "$shmq" recv "$q-three" <&- >&- 2>&- || code=$?
    is "$code" 1
    code=0
    "$shmq" ls <&- >&- 2>&- || code=$?
    is "$code" 1
    is "$("$shmq" recv "$q-three")" one
}

nothing_but_data_goes_into_a_pipe() {
    "$shmq" create "$q-plain"
    seq 1 1000 | "$shmq" send "$q-plain" 2>&1 | cat >said
    [[ ! -s said ]] || fail "send said something"
    "$shmq" recv "$q-plain" 2>&1 | cat >got
    is "$(digest <got)" "$(seq 1 1000 | digest)"
    "$shmq" stat "$q-plain" | cat >text
    "$shmq" ls | cat >>text
    ! grep -q $'[\033\r]' text || fail "escape sequences"
}

a_slow_reader_gets_everything() {
    "$shmq" create --capacity 4K "$q-slow"
    seq 1 30000 >data
    "$shmq" send "$q-slow" data &
    "$shmq" recv "$q-slow" | while IFS= read -r line; do echo "$line"; done >got
    ends 0 $!
    same data got
}

an_output_that_does_not_block_gets_everything() {
    "$shmq" create --capacity 1M "$q-busy"
    seq 1 100000 >data
    "$shmq" send "$q-busy" data &
    # Opened for both, a pipe's end can be made such by any process that shares it; perl is on every Debian.
    command -v perl >/dev/null || skip "perl is missing"
    perl -e 'use Fcntl; fcntl(STDOUT, F_SETFL, O_WRONLY | O_NONBLOCK) or die; exec @ARGV' "$shmq" recv "$q-busy" |
        { sleep 0.2 && cat; } >got
    ends 0 $!
    same data got
}

run_facts
