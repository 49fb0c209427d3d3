source "$(dirname "$0")/lib.sh"

nothing_is_left() {
    is "$(ls -A /dev/shm)" ""
    is "$(df --output=used /dev/shm | tail -1 | tr -d ' ')" 0
}
helpers+=$'\nnothing_is_left'

a_queue_that_does_not_fit_is_refused_with_what_it_needs() {
    own_shm size=1M
    refused 1 "create 'large': no space left in shared memory (4M needed, 1M free; see --capacity)" \
        "$shmq" create --capacity 4M large
    refused 1 "(2.1M needed, 1M free; see --capacity)" "$shmq" create --capacity 16K --lanes 128 large
    refused 1 "(1T needed, 1M free; see --capacity)" "$shmq" create --capacity 1T large
    # Its header makes it larger than what there is.
    refused 1 "(1056768 needed, 1048576 free; see --capacity)" "$shmq" create --capacity 1M large
    refused 1 "send 'large': no space left for a new queue (try a smaller one: shmq create --capacity)" \
        "$shmq" send --create large
    nothing_is_left
    refused 3 "no such queue" "$shmq" stat large
    expect 0 "$shmq" create --capacity 512K fits
    refused 1 "(520K needed, 504K free; see --capacity)" "$shmq" create --capacity 512K again
    expect 0 "$shmq" create --capacity 256K second
    is "$(ls -A /dev/shm | wc -l)" 2
    expect 0 "$shmq" rm fits second
    nothing_is_left
}

no_more_files_is_no_more_space() {
    own_shm size=8M,nr_inodes=3
    expect 0 "$shmq" create one
    expect 0 "$shmq" create two
    refused 1 "a quota, or the number of files, is the limit" "$shmq" create three
    expect 0 "$shmq" rm one
    expect 0 "$shmq" create three
}

a_queue_has_all_its_memory_from_the_start() {
    own_shm size=1M
    "$shmq" create --capacity 512K early
    # The rest is taken by somebody else, to the last page.
    dd if=/dev/zero of=/dev/shm/other bs=4096 2>/dev/null || true
    is "$(df --output=avail /dev/shm | tail -1 | tr -d ' ')" 0
    head -c 3000000 /dev/urandom >data
    "$shmq" send --chunk 64K early data &
    expect 0 "$shmq" recv early
    ends 0 $!
    same data out
    refused 1 "no space left in shared memory (12K needed, 0 free; see --capacity)" "$shmq" create --capacity 4K late
}

a_full_file_system_takes_no_queue_in_a_file() {
    own_shm size=1M
    refused 1 "no space left in the file system (4M needed, 1M free; see --capacity)" \
        "$shmq" create --capacity 4M /dev/shm/queue
    refused 1 "no space left in the file system (4M needed, 1M free; see --capacity)" \
        "$shmq" create --capacity 4M --file /dev/shm/queue named
    nothing_is_left
}

what_a_full_disk_does_not_take_stays_in_the_queue() {
    "$shmq" create "$q-output"
    printf 'one\ntwo\n' | "$shmq" send "$q-output"
    local code=0
    "$shmq" recv "$q-output" >/dev/full 2>err || code=$?
    is "$code" 1
    is "$(cat err)" "shmq: recv '$q-output': cannot write to standard output: No space left on device (what was not written is still in the queue)"
    is "$(waiting "$q-output")" 2
    expect 0 "$shmq" recv "$q-output"
    is "$(tr '\n' ' ' <out)" "one two "
}

a_disk_that_fills_up_gets_whole_records_once() {
    own_shm size=100K
    "$shmq" create --capacity 1M ./queue
    seq 1 50000 >lines
    "$shmq" send ./queue lines
    local code=0
    "$shmq" recv ./queue >/dev/shm/first 2>err || code=$?
    is "$code" 1
    grep -qF "No space left on device" err || fail "the message"
    [[ -s /dev/shm/first ]] || fail "nothing was written"
    expect 0 "$shmq" recv ./queue
    # The line that was half written is not released, and comes again as a whole.
    if [[ -n $(tail -c 1 /dev/shm/first) ]]; then
        sed '$d' /dev/shm/first >whole
    else
        cp /dev/shm/first whole
    fi
    cat whole out >all
    same lines all
}

everything_that_prints_tells_that_it_could_not() {
    "$shmq" create "$q-print"
    local command code
    for command in "stat $q-print" "stat --json $q-print" ls "ls --json" help "recv --help" --help --version; do
        code=0
        # shellcheck disable=SC2086
        "$shmq" $command >/dev/full 2>err || code=$?
        [[ $code == 1 ]] || fail "exit code $code of $command"
        is "$(wc -l <err)" 1
        grep -qF "cannot write to standard output: No space left on device" err || fail "the message of $command"
    done
}

a_full_queue_keeps_what_fits_and_says_so() {
    "$shmq" create --capacity 4K "$q-full"
    seq 1 1000 >lines
    refused 4 "send '$q-full': full (receive from it, or wait with --timeout)" "$shmq" send -t 0 "$q-full" lines
    local count
    count=$(waiting "$q-full")
    ((count > 100)) || fail "only $count"
    refused 4 "full" "$shmq" send -t 0 "$q-full" lines
    refused 124 "timed out: it stayed full" "$shmq" send -t 10ms "$q-full" lines
    is "$(waiting "$q-full")" "$count"
    expect 0 "$shmq" recv "$q-full"
    head -n "$count" lines >wanted
    same wanted out
}

run_facts
