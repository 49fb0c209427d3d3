source "$(dirname "$0")/lib.sh"

declare -A number=([INT]=130 [TERM]=143 [HUP]=129)

# A queue with the lines 1 to COUNT: filled NAME COUNT
filled() {
    "$shmq" create --capacity 4M "$1"
    seq 1 "$2" | "$shmq" send "$1"
}

producer_is_here() {
    "$shmq" stat "$1" | awk '/^LANE/ { lanes = 1; next } lanes && $2 != "-"' | grep -q .
}

has_records() {
    [[ $(waiting "$1") == "$2" ]]
}

quiet() {
    [[ ! -s $1 ]] || fail "something was said: $(head -n 1 "$1")"
}
helpers+=$'\nfilled\nproducer_is_here\nhas_records\nquiet'

recv_that_waits_dies_of_the_signal_and_frees_its_role() {
    "$shmq" create "$q-wait"
    local signal
    for signal in INT TERM HUP; do
        program recv "$q-wait" >got 2>err &
        until_true consumer_is_here "$q-wait"
        kill -s "$signal" $!
        ends "${number[$signal]}" $!
        quiet err
        [[ ! -s got ]] || fail "something was received"
    done
    refused 4 "empty" "$shmq" recv -t 0 "$q-wait"
}

recv_with_a_count_or_a_timeout_dies_too() {
    "$shmq" create "$q-count"
    local options
    for options in "-c 5" "-t 1h" "-c 5 -t 1h"; do
        # shellcheck disable=SC2086
        program recv $options "$q-count" 2>err &
        until_true consumer_is_here "$q-count"
        kill -s INT $!
        ends 130 $!
        quiet err
    done
}

send_that_waits_for_input_dies_of_the_signal_and_what_came_is_sent() {
    local signal
    mkfifo in
    exec 3<>in
    for signal in INT TERM HUP; do
        "$shmq" create "$q-input-$signal"
        program send "$q-input-$signal" <in 2>err &
        printf 'one\ntwo\nhal' >&3
        until_true has_records "$q-input-$signal" 2
        kill -s "$signal" $!
        ends "${number[$signal]}" $!
        quiet err
        expect 0 "$shmq" recv "$q-input-$signal"
        is "$(tr '\n' ' ' <out)" "one two "
    done
}

send_that_waits_for_room_dies_of_the_signal_and_what_fitted_is_sent() {
    local signal options count
    seq 1 10000 >lines
    for signal in INT TERM HUP; do
        for options in "" "--chunk 64" "-t 1h"; do
            "$shmq" create --capacity 4K "$q-room"
            # shellcheck disable=SC2086
            program send $options "$q-room" lines 2>err &
            until_true has_been_full "$q-room"
            kill -s "$signal" $!
            ends "${number[$signal]}" $!
            quiet err
            count=$(waiting "$q-room")
            ((count > 10)) || fail "only $count"
            expect 0 "$shmq" recv "$q-room"
            head -c "$(stat -c %s out)" lines >wanted
            same wanted out
            [[ $options == "--chunk 64" || $(wc -l <out) == "$count" ]] || fail "half a record"
            "$shmq" rm "$q-room"
        done
    done
}

send_in_the_middle_of_a_chunk_sends_no_half_of_it() {
    "$shmq" create "$q-chunk"
    mkfifo in
    exec 3<>in
    program send --chunk 10 "$q-chunk" <in &
    printf 'whole-ten-and-half' >&3
    until_true has_records "$q-chunk" 1
    kill -s TERM $!
    ends 143 $!
    expect 0 "$shmq" recv "$q-chunk"
    is "$(cat out)" whole-ten-
}

send_at_work_dies_and_what_it_sent_is_the_front_of_the_file() {
    local i signals=(INT TERM HUP) signal total=0
    seq 1 3000000 >lines
    "$shmq" create --capacity 64K "$q-work"
    for i in {0..11}; do
        signal=${signals[i % 3]}
        # With a count it does not end with its producer.
        program recv -c 1000000000 "$q-work" >got &
        local consumer=$!
        program send "$q-work" lines 2>err &
        local producer=$! code
        sleep "0.0$((RANDOM % 6))"
        kill -s "$signal" "$producer" 2>/dev/null || true
        ended "$producer"
        [[ $code == "${number[$signal]}" || $code == 0 ]] || fail "exit code $code"
        quiet err
        until_true has_records "$q-work" 0
        kill -s TERM "$consumer"
        ends 143 "$consumer"
        [[ -z $(tail -c 1 got) ]] || fail "half a record"
        head -c "$(stat -c %s got)" lines >wanted
        same wanted got
        total=$((total + $(wc -l <got)))
    done
    ((total > 0)) || fail "no signal came after the start"
}

