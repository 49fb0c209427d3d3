source "$(dirname "$0")/../lib.sh"

# Standard input is what P says of C, which ends as the argument tells; then the task is done by another.
retried() {
    expect 0 "$(example producer)" "$q-$1" "$(given consumer)" "$1"
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
    if [[ -n $windows ]]; then
        retried abort <<<"P: C has ended with code 3"
    else
        retried abort <<<"P: C was ended by signal 6, Aborted"
    fi
}

access_to_no_memory_is_told() {
    if [[ -n $windows ]]; then
        retried segv <<<"P: C was ended by exception 0xc0000005"
    else
        retried segv <<<"P: C was ended by signal 11, Segmentation fault"
    fi
}

kill_is_told() {
    if [[ -n $windows ]]; then
        retried kill <<<"P: C has ended with code 9"
    else
        retried kill <<<"P: C was ended by signal 9, Killed"
    fi
}

error_that_consumer_reports_itself_is_told_and_final() {
    expect 1 "$(example producer)" "$q-fail" "$(given consumer)" fail
    says out <<'END'
P: C has ended with code 1
P: it failed at 30 of 100 %, with code -28: no space left for the result
END
    says err </dev/null
    nothing_left "$q-fail"
}

consumer_that_never_begins_is_told() {
    expect 1 "$(example producer)" "$q-never" "$(given false)" well
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
    expect 0 "$(example producer)" "$q-well" "$(given consumer)" well
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
