source "$(dirname "$0")/lib.sh"

# Another user has to reach the program, which may lie in a folder that is nobody else's.
others_reach_it() {
    [[ $(id -u) == 0 ]] || skip "only root can become other users"
    command -v setpriv >/dev/null || skip "setpriv is missing"
    chmod 0755 "$work" .
    mkdir -p bin lib
    cp "$shmq" bin/shmq
    cp -P "$(dirname "$shmq")"/../lib/libshmq.so* lib/ 2>/dev/null || true
    chmod -R a+rX bin lib
    anybodys=$PWD/bin/shmq
    as_other "$anybodys" --version >/dev/null || skip "another user cannot run the program"
}

# as_other COMMAND...   as a user who owns nothing, in no group of ours
as_other() {
    setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# as_member COMMAND...   as that user, in the group 54321
as_member() {
    setpriv --reuid=65534 --regid=65534 --groups=54321 "$@"
}

# A queue of root's in a file, with two records in it: made MODE [OPTION...]
made() {
    rm -f queue
    "$shmq" create --mode "$1" "${@:2}" ./queue
    printf 'one\ntwo\n' | "$shmq" send ./queue
}
helpers+=$'\nothers_reach_it\nas_other\nas_member\nmade'

what_is_ones_own_is_nobody_elses() {
    others_reach_it
    made 0600
    local command
    for command in stat send recv; do
        refused 1 "$command './queue': no permission (its owner can share one with: shmq create --mode, --group)" \
            as_other "$anybodys" "$command" ./queue
    done
    refused 1 "no permission" as_other "$anybodys" create ./queue
    refused 1 "rm './queue': no permission" as_other "$anybodys" rm ./queue
    refused 1 "rm './queue': no permission" as_other "$anybodys" rm -f ./queue
    is "$(waiting ./queue)" 2
}

a_name_is_of_the_user_who_says_it() {
    others_reach_it
    "$shmq" create "$q-mine"
    refused 3 "no such queue" as_other "$anybodys" stat "$q-mine"
    expect 0 as_other "$anybodys" create "$q-mine"
    echo theirs | as_other "$anybodys" send "$q-mine"
    is "$(waiting "$q-mine")" 0
    expect 0 as_other "$anybodys" ls --no-headings
    is "$(grep -c "^$q-mine " out)" 1
    expect 0 as_other "$anybodys" rm "$q-mine"
    expect 0 "$shmq" rm "$q-mine"
}

who_may_read_may_look_and_no_more() {
    others_reach_it
    made 0644
    expect 0 as_other "$anybodys" stat ./queue
    grep -qE '^waiting +2 records$' out || fail "what waits"
    expect 0 as_other "$anybodys" stat --json ./queue
    refused 1 "send './queue': no permission" as_other "$anybodys" send ./queue
    refused 1 "recv './queue': no permission" as_other "$anybodys" recv ./queue
    refused 1 "it exists" as_other "$anybodys" create ./queue
    is "$(waiting ./queue)" 2
}

a_group_shares_a_queue() {
    others_reach_it
    made 0660 --group 54321
    echo three | as_member "$anybodys" send ./queue
    expect 0 as_member "$anybodys" recv -c 2 ./queue
    is "$(tr '\n' ' ' <out)" "one two "
    expect 0 "$shmq" recv ./queue
    is "$(cat out)" three
    refused 1 "no permission" as_other "$anybodys" stat ./queue
    refused 1 "no permission" as_other "$anybodys" recv ./queue
    made 0640 --group 54321
    expect 0 as_member "$anybodys" stat ./queue
    refused 1 "no permission" as_member "$anybodys" send ./queue
    refused 1 "no permission" as_member "$anybodys" recv ./queue
}

an_owner_without_write_permission_may_only_look() {
    others_reach_it
    install -d -o 65534 -m 0755 theirs
    as_other "$anybodys" create --mode 0400 "$PWD/theirs/queue"
    expect 0 as_other "$anybodys" stat theirs/queue
    refused 1 "no permission" as_other "$anybodys" send theirs/queue
    refused 1 "no permission" as_other "$anybodys" recv theirs/queue
    refused 1 "rm 'theirs/queue': no permission" as_other "$anybodys" rm theirs/queue
    chmod 0600 theirs/queue
    expect 0 as_other "$anybodys" rm theirs/queue
    as_other "$anybodys" create --mode 0200 "$PWD/theirs/queue"
    refused 1 "no permission" as_other "$anybodys" stat theirs/queue
}

only_the_privileged_create_global_queues_and_others_use_them() {
    others_reach_it
    local name="Global\\$q-global"
    refused 1 "a Global\\ name can be created by a privileged user only" as_other "$anybodys" create "$name"
    refused 1 "a Global\\ name can be created by a privileged user only" as_other "$anybodys" send --create "$name"
    expect 0 "$shmq" create --mode 0666 "$name"
    echo one | as_other "$anybodys" send "$name"
    expect 0 as_other "$anybodys" recv -c 1 "$name"
    is "$(cat out)" one
    expect 0 as_other "$anybodys" ls
    grep -qF "$name " out || fail "it is not listed"
    refused 1 "no permission (it needs that to read and write it" as_other "$anybodys" rm "$name"
    chmod 0600 "/dev/shm/shmq.global.$q-global"
    refused 1 "no permission" as_other "$anybodys" recv "$name"
    expect 0 as_other "$anybodys" ls
    grep -F "$name " out | grep -qE 'no permission$' || fail "it is not listed with what is wrong"
    expect 0 "$shmq" rm "$name"
}

a_name_that_somebody_else_made_up_is_not_believed() {
    others_reach_it
    [[ -d /dev/shm && -k /dev/shm ]] || skip "no common /dev/shm"
    as_other "$anybodys" create --mode 0666 "$q-trap"
    mv "/dev/shm/shmq.65534.$q-trap" "/dev/shm/shmq.0.$q-trap"
    local command
    for command in stat send recv rm; do
        expect 1 "$shmq" "$command" "$q-trap" </dev/null
        grep -qF "$command '$q-trap': no permission" err || fail "$command: the message"
        is "$(wc -l <err)" 1
    done
    rm "/dev/shm/shmq.0.$q-trap"
}

a_folder_without_write_permission_takes_no_queue() {
    others_reach_it
    mkdir -m 0755 ours
    refused 1 "no permission" as_other "$anybodys" create "$PWD/ours/queue"
    refused 1 "no permission" as_other "$anybodys" create --file "$PWD/ours/queue" "$q-ours"
    refused 1 "no permission" as_other "$anybodys" send --create "$PWD/ours/queue"
    is "$(find ours -type f)" ""
    refused 3 "no such queue" as_other "$anybodys" stat "$q-ours"
}

run_facts
