source "$(dirname "$0")/lib.sh"

# A process that lends the status until the file `over` is there: lend NAME [OPTION...]
lend() {
    local name=$1
    shift
    rm -f over
    "$shmq" run --quiet --keep "$@" "$name" -- bash -c 'until [[ -e over ]]; do sleep 0.02; done' &
    lender=$!
    until_true state_is "$name" running
}

lend_end() {
    touch over
    wait "$lender" || true
}

state_is() {
    [[ $("$shmq" status "$1" 2>/dev/null | awk '$1 == "state" { print $2 }') == "$2" ]]
}

field() {
    "$shmq" status --json "$1" | jq -r ".$2"
}

helpers+=$'\nlend\nlend_end\nstate_is\nfield'

a_queue_in_which_nothing_was_reported_is_idle() {
    "$shmq" create "$q-idle"
    expect 0 "$shmq" status "$q-idle"
    grep -q '^state  *idle$' out || fail "not idle"
    grep -q '^reporter  *none$' out || fail "a reporter"
    expect 0 "$shmq" status --json "$q-idle"
    is "$(jq -c '[.name, .state, .reporter, .task, .run, .done, .total, .code, .left_seconds]' out)" \
        "[\"$q-idle\",\"idle\",null,null,0,0,null,null,null]"
}

what_is_reported_is_shown() {
    lend "$q-shown" --total 10
    expect 0 "$shmq" report "$q-shown" --total 8 --unit files --set 2 --message $'two\tof eight'
    expect 0 "$shmq" report "$q-shown" -a 1
    expect 0 "$shmq" status "$q-shown"
    grep -q '^state  *running$' out || fail "not running"
    grep -qE "^reporter  *process [0-9]+ \(shmq\)" out || fail "no reporter"
    grep -qF 'progress        3 of 8 files (37%)' out || fail "not the progress"
    grep -qF 'message         two\tof eight' out || fail "not the message"
    expect 0 "$shmq" report "$q-shown" --done --code 4 --message 'all of it' --set 8
    expect 0 "$shmq" status "$q-shown"
    grep -q '^state  *done$' out || fail "not done"
    grep -q '^code  *4$' out || fail "not the code"
    is "$(field "$q-shown" 'message')" "all of it"
    lend_end
}

the_first_report_begins_a_task() {
    lend "$q-begin"
    expect 0 "$shmq" report "$q-begin" --done
    is "$(field "$q-begin" run)" 1
    expect 0 "$shmq" report "$q-begin" --message 'the second one'
    is "$(field "$q-begin" '| [.run, .state, .message] | @csv')" '2,"running","the second one"'
    expect 0 "$shmq" report "$q-begin" --task 77 --total 5
    is "$(field "$q-begin" '| [.run, .task, .total, .message] | @csv')" '3,77,5,""'
    lend_end
}

many_report_at_a_time_and_nothing_is_lost() {
    local i
    lend "$q-many" --total 60
    for i in {1..6}; do
        (for _ in {1..10}; do "$shmq" report "$q-many" --advance 1; done) &
    done
    until_true [ "$(field "$q-many" run)" = 1 ]
    wait $(jobs -p | grep -vxF -e "$lender")
    is "$(field "$q-many" done)" 60
    lend_end
}

without_a_lender_only_an_end_can_be_reported() {
    "$shmq" create "$q-alone"
    refused 6 "shmq run" "$shmq" report "$q-alone" --total 5
    refused 6 "nobody lives" "$shmq" report "$q-alone" --message hello
    is "$(field "$q-alone" state)" idle
    expect 0 "$shmq" report "$q-alone" --fail --code 9 --message 'found dead'
    is "$(field "$q-alone" '| [.state, .code, .message] | @csv')" '"failed",9,"found dead"'
}

the_end_can_be_told_for_a_reporter_that_died() {
    "$shmq" create "$q-died"
    "$shmq" run --quiet "$q-died" -- sleep 100 &
    local runner=$!
    until_true state_is "$q-died" running
    "$shmq" report "$q-died" --total 10 --set 3 --message 'half way'
    killed $runner
    expect 0 "$shmq" status "$q-died"
    grep -q '^state  *died$' out || fail "not died"
    expect 6 "$shmq" status --wait "$q-died"
    expect 0 "$shmq" report "$q-died" --fail --code 5
    is "$(field "$q-died" '| [.state, .run, .done, .code, .message] | @csv')" '"failed",1,3,5,"half way"'
    expect 5 "$shmq" status --wait "$q-died"
}

