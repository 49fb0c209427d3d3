source "$(dirname "$0")/lib.sh"

# A Python that has the parsers of Prometheus's own client, in `python`.
need_parser() {
    for python in /usr/bin/python3 python3; do
        ! "$python" -c 'import prometheus_client.openmetrics.parser' 2>/dev/null || return 0
    done
    skip "prometheus_client of Python is missing"
}

# parsed MODULE FILE   each sample as NAME LABELS VALUE, by that parser; a family that is told twice, or a wrong type, fails
parsed() {
    "$python" - "$1" "$2" <<'END'
import importlib, json, sys
module = importlib.import_module(sys.argv[1])
seen = set()
with open(sys.argv[2], encoding="utf-8", newline="") as file:
    for family in module.text_fd_to_metric_families(file):
        if family.name in seen or not family.documentation or family.type not in ("counter", "gauge"):
            sys.exit("family " + family.name + " " + family.type)
        seen.add(family.name)
        for s in family.samples:
            labels = {key: value for key, value in s.labels.items() if key != "queue"}
            print(s.name, json.dumps(s.labels.get("queue")), json.dumps(labels, sort_keys=True, separators=(",", ":")), "%g" % s.value)
END
}

# has QUEUE NAME LABELS VALUE
has() {
    grep -qxF -e "$2 \"$1\" $3 $4" samples || fail "no $2 $3 $4 of $1: $(grep -F -e "$2 \"$1\" $3" samples)"
}

# Starts a server on a port that is free; sets `server` and `port`.
served() {
    program metrics --listen 127.0.0.1:0 "$@" 2>told &
    server=$!
    until_true grep -q 'serving http://127.0.0.1:[0-9]*/metrics' told
    port=$(sed -n 's/.*127.0.0.1:\([0-9]*\).*/\1/p' told)
}

# got PATH [HEADER [METHOD]]   the answer, in the files head and out
got() {
    exec 8<>"/dev/tcp/127.0.0.1/$port"
    printf '%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n' "${3:-GET}" "$1" "${2:+$2$'\r\n'}" >&8
    tr -d '\r' <&8 >answer
    exec 8>&-
    sed '/^$/,$d' answer >head
    sed '1,/^$/d' answer >out
}
helpers+=$'\nneed_parser\nparsed\nhas\nserved\ngot'

a_real_parser_reads_it_and_the_numbers_are_right() {
    need_parser
    "$shmq" create --capacity 4K --lanes 3 "$q-numbers"
    seq 1 10 | "$shmq" send "$q-numbers"
    "$shmq" recv -q -c 4 "$q-numbers" >/dev/null
    seq 1 10000 >lines
    expect 4 "$shmq" send --lane 2 --policy drop "$q-numbers" lines
    expect 0 "$shmq" metrics "$q-numbers"
    is "$(tail -1 out)" "# EOF"
    parsed prometheus_client.openmetrics.parser out >samples || fail "it is not OpenMetrics"
    local n="$q-numbers"
    has "$n" shmq_readable '{}' 1
    has "$n" shmq_lanes '{}' 3
    has "$n" shmq_capacity_bytes '{}' 4096
    has "$n" shmq_consumers_total '{}' 1
    has "$n" shmq_sent_records_total '{"lane":"0"}' 10
    has "$n" shmq_received_records_total '{"lane":"0"}' 4
    has "$n" shmq_waiting_records '{"lane":"0"}' 6
    has "$n" shmq_sent_bytes_total '{"lane":"0"}' 160
    has "$n" shmq_received_bytes_total '{"lane":"0"}' 64
    has "$n" shmq_used_bytes '{"lane":"0"}' 96
    has "$n" shmq_sent_records_total '{"lane":"2"}' 256
    has "$n" shmq_dropped_records_total '{"lane":"2"}' 9744
    has "$n" shmq_used_bytes '{"lane":"2"}' 4096
    # Lane 1 has never been used.
    ! grep -q '"lane":"1"' samples || fail "a lane that nobody has used"
    has "$n" shmq_consumer_state '{"state":"absent"}' 1
    has "$n" shmq_consumer_state '{"state":"died"}' 0
}

the_older_format_is_read_by_its_parser() {
    need_parser
    "$shmq" create "$q-old"
    echo x | "$shmq" send "$q-old"
    expect 0 "$shmq" metrics --format prometheus "$q-old"
    parsed prometheus_client.parser out >samples || fail "it is not the text format"
    has "$q-old" shmq_sent_records_total '{"lane":"0"}' 1
    grep -qx '# TYPE shmq_sent_records_total counter' out || fail "no type of the counter"
    ! grep -qE '^# (UNIT|EOF)' out || fail "what this format does not have"
}

