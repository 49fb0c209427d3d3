source "$(dirname "$0")/lib.sh"

# on_terminal COMMAND...   runs it with all three streams on a terminal of its own; what it shows goes to the file shown
on_terminal() {
    command -v script >/dev/null || skip "script is missing"
    # A fifo that is held open keeps the terminal's input from ending.
    [[ -p typed ]] || mkfifo typed
    local line
    printf -v line '%q ' "$@"
    exec 9<>typed
    : >shown
    SHELL=$(command -v bash) timeout -k 1 50 script -q -e -f -c "stty -echo cols ${columns:-100} && exec $line" /dev/null <&9 >shown &
    terminal=$!
}

shows() {
    grep -qF -e "$1" shown
}

# A queue that is full, so that whoever sends waits: full NAME
full() {
    "$shmq" create --capacity 4K "$1"
    seq 1 5000 >lines
    "$shmq" send -t 0 "$1" lines 2>/dev/null || true
}

helpers+=$'\non_terminal\nshows\nfull'

a_long_send_shows_a_bar() {
    full "$q-bar"
    on_terminal "$shmq" send "$q-bar" lines
    until_true shows "full, and nobody receives"
    shows "$q-bar: " || fail "no name"
    grep -qE '\[ {20}\] 0%' shown || fail "no bar"
    ! grep -q $'\033' shown || fail "escape sequences"
    "$shmq" recv "$q-bar" >got
    ends 0 "$terminal"
    # What was done is left, on a line of its own.
    grep -qE "records  [0-9.]+[KM]?B  [0-9.]+[KM]?B/s *.?$" shown || fail "nothing is left"
}

the_bar_is_never_wider_than_the_terminal() {
    full "$q-narrow"
    columns=40 on_terminal "$shmq" send "$q-narrow" lines
    until_true shows "$q-narrow"
    "$shmq" recv "$q-narrow" >got
    ends 0 "$terminal"
    tr '\r' '\n' <shown | awk 'length > 40 { exit 1 }' || fail "a line is wider"
}

quiet_shows_no_bar() {
    full "$q-quiet"
    on_terminal "$shmq" send --quiet "$q-quiet" lines
    until_true producer_is_here "$q-quiet"
    # In this time it would have come.
    sleep 1.5
    "$shmq" recv "$q-quiet" >got
    ends 0 "$terminal"
    ! shows records || fail "a bar"
}

producer_is_here() {
    "$shmq" stat "$1" | awk '/^LANE/ { lanes = 1; next } lanes && $2 != "-"' | grep -q .
}
helpers+=$'\nproducer_is_here'

a_short_send_shows_nothing() {
    "$shmq" create "$q-short"
    seq 1 100 >lines
    on_terminal "$shmq" send "$q-short" lines
    ends 0 "$terminal"
    ! shows "$q-short" || fail "a bar"
}

where_messages_go_to_a_file_there_is_no_bar() {
    full "$q-file"
    on_terminal bash -c '"$1" send "$2" lines 2>err' - "$shmq" "$q-file"
    until_true producer_is_here "$q-file"
    sleep 1.5
    "$shmq" recv "$q-file" >got
    ends 0 "$terminal"
    [[ ! -s err ]] || fail "something in the file"
    ! shows records || fail "a bar"
}

the_terminal_gets_no_colours_with_and_without_no_color() {
    "$shmq" create "$q-colour"
    local command
    for command in "ls" "stat $q-colour" "help" "send --help" "stat $q-none"; do
        # shellcheck disable=SC2086
        on_terminal "$shmq" $command
        wait "$terminal" || true
        ! grep -q $'\033' shown || fail "escape sequences of $command"
        # shellcheck disable=SC2086
        on_terminal env NO_COLOR=1 "$shmq" $command
        wait "$terminal" || true
        ! grep -q $'\033' shown || fail "escape sequences of $command with NO_COLOR"
    done
}

who_types_is_told_and_each_line_is_sent_at_once() {
    "$shmq" create "$q-type"
    on_terminal "$shmq" send "$q-type"
    until_true shows "shmq: send '$q-type': each line you type is a record (Ctrl-D ends)"
    echo first >&9
    is "$("$shmq" recv -c 1 "$q-type" 9>&-)" first
    echo second >&9
    is "$("$shmq" recv -c 1 "$q-type" 9>&-)" second
    printf '\004' >&9
    ends 0 "$terminal"
    on_terminal "$shmq" send -q "$q-type"
    until_true producer_is_here "$q-type"
    printf '\004' >&9
    ends 0 "$terminal"
    ! shows "each line you type" || fail "in spite of --quiet"
}

who_waits_for_records_is_told() {
    "$shmq" create "$q-wait"
    on_terminal "$shmq" recv "$q-wait"
    until_true shows "shmq: recv '$q-wait': waiting for a producer (Ctrl-C ends)"
    echo one | "$shmq" send "$q-wait"
    ends 0 "$terminal"
    shows one || fail "it is not there"
}

ctrl_c_ends_it_and_the_rest_stays() {
    full "$q-ctrl-c"
    local count
    count=$(waiting "$q-ctrl-c")
    on_terminal env --default-signal=INT "$shmq" send "$q-ctrl-c" lines
    until_true producer_is_here "$q-ctrl-c"
    printf '\003' >&9
    ends 130 "$terminal"
    is "$(waiting "$q-ctrl-c")" "$count"
    "$shmq" create "$q-ctrl-c-2"
    on_terminal env --default-signal=INT "$shmq" recv "$q-ctrl-c-2"
    until_true consumer_is_here "$q-ctrl-c-2"
    printf '\003' >&9
    ends 130 "$terminal"
}

records_are_shown_as_they_come() {
    "$shmq" create "$q-shown"
    mkfifo in
    "$shmq" send "$q-shown" <in &
    exec 3>in
    on_terminal "$shmq" recv "$q-shown" 3>&-
    echo first >&3
    until_true shows first
    echo second >&3
    until_true shows second
    exec 3>&-
    ends 0 "$terminal"
}

run_facts
