source "$(dirname "$0")/lib.sh"

# What is true on Windows only.

worker=${TEST_CLI_PROGRAMS:-.}/test_cli_worker.exe
itself=${TEST_CLI_PROGRAMS:-.}/shmq.exe

a_command_gets_the_arguments_it_was_given() {
    local given=('a b' '' 'a"b' 'a\' 'a b\' 'a\"b' '\\host\share\' '%PATH%' 'x&y|z' 'grün € 𝄞' $'tab\there' '*.c')
    printf '[%s]\n' "${given[@]}" "$q-given" >wanted
    expect 0 "$shmq" run "$q-given" -- "$worker" say "${given[@]}"
    same wanted out
}

how_a_command_ends_is_how_run_ends() {
    expect 0 "$shmq" run "$q-end" -- "$worker" end 0
    expect 7 "$shmq" run "$q-end" -- "$worker" end 7
    grep -qF "failed with code 7" err || fail "not told"
    expect 139 "$shmq" run "$q-end" -- "$worker" crash
    grep -qF "killed by signal 11 (Access violation)" err || fail "the crash was not told"
    expect 127 "$shmq" run "$q-end" -- no-such-command
    grep -qF "no such command" err || fail "not told"
    echo text >file.exe
    expect 126 "$shmq" run "$q-end" -- ./file.exe
    grep -qF "cannot start './file.exe'" err || fail "not told"
}

who_does_not_end_is_killed() {
    expect 124 "$shmq" run --timeout 300ms --kill-after 200ms "$q-stay" -- "$worker" stay
    grep -qF here out || fail "it never ran"
    refused 3 "no such queue" "$shmq" stat "$q-stay"
}

what_batch_files_would_take_for_more_than_a_word_is_refused() {
    printf '@echo %%1\r\n' >batch.cmd
    expect 0 "$shmq" run "$q-batch" -- ./batch.cmd word
    is "$(tr -d '\r' <out)" word
    expect 126 "$shmq" run "$q-batch" -- ./batch.cmd '"&calc'
    grep -qF "cannot start" err || fail "not told"
}

input_goes_to_the_command() {
    seq 1 20000 >lines
    expect 0 "$shmq" run --input lines "$q-input" -- "$itself" recv "$q-input"
    same lines out
    expect 0 "$shmq" run --input - "$q-input" -- "$itself" recv "$q-input" <lines
    same lines out
}

names_of_files_are_utf8() {
    mkdir grün
    expect 0 "$shmq" create --capacity 64K ./grün/queue
    [[ -s grün/queue ]] || fail "it is called something else"
    echo 'ein Gruß' >grün/Grüße.txt
    expect 0 "$shmq" send ./grün/queue grün/Grüße.txt
    expect 0 "$shmq" recv -e ./grün/queue
    same grün/Grüße.txt out
    refused 1 "grün/none: No such file" "$shmq" send ./grün/queue grün/none
    expect 0 "$shmq" dump ./grün/queue grün/Ablage
    expect 0 "$shmq" stat ./grün/Ablage
}

a_backslash_leads_to_a_file_too() {
    mkdir folder
    expect 0 "$shmq" create 'folder\queue'
    [[ -s folder/queue ]] || fail "there is no such file"
    expect 0 "$shmq" stat folder/queue
    refused 2 "not a name" "$shmq" create "a b"
}

who_has_a_role_is_named() {
    local process
    "$shmq" create "$q-who"
    "$shmq" recv "$q-who" >got &
    until_true consumer_is_here "$q-who"
    process=$("$shmq" stat --json "$q-who" | jq .consumer)
    is "$("$shmq" stat --json "$q-who" | jq -r .consumer_process)" shmq
    refused 1 "in use: $process (shmq) receives" "$shmq" rm "$q-who"
    refused 1 "process $process (shmq) receives from it already" "$shmq" recv "$q-who"
    killed $!
    expect 0 "$shmq" recv -e "$q-who"
    is "$("$shmq" stat --json "$q-who" | jq .consumer)" null
}

a_receiver_that_dies_is_told_and_has_a_successor() {
    "$shmq" create "$q-heir"
    "$shmq" recv "$q-heir" >got &
    until_true consumer_is_here "$q-heir"
    killed $!
    "$shmq" ls | awk -v name="$q-heir" '$1 == name' | grep -q died || fail "ls does not tell that it died"
    echo one | "$shmq" send "$q-heir"
    is "$("$shmq" recv "$q-heir")" one
}

ctrl_c_ends_who_waits_with_130() {
    "$shmq" create "$q-int"
    program recv "$q-int" >got 2>err &
    until_true consumer_is_here "$q-int"
    kill -INT $!
    ends 130 $!
    [[ ! -s err ]] || fail "it said something"
}

who_has_no_reader_any_more_ends_without_a_word() {
    mkfifo pipe
    : <pipe &
    program help --completion bash >pipe 2>err &
    ends 141 $!
    [[ ! -s err ]] || fail "it said something"
}

what_is_not_on_this_system_says_so() {
    refused 1 "built without" "$shmq" bench --time 1s
    refused 1 "built without" "$shmq" bridge --to nats://127.0.0.1/jobs "$q"
    refused 2 "--group: no group 'Users'" "$shmq" create --group Users "$q-group"
}

top_shows_lines_and_no_screen() {
    "$shmq" create "$q-top"
    seq 1 10 | "$shmq" send "$q-top"
    expect 0 "$shmq" top -b -n 1 "$q-top"
    grep -qE "^$q-top .* 10 " out || fail "not shown"
    refused 1 "without ncurses" "$shmq" top -n 1
}

the_doctor_finds_that_a_queue_works() {
    expect 0 "$shmq" doctor --json
    is "$(jq -r '.findings[] | select(.area == "trial" or .area == "locks") | .level' out | tr '\n' ' ')" "ok ok "
    is "$(jq -r .ok out)" true
}

what_was_recorded_is_played_again() {
    seq 1 2000 >lines
    "$shmq" create "$q-record"
    "$shmq" send "$q-record" lines
    expect 0 "$shmq" record --history -e "$q-record" tape
    expect 0 "$shmq" replay --speed 0 tape "$q-again"
    expect 0 "$shmq" recv -e "$q-again"
    same lines out
}

metrics_take_the_place_of_older_ones() {
    "$shmq" create "$q-metrics"
    expect 0 "$shmq" metrics --output file "$q-metrics"
    cp file older
    seq 1 7 | "$shmq" send "$q-metrics"
    expect 0 "$shmq" metrics --output file "$q-metrics"
    ! cmp -s file older || fail "the older ones stay"
    grep -qE "sent.*total.* 7$" file || fail "they do not tell what was sent"
    is "$(ls | tr '\n' ' ')" "err file older out "
}

run_facts
