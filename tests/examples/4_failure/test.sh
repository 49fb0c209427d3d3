source "$(dirname "$0")/../lib.sh"

# Standard input is what P says of C, which ends as the argument tells; then the task is done by another.
retried() {
    expect 0 "$(example producer)" "$q-$1" "$(example consumer)" "$1"
    {
        cat
        echo "P: it died at 30 of 100 %: in the first third"
        echo "P: the task is still there; another C gets it"
        echo "P: C has ended with code 0"
        echo "P: it succeeded: all is written"
    } | says out
    nothing_left "$q-$1"
}
helpers+=$'\nretried'

exit_code_is_told() {
    retried exit <<<"P: C has ended with code 3"
}

abort_is_told() {
    retried abort <<<"P: C was ended by signal 6, Aborted"
}

access_to_no_memory_is_told() {
    retried segv <<<"P: C was ended by signal 11, Segmentation fault"
}

kill_is_told() {
    retried kill <<<"P: C was ended by signal 9, Killed"
}

error_that_consumer_reports_itself_is_told_and_final() {
    expect 1 "$(example producer)" "$q-fail" "$(example consumer)" fail
    says out <<'END'
P: C has ended with code 1
P: it failed at 30 of 100 %, with code -28: no space left for the result
END
    says err </dev/null
    nothing_left "$q-fail"
}

consumer_that_never_begins_is_told() {
    expect 1 "$(example producer)" "$q-never" /bin/false well
    says out <<'END'
P: C has ended with code 1
P: it had not begun
P: the task is still there; another C gets it
P: C has ended with code 1
P: it had not begun
END
    nothing_left "$q-never"
}

success_is_told_too() {
    expect 0 "$(example producer)" "$q-well" "$(example consumer)" well
    says out <<'END'
P: C has ended with code 0
P: it succeeded: all is written
END
    says err </dev/null
    nothing_left "$q-well"
}

consumer_that_cannot_be_started_is_told() {
    not_started "$q-none" well
}

run_facts
