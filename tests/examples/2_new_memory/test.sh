source "$(dirname "$0")/../lib.sh"

producer_prints_the_new_memory() {
    expect 0 "$(example producer)" "$q-new" "$(given consumer)"
    printf 'a text, and the bytes \1\2\3\376\377' >question
    od -v -A n -t x1 question >answer
    {
        echo "C: read $(stat -c %s question) bytes"
        echo "P: $(stat -c %s question) bytes have become $(stat -c %s answer):"
        cat answer
    } | says out
    says err </dev/null
    nothing_left "$q-new"
}

consumer_that_answers_nothing_is_noticed() {
    refused 1 "timed out" "$(example producer)" "$q-none" "$(given true)"
    expect 1 "$(example producer)" "$q-none" "$(given false)"
    nothing_left "$q-none"
}

consumer_with_nothing_to_do_ends_well() {
    expect 0 "$shmq" create "$q-idle"
    expect 0 "$(example consumer)" "$q-idle"
    says out </dev/null
    refused 1 "no such name" "$(example consumer)" "$q-nothing"
}

queue_that_has_the_name_is_left_alone() {
    expect 0 "$shmq" create "$q-taken"
    refused 1 "the name is taken" "$(example producer)" "$q-taken" "$(given consumer)"
    expect 0 "$shmq" stat "$q-taken"
}

consumer_that_cannot_be_started_is_told() {
    not_started "$q-none"
}

run_facts
