source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/nkeys.sh"

# A server of our own, on a port of its own, with what it stores in this fact's folder. Options are added to its command.
server_start() {
    command -v nats-server >/dev/null || skip "nats-server is missing"
    ! "$shmq" bridge x --to nats://127.0.0.1:1/x 2>&1 | grep -q 'built without' || skip "built without the client"
    local tries=0
    port=${port:-$((20000 + RANDOM % 10000))}
    while :; do
        : >server.log
        nats-server -js -sd "$PWD/store" -a 127.0.0.1 -p "$port" "$@" >server.log 2>&1 &
        server=$!
        until grep -qE 'Server is ready|address already in use|\[FTL\]' server.log; do sleep 0.02; done
        ! grep -q 'Server is ready' server.log || break
        wait "$server" || true
        ((tries++ < 20)) || fail "no server: $(tail -1 server.log)"
        [[ -n ${served:-} ]] || port=$((20000 + RANDOM % 10000))
    done
    served=1
    url=nats://127.0.0.1:$port
}

received_at_least() {
    (($("$shmq" stat "$1" | awk '$1 == "received" { print $2 }') >= $2))
}

sent_at_least() {
    (($("$shmq" stat "$1" | awk '$1 == "sent" { print $2 }') >= $2))
}

# stream_is SUBJECT FILE   the stream has these lines, each once, in this order
stream_is() {
    "$shmq" create --capacity 16M "$q-look"
    expect 0 "$shmq" bridge -q "$q-look" --from "$url/$1" --end --durable "look-$RANDOM"
    "$shmq" recv -q -e "$q-look" >look
    "$shmq" rm "$q-look"
    same "$2" look
}

# asked SUBJECT JSON   the server's answer, by its own protocol
asked() {
    exec 8<>"/dev/tcp/127.0.0.1/$port"
    printf 'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\nSUB answer 1\r\nPUB %s answer %d\r\n%s\r\nPING\r\n' \
        "$1" "${#2}" "$2" >&8
    local line
    while IFS= read -r line <&8; do
        [[ $line != *'{"type"'* ]] || break
    done
    exec 8>&-
    printf '%s\n' "$line"
}

# Whoever gets its share only now and then: the kills have to come in the middle.
slowly() {
    awk '{ print } NR % 2000 == 0 { fflush(); system("sleep 0.05") }'
}
helpers+=$'\nnkey_checksum\nnkey_text\nnkey_prefix\nnkey_new\nnkey_half\nbase64url\njwt\ncreds'
helpers+=$'\nserver_start\nreceived_at_least\nsent_at_least\nstream_is\nasked\nslowly'

records_pass_through_a_server_with_their_types() {
    server_start
    "$shmq" create "$q-here"
    "$shmq" create "$q-there"
    seq 1 5000 >lines
    "$shmq" send --type 7 "$q-here" lines
    printf 'no newline' | "$shmq" send --chunk 64 "$q-here"
    expect 0 "$shmq" bridge "$q-here" --to "$url/jobs.new" --stream JOBS --end
    grep -q "made the stream JOBS for jobs.new" err || fail "it is not told"
    grep -q "5001 records passed, 0 of which were there already" err || fail "no summary"
    is "$(waiting "$q-here")" 0
    expect 0 "$shmq" bridge "$q-there" --from "$url/jobs.new" --count 5001
    "$shmq" recv -e "$q-there" --format '%t %s\n' >got
    { sed 's/^/7 /' lines && echo '65535 no newline'; } >wanted
    same wanted got
    # What this receiver has taken, it does not get again; another one gets it all.
    expect 0 "$shmq" bridge -q "$q-there" --from "$url/jobs.new" --end
    is "$(waiting "$q-there")" 0
    { cat lines && printf 'no newline'; } >all
    stream_is jobs.new all
}

each_message_says_what_it_is() {
    command -v jq >/dev/null || skip "jq is missing"
    server_start
    "$shmq" create --lanes 2 "$q-head"
    echo payload | "$shmq" send --lane 1 --type 12 "$q-head"
    expect 0 "$shmq" bridge -q "$q-head" --to "$url/head" --stream HEAD --end
    asked '$JS.API.STREAM.MSG.GET.HEAD' '{"seq":1}' >answer
    is "$(jq -r '.message.data | @base64d' answer)" payload
    jq -r '.message.hdrs | @base64d' answer | tr -d '\r' >headers
    local id
    id=$("$shmq" stat --json "$q-head" | jq -r .id)
    is "$(sed -n 's/^Nats-Msg-Id: //p' headers)" "$id-1-16"
    is "$(sed -n 's/^Shmq-Type: //p' headers)" 12
    is "$(sed -n 's/^Shmq-Lane: //p' headers)" 1
}

