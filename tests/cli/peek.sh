source "$(dirname "$0")/lib.sh"

trader=$TEST_CLI_HELPERS/test_cli_trader

what_waits_is_shown_and_stays() {
    "$shmq" create "$q-stay"
    printf 'one\ntwo\nthree\n' | "$shmq" send "$q-stay"
    for _ in 1 2; do
        expect 0 "$shmq" peek "$q-stay"
        is "$(cat out)" $'0:0 0 3B  one\n0:1 0 3B  two\n0:2 0 5B  three'
        [[ ! -s err ]] || fail "it said something"
    done
    is "$("$shmq" recv "$q-stay")" $'one\ntwo\nthree'
    refused 4 "nothing waits" "$shmq" peek "$q-stay"
}

it_needs_read_permission_only_and_tells_nobody() {
    "$shmq" create "$q-mode"
    echo one | "$shmq" send "$q-mode"
    local file
    file=$(find /dev/shm -name "*$q-mode")
    chmod 0400 "$file"
    cp "$file" before
    expect 0 "$shmq" peek "$q-mode"
    expect 0 "$shmq" tail "$q-mode"
    expect 0 "$shmq" info "$q-mode"
    same before "$file"
    chmod 0600 "$file"
}

history_shows_what_was_received() {
    local kind
    for kind in '' --order=total --recorder; do
        "$shmq" create $kind "$q-past${kind/=/}"
        seq 1 20 | "$shmq" send "$q-past${kind/=/}"
        "$shmq" recv -c 15 "$q-past${kind/=/}" >got
        expect 0 "$shmq" peek --history --raw "$q-past${kind/=/}"
        is "$(cat out)" "$(seq 1 20)"
        expect 0 "$shmq" peek --history "$q-past${kind/=/}"
        is "$(grep -c released out)" 15
        expect 0 "$shmq" peek --raw "$q-past${kind/=/}"
        is "$(cat out)" "$(seq 16 20)"
        expect 0 "$shmq" peek --history -n 3 --raw "$q-past${kind/=/}"
        is "$(cat out)" "$(seq 1 3)"
    done
}

history_of_a_small_ring_is_whole_and_ends_with_the_last() {
    "$shmq" create --capacity 4K "$q-ring"
    seq 1 3000 | "$shmq" send "$q-ring" &
    "$shmq" recv --wait -c 3000 "$q-ring" >got
    ends 0 $!
    expect 0 "$shmq" peek --history --raw "$q-ring"
    (($(wc -l <out) > 100)) || fail "too little is found"
    is "$(cat out)" "$(seq "$(head -n 1 out)" 3000)"
}

control_characters_do_not_come_through() {
    "$shmq" create "$q-esc"
    printf 'a\033[31mb\tc\\d\xc2\x9be\xff\xc3\xa4\n' | "$shmq" send "$q-esc"
    expect 0 "$shmq" peek "$q-esc"
    is "$(cat out)" '0:0 0 17B  a\x1b[31mb\tc\\d\xc2\x9be\xffä'
    expect 0 "$shmq" peek --raw "$q-esc"
    grep -q $'\033' out || fail "raw is not raw"
    command -v script >/dev/null || skip "script is missing"
    script -qec "'$shmq' peek --raw '$q-esc'" typescript >/dev/null </dev/null
    ! grep -q $'\033\\[31m' typescript || fail "raw on a terminal"
    "$trader" "$q-esct" 1
    for style in '' --json --hex; do
        "$shmq" peek $style "$q-esct" >out
        ! LC_ALL=C grep -q $'\033\|\xc2\x9b' out || fail "a control character with '$style'"
    done
}

fields_are_shown_where_the_queue_knows_the_type() {
    "$trader" "$q-type" 4
    echo untyped | "$shmq" send "$q-type"
    expect 0 "$shmq" peek "$q-type"
    grep -qF '0:2 trade 56B  {"id":2,"price":1,"symbol":"ZZZ","urgent":false,"levels":[0,3,0],"place":{"x":-2,"y":0},"note":"plain"}' out ||
        fail "no fields"
    grep -q '0:4 0 7B  untyped' out || fail "no text"
    expect 0 "$shmq" peek --json "$q-type"
    is "$(jq -r 'select(.name == "trade") | .fields.symbol' out)" $'ACME\nIBM\nZZZ\nACME'
    is "$(jq -r 'select(.text) | .text' out)" untyped
    is "$(jq -c 'select(.number == 1) | [.lane, .type, .size, .released]' out)" '[0,32769,56,false]'
}