who_died_is_told() {
    need_parser
    "$shmq" create "$q-died"
    mkfifo in
    exec 3<>in
    "$shmq" send "$q-died" <in &
    until_true producers_are "$q-died" 1
    "$shmq" metrics "$q-died" >out
    parsed prometheus_client.openmetrics.parser out >samples
    has "$q-died" shmq_producer_state '{"lane":"0","state":"present"}' 1
    killed $!
    "$shmq" metrics "$q-died" >out
    parsed prometheus_client.openmetrics.parser out >samples
    has "$q-died" shmq_producer_state '{"lane":"0","state":"present"}' 0
    has "$q-died" shmq_producer_state '{"lane":"0","state":"died"}' 1
}

the_task_of_the_status_is_told() {
    need_parser
    [[ -n ${TEST_CLI_HELPERS:-} ]] || skip "no program that reports"
    "$shmq" create "$q-task"
    "$shmq" metrics "$q-task" >out
    ! grep -q '^shmq_task' out || fail "a task that nobody has begun"
    mkfifo in
    exec 3<>in
    "$TEST_CLI_HELPERS/test_cli_reporter" "$q-task" <in >reported &
    printf 'begin 500 files\nadvance 120\n' >&3
    until_true grep -q advance reported
    "$shmq" metrics "$q-task" >out
    parsed prometheus_client.openmetrics.parser out >samples
    has "$q-task" shmq_tasks_total '{}' 1
    has "$q-task" shmq_task_done '{}' 120
    has "$q-task" shmq_task_size '{}' 500
    has "$q-task" shmq_task_state '{"state":"running"}' 1
    killed $!
    "$shmq" metrics "$q-task" >out
    parsed prometheus_client.openmetrics.parser out >samples
    has "$q-task" shmq_task_state '{"state":"running"}' 0
    has "$q-task" shmq_task_state '{"state":"died"}' 1
}

any_name_is_a_label() {
    need_parser
    local name
    for name in './a "quoted" \name' $'./two\nlines' './größer €'; do
        "$shmq" create "$name"
        "$shmq" metrics "$name" >out
        parsed prometheus_client.openmetrics.parser out >samples || fail "not OpenMetrics"
        "$python" -c 'import json, sys; print("shmq_readable", json.dumps(sys.argv[1]), "{} 1")' "$name" >wanted
        grep -qxFf wanted samples || fail "not the name: $(grep readable samples)"
    done
    for name in $'./\xff\xfe' $'./\xe0\x80\x80' $'./\xed\xa0\x80' $'./cut\xe2\x82'; do
        "$shmq" create "$name"
        "$shmq" metrics "$name" >out
        parsed prometheus_client.openmetrics.parser out >samples || fail "not UTF-8"
    done
}

what_cannot_be_read_is_told_and_the_rest_is_there() {
    need_parser
    "$shmq" create "$q-there"
    "$shmq" create "$q-damaged"
    truncate -s 4K "/dev/shm/shmq.$(id -u).$q-damaged"
    local code=0
    "$shmq" metrics "$q-none" "$q-there" "$q-damaged" >out 2>err || code=$?
    is "$code" 5
    grep -qF "metrics '$q-none': no such queue" err || fail "it is not told"
    parsed prometheus_client.openmetrics.parser out >samples
    has "$q-none" shmq_readable '{}' 0
    has "$q-damaged" shmq_readable '{}' 0
    has "$q-there" shmq_readable '{}' 1
    # Of all there are, what is damaged is no error.
    expect 0 "$shmq" metrics
    grep -qF "shmq_readable{queue=\"$q-damaged\"} 0" out || fail "it is not there"
}

a_file_appears_as_a_whole() {
    "$shmq" create "$q-file"
    local i
    (for i in {1..100}; do "$shmq" metrics --output all.prom "$q-file"; done) &
    until_true test -e all.prom
    while kill -0 $! 2>/dev/null; do
        is "$(tail -1 all.prom)" "# EOF"
    done
    ends 0 $!
    is "$(ls -A | tr '\n' ' ')" "all.prom "
    refused 1 "metrics: no/such: No such file" "$shmq" metrics --output no/such "$q-file"
    refused 1 "metrics: .: " "$shmq" metrics --output . "$q-file"
    is "$(ls -A | tr '\n' ' ')" "all.prom err out "
    expect 2 "$shmq" metrics --output a --listen 0
    expect 2 "$shmq" metrics --format xml
}