a_server_that_is_killed_again_and_again_loses_nothing() {
    server_start
    "$shmq" create --capacity 64K "$q-killed"
    seq 1 60000 >lines
    slowly <lines | "$shmq" send "$q-killed" &
    local sender=$! i
    "$shmq" bridge "$q-killed" --to "$url/killed" --stream KILLED --end 2>told &
    local bridge=$!
    for i in 10000 25000 40000; do
        until_true received_at_least "$q-killed" $i
        killed "$server"
        sleep 0.3
        server_start
    done
    ends 0 "$sender"
    ends 0 "$bridge"
    grep -q 'the server is gone' told || fail "no kill came in the middle"
    stream_is killed lines
}

a_bridge_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing() {
    server_start
    "$shmq" create --capacity 64K "$q-again"
    seq 1 60000 >lines
    slowly <lines | "$shmq" send "$q-again" &
    local sender=$! bridge i
    for i in 5000 15000 25000 35000 45000; do
        "$shmq" bridge -q "$q-again" --to "$url/again" --stream AGAIN &
        bridge=$!
        until_true received_at_least "$q-again" $i
        killed "$bridge"
    done
    expect 0 "$shmq" bridge "$q-again" --to "$url/again" --end
    ends 0 "$sender"
    stream_is again lines
}

a_batch_that_was_published_and_not_released_is_stored_once() {
    server_start
    "$shmq" create "$q-twice"
    seq 1 3000 | "$shmq" send "$q-twice"
    cp "/dev/shm/shmq.$(id -u).$q-twice" before
    expect 0 "$shmq" bridge -q "$q-twice" --to "$url/twice" --stream TWICE --end
    # As it was before: the server has had it all, and nobody has released it.
    cp before "/dev/shm/shmq.$(id -u).$q-twice"
    expect 0 "$shmq" bridge "$q-twice" --to "$url/twice" --end
    grep -q '3000 records passed, 3000 of which were there already' err || fail "they were stored twice"
    seq 1 3000 >lines
    stream_is twice lines
}

a_server_that_is_killed_while_it_gives_loses_and_doubles_nothing() {
    server_start
    "$shmq" create --capacity 4M "$q-full"
    "$shmq" create --capacity 16K "$q-from"
    seq 1 30000 >lines
    "$shmq" send "$q-full" lines
    expect 0 "$shmq" bridge -q "$q-full" --to "$url/from" --stream FROM --end
    "$shmq" bridge "$q-from" --from "$url/from" --count 30000 2>told &
    local bridge=$! i
    "$shmq" recv -c 30000 "$q-from" | slowly >got &
    local receiver=$!
    for i in 5000 12000 20000; do
        until_true sent_at_least "$q-from" $i
        killed "$server"
        sleep 0.3
        server_start
    done
    ends 0 "$bridge"
    ends 0 "$receiver"
    grep -q 'the server is gone' told || fail "no kill came in the middle"
    same lines got
}

a_bridge_that_is_killed_while_it_receives_loses_nothing_and_keeps_the_order() {
    server_start
    "$shmq" create --capacity 4M "$q-half"
    "$shmq" create --capacity 16K "$q-into"
    seq 1 20000 >lines
    "$shmq" send "$q-half" lines
    expect 0 "$shmq" bridge -q "$q-half" --to "$url/half" --stream HALF --end
    "$shmq" bridge -q "$q-into" --from "$url/half" &
    local bridge=$!
    # In the middle of a batch, which does not fit.
    until_true has_been_full "$q-into"
    killed "$bridge"
    "$shmq" bridge "$q-into" --from "$url/half" --end 2>told &
    bridge=$!
    until_true producers_are "$q-into" 1
    "$shmq" recv -q "$q-into" >got
    ends 0 "$bridge"
    grep -q 'waiting 5 s for what a bridge before this one has not acknowledged' told || fail "no batch was held"
    # Some have come twice, and none before those in front of it.
    awk '!seen[$0]++' got >once
    same lines once
}

a_server_that_dies_before_the_first_record_is_waited_for() {
    server_start
    "$shmq" create "$q-first"
    "$shmq" bridge "$q-first" --to "$url/first" --stream FIRST --count 10 2>told &
    local bridge=$!
    until_true consumer_is_here "$q-first"
    killed "$server"
    # It looks when it has something to say.
    seq 1 5 | tee lines | "$shmq" send "$q-first"
    until_true grep -q 'the server is gone' told
    server_start
    until_true waiting_is "$q-first" 0
    seq 6 10 | tee -a lines | "$shmq" send "$q-first"
    ends 0 "$bridge"
    stream_is first lines
}

