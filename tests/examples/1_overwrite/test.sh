source "$(dirname "$0")/../lib.sh"

producer_prints_what_consumer_has_written_over_it() {
    expect 0 "$(example producer)" "$q-over" "$(given consumer)"
    says out <<'END'
P: "written by P" 01 02 03 04 05 06 07 08
C: read "written by P"
P: "overwritten by C" 10 20 30 40 50 60 70 80
END
    says err </dev/null
    nothing_left "$q-over"
}

consumer_without_its_producer_finds_nothing() {
    refused 1 "no such name" "$(example consumer)" "$q-alone"
}

consumer_that_fails_is_noticed() {
    expect 1 "$(example producer)" "$q-fails" "$(given false)"
    says out <<<'P: "written by P" 01 02 03 04 05 06 07 08'
    nothing_left "$q-fails"
}

memory_that_has_the_name_is_left_alone() {
    expect 0 "$shmq" create "$q-taken"
    expect 0 "$shmq" send "$q-taken" <<<'a line'
    refused 1 "the name is taken" "$(example producer)" "$q-taken" "$(given consumer)"
    is "$("$shmq" recv "$q-taken")" 'a line'
}

consumer_that_cannot_be_started_is_told() {
    not_started "$q-none"
}

run_facts
