source "$(dirname "$0")/lib.sh"

state_is() {
    [[ $("$shmq" status "$1" 2>/dev/null | awk '$1 == "state" { print $2 }') == "$2" ]]
}

field() {
    "$shmq" status --json "$1" | jq -r ".$2"
}

gone() {
    ! "$shmq" stat "$1" >/dev/null 2>&1
}
helpers+=$'\nstate_is\nfield\ngone'

the_command_finds_the_name_and_its_exit_code_is_the_result() {
    expect 0 "$shmq" run "$q-code" -- bash -c 'echo "$SHMQ_QUEUE"; exit 0'
    is "$(cat out)" "$q-code"
    grep -qF "$q-code: done" err || fail "not told"
    SHMQ_QUEUE=another expect 7 "$shmq" run "$q-code" -- bash -c 'echo "$SHMQ_QUEUE"; exit 7'
    is "$(cat out)" "$q-code"
    grep -qF "$q-code: failed with code 7" err || fail "not told"
    expect 0 "$shmq" run --quiet "$q-code" -- true
    [[ ! -s err ]] || fail "quiet said something"
}

a_signal_that_kills_it_is_told() {
    local signal
    for signal in KILL:137:Killed SEGV:139:Segmentation ABRT:134:Aborted; do
        IFS=: read -r name code text <<<"$signal"
        expect "$code" "$shmq" run --keep "$q-signal" -- bash -c "kill -s $name \$\$"
        grep -qF "failed with code $code" err || fail "no code"
        grep -qF "$text" err || fail "no $text"
        is "$(field "$q-signal" '| [.state, .code] | @csv')" "\"failed\",$code"
        field "$q-signal" message | grep -qF "$text" || fail "not reported"
    done
}

what_it_reports_is_the_result_where_it_exits_with_0() {
    expect 3 "$shmq" run "$q-said" -- bash -c '"$0" report "$SHMQ_QUEUE" --fail --code 3 --message "disk full"' "$shmq"
    grep -qF "failed with code 3" err || fail "not told"
    grep -qF "disk full" err || fail "no message"
    expect 1 "$shmq" run "$q-said" -- bash -c '"$0" report "$SHMQ_QUEUE" --cancelled' "$shmq"
    expect 0 "$shmq" run "$q-said" -- bash -c '"$0" report "$SHMQ_QUEUE" --done --code 3' "$shmq"
    # It said that it was done, and crashed behind that.
    expect 139 "$shmq" run "$q-said" -- bash -c '"$0" report "$SHMQ_QUEUE" --done; kill -s SEGV $$' "$shmq"
    grep -qF "killed by signal 11" err || fail "the crash was not told"
}

a_command_that_cannot_be_started_is_told() {
    expect 127 "$shmq" run "$q-none" -- "$work/no-such-command"
    grep -qF "no such command" err || fail "not told"
    touch file
    expect 126 "$shmq" run "$q-none" -- "$PWD/file"
    grep -qF "cannot start" err || fail "not told"
    gone "$q-none" || fail "the queue stays"
    refused 2 "COMMAND is missing" "$shmq" run "$q-none"
    refused 2 "goes with --input" "$shmq" run --null "$q-none" -- true
}

the_queue_that_was_made_goes_and_another_stays() {
    expect 0 "$shmq" run "$q-made" -- true
    gone "$q-made" || fail "it stays"
    expect 0 "$shmq" run --keep "$q-made" -- true
    is "$(field "$q-made" state)" done
    expect 0 "$shmq" run "$q-made" -- true
    is "$(field "$q-made" run)" 2
}

input_is_received_by_the_command() {
    seq 1 100000 >lines
    seq 100001 100010 >more
    expect 0 "$shmq" run --input lines --input more "$q-input" -- "$shmq" recv "$q-input"
    cat lines more >wanted
    same wanted out
    expect 0 "$shmq" run --input - "$q-input" -- "$shmq" recv "$q-input" <lines
    same lines out
    tr '\n' '\0' <lines >nul
    expect 0 "$shmq" run -0 --input nul "$q-input" -- "$shmq" recv --null "$q-input"
    same nul out
    expect 0 "$shmq" run --chunk 1000 --input lines "$q-input" -- "$shmq" recv "$q-input"
    same lines out
    gone "$q-input" || fail "the queue stays"
}

input_comes_to_a_queue_that_was_used_before() {
    local i
    "$shmq" create "$q-again"
    for i in {1..20}; do
        echo "$i" >line
        expect 0 "$shmq" run --input line "$q-again" -- "$shmq" recv "$q-again"
        is "$(cat out)" "$i"
    done
}

standard_input_is_the_commands_unless_it_is_the_input() {
    echo hello >line
    expect 0 "$shmq" run "$q-stdin" -- cat <line
    is "$(cat out)" hello
    expect 0 "$shmq" run --input - "$q-stdin" -- bash -c 'cat; "$0" recv "$SHMQ_QUEUE"' "$shmq" <line
    is "$(cat out)" hello
}

