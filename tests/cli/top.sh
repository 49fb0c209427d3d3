source "$(dirname "$0")/lib.sh"

# A terminal of our own, which can be looked at. It ends with what runs in it, and that at the latest when this fact has
# to end.
terminal() {
    tmux -S "$work/$terminals.$only" -f /dev/null "$@"
}
terminals=0

# screen WIDTH HEIGHT COMMAND...   the command runs there, and then `code N` is shown
screen() {
    local width=$1 height=$2
    shift 2
    command -v tmux >/dev/null || skip "tmux is missing"
    # One that is just ending is in nobody's way.
    terminals=$((terminals + 1))
    printf '%q ' "$@" >command
    cat >run <<END
timeout --foreground ${TEST_CLI_LIMIT:-60} env ${LOCALE:+LC_ALL=$LOCALE} ${COLOUR:+NO_COLOR=$COLOUR} $(cat command)
echo "code \$?"
read -t 60 line
END
    terminal new-session -d -x "$width" -y "$height" "TERM=${TYPE:-screen-256color} bash run" 2>err ||
        skip "tmux does not work here"
    trap 'terminal kill-server 2>/dev/null || true' EXIT
}

capture() {
    terminal capture-pane -p "$@" >picture
}

picture_has() {
    capture
    grep -qE -e "$1" picture
}

# shows PATTERN   at last
shows() {
    local i
    for ((i = 0; i < 1000; i++)); do
        ! picture_has "$1" || return 0
        sleep 0.02
    done
    sed 's/^/    screen: /' picture >&2
    fail "the screen never shows '$1'"
}

hides() {
    local i
    for ((i = 0; i < 1000; i++)); do
        picture_has "$1" || return 0
        sleep 0.02
    done
    sed 's/^/    screen: /' picture >&2
    fail "the screen goes on showing '$1'"
}

keys() {
    terminal send-keys "$@"
}

# The process that draws.
drawer() {
    pgrep -P "$(pgrep -P "$(terminal display-message -p '#{pane_pid}')" -x timeout)"
}

# A producer that sends lines as fast as it can, and a consumer.
traffic() {
    yes | "$shmq" send "$1" &
    "$shmq" recv "$1" >/dev/null &
    until_true consumer_is_here "$1"
}
helpers+=$'\nterminal\nscreen\ncapture\npicture_has\nshows\nhides\nkeys\ndrawer\ntraffic'

batch_prints_what_passes() {
    own_shm size=64M
    "$shmq" create first
    "$shmq" create --lanes 2 another
    traffic first
    seq 1 7 | "$shmq" send another
    expect 0 env LC_ALL=C COLUMNS=80 "$shmq" top -b -n 2 -d 300ms
    is "$(grep -c '^NAME' out)" 2
    is "$(grep -c '^$' out)" 1
    grep -qE '^shmq: 2 queues +[0-9.]+[kM]?/s sent' out || fail "no sum"
    # Both have rates, of the interval before.
    is "$(awk '$1 == "first" { print ($2 + 0 > 0) ($3 + 0 > 0) }' out | tr '\n' ' ')" "11 11 "
    is "$(awk '$1 == "another" { print $2, $3, $5 }' out | sort -u)" "0 0 7"
    awk 'length > 80 { exit 1 }' out || fail "wider than COLUMNS"
    ! grep -q $'\e' out || fail "escape sequences"
    ! grep -qP '[^\x00-\x7f]' out || fail "more than ASCII in this locale"
    expect 0 env LC_ALL=C.UTF-8 COLUMNS=80 "$shmq" top -b -n 1 -d 300ms first
    grep -q '█' out || fail "no UTF-8"
    ! grep -q another out || fail "not what was asked for"
    expect 0 "$shmq" top -b -n 1 -d 10ms --sort sent
    is "$(awk 'NR == 3 { print $1 }' out)" first
}

