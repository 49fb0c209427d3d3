source "$(dirname "$0")/lib.sh"

# What others have left behind is not ours to clean: each fact has a /dev/shm of its own.

need_jq() {
    command -v jq >/dev/null || skip "jq is missing"
}

names() {
    "$shmq" ls --no-headings | awk '{ print $1 }' | tr '\n' ' '
}

# Queues in every state there is, and who keeps some of them open until descriptor 3 is closed.
left_behind() {
    local name
    for name in never closed sender-died receiver-died alive paused successor; do
        "$shmq" create --capacity 64K "$name"
    done
    "$shmq" create --capacity 64K --lanes 2 one-of-two
    "$shmq" create --capacity 64K --order total --lanes 2 total-died
    mkfifo in
    exec 3<>in
    printf 'a\nb\n' | "$shmq" send closed
    printf 'a\nb\nc\n' | "$shmq" send sender-died
    for name in sender-died successor one-of-two total-died; do
        "$shmq" send "$name" <in &
        until_true producers_are "$name" 1
        local sender=$!
        [[ $name != sender-died ]] || dead_sender=$sender
        killed "$sender"
    done
    "$shmq" recv receiver-died 3>&- &
    dead_receiver=$!
    until_true consumer_is_here receiver-died
    killed "$dead_receiver"
    for name in alive paused; do
        "$shmq" send "$name" <in &
        until_true producers_are "$name" 1
        [[ $name != paused ]] || kill -STOP $!
    done
    # Not through the lane of the one who died.
    "$shmq" send --lane 1 one-of-two <in &
    last=$!
    until_true producers_are one-of-two 1
    echo x | "$shmq" send successor
    "$shmq" recv -q -c 1 successor >/dev/null
}
helpers+=$'\nneed_jq\nnames\nleft_behind'

without_remove_it_tells_what_it_would_remove_and_why() {
    own_shm size=16M
    left_behind
    local before
    before=$(names)
    expect 0 "$shmq" clean
    head -1 out | grep -qE '^NAME +KIND +SIZE +WAITING +WHY$' || fail "headings"
    is "$(awk 'NR > 1 { print $1, $2, $4, $6 }' out)" "receiver-died queue 0 died
sender-died queue 3 died
total-died total 0 died"
    grep -qE "^sender-died .* $dead_sender died$" out || fail "who died is not told"
    grep -qE "^receiver-died .* $dead_receiver died$" out || fail "who died is not told"
    grep -qE "^shmq: clean: nothing removed: run with --remove to free [0-9]+KB$" err || fail "no hint"
    is "$(names)" "$before"
    expect 0 "$shmq" clean --remove --dry-run
    expect 0 "$shmq" clean -q --no-headings
    [[ ! -s err ]] || fail "it is not quiet"
    is "$(wc -l <out)" 3
    is "$(names)" "$before"
}

remove_removes_just_those() {
    own_shm size=16M
    left_behind
    expect 0 "$shmq" clean --remove
    is "$(awk 'NR > 1 { print $1, $4 }' out)" "receiver-died 0
sender-died 3
total-died 0"
    grep -qE "^sender-died .* $dead_sender died$" out || fail "who died is not told"
    grep -qE '^shmq: clean: removed 3 queues, [0-9]+KB$' err || fail "no sum"
    is "$(names)" "alive closed never one-of-two paused successor "
    is "$(waiting closed)" 2
    expect 0 "$shmq" clean --yes
    [[ ! -s out ]] || fail "there is more"
    is "$(cat err)" "shmq: clean: removed 0 queues, 0B"
    expect 0 "$shmq" clean
    is "$(cat err)" "shmq: clean: nothing to remove"
    # Who was killed since is dead now.
    killed "$last"
    expect 0 "$shmq" clean -y
    is "$(awk 'NR > 1 { print $1 }' out)" one-of-two
    is "$(sed 's/,.*//' err)" "shmq: clean: removed 1 queue"
}

idle_ones_go_where_asked_for() {
    own_shm size=16M
    left_behind
    expect 0 "$shmq" clean --idle
    grep -qE '^never .* nobody has ever used it$' out || fail "never"
    grep -qE '^closed .* 2 +nobody uses it$' out || fail "closed"
    is "$(awk 'NR > 1 { print $1 }' out | tr '\n' ' ')" "closed never receiver-died sender-died successor total-died "
    expect 0 "$shmq" clean --idle --remove
    is "$(names)" "alive one-of-two paused "
}

ls_tells_which_are_stale() {
    own_shm size=16M
    left_behind
    expect 0 "$shmq" ls
    grep -qE "^sender-died .* stale: $dead_sender died$" out || fail "the sender"
    is "$(grep stale out | awk '{ print $1 }' | tr '\n' ' ')" "receiver-died sender-died total-died "
    [[ ! -s err ]] || fail "a hint where no person looks"
    need_jq
    expect 0 "$shmq" ls --json
    is "$(jq -r '.[] | select(.stale).name' out | tr '\n' ' ')" "receiver-died sender-died total-died "
}

json_of_clean_is_valid() {
    own_shm size=16M
    need_jq
    expect 0 "$shmq" clean --json
    is "$(jq -c . out)" '[]'
    left_behind
    expect 0 "$shmq" clean --json
    is "$(jq -c '.[1] | [.name, .kind, .transient, .waiting, .died, .removed, .error]' out)" \
        "[\"sender-died\",\"queue\",false,3,[$dead_sender],false,null]"
    expect 0 "$shmq" clean --json --remove
    is "$(jq -c '[.[] | .removed]' out)" '[true,true,true]'
    is "$(jq -c '.[0].died' out)" "[$dead_receiver]"
}

a_transient_queue_whose_users_died_is_left_behind() {
    own_shm size=16M
    "$shmq" create --transient gone
    mkfifo in
    "$shmq" send gone <in &
    exec 3>in
    echo x >&3
    until_true waiting_is gone 1
    killed $!
    expect 0 "$shmq" ls
    grep -qE "^gone .* transient, stale: $! died$" out || fail "ls"
    expect 0 "$shmq" clean --remove
    grep -qE "^gone +queue .* 1 +$! died$" out || fail "clean"
    is "$(names)" ""
}

many_at_once_are_found_in_one_go() {
    own_shm size=64M
    local i pids=()
    mkfifo in
    exec 3<>in
    for i in {100..160}; do
        "$shmq" create --capacity 4K "q$i"
        "$shmq" send "q$i" <in &
        pids+=($!)
        until_true producers_are "q$i" 1
    done
    for i in {0..60..2}; do
        killed "${pids[i]}"
    done
    expect 0 "$shmq" clean --remove --no-headings
    is "$(wc -l <out)" 31
    is "$("$shmq" ls --no-headings | wc -l)" 30
    is "$("$shmq" ls --no-headings | awk '$7 == "-"' | wc -l)" 0
}

run_facts