waiting_ends_with_the_result() {
    local end code
    for end in "--done:0" "--fail:1" "--fail --code 42:42" "--fail --code 300:1" "--cancelled:1"; do
        lend "$q-wait"
        code=${end#*:}
        "$shmq" status --wait "$q-wait" >waited &
        # shellcheck disable=SC2086
        "$shmq" report "$q-wait" ${end%:*} --message over
        ends "$code" $!
        grep -q '^message  *over$' waited || fail "not the message"
        lend_end
    done
}

waiting_gives_up_in_time() {
    lend "$q-timeout"
    refused 124 "timed out" "$shmq" status --wait --timeout 50ms "$q-timeout"
    refused 124 "timed out" "$shmq" status --wait --timeout 0 "$q-timeout"
    expect 124 "$shmq" status --follow --timeout 50ms "$q-timeout"
    lend_end
}

following_tells_each_change_that_is_seen_and_the_end() {
    lend "$q-follow"
    "$shmq" status --follow --json -i 10ms "$q-follow" >followed &
    local follower=$! i
    for i in 1 2 3; do
        "$shmq" report "$q-follow" --set "$i" --total 3
        until_true grep -q "\"done\":$i," followed
    done
    "$shmq" report "$q-follow" --done
    ends 0 $follower
    is "$(tail -n 1 followed | jq -r .state)" done
    jq -s -e 'map(.done) == (map(.done) | sort) and length >= 4' followed >/dev/null || fail "not in order"
    lend_end
}

a_task_that_is_asked_to_stop_is_told() {
    lend "$q-cancel"
    expect 1 "$shmq" report --check-cancel "$q-cancel"
    expect 0 "$shmq" cancel "$q-cancel"
    expect 0 "$shmq" report --check-cancel "$q-cancel"
    "$shmq" status "$q-cancel" | grep -q '^state  *running, asked to stop$' || fail "not told"
    expect 0 "$shmq" report "$q-cancel" --cancelled --message 'as asked'
    expect 1 "$shmq" report --check-cancel "$q-cancel"
    refused 4 "no task is running" "$shmq" cancel "$q-cancel"
    is "$(field "$q-cancel" state)" cancelled
    lend_end
}

a_text_that_is_too_long_or_no_utf8_is_told_as_far_as_it_goes() {
    local long told
    lend "$q-text"
    long=$(printf 'ä%.0s' {1..200})
    expect 0 "$shmq" report "$q-text" --message "begin $long end" --unit 'fourteen-bytes-and-more'
    told=$(field "$q-text" message)
    ((${#told} > 100)) || fail "too short: $told"
    [[ $told == "begin ää"*"..."*"ää end" ]] || fail "not both ends: $told"
    is "$(field "$q-text" unit)" "fourte...d-more"
    expect 0 "$shmq" report "$q-text" --message $'a\xffb\xc3'
    is "$(field "$q-text" message)" 'a?b?'
    lend_end
}

reports_that_make_no_sense_are_wrong_usage() {
    "$shmq" create "$q-usage"
    refused 2 "nothing to report" "$shmq" report "$q-usage"
    refused 2 "only one of" "$shmq" report "$q-usage" --done --fail
    refused 2 "only one of" "$shmq" report "$q-usage" --advance 1 --set 2
    refused 2 "goes alone" "$shmq" report "$q-usage" --check-cancel --done
    refused 2 "--code goes with" "$shmq" report "$q-usage" --code 3 --message x
    refused 2 "not a number" "$shmq" report "$q-usage" --advance many
    refused 3 "no such queue" "$shmq" report "$q-none" --done
    refused 3 "no such queue" "$shmq" status "$q-none"
    refused 3 "no such queue" "$shmq" cancel "$q-none"
    refused 2 "goes with --follow or --wait" "$shmq" status -t 1 "$q-usage"
    refused 2 "only one of" "$shmq" status --follow --wait "$q-usage"
}

who_follows_ends_by_a_signal_and_with_its_reader() {
    lend "$q-signal"
    program status --follow "$q-signal" >/dev/null 2>err &
    until_true [ -e "/proc/$!/fd/3" ]
    kill -s INT $!
    ends 130 $!
    [[ ! -s err ]] || fail "something was said"
    lend_end
}

run_facts
