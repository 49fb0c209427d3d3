source "$(dirname "$0")/lib.sh"

# of QUEUE WORD   the number that stat has behind the word
of() {
    "$shmq" stat "$1" | awk -v "word=$2" '$1 == word { print $2 }'
}

has_sent() {
    (($(of "$1" sent) >= $2))
}
helpers+=$'\nof\nhas_sent'

a_recorder_keeps_the_newest_and_tells_how_many_were_missed() {
    "$shmq" create --recorder --capacity 4K "$q-newest"
    seq 1 10000 >lines
    expect 0 "$shmq" send "$q-newest" lines
    local there
    there=$(waiting "$q-newest")
    # A record of up to 5 digits takes 24 bytes.
    ((there >= 100 && there <= 4096 / 24)) || fail "$there wait"
    is "$(of "$q-newest" missed)" $((10000 - there))
    expect 0 "$shmq" recv "$q-newest"
    tail -n "$there" lines >wanted
    same wanted out
    is "$(cat err)" \
        "shmq: recv '$q-newest': missed $((10000 - there)) records, overwritten before they could be received"
    is "$(of "$q-newest" missed) $(of "$q-newest" received) $(waiting "$q-newest")" "$((10000 - there)) $there 0"
    is "$(of "$q-newest" used)" 0
}

a_queue_that_is_no_recorder_does_not_overwrite() {
    "$shmq" create --capacity 4K "$q-queue"
    seq 1 10000 >lines
    expect 4 "$shmq" send --policy fail "$q-queue" lines
    expect 0 "$shmq" recv "$q-queue"
    is "$(head -n 1 out)" 1
    ! grep -q missed err || fail "nothing was missed"
}

where_nothing_was_overwritten_nothing_is_told() {
    "$shmq" create --recorder "$q-all"
    seq 1 1000 >lines
    expect 0 "$shmq" send "$q-all" lines
    expect 0 "$shmq" recv "$q-all"
    same lines out
    [[ ! -s err ]] || fail "it said something"
    is "$(of "$q-all" missed)" 0
}

quiet_is_quiet_and_stat_still_tells() {
    "$shmq" create --recorder --capacity 4K "$q-quiet"
    seq 1 1000 | "$shmq" send "$q-quiet"
    expect 0 "$shmq" recv -q -e "$q-quiet"
    [[ ! -s err ]] || fail "it is not quiet"
    is $(($(wc -l <out) + $(of "$q-quiet" missed))) 1000
}

each_lane_keeps_its_own_newest() {
    "$shmq" create --recorder --capacity 4K --lanes 2 "$q-lanes"
    seq 1 10 | "$shmq" send --lane 0 "$q-lanes"
    seq 1 10000 | "$shmq" send --lane 1 "$q-lanes"
    expect 0 "$shmq" recv --from 0 "$q-lanes"
    seq 1 10 >wanted
    same wanted out
    [[ ! -s err ]] || fail "something of lane 0 was missed"
    expect 0 "$shmq" recv --from 1 "$q-lanes"
    is "$(tail -n 1 out)" 10000
    grep -qF missed err || fail "nothing of lane 1 was missed"
}

a_slow_receiver_misses_some_and_learns_of_each() {
    "$shmq" create --recorder --capacity 64K "$q-slow"
    mkfifo in
    "$shmq" send "$q-slow" <in &
    exec 3>in
    "$shmq" recv "$q-slow" >got 2>told 3>&- &
    local receiver=$!
    seq 1 1000 >&3
    until_true test -s got
    kill -STOP "$receiver"
    seq 1001 300000 >&3
    until_true has_sent "$q-slow" 300000
    kill -CONT "$receiver"
    exec 3>&-
    ends 0 "$receiver"
    local missed
    missed=$(sed -n 's/.* missed \([0-9]*\).*/\1/p' told | awk '{ sum += $1 } END { print sum + 0 }')
    ((missed > 0)) || fail "a receiver that was stopped missed nothing"
    is $(($(wc -l <got) + missed)) 300000
    is "$(of "$q-slow" missed)" "$missed"
    sort -nuc got || fail "out of order, or twice"
    is "$(tail -n 1 got)" 300000
}

it_ends_though_the_sender_goes_on() {
    "$shmq" create --recorder --capacity 4K "$q-on"
    yes | "$shmq" send "$q-on" &
    local sender=$!
    until_true has_sent "$q-on" 1000
    # All that was there at the start may be overwritten before it is looked at.
    : >out
    until [[ -s out ]]; do
        expect 0 "$shmq" recv -e "$q-on"
    done
    expect 0 "$shmq" recv -q -c 500 "$q-on"
    is "$(wc -l <out)" 500
    kill "$sender"
}

records_of_all_sizes_come_whole() {
    "$shmq" create --recorder --capacity 64K "$q-sizes"
    local i
    for i in {1..400}; do
        head -c $((i * 73 % 30000)) /dev/zero | tr '\0' "$((i % 10))"
        echo " $i"
    done >lines
    expect 0 "$shmq" send "$q-sizes" lines
    expect 0 "$shmq" recv "$q-sizes"
    tail -n "$(wc -l <out)" lines >wanted
    same wanted out
    (($(wc -l <out) < 400 && $(wc -l <out) > 0)) || fail "$(wc -l <out) lines"
}

what_is_there_outlives_a_killed_sender() {
    "$shmq" create --recorder --capacity 4K "$q-flight"
    mkfifo in
    "$shmq" send "$q-flight" <in &
    local sender=$!
    exec 3>in
    seq 1 5000 >&3
    until_true has_sent "$q-flight" 5000
    killed "$sender"
    expect 0 "$shmq" recv -e "$q-flight"
    is "$(tail -n 1 out)" 5000
}

run_facts
