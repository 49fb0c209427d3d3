source "$(dirname "$0")/../lib.sh"

# What P has printed in its loop: one number a line.
polled() {
    sed -n 's/^P: \([0-9]*\) %$/\1/p' out
}
helpers+=$'\npolled'

producer_sees_the_progress_and_the_end() {
    expect 0 "$(example producer)" "$q-progress" "$(given consumer)" 300
    says err </dev/null
    # C has taken each step.
    grep '^C:' out >steps
    printf 'C: %d %%\n' {10..100..10} | says steps
    # P has seen some of them in their order.
    polled >seen
    sort -n seen | cmp - seen || fail "the progress went back"
    ! grep -vxE '0|[1-9]0|100' seen || fail "no such step"
    (($(sort -u seen | wc -l) >= 4)) || fail "P has seen fewer than four steps"
    # Then the end, and the memory as C has left it; and nothing else.
    grep '^P:' out | tail -n 3 >end
    says end <<'END'
P: 100 %
P: C has ended: all is written
P: now it is "overwritten by C, 100 %"
END
    (($(grep '^P:' out | grep -vcx 'P: C has not begun') == $(wc -l <seen) + 2)) || fail "P has said something else"
    nothing_left "$q-progress"
}

consumer_that_dies_on_its_way_ends_the_wait() {
    local producer
    "$(example producer)" "$q-dies" "$(watched consumer)" 1000 >out 2>err &
    producer=$!
    until_true grep -sqx 'P: 20 %' out
    kill -9 "$(process_of consumer "$q-dies")"
    ends 1 "$producer"
    polled | tail -n 1 | grep -qx '[2-9]0' || fail "P does not say how far C was"
    tail -n 1 out >end
    says end <<<'P: C has ended before its task'
    says err </dev/null
    nothing_left "$q-dies"
}

consumer_that_never_begins_ends_the_wait() {
    expect 1 "$(example producer)" "$q-never" "$(given true)"
    uniq out >once
    printf 'P: %s\n' 'C has not begun' 'C has ended before its task' | says once
    says err </dev/null
    nothing_left "$q-never"
}

consumer_that_cannot_be_started_is_told() {
    not_started "$q-none"
}

run_facts
