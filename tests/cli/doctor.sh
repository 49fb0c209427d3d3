source "$(dirname "$0")/lib.sh"

# What others do with this machine is not ours to judge: where it matters, a fact has a /dev/shm of its own.

# finding LEVEL AREA TEXT   the last run found that
finding() {
    awk -v level="$1" -v area="$2" '
        /^(ok|warning|problem) / { on = $1 == level && substr($0, 10, length(area) + 1) ~ "^" area " ?$" }
        on { line = line " " $0 }
        END { gsub(/ +/, " ", line); print line }' out >found
    grep -qF -e "$3" found || fail "no $1 of $2 that says: $3"
}

# As `expect`, whatever else is wrong with this machine.
examined() {
    local code=0
    "$@" >out 2>err || code=$?
    [[ $code == 0 || $code == 1 ]] || fail "exit code $code: $*"
    is "$code" "$(grep -c -m 1 '^problem' out || true)"
}

# refusing CALL COMMAND...
refusing() {
    local call=$1
    shift
    [[ -n ${TEST_CLI_HELPERS:-} ]] || skip "no program that refuses system calls"
    "$TEST_CLI_HELPERS/test_cli_refuse" "$call" -- true 2>/dev/null || skip "system calls cannot be refused here"
    "$TEST_CLI_HELPERS/test_cli_refuse" "$call" -- "$@"
}

need_jq() {
    command -v jq >/dev/null || skip "jq is missing"
}
helpers+=$'\nfinding\nexamined\nrefusing\nneed_jq'

where_nothing_is_wrong_it_says_so_and_ends_well() {
    own_shm size=256M
    expect 0 "$shmq" doctor
    local area
    for area in space permission descriptors 'memory lock' membarrier futex 'huge pages' clock trial locks \
        'event loops' queues; do
        grep -qE "^(ok|warning) +$area" out || fail "nothing about $area"
    done
    ! grep -q '^problem' out || fail "a problem"
    finding ok space "/dev/shm: 256M, 256M free"
    finding ok trial "a queue was created, used and removed"
    finding ok queues "this user has none"
    is "$(ls -A /dev/shm)" ""
    expect 0 "$shmq" doctor -q --warnings
    ! grep -q '^ok' out || fail "what is fine is shown"
    [[ ! -s err ]] || fail "not quiet"
}

a_full_shared_memory_is_a_problem_with_what_to_do() {
    own_shm size=1M
    dd if=/dev/zero of=/dev/shm/other bs=4096 2>/dev/null || true
    expect 1 "$shmq" doctor
    finding problem space "/dev/shm is full: 0 free of 1M"
    finding problem space "-> remove what nobody uses (shmq clean --remove), or make it larger"
    finding problem trial "creating a queue fails"
    grep -qE '^shmq: doctor: 2 problems, [0-9]+ warnings?$' err || fail "no summary"
}

a_small_or_nearly_full_shared_memory_is_a_warning() {
    own_shm size=64M
    examined "$shmq" doctor
    finding warning space "/dev/shm is small: 64M, 64M free"
    head -c 60M /dev/zero >/dev/shm/other
    examined "$shmq" doctor
    finding warning space "/dev/shm is nearly full: 4M free of 64M"
    expect 1 "$shmq" doctor --strict
}

no_room_for_more_files_is_told() {
    own_shm size=128M,nr_inodes=3
    touch /dev/shm/a /dev/shm/b
    expect 1 "$shmq" doctor
    finding problem files "room for 0 more files of 3"
}

what_cannot_be_written_to_is_told() {
    own_shm size=128M,ro
    expect 1 "$shmq" doctor
    finding problem permission "mounted read-only: no queue can be created"
}

a_folder_that_lets_everybody_remove_is_told() {
    own_shm size=128M,mode=0777
    examined "$shmq" doctor
    finding warning permission "/dev/shm has mode 0777: anybody may remove"
}

a_refused_membarrier_is_a_warning() {
    examined refusing membarrier "$shmq" doctor
    finding warning membarrier "refused: whoever sleeps looks every millisecond"
    finding warning membarrier "-> allow the system call membarrier"
    grep -qE '^ok +trial' out || fail "a queue does not work without it"
}

a_refused_futex_is_a_problem() {
    local code=0
    refusing futex "$shmq" doctor >out 2>err || code=$?
    [[ $code != 77 ]] || exit 77
    is "$code" 1
    finding problem futex "Operation not permitted: nobody can sleep"
}

a_refused_inotify_concerns_event_loops_only() {
    examined refusing inotify_init1 "$shmq" doctor
    finding warning 'event loops' "event loops cannot wait"
    grep -qE '^ok +trial' out || fail "a queue does not work without it"
}

limits_of_the_process_are_seen() {
    (ulimit -n 64 && examined "$shmq" doctor)
    finding warning descriptors "of the 64 that a process may have"
    (ulimit -n 12 && expect 1 "$shmq" doctor)
    finding problem descriptors "of the 12 that a process may have"
    (ulimit -f 100 && expect 1 "$shmq" doctor)
    finding problem 'file size' "a file may have 100K: creating a larger queue ends the process"
    (ulimit -l 64 && examined "$shmq" doctor)
    finding warning 'memory lock' "a process may lock 64K"
}

