source "$(dirname "$0")/lib.sh"

two_processors() {
    (($(nproc) > 1)) || skip "there is only one processor"
}
helpers+=$'\ntwo_processors'

every_transport_has_a_figure_for_every_size() {
    two_processors
    command -v jq >/dev/null || skip "jq is missing"
    expect 0 "$shmq" bench --time 0.1s --json
    is "$(jq -r '[.[] | select(.mode | IN("single", "batched", "arrays", "in_place")) | .transport + " " + .mode] | unique[]' out)" \
        $'pipe batched\npipe single\nposix_mq single\nshmq arrays\nshmq batched\nshmq in_place\nshmq single\nunix_stream single'
    jq -e 'all(.[]; .line_rtt_ns > 0 and .size > 0)' out >/dev/null || fail "without a size or a distance"
    jq -e '[.[] | select(.mode == "single" and .transport == "shmq")] | map(.size) == [8, 64, 1024, 4096, 65536]' \
        out >/dev/null || fail "not all sizes"
    jq -e '[.[] | select(.msgs_per_s != null)] | length == 39 and
        all(.[]; .msgs_per_s > 0 and (.gb_per_s - .msgs_per_s * .size / 1e9 | fabs) < 0.001 * .gb_per_s + 0.001)' \
        out >/dev/null || fail "figures are missing or contradict each other"
    jq -e '[.[] | select(.transport == "pipe" and .mode == "single")] | all(.[]; .times_pipe == 1)' out >/dev/null ||
        fail "the pipe is not as fast as itself"
    jq -e '[.[] | select(.mode | IN("polling", "sleeping"))] | length == 8 and
        all(.[]; .p50_ns > 0 and .p99_ns >= .p50_ns and .p999_ns >= .p99_ns)' out >/dev/null ||
        fail "round trips are missing or contradict each other"
    is "$(cat err)" ""
}

people_get_bars_and_what_they_mean() {
    two_processors
    expect 0 "$shmq" bench --time 0.1s
    grep -q 'a cache line goes there and back in [0-9]* ns' out || fail "it does not say how far apart the processors are"
    is "$(grep -c 'times the pipe' out)" 5
    is "$(grep -cE '^  shmq, batched +[^ ].* [0-9.]+ [Mk]/s +[0-9.]+ GB/s +[0-9.]+x$' out)" 5
    grep -qE '^  two cache lines each way +[0-9]+ ns' out || fail "no limit beside the round trips"
    is "$(cat err)" ""
}

# Queues of measurements whose process is no more.
orphans() {
    local name
    for name in $("$shmq" ls --no-headings | awk '/^shmq-bench-/ { print $1 }'); do
        grep -qs '^State:.[^ZX]' "/proc/$(cut -d - -f 3 <<<"$name")/status" || echo "$name"
    done
}
helpers+=$'\norphans'

nothing_is_left_behind_where_it_is_interrupted() {
    two_processors
    local before i code named
    before=$(orphans)
    for i in {1..8}; do
        "$shmq" bench --time 60s >out 2>err &
        until named=(/dev/shm/shmq.*.shmq-bench-*) && [[ -e ${named[0]} ]]; do :; done
        kill -TERM $!
        code=0
        wait $! || code=$?
        is "$code" 143
        # A run that was begun comes to its own end, on the processors that the next one wants.
        while pgrep -x shmq -a | grep -q 'bench --time 60s'; do
            sleep 0.1
        done
    done
    for i in {1..50}; do
        [[ $(orphans) == "$before" && -z $(pgrep -x shmq -a | grep 'bench --time 60s') ]] && return
        sleep 0.2
    done
    fail "$(orphans) $(pgrep -x shmq -a)"
}

wrong_times_and_processors_are_refused() {
    refused 2 "--time: '0' is not within 0.1s .. 600s" "$shmq" bench --time 0
    refused 2 "--time: '1h' is not within" "$shmq" bench --time 1h
    refused 2 "is not a time" "$shmq" bench --time soon
    local cores
    for cores in '' 0 0,0 0,x -1,0 0,1,2; do
        refused 2 "--cores: '$cores' is not two processors" "$shmq" bench --cores "$cores"
    done
    two_processors
    refused 1 "cannot run on processors 0 and 4095" "$shmq" bench --cores 0,4095
}

run_facts
