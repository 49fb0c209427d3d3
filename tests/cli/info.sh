source "$(dirname "$0")/lib.sh"

trader=$TEST_CLI_HELPERS/test_cli_trader

it_says_what_a_queue_is() {
    "$shmq" create --lanes 3 --capacity 64K --order=total "$q-what"
    expect 0 "$shmq" info "$q-what"
    grep -qE '^kind +total$' out || fail "no kind"
    grep -qE '^capacity +64K a lane$' out || fail "no capacity"
    grep -qE '^  rings +0x2000  64K for each of 3$' out || fail "no layout"
    expect 0 "$shmq" info --json "$q-what"
    is "$(jq -c '[.kind, .lanes, .capacity, .layout.lanes_offset, .layout.rings_offset]' out)" '["total",3,65536,4096,8192]'
    is "$(jq -r .id out)" "$("$shmq" stat --json "$q-what" | jq -r .id)"
}

roles_are_named_with_their_processes() {
    "$shmq" create --lanes 2 "$q-roles"
    mkfifo in
    "$shmq" send "$q-roles" <in &
    local sender=$!
    exec 3>in
    "$shmq" recv "$q-roles" >got 3>&- &
    local receiver=$!
    until_true consumer_is_here "$q-roles"
    until_true producers_are "$q-roles" 1
    expect 0 "$shmq" info "$q-roles"
    grep -qE "^consumer +$receiver +alive .* shmq$" out || fail "no consumer"
    grep -qE "^producer 0 +$sender +alive .* shmq$" out || fail "no producer"
    kill -STOP "$receiver"
    until_true grep -q '^State:.T' "/proc/$receiver/status"
    expect 0 "$shmq" info --json "$q-roles"
    is "$(jq -r '.roles[] | select(.role == "consumer").state' out)" paused
    killed "$receiver"
    killed "$sender"
    expect 0 "$shmq" info --json "$q-roles"
    is "$(jq -r '.roles[] | select(.role == "consumer").state' out)" died
    is "$(jq -r '.roles[] | select(.role == "producer 0") | "\(.state) \(.pid)"' out)" "died $sender"
    is "$(jq -r '.roles[] | select(.role == "reporter").state' out)" absent
}

types_are_described() {
    "$trader" "$q-types" 1
    expect 0 "$shmq" info "$q-types"
    grep -qE '^trade  version 1, 56 bytes, records of type 32769$' out || fail "no type"
    grep -qE '^point  version 1, 8 bytes, nested in others$' out || fail "no nested type"
    grep -qE '^ *16  symbol +text +8$' out || fail "no field"
    grep -qE "^ *32  place +point +1$" out || fail "no nested field"
    expect 0 "$shmq" info --json "$q-types"
    is "$(jq -c '.schemas[1].fields[] | select(.name == "levels") | [.kind, .shape, .count]' out)" '["u16","array",3]'
}

run_facts