an_address_space_that_is_limited_is_told() {
    # AddressSanitizer wants terabytes of it.
    (ulimit -v 4000000 && "$shmq" --version) >/dev/null 2>&1 || skip "this program needs more address space"
    (ulimit -v 4000000 && examined "$shmq" doctor)
    finding warning 'address space' "a process may have 3.8G"
}

one_processor_is_told() {
    command -v taskset >/dev/null || skip "taskset is missing"
    examined taskset -c "$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')" "$shmq" doctor
    finding warning placement "one processor only"
}

distances_of_processors_are_measured() {
    need_jq
    (($(nproc) > 1)) || skip "one processor"
    "$shmq" doctor --json >out || true
    local pairs
    pairs=$(jq '.processor_pairs | length' out)
    if ((pairs == 0)); then
        jq -e '.findings[] | select(.area == "placement" and .level == "warning")' out >/dev/null || fail "nothing"
        return
    fi
    jq -e 'all(.processor_pairs[]; .round_trip_ns > 1 and .round_trip_ns < 5000 and (.processors | length) == 2)' \
        out >/dev/null || fail "no distances"
    # And it has left no processor of its own forbidden to anybody.
    is "$(taskset -cp $$ 2>/dev/null | wc -l)" 1
}

stale_dead_and_paused_are_told_with_what_to_do() {
    own_shm size=256M
    mkfifo in
    exec 3<>in
    "$shmq" create stale
    "$shmq" create --lanes 2 half
    "$shmq" create asleep
    local sender paused
    echo x | "$shmq" send stale
    "$shmq" send stale <in &
    sender=$!
    until_true producers_are stale 1
    killed "$sender"
    "$shmq" send half <in &
    local first=$!
    until_true producers_are half 1
    "$shmq" send half <in &
    until_true producers_are half 2
    killed "$first"
    "$shmq" send asleep <in &
    paused=$!
    until_true producers_are asleep 1
    kill -STOP "$paused"
    stopped() { "$shmq" stat asleep | grep -q paused; }
    until_true stopped
    expect 0 "$shmq" doctor
    finding warning 'stale queue' "'stale' (1M, waiting: 1): $sender died, and nobody is there"
    finding warning 'stale queue' "shmq recv -e stale"
    finding warning 'dead holder' "'half': $first died, and nobody has come after it"
    finding warning paused "'asleep': process $paused (shmq), which sends, is stopped"
    finding warning paused "-> kill -CONT $paused"
    finding ok queues "3 queues and 0 other mappings"
}

what_is_damaged_or_of_another_version_is_a_problem() {
    own_shm size=256M
    "$shmq" create damaged
    "$shmq" create newer
    "$shmq" create shorter
    local file=/dev/shm/shmq.$(id -u)
    printf '\377\377\377\377\377\377\377\377' | dd of="$file.damaged" bs=1 seek=40 conv=notrunc 2>/dev/null
    printf '\011\000\000\000' | dd of="$file.newer" bs=1 seek=12 conv=notrunc 2>/dev/null
    truncate -s 8K "$file.shorter"
    echo no queue >"$file.other"
    expect 1 "$shmq" doctor
    finding problem version "'newer': a queue of format 9, and this shmq knows format 1"
    finding problem version "-> use a shmq that knows it, or: shmq rm newer"
    finding problem queue "'damaged': damaged or cut off"
    finding problem queue "'shorter': damaged or cut off"
    finding ok queues "1 other mapping"
}

what_is_left_of_blobs_is_told() {
    own_shm size=256M
    # A blob of a queue that is gone.
    head -c 8K /dev/zero >"/dev/shm/shmq.$(id -u).gone~0123456789abcdef.0.1"
    examined "$shmq" doctor
    finding warning blobs "1 of queues that are gone, 8K"
    finding warning blobs "-> shmq clean --remove"
}

json_has_the_same() {
    need_jq
    own_shm size=1M
    dd if=/dev/zero of=/dev/shm/other bs=4096 2>/dev/null || true
    expect 1 "$shmq" doctor --json
    [[ ! -s err ]] || fail "something on standard error"
    is "$(jq -c '[.ok, .problems]' out)" '[false,2]'
    is "$(jq -c '[.findings[] | select(.level == "problem") | .area]' out)" '["space","trial"]'
    jq -e 'all(.findings[] | select(.level != "ok"); .advice != null)' out >/dev/null || fail "a finding without advice"
}

colours_are_for_terminals_only() {
    command -v script >/dev/null || skip "script is missing"
    examined "$shmq" doctor
    ! grep -q $'\e' out || fail "colours in a file"
    script -qec "'$shmq' doctor" typescript >/dev/null || true
    grep -q $'\e\\[3' typescript || fail "no colours on a terminal"
    NO_COLOR=1 script -qec "'$shmq' doctor" typescript >/dev/null || true
    ! grep -q $'\e\\[3' typescript || fail "NO_COLOR is not honoured"
}

run_facts
