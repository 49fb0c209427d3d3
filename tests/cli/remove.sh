source "$(dirname "$0")/lib.sh"

a_removed_queue_is_gone() {
    expect 0 "$shmq" create "$q-gone"
    expect 0 "$shmq" rm "$q-gone"
    [[ ! -s out && ! -s err ]] || fail "success is not silent"
    refused 3 "no such queue" "$shmq" stat "$q-gone"
    refused 3 "no such queue (see: shmq ls)" "$shmq" rm "$q-gone"
}

force_ignores_what_is_missing_and_nothing_else() {
    expect 0 "$shmq" rm -f "$q-none" "$q-none-2"
    [[ ! -s err ]] || fail "it is not silent"
    echo text >text
    refused 5 "not a queue, so it is left alone" "$shmq" rm -f ./text
    is "$(cat text)" text
}

an_error_does_not_keep_the_rest_from_being_removed() {
    expect 0 "$shmq" create "$q-1"
    expect 0 "$shmq" create "$q-2"
    echo text >text
    expect 5 "$shmq" rm "$q-none" ./text "$q-1" "$q-none-2" "$q-2"
    is "$(wc -l <err)" 3
    expect 3 "$shmq" stat "$q-1"
    expect 3 "$shmq" stat "$q-2"
}

who_has_it_open_keeps_it() {
    expect 0 "$shmq" create "$q-open"
    mkfifo in
    "$shmq" send "$q-open" <in &
    local producer=$!
    exec 3>in
    echo one >&3
    "$shmq" recv -c 2 "$q-open" >got &
    until_true test -s got
    refused 1 "rm '$q-open': in use: $! (shmq) receives, $producer (shmq) sends (remove it all the same with: shmq rm --force)" \
        "$shmq" rm "$q-open"
    expect 0 "$shmq" rm --force "$q-open"
    refused 3 "no such queue" "$shmq" stat "$q-open"
    echo two >&3
    wait %2
    is "$(tr '\n' ' ' <got)" "one two "
    exec 3>&-
    wait
}

who_waits_for_somebody_who_cannot_come_is_told() {
    expect 0 "$shmq" create "$q-wait"
    "$shmq" recv "$q-wait" >got 2>err-recv &
    until_true consumer_is_here "$q-wait"
    expect 0 "$shmq" rm -f "$q-wait"
    ends 3 $!
    grep -qF "shmq: recv '$q-wait': it was removed meanwhile, so nobody can come any more" err-recv || fail "recv"
    expect 0 "$shmq" create --capacity 4K "$q-wait"
    seq 1 10000 >lines
    "$shmq" send "$q-wait" lines 2>err-send &
    until_true has_been_full "$q-wait"
    expect 0 "$shmq" rm -f "$q-wait"
    ends 3 $!
    grep -qF "shmq: send '$q-wait': it was removed meanwhile, so nobody can come any more" err-send || fail "send"
}

a_damaged_queue_can_be_removed() {
    expect 0 "$shmq" create ./short
    truncate -s 5000 short
    expect 0 "$shmq" rm ./short
    expect 0 "$shmq" create ./shorter
    truncate -s 100 shorter
    expect 0 "$shmq" rm ./shorter
    expect 0 "$shmq" create ./future
    printf '\x63' | dd of=future bs=1 seek=12 conv=notrunc status=none
    expect 0 "$shmq" rm ./future
    [[ ! -e short && ! -e shorter && ! -e future ]] || fail "they are still there"
}

run_facts