batch_ends_with_its_reader_and_with_signals() {
    own_shm size=64M
    "$shmq" create first
    { "$shmq" top -b -d 10ms 2>err || echo $? >ended; } | head -3 >out
    is "$(cat ended)" 141
    [[ ! -s err ]] || fail "it is not quiet"
    program top -b -d 10ms >out &
    until_true grep -q '^NAME' out
    kill -INT $!
    ends 130 $!
}

what_cannot_be_drawn_on_says_so() {
    refused 1 "standard input and output are no terminal; for lines of text: shmq top -b" "$shmq" top
    TYPE=dumb screen 132 24 "$shmq" top
    shows "TERM is 'dumb', a terminal that cannot be drawn on; for lines of text: shmq top -b"
    shows '^code 1$'
    terminal kill-server
    TYPE=no-such-terminal screen 132 24 "$shmq" top
    shows "TERM is 'no-such-terminal', a terminal that is not known here"
    shows '^code 1$'
}

options_are_checked() {
    refused 2 "--sort: 'size' is not name, sent" "$shmq" top --sort size
    refused 2 "--delay: at least 10ms" "$shmq" top -d 1ms
    refused 2 "--count: '0' is not within" "$shmq" top -b -n 0
}

all_queues_are_shown_in_any_size() {
    own_shm size=64M
    local name size
    for name in alpha beta gamma; do
        "$shmq" create --lanes 3 $name
    done
    traffic beta
    seq 1 100 | "$shmq" send gamma
    for size in '80 24' '132 43' '40 10' '20 5' '300 50'; do
        screen $size "$shmq" top -d 200ms
        shows '^beta +[0-9.]+[kM]'
        if [[ $size != '20 5' ]]; then
            shows '^NAME +SENT/s +RECV/s'
            shows '^gamma +0'
        fi
        capture
        is "$(wc -l <picture)" "${size#* }"
        case $size in
        80*) grep -qE '^ shmq: 3 queues .* 200ms  [0-9:]{8}$' picture && grep -q '^Enter look inside' picture ||
            fail "title and keys" ;;
        132*) grep -q 'BYTES/s' picture && grep -q HISTORY picture || fail "there is room for more" ;;
        esac
        keys q
        shows '^code 0$'
        terminal kill-server
    done
}

keys_choose_sort_filter_pause_and_quit() {
    own_shm size=64M
    local name
    for name in alpha beta gamma; do
        "$shmq" create $name
    done
    seq 1 9 | "$shmq" send beta
    screen 80 24 "$shmq" top -d 100ms
    shows '^alpha'
    # The row in another colour.
    selected() { terminal capture-pane -pe | grep -aoP '\e\[46m\K(alpha|beta|gamma)'; }
    selected_is() { [[ $(selected) == "$1" ]]; }
    until_true selected_is alpha
    keys j
    until_true selected_is beta
    keys Down Down Down
    until_true selected_is gamma
    keys k
    until_true selected_is beta
    keys g
    until_true selected_is alpha
    keys G
    until_true selected_is gamma
    # Name, sent, received, bytes, waiting; the selection stays with its queue.
    keys s s s s
    shows 'Sorted by WAITING'
    first_is() { capture && [[ $(sed -n 3p picture) == "$1"* ]]; }
    until_true first_is beta
    until_true selected_is gamma
    keys r
    until_true first_is alpha
    keys / e t
    shows 'Show names with: et_'
    hides '^alpha'
    keys BSpace
    shows 'Show names with: e_'
    keys Enter
    shows "\\(names with 'e'\\)"
    keys Escape
    shows '^alpha'
    keys / x y z Escape
    shows '^alpha'
    keys '?'
    shows 'Keys, and what is shown'
    keys x
    hides 'Keys, and what is shown'
    shows ' 100ms  '
    keys +
    shows ' 200ms  '
    keys - -
    shows ' 100ms  '
    keys p
    shows 'PAUSED'
    "$shmq" create delta
    sleep 0.5
    ! picture_has '^delta' || fail "it goes on while it is paused"
    keys p
    shows '^delta'
    keys q
    shows '^code 0$'
}