what_is_not_received_stays() {
    seq 1 10 >lines
    expect 1 "$shmq" run --input lines "$q-left" -- "$shmq" recv -c 4 "$q-left"
    grep -qF "6 records in it were not received; the queue stays" err || fail "not told"
    expect 0 "$shmq" recv "$q-left"
    is "$(tr '\n' ' ' <out)" "5 6 7 8 9 10 "
    "$shmq" rm "$q-left"
    # And where not even all of it was sent.
    seq 1 100000 >lines
    expect 1 "$shmq" run --capacity 4K --input lines "$q-left" -- "$shmq" recv -c 4 "$q-left"
    grep -qF "before all of the input was sent" err || fail "not told"
    "$shmq" recv "$q-left" | head -n 1 | grep -qx 5 || fail "the next one is lost"
}

input_that_cannot_be_read_is_an_error() {
    expect 1 "$shmq" run --input "$work/no-such-file" "$q-bad" -- "$shmq" recv "$q-bad"
    grep -qF "no-such-file" err || fail "not told"
}

progress_is_told_in_lines() {
    cat >worker <<'EOF'
for i in 1 2 3 4; do
    "$1" report "$SHMQ_QUEUE" --total 4 --unit steps --set $i --message "step $i"
    sleep 0.3
done
EOF
    expect 0 "$shmq" run -i 50ms "$q-lines" -- bash worker "$shmq"
    grep -qF "running, 2 of 4 steps (50%)" err || fail "no second step"
    grep -qF ": step 3" err || fail "no third step"
    tail -n 1 err | grep -qF "done after" || fail "no end"
    ! grep -q $'\r' err || fail "no lines"
}

only_one_runs_on_a_queue_at_a_time() {
    "$shmq" run --quiet "$q-one" -- bash -c 'until [[ -e over ]]; do sleep 0.02; done' &
    local first=$!
    until_true state_is "$q-one" running
    refused 1 "process $first reports its status already" "$shmq" run "$q-one" -- true
    touch over
    ends 0 $first
}

signals_are_passed_on() {
    local signal code
    for signal in INT:130 TERM:143 HUP:129; do
        program run --quiet "$q-pass" -- env --default-signal=INT,TERM,HUP sleep 50 &
        until_true state_is "$q-pass" running
        until_true pgrep -P $! sleep >/dev/null
        code=${signal#*:}
        kill -s "${signal%:*}" $!
        ends "$code" $!
    done
    gone "$q-pass" || fail "the queue stays"
}

a_command_that_handles_the_signal_ends_as_it_wants() {
    cat >worker <<'EOF'
trap '"$1" report "$SHMQ_QUEUE" --cancelled --message "cleaned up"; exit 9' TERM
touch ready
while :; do sleep 0.02; done
EOF
    program run "$q-handles" -- bash worker "$shmq" 2>err &
    until_true [ -e ready ]
    kill -s TERM $!
    ends 9 $!
    grep -qF "cancelled" err || fail "not told"
    grep -qF "cleaned up" err || fail "no message"
}

a_second_signal_kills() {
    program run --quiet "$q-second" -- bash -c 'trap "touch first" TERM; touch ready; while :; do sleep 0.02; done' &
    until_true [ -e ready ]
    kill -s TERM $!
    until_true [ -e first ]
    kill -s TERM $!
    ends 137 $!
}

too_late_is_asked_to_end_and_then_killed() {
    expect 124 "$shmq" run --timeout 100ms "$q-late" -- sleep 50
    expect 124 "$shmq" run --timeout 100ms "$q-late" -- bash -c \
        'until "$0" report --check-cancel "$SHMQ_QUEUE"; do :; done
        "$0" report "$SHMQ_QUEUE" --cancelled --message "was asked"; sleep 50' "$shmq"
    expect 124 "$shmq" run --timeout 100ms --kill-after 100ms "$q-late" -- bash -c 'trap "" TERM; while :; do sleep 0.02; done'
    grep -qF "killed by signal 9" err || fail "not told"
    expect 0 "$shmq" run --timeout 1h "$q-late" -- true
}

on_a_terminal_there_is_a_bar() {
    command -v script >/dev/null || skip "script is missing"
    cat >worker <<'EOF'
for i in $(seq 0 10); do
    "$1" report "$SHMQ_QUEUE" --total 10 --unit files --set $i --message "file $i"
    sleep 0.1
done
EOF
    script -q -e -c "stty -echo cols 80 && exec '$shmq' run '$q-bar' -- bash worker '$shmq'" /dev/null >shown
    tr '\r' '\n' <shown >lines
    grep -qE "^$q-bar: \[#{10} {10}\] 50%  5 of" lines || fail "no bar"
    ! grep -q $'\033' shown || fail "escape sequences"
    awk 'length > 80 && !/done after/ { exit 1 }' lines || fail "a line is wider"
    grep -qF "$q-bar: done after" lines || fail "no end"
}

the_example_compresses_real_files() {
    local example folder file
    example=$(dirname "$script")/../examples/compress.bash
    folder=$PWD
    mkdir -p real packed
    find /usr/include -maxdepth 1 -name '*.h' -size -40k | sed -n 1,30p | xargs cp -t real
    PATH=$(dirname "$shmq"):$PATH expect 0 "$example" packed real/*
    grep -qE "done after .*, ([0-9]+) of \1 files \(100%\).*: all in packed" err || fail "not told"
    for file in real/*; do
        zcat "packed/$(basename "$file").gz" | cmp - "$file" || fail "$file"
    done
    PATH=$(dirname "$shmq"):$PATH expect 1 "$example" packed "$(ls -d real/* | head -n 1)" "$folder/none" real/*
    grep -qF "$folder/none: cannot be compressed" err || fail "not told which"
}

run_facts