it_is_served_over_http() {
    need_parser
    "$shmq" create "$q-http"
    echo x | "$shmq" send "$q-http"
    local server port
    served "$q-http"
    got /metrics
    is "$(head -1 head)" "HTTP/1.1 200 OK"
    grep -qixF 'content-type: application/openmetrics-text; version=1.0.0; charset=utf-8' head || fail "$(cat head)"
    parsed prometheus_client.openmetrics.parser out >samples || fail "not OpenMetrics"
    has "$q-http" shmq_sent_records_total '{"lane":"0"}' 1
    # The server has it open. It goes on counting, and what comes anew is another one.
    echo y | "$shmq" send "$q-http"
    got /metrics
    grep -qxF "shmq_sent_records_total{queue=\"$q-http\",lane=\"0\"} 2" out || fail "it does not count"
    "$shmq" rm "$q-http"
    got /metrics
    grep -qxF "shmq_readable{queue=\"$q-http\"} 0" out || fail "it was removed"
    "$shmq" create "$q-http"
    got /metrics
    grep -qxF "shmq_readable{queue=\"$q-http\"} 1" out || fail "it is there again"
    ! grep -q '^shmq_sent_records_total' out || fail "numbers of the old one"
    got /metrics 'Accept: text/plain;version=0.0.4'
    grep -qixF 'content-type: text/plain; version=0.0.4; charset=utf-8' head || fail "$(cat head)"
    ! grep -q '# EOF' out || fail "not the format that was asked for"
    got /other
    is "$(head -1 head)" "HTTP/1.1 404 Not Found"
    got /metrics '' POST
    is "$(head -1 head)" "HTTP/1.1 405 Method Not Allowed"
    got /metrics '' HEAD
    is "$(head -1 head)" "HTTP/1.1 200 OK"
    [[ ! -s out ]] || fail "HEAD has a body"
    kill -TERM "$server"
    ends 143 "$server"
}

all_queues_come_and_go_while_it_serves() {
    own_shm size=64M
    local server port
    served
    got /metrics
    ! grep -q 'shmq_readable{' out || fail "there is none yet"
    "$shmq" create one
    "$shmq" create two
    got /metrics
    is "$(grep -c '^shmq_readable{' out)" 2
    "$shmq" rm one
    rm /dev/shm/shmq.*.two
    "$shmq" create three
    got /metrics
    is "$(grep '^shmq_readable{' out)" 'shmq_readable{queue="three"} 1'
    # By hand, so that nothing in it tells of it.
    echo x | "$shmq" send three
    rm /dev/shm/shmq.*.three
    "$shmq" create three
    got /metrics
    is "$(grep '^shmq_readable{' out)" 'shmq_readable{queue="three"} 1'
    ! grep -q '^shmq_sent_records_total' out || fail "numbers of the old one"
    truncate -s 0 /dev/shm/shmq.*.three
    got /metrics
    is "$(grep '^shmq_readable{' out)" 'shmq_readable{queue="three"} 0'
    kill -TERM "$server"
    ends 143 "$server"
}

a_slow_client_holds_up_nobody() {
    "$shmq" create "$q-slow"
    local server port i
    served "$q-slow"
    # One says half of a word, others ask again and again and read no answer.
    exec 6<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET /met' >&6
    exec 7<>"/dev/tcp/127.0.0.1/$port"
    (for i in {1..20000}; do printf 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'; done >&7) 2>/dev/null &
    for i in {1..20}; do
        got /metrics
        is "$(tail -1 out)" "# EOF"
    done
    printf 'rics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' >&6
    is "$(tail -1 <&6 | tr -d '\r')" "# EOF"
    kill -TERM "$server"
    ends 143 "$server"
}

a_port_that_is_taken_is_told() {
    local server port
    served
    refused 1 "metrics: --listen: '127.0.0.1:$port': somebody else listens there (who: ss -ltnp" \
        "$shmq" metrics --listen "127.0.0.1:$port"
    refused 1 "somebody else listens there" "$shmq" metrics --listen "$port"
    kill -TERM "$server"
    ends 143 "$server"
    # It is free at once.
    program metrics --listen "127.0.0.1:$port" 2>told &
    until_true grep -q serving told
    kill -INT $!
    ends 130 $!
}

addresses_are_checked() {
    local address
    for address in '' x 127.0.0.1 127.0.0.1: 127.0.0.1:x 127.0.0.1:65536 ::1:80 '[::1]' '[]:80' :-1; do
        refused 1 "--listen: '$address' is not ADDRESS:PORT" "$shmq" metrics --listen "$address"
    done
    refused 1 "--listen: '192.0.2.1:0'" "$shmq" metrics --listen 192.0.2.1:0
}

run_facts