inside_there_are_lanes_holders_rates_and_the_task() {
    own_shm size=64M
    [[ -n ${TEST_CLI_HELPERS:-} ]] || skip "no program that reports"
    "$shmq" create --lanes 3 --capacity 64K work
    traffic work
    mkfifo in status
    exec 3<>in 4<>status
    "$shmq" send work <in &
    local quiet=$!
    until_true producers_are work 2
    "$TEST_CLI_HELPERS/test_cli_reporter" work <status >reported &
    printf 'begin 500 files\nmessage packing two.txt\n' >&4
    until_true grep -q message reported
    LOCALE=C.UTF-8 screen 100 24 "$shmq" top -d 200ms
    shows '^work'
    keys Enter
    shows '^ work  queue  3 lanes of 64K'
    shows '^ Sent +[0-9.]+[kM]?/s .* so far .*█'
    shows '^ Consumer [0-9]+ \(shmq\) for '
    shows '^ Task +running \[ +\] 0%  0 of 500 files'
    shows 'packing two.txt  \(by [0-9]+ test_cli_report\)'
    shows '^LANE +PRODUCER +STATE'
    shows "^   1  $quiet shmq +alive"
    # It has been full: the high-water mark is where the bar is not now.
    local i
    for i in {1..30}; do
        echo 'advance 5' >&4
        sleep 0.1
    done
    shows ' 30%  150 of 500 files  [0-9.]+/s  ETA [0-9]+s'
    kill -STOP "$quiet"
    shows "^   1  $quiet shmq +paused"
    kill -CONT "$quiet"
    killed "$quiet"
    shows "^   1  $quiet +died"
    keys Escape
    shows '^NAME'
    keys Enter q
    shows '^code 0$'
}

the_list_shows_how_far_tasks_are() {
    own_shm size=64M
    [[ -n ${TEST_CLI_HELPERS:-} ]] || skip "no program that reports"
    "$shmq" create other
    "$shmq" create work
    mkfifo status
    exec 4<>status
    "$TEST_CLI_HELPERS/test_cli_reporter" work <status >reported &
    printf 'begin 500 files\nadvance 150\nmessage packing\n' >&4
    until_true grep -q message reported
    # As wide as most terminals are, and where the name and little more has room.
    LOCALE=C screen 80 24 "$shmq" top -d 200ms
    shows '^NAME .* TASK *$'
    shows '^work .*\[#+ *\] +30%'
    shows '^other .* - *$'
    keys q
    shows '^code 0$'
}

hints_that_do_not_fit_are_left_out_whole() {
    own_shm size=64M
    "$shmq" create one
    screen 40 8 "$shmq" top -d 200ms
    shows '^Enter look inside  s sort  [?] help  q quit$|^Enter look inside  [?] help  q quit$'
    keys Enter
    shows '^Esc back  .*[?] help  q quit$'
    keys q
    shows '^code 0$'
}

what_waits_is_told_as_time() {
    own_shm size=64M
    "$shmq" create slow
    seq 1 3000 | "$shmq" send slow
    screen 80 24 "$shmq" top -d 300ms slow
    shows '^slow'
    keys Enter
    shows ' Waiting .* of 1M *$'
    # At some hundred a second for some seconds.
    while "$shmq" recv -q -c 5 slow >/dev/null; do sleep 0.02; done &
    shows ' Waiting .* of 1M, ~[0-9]+(s|ms|m[0-9]*s?) *$'
    keys q
    shows '^code 0$'
}

high_water_marks_stay() {
    own_shm size=64M
    "$shmq" create --capacity 64K mark
    LOCALE=C screen 100 24 "$shmq" top -d 100ms mark
    shows '^mark'
    keys Enter
    shows '^LANE'
    seq 1 3000 | "$shmq" send mark
    shows '^   0 .*\[#+ *\] +73% '
    "$shmq" recv mark >/dev/null
    shows '^   0 .*\[ +\| *\] +0% '
}

