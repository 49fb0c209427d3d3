source "$(dirname "$0")/lib.sh"

a_new_queue_is_there_and_empty() {
    expect 0 "$shmq" create "$q-new"
    [[ ! -s out && ! -s err ]] || fail "success is not silent"
    expect 0 "$shmq" stat -b "$q-new"
    is "$(awk '$1 == "capacity" { print $2 }' out)" 1048576
    is "$(waiting "$q-new")" 0
}

an_existing_queue_is_an_error_unless_it_may_exist() {
    expect 0 "$shmq" create "$q-twice"
    echo kept | "$shmq" send "$q-twice"
    refused 1 "it exists (use it as it is with --if-not-exists, or remove it with: shmq rm $q-twice)" \
        "$shmq" create "$q-twice"
    expect 0 "$shmq" create --if-not-exists "$q-twice"
    [[ ! -s err ]] || fail "it is not silent"
    is "$(waiting "$q-twice")" 1
}

an_existing_queue_of_other_sizes_is_noted() {
    expect 0 "$shmq" create --capacity 64K "$q-other"
    expect 0 "$shmq" create --if-not-exists --capacity 128K "$q-other"
    grep -q 'note: it exists, with a capacity of 64K and lanes: 1' err || fail "no note"
    expect 0 "$shmq" create --if-not-exists --lanes 2 "$q-other"
    grep -q 'note: it exists' err || fail "no note"
    expect 0 "$shmq" create --if-not-exists --quiet --lanes 2 "$q-other"
    [[ ! -s err ]] || fail "a note in spite of --quiet"
    expect 0 "$shmq" create --if-not-exists --capacity 50K --lanes 1 "$q-other"
    [[ ! -s err ]] || fail "a note without a difference"
}

of_many_creators_one_creates() {
    local i code pids=() created=0
    for i in {1..20}; do
        "$shmq" create "$q-race" 2>/dev/null &
        pids+=($!)
    done
    for i in "${pids[@]}"; do
        ended "$i"
        case $code in
        0) created=$((created + 1)) ;;
        1) ;;
        *) fail "another exit code" ;;
        esac
    done
    is "$created" 1
}

the_mode_is_exact_and_0600_without_one() {
    umask 0077
    expect 0 "$shmq" create ./plain
    is "$(stat -c %a plain)" 600
    expect 0 "$shmq" create --mode 0664 ./shared
    is "$(stat -c %a shared)" 664
    umask 0
    expect 0 "$shmq" create ./open
    is "$(stat -c %a open)" 600
    local mode
    for mode in 0 1000 8 660x '' -1; do
        refused 2 "--mode: '$mode' is not a mode" "$shmq" create --mode "$mode" ./bad
    done
    [[ ! -e bad ]] || fail "something was created"
}

the_group_goes_by_name_or_number() {
    expect 0 "$shmq" create --group "$(id -gn)" ./named
    is "$(stat -c %g named)" "$(id -g)"
    expect 0 "$shmq" create --group "$(id -g)" ./numbered
    is "$(stat -c %g numbered)" "$(id -g)"
    refused 2 "--group: no group 'no-such-group'" "$shmq" create --group no-such-group ./bad
    refused 2 "--group: no group '4294967295'" "$shmq" create --group 4294967295 ./bad
    if [[ $(id -u) == 0 ]]; then
        expect 0 "$shmq" create --group 12345 ./other
        is "$(stat -c %g other)" 12345
    fi
}

a_queue_in_a_file_has_its_name_too() {
    expect 0 "$shmq" create --file "$PWD/kept" "$q-file"
    [[ -s kept ]] || fail "there is no file"
    echo one | "$shmq" send "$q-file"
    expect 0 "$shmq" recv -c 1 ./kept
    is "$(cat out)" one
    expect 0 "$shmq" rm "$q-file"
    [[ -s kept ]] || fail "the file is gone"
}

a_path_that_is_taken_or_leads_nowhere_is_refused() {
    echo text >taken
    refused 5 "taken by something that is not a queue" "$shmq" create ./taken
    is "$(cat taken)" text
    refused 5 "taken by something that is not a queue" "$shmq" create --file "$PWD/taken" "$q-taken"
    is "$(cat taken)" text
    refused 1 "the folder for its file does not exist" "$shmq" create ./no/folder
    refused 5 "taken by something that is not a queue" "$shmq" create "$PWD"
    refused 5 "taken by something that is not a queue" "$shmq" create /dev/null
}

a_file_goes_with_a_name() {
    refused 2 "--file goes with a name" "$shmq" create ./x --file ./y
    refused 2 "--file: '' is not a path" "$shmq" create "$q-empty" --file ''
    [[ ! -e x && ! -e y ]] || fail "something was created"
    expect 0 "$shmq" create "$q-here" --file here
    [[ -s here ]] || fail "not in this folder"
}

lanes_are_as_many_producers() {
    expect 0 "$shmq" create --lanes 2 --capacity 4K "$q-lanes"
    mkfifo a b
    "$shmq" send "$q-lanes" <a &
    "$shmq" send "$q-lanes" <b &
    exec 3>a 4>b
    echo a >&3
    echo b >&4
    until_true both_sent
    refused 4 "all 2 lanes have a producer" "$shmq" send "$q-lanes"
    exec 3>&- 4>&-
    wait
    expect 0 "$shmq" recv "$q-lanes"
    is "$(sort out | tr -d '\n')" ab
}

both_sent() {
    [[ $(waiting "$q-lanes") == 2 ]]
}
helpers+=$'\nboth_sent'

run_facts
