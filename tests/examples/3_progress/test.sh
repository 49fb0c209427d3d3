source "$(dirname "$0")/../lib.sh"

# What P has printed in its loop: one number a line.
polled() {
    sed -n 's/^P: \([0-9]*\) %$/\1/p' out
}
helpers+=$'\npolled'

producer_sees_the_progress_and_the_end() {
    expect 0 "$(example producer)" "$q-progress" "$(example consumer)" 300
    says err </dev/null
    # C has taken each step.
    grep '^C:' out >steps
    printf 'C: %d %%\n' {10..100..10} | says steps
    # P has seen some of them, in their order, and nothing else.
    polled >seen
    sort -n seen | cmp - seen || fail "the progress went back"
    ! grep -vxE '0|[1-9]0|100' seen || fail "no such step"
    (($(sort -u seen | wc -l) >= 3)) || fail "P has looked at fewer than three steps"
    # Then the end, and the memory as C has left it.
    grep '^P:' out | tail -n 2 >end
    says end <<'END'
P: C has ended: 100 %, all is written
P: now it is "overwritten by C, 100 %"
END
    (($(grep -c '^P:' out) == $(wc -l <seen) + 2)) || fail "P has said something else"
    nothing_left "$q-progress"
}

consumer_that_dies_on_its_way_ends_the_wait() {
    local producer
    "$(example producer)" "$q-dies" "$(watched consumer)" 1000 >out 2>err &
    producer=$!
    until_true grep -sqx 'P: 20 %' out
    kill -9 "$(cat consumer.pid)"
    ends 1 "$producer"
    grep -qxE 'P: C has not done it: [2-9]0 of 100 %' out || fail "P does not say how far C was"
    ! grep -q 'C has ended' out || fail "P takes it for done"
    nothing_left "$q-dies"
}

consumer_that_never_begins_ends_the_wait() {
    expect 1 "$(example producer)" "$q-never" /bin/true
    grep -qx 'P: C has not done it: 0 of 0 ' out || fail "P does not say that nothing was done"
    refused 1 "No such file or directory" "$(example producer)" "$q-never" "$PWD/nothing"
    nothing_left "$q-never"
}

run_facts