while_the_server_is_away_records_wait_in_the_queue() {
    server_start
    "$shmq" create --capacity 4K "$q-away"
    echo first | "$shmq" send "$q-away"
    "$shmq" bridge "$q-away" --to "$url/away" --stream AWAY 2>told &
    local bridge=$!
    until_true waiting_is "$q-away" 0
    killed "$server"
    until_true grep -q 'the server is gone' told
    seq 1 1000 >lines
    "$shmq" send "$q-away" lines &
    local sender=$!
    until_true has_been_full "$q-away"
    server_start
    ends 0 "$sender"
    until_true waiting_is "$q-away" 0
    kill -TERM "$bridge"
    ends 143 "$bridge"
    { echo first && cat lines; } >all
    stream_is away all
}

while_the_queue_is_full_messages_wait_in_the_stream() {
    server_start
    "$shmq" create --capacity 1M "$q-src"
    "$shmq" create --capacity 4K "$q-dst"
    seq 1 2000 >lines
    "$shmq" send "$q-src" lines
    expect 0 "$shmq" bridge -q "$q-src" --to "$url/wait" --stream WAIT --end
    "$shmq" bridge -q "$q-dst" --from "$url/wait" --count 2000 &
    local bridge=$!
    until_true has_been_full "$q-dst"
    # Longer than the server waits for an acknowledgement.
    sleep 6
    "$shmq" recv -c 2000 "$q-dst" >got
    ends 0 "$bridge"
    same lines got
}

a_signal_leaves_in_the_queue_what_is_not_acknowledged() {
    server_start
    "$shmq" create "$q-signal"
    echo 1 | "$shmq" send "$q-signal"
    "$shmq" bridge "$q-signal" --to "$url/signal" --stream SIGNAL 2>told &
    local bridge=$!
    until_true waiting_is "$q-signal" 0
    killed "$server"
    until_true grep -q 'the server is gone' told
    echo 2 | "$shmq" send "$q-signal"
    sleep 0.3
    kill -TERM "$bridge"
    ends 143 "$bridge"
    is "$("$shmq" recv -e "$q-signal")" 2
}

what_cannot_be_is_told() {
    "$shmq" create "$q-wrong"
    refused 2 "say where: --to nats://HOST/SUBJECT or --from" "$shmq" bridge "$q-wrong"
    refused 2 "'nats://host' is not nats://HOST:PORT/SUBJECT" "$shmq" bridge "$q-wrong" --to nats://host
    refused 2 "is not nats://HOST:PORT/SUBJECT" "$shmq" bridge "$q-wrong" --to http://host/subject
    refused 2 "is not nats://HOST:PORT/SUBJECT" "$shmq" bridge "$q-wrong" --to x
    refused 2 "'a.*' is not a subject to publish to" "$shmq" bridge "$q-wrong" --to 'nats://host/a.*'
    refused 2 "one --to or --from" "$shmq" bridge "$q-wrong" --to nats://h/a --from nats://h/b
    refused 2 "--durable and --create go with --from" "$shmq" bridge "$q-wrong" --to nats://h/a --create
    refused 2 "--tls-cert and --tls-key go together" "$shmq" bridge "$q-wrong" --to nats://h/a --tls-cert c
    server_start
    refused 1 "cannot connect to nats://127.0.0.1:1 (wait for it with --wait)" \
        "$shmq" bridge "$q-wrong" --to nats://127.0.0.1:1/x
    refused 3 "no stream has the subject nobody (make one with --stream NAME" "$shmq" bridge "$q-wrong" --to "$url/nobody"
    refused 3 "bridge '$q-none': no such queue" "$shmq" bridge "$q-none" --to "$url/x" --stream X -q
    expect 0 "$shmq" bridge -q "$q-wrong" --from "$url/x" --end
    refused 1 "the stream X has the subject x, and not Y" "$shmq" bridge "$q-wrong" --to "$url/x" --stream Y
    refused 1 "the connection cannot be set up" "$shmq" bridge "$q-wrong" --to "$url/x" --tls-ca no-such-file
}

a_record_that_is_too_large_stays_and_those_before_it_pass() {
    printf 'max_payload: 4096\n' >server.conf
    server_start -c server.conf
    "$shmq" create "$q-large"
    echo small | "$shmq" send "$q-large"
    head -c 5000 /dev/zero | "$shmq" send --chunk 5000 "$q-large"
    local code=0
    "$shmq" bridge "$q-large" --to "$url/large" --stream LARGE --end >out 2>err || code=$?
    is "$code" 1
    grep -q 'a record of 5000 bytes is larger than the server takes, 4096 (max_payload' err || fail "it is not told"
    is "$("$shmq" recv -c 1 "$q-large")" small
    is "$(waiting "$q-large")" 1
}