recv_at_work_loses_nothing_and_gives_nothing_twice() {
    local i signals=(INT TERM HUP) code ended_by_signal=0
    seq 1 4000000 >lines
    "$shmq" create --capacity 64K "$q-relay"
    "$shmq" send "$q-relay" lines &
    local producer=$!
    : >all
    for i in {0..29}; do
        program recv "$q-relay" >>all 2>err &
        sleep "0.00$((RANDOM % 10))"
        kill -s "${signals[i % 3]}" $! 2>/dev/null || true
        ended $!
        [[ $code == 0 || $code == "${number[${signals[i % 3]}]}" ]] || fail "exit code $code"
        quiet err
        [[ $code == 0 ]] || ended_by_signal=$((ended_by_signal + 1))
        [[ $code != 0 ]] || break
        [[ -z $(tail -c 1 all) ]] || fail "it ended in the middle of a record"
    done
    if [[ $code != 0 ]]; then
        expect 0 "$shmq" recv "$q-relay"
        cat out >>all
    fi
    ends 0 "$producer"
    ((ended_by_signal > 0)) || fail "no signal came in time"
    same lines all
}

recv_that_waits_for_its_reader_ends_between_two_records() {
    filled "$q-pipe" 200000
    mkfifo pipe
    local signal
    : >all
    for signal in INT TERM HUP; do
        program recv "$q-pipe" >pipe 2>err &
        exec 4<pipe
        # It has filled the pipe and sleeps in a write.
        until_true sleeps_in_write $!
        kill -s "$signal" $!
        cat <&4 >>all
        exec 4<&-
        ends "${number[$signal]}" $!
        quiet err
        [[ -z $(tail -c 1 all) ]] || fail "it ended in the middle of a record"
    done
    expect 0 "$shmq" recv "$q-pipe"
    cat out >>all
    is "$(wc -l <all)" 200000
    seq 1 200000 >wanted
    same wanted all
}

sleeps_in_write() {
    [[ -r /proc/$1/syscall ]] || return 0
    grep -qE '^[0-9]+ 0x1 ' "/proc/$1/syscall"
}

# The handler is for one time.
interrupt_is_noted() {
    (((0x$(awk '$1 == "SigCgt:" { print $2 }' "/proc/$1/status") & 1 << 1) == 0))
}

a_second_signal_does_not_wait_for_the_reader() {
    "$shmq" create "$q-second"
    # One record that is larger than a pipe: it cannot end between two.
    head -c 300000 /dev/zero | "$shmq" send --chunk 400000 "$q-second"
    mkfifo pipe
    program recv "$q-second" >pipe 2>err &
    exec 4<pipe
    until_true sleeps_in_write $!
    kill -s INT $!
    until_true interrupt_is_noted $!
    kill -s INT $!
    ends 130 $!
    exec 4<&-
    is "$(waiting "$q-second")" 1
    expect 0 "$shmq" recv "$q-second"
    is "$(stat -c %s out)" 300000
}
helpers+=$'\nsleeps_in_write\ninterrupt_is_noted'

who_ignores_a_signal_goes_on_ignoring_it() {
    "$shmq" create "$q-ignored"
    env --ignore-signal=HUP --default-signal=TERM "$shmq" recv "$q-ignored" >got &
    until_true consumer_is_here "$q-ignored"
    kill -s HUP $!
    echo one | "$shmq" send "$q-ignored"
    ends 0 $!
    is "$(cat got)" one
}

who_is_stopped_and_continued_goes_on() {
    "$shmq" create --capacity 64K "$q-stop"
    seq 1 300000 >lines
    "$shmq" send "$q-stop" lines &
    local producer=$! i
    "$shmq" recv "$q-stop" >got &
    local consumer=$!
    for i in {1..10}; do
        kill -s STOP "$consumer" 2>/dev/null || true
        kill -s STOP "$producer" 2>/dev/null || true
        kill -s CONT "$consumer" 2>/dev/null || true
        kill -s CONT "$producer" 2>/dev/null || true
    done
    ends 0 "$producer"
    ends 0 "$consumer"
    same lines got
}

run_facts