filters_choose_by_lane_type_and_field() {
    "$trader" "$q-where" 30
    echo untyped | "$shmq" send "$q-where"
    count() {
        "$shmq" peek --raw "$@" "$q-where" | wc -l
    }
    ids() {
        "$shmq" peek --json "$@" "$q-where" | jq -c .fields.id | tr '\n' ' '
    }
    is "$("$shmq" peek --raw --type 0 "$q-where")" untyped
    is "$(ids --type trade | wc -w)" 30
    is "$(ids -w 'id<3')" "0 1 2 "
    is "$(ids -w 'id<=3' -w 'id!=2')" "0 1 3 "
    is "$(ids -w 'price>14')" "29 "
    is "$(ids -w 'price>=14.0')" "28 29 "
    is "$(ids -w symbol=IBM -w 'id<9')" "1 4 7 "
    is "$(ids -w symbol==IBM -w 'id<9')" "1 4 7 "
    is "$(ids -w 'symbol~CM' -w 'id<7')" "0 3 6 "
    is "$(ids -w urgent=true -w 'id<9')" "0 4 8 "
    is "$(ids -w levels.1=8)" "7 "
    is "$(ids -w place.x=-11)" "11 "
    is "$(ids -w 'place.x>-2')" "0 1 "
    is "$(ids -w 'id=1x')" ""
    is "$(ids -n 2 -w symbol=ZZZ)" "2 5 "
    expect 0 "$shmq" peek -w id=1000 "$q-where"
    [[ ! -s out ]] || fail "a record that is not so"
    refused 2 "none of its types has a field 'no'" "$shmq" peek -w no=1 "$q-where"
    refused 2 "none of its types has a field 'place.z'" "$shmq" peek -w place.z=1 "$q-where"
    refused 2 "not a condition" "$shmq" peek -w id "$q-where"
    refused 2 "no records of a type 'point'" "$shmq" peek --type point "$q-where"
    refused 2 "no lane 1" "$shmq" peek --lane 1 "$q-where"
    refused 2 "only one of" "$shmq" peek --raw --json "$q-where"
}

lanes_are_shown_alone() {
    "$shmq" create --lanes 2 "$q-lane"
    echo zero | "$shmq" send --lane 0 "$q-lane"
    echo one | "$shmq" send --lane 1 "$q-lane"
    is "$("$shmq" peek --lane 1 "$q-lane")" '1:0 0 3B  one'
}

hex_shows_bytes_and_text() {
    "$shmq" create "$q-hex"
    printf 'ABCDEFGHIJKLMNOPQ\0\377' | "$shmq" send "$q-hex"
    expect 0 "$shmq" peek --hex "$q-hex"
    is "$(sed -n 2p out)" '    00000000  41 42 43 44 45 46 47 48  49 4a 4b 4c 4d 4e 4f 50  |ABCDEFGHIJKLMNOP|'
    is "$(sed -n 3p out)" '    00000010  51 00 ff                                          |Q..|'
}

it_ends_while_others_send_without_end() {
    "$shmq" create --capacity 64K --recorder "$q-busy"
    yes | "$shmq" send "$q-busy" &
    until_true has_been_sent "$q-busy"
    for _ in 1 2 3; do
        "$shmq" peek --raw "$q-busy" >out 2>err || [[ $? == 4 ]]
        [[ $(sort -u out) == y || ! -s out ]] || fail "not what was sent"
    done
}

what_is_no_queue_is_told() {
    refused 3 "no such queue" "$shmq" peek "$q-none"
    refused 3 "no such queue" "$shmq" tail "$q-none"
    refused 3 "no such queue" "$shmq" info "$q-none"
    head -c 8192 /dev/urandom >junk
    refused 5 "not a queue" "$shmq" peek ./junk
    refused 5 "not a queue" "$shmq" info ./junk
}

has_been_sent() {
    (($("$shmq" stat "$1" | awk '$1 == "sent" { print $2 }') > 1000))
}
helpers+=$'\nhas_been_sent'

run_facts