lanes_scroll() {
    own_shm size=64M
    "$shmq" create --lanes 20 --capacity 4K many
    local i
    for i in {0..19}; do
        echo x | "$shmq" send --lane $i many
    done
    screen 80 15 "$shmq" top -d 100ms
    shows '^many'
    keys Enter
    shows '^   0 '
    ! picture_has '^  19 ' || fail "there is no room for it"
    keys j j
    shows '^   2 '
    hides '^   0 '
    keys G
    shows '^  19 '
    keys g
    shows '^   0 '
    keys q
    shows '^code 0$'
}

queues_that_vanish_and_come_back_are_followed() {
    own_shm size=64M
    "$shmq" create one
    "$shmq" create two
    screen 80 24 "$shmq" top -d 100ms
    shows '^two'
    "$shmq" rm one
    hides '^one'
    keys Enter
    shows '^ two  queue'
    "$shmq" rm two
    shows 'no such queue'
    echo x | "$shmq" send --create two
    shows '^ two  queue'
    shows '1 record,'
    rm /dev/shm/shmq.*.two
    shows 'no such queue'
    keys Escape
    shows 'There is no queue'
    "$shmq" create three
    shows '^three'
    # Cut off under our eyes.
    truncate -s 0 /dev/shm/shmq.*.three
    hides '^three +0'
    keys q
    shows '^code 0$'
}

it_follows_the_size_of_the_terminal() {
    own_shm size=64M
    "$shmq" create one
    traffic one
    screen 80 24 "$shmq" top -d 100ms
    shows '^one'
    terminal resize-window -x 132 -y 40
    shows 'BYTES/s'
    terminal resize-window -x 30 -y 6
    hides 'BYTES/s'
    shows '^one'
    keys Enter
    shows '^ Sent'
    terminal resize-window -x 5 -y 2
    terminal resize-window -x 100 -y 30
    shows '^LANE'
    keys q
    shows '^code 0$'
}

who_died_is_red_and_who_is_paused_is_yellow() {
    own_shm size=64M
    "$shmq" create dead
    "$shmq" create halted
    traffic halted
    "$shmq" recv dead &
    local receiver=$!
    until_true consumer_is_here dead
    screen 100 24 "$shmq" top -d 100ms
    shows "^dead .* $receiver shmq"
    killed "$receiver"
    shows "died $receiver"
    pkill -STOP -g 0 -f 'recv halted' || true
    shows 'paused [0-9]+'
    keys G
    capture -e
    grep -a 'died' picture | grep -qaP '\e\[31m *died' || fail "not red"
    keys g
    yellow() { capture -e && grep -a 'paused' picture | grep -qaP '\e\[33m *paused'; }
    until_true yellow
    terminal kill-server
    COLOUR=1 screen 100 24 "$shmq" top -d 100ms
    shows "died $receiver"
    capture -e
    ! grep -qaP '\e\[(3|4)[0-7]m' picture || fail "NO_COLOR is not honoured"
}

a_signal_gives_the_terminal_back() {
    own_shm size=64M
    "$shmq" create one
    screen 80 24 "$shmq" top
    shows '^one'
    kill -TERM "$(drawer)"
    shows '^code 143$'
    hides '^NAME'
}

observers_map_read_only_and_stay_open() {
    own_shm size=64M
    "$shmq" create one
    screen 80 24 "$shmq" top -d 50ms
    shows '^one'
    local pid
    pid=$(drawer)
    grep -E 'shmq\.[0-9]+\.one' "/proc/$pid/maps" >maps || fail "it is not mapped"
    ! grep -vE ' r--s ' maps || fail "it is mapped for writing"
    inode() { stat -L -c '%i %Y' "/proc/$pid/fd/"* 2>/dev/null | sort | uniq -c; }
    local before
    before=$(awk '/shmq/ { print $1 }' maps)
    sleep 0.5
    is "$(grep -E 'shmq\.[0-9]+\.one' "/proc/$pid/maps" | awk '{ print $1 }')" "$before"
    keys q
    shows '^code 0$'
}

run_facts