users_and_passwords_and_tls_are_those_of_nats() {
    server_start --user somebody --pass secret
    "$shmq" create "$q-user"
    echo x | "$shmq" send "$q-user"
    refused 1 "Authorization" "$shmq" bridge "$q-user" --to "$url/user" --stream USER
    expect 0 "$shmq" bridge -q "$q-user" --to "nats://somebody:secret@127.0.0.1:$port/user" --stream USER --end
    is "$(waiting "$q-user")" 0
    killed "$server"
    command -v openssl >/dev/null || return 0
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
        -keyout key.pem -out cert.pem 2>/dev/null
    server_start --tls --tlscert cert.pem --tlskey key.pem
    echo y | "$shmq" send "$q-user"
    # One that it does not trust.
    expect 1 "$shmq" bridge -q "$q-user" --to "tls://127.0.0.1:$port/tls" --stream TLS --end
    is "$(waiting "$q-user")" 1
    expect 0 "$shmq" bridge -q "$q-user" --to "tls://127.0.0.1:$port/tls" --tls-ca cert.pem --stream TLS --end
    is "$(waiting "$q-user")" 0
}

credentials_are_those_of_nats() {
    command -v openssl >/dev/null || skip "openssl is missing"
    openssl genpkey -algorithm ed25519 -out try.pem 2>/dev/null || skip "no Ed25519 in this openssl"
    local limits account system
    nkey_new operator && nkey_new account && nkey_new account system && nkey_new user && nkey_new account other && nkey_new user stranger
    limits='"subs":-1,"conn":-1,"leaf":-1,"imports":-1,"exports":-1,"data":-1,"payload":-1,"wildcards":true'
    system=$(jwt system operator system "{\"type\":\"account\",\"version\":2,\"limits\":{$limits}}")
    limits+=',"mem_storage":-1,"disk_storage":-1,"streams":-1,"consumer":-1'
    account=$(jwt account operator account "{\"type\":\"account\",\"version\":2,\"limits\":{$limits}}")
    cat >server.conf <<END
operator: $(jwt operator operator operator '{"type":"operator","version":2}')
resolver: MEMORY
system_account: $(cat system.nkey)
resolver_preload: { $(cat system.nkey): $system, $(cat account.nkey): $account }
END
    creds user.creds user account
    creds stranger.creds stranger other
    server_start -c server.conf
    "$shmq" create "$q-creds"
    seq 1 100 >lines
    "$shmq" send "$q-creds" lines
    refused 1 "Authorization Violation" "$shmq" bridge "$q-creds" --to "$url/creds" --stream CREDS --end
    # An account that the operator has not signed.
    refused 1 "Authorization Violation" \
        "$shmq" bridge "$q-creds" --to "$url/creds" --creds stranger.creds --stream CREDS --end
    # The token of one, and the seed of another.
    sed "s/^SU.*/$(cat stranger.seed)/" user.creds >mixed.creds
    refused 1 "" "$shmq" bridge "$q-creds" --to "$url/creds" --creds mixed.creds --stream CREDS --end
    refused 1 "no-such.creds" "$shmq" bridge "$q-creds" --to "$url/creds" --creds no-such.creds --stream CREDS --end
    is "$(waiting "$q-creds")" 100
    expect 0 "$shmq" bridge -q "$q-creds" --to "$url/creds" --creds user.creds --stream CREDS --end
    is "$(waiting "$q-creds")" 0
    # Also when it has to connect anew, and at the other end.
    "$shmq" bridge "$q-creds" --to "$url/creds" --creds user.creds --count 1 2>told &
    local bridge=$!
    until_true consumer_is_here "$q-creds"
    killed "$server"
    until_true grep -q 'the server is gone' told
    server_start -c server.conf
    echo 101 | tee -a lines | "$shmq" send "$q-creds"
    ends 0 "$bridge"
    refused 1 "Authorization Violation" "$shmq" bridge "$q-creds" --from "$url/creds" --end
    expect 0 "$shmq" bridge -q "$q-creds" --from "$url/creds" --creds user.creds --end
    "$shmq" recv -q -e "$q-creds" >got
    same lines got
}

it_waits_for_what_is_not_there_yet() {
    command -v nats-server >/dev/null || skip "nats-server is missing"
    port=$((20000 + RANDOM % 10000))
    served=1
    "$shmq" bridge "$q-later" --to "nats://127.0.0.1:$port/later" --stream LATER --wait --count 1 2>told &
    local bridge=$!
    until grep -q "waiting for nats://127.0.0.1:$port" told; do
        ! grep -q 'built without' told || skip "built without the client"
        sleep 0.02
    done
    server_start
    sleep 0.3
    echo x | "$shmq" send --create "$q-later"
    ends 0 "$bridge"
}

run_facts
