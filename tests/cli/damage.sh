source "$(dirname "$0")/lib.sh"

commands=(stat "stat --json" send "send --create" recv "recv -e" "recv -c 1")

# put FILE OFFSET BYTES   writes over a queue in a file; BYTES as printf has them
put() {
    printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# A queue of one lane of 4K in the file ./bad with the records one, two and three.
# Its lane begins at 4096 (head +0, tail +128, released +256) and its ring at 8192.
fresh() {
    rm -f bad
    "$shmq" create --capacity 4K ./bad
    printf 'one\ntwo\nthree\n' | "$shmq" send ./bad
}

# every_command_refuses TEXT [CODE TEXT]   with one line that names the queue and says TEXT, and changes nothing.
# The second two are of create, where it is another.
every_command_refuses() {
    local before command
    before=$(sha256sum <bad)
    for command in "${commands[@]}"; do
        # shellcheck disable=SC2086
        refused 5 "$1" "$shmq" $command ./bad
        grep -qF "shmq: ${command%% *} './bad': " err || fail "the message does not name it"
    done
    refused "${2:-5}" "${3:-$1}" "$shmq" create ./bad
    grep -qF "shmq: create './bad': " err || fail "the message does not name it"
    refused 5 "$1" "$shmq" create --if-not-exists ./bad
    is "$(sha256sum <bad)" "$before"
}

# rm takes what was a queue once, in whatever state.
can_be_removed() {
    expect 0 "$shmq" rm ./bad
    [[ ! -e bad ]] || fail "it is still there"
}

# rm leaves alone what never was one.
is_left_alone() {
    refused 5 "rm './bad': not a queue, so it is left alone" "$shmq" rm ./bad
    refused 5 "not a queue" "$shmq" rm -f ./bad
    [[ -e bad ]] || fail "it is gone"
}
helpers+=$'\nput\nfresh\nevery_command_refuses\ncan_be_removed\nis_left_alone'

a_file_of_something_else_is_no_queue_and_left_alone() {
    local size
    : >bad
    every_command_refuses "not a queue"
    is_left_alone
    for size in 1 7 8 255 256 4095 4096 4097 8192 100000; do
        head -c "$size" /dev/urandom >bad
        every_command_refuses "not a queue"
        is_left_alone
        head -c "$size" /dev/zero >bad
        every_command_refuses "not a queue"
    done
    head -c 100000 "$shmq" >bad
    every_command_refuses "not a queue"
    is_left_alone
}

a_folder_a_device_and_a_pipe_are_no_queues() {
    local what
    mkdir folder
    mkfifo pipe
    for what in ./folder ./pipe /dev/null /dev/zero; do
        refused 5 "'$what': not a queue" "$shmq" stat "$what"
        refused 5 "'$what': not a queue" "$shmq" send "$what"
        refused 5 "'$what': not a queue" "$shmq" recv "$what"
        refused 5 "'$what': not a queue" "$shmq" rm "$what"
    done
    [[ -d folder && -p pipe ]] || fail "something was removed"
}

a_queue_that_was_cut_off_is_damaged_at_every_size() {
    local size
    commands=(stat send recv) # one for each role
    for size in 8 9 12 13 16 20 31 80 255 256 257 4095 4096 4097 4608 8191 8192 8193 12287; do
        fresh
        is "$(stat -c %s bad)" 12288
        truncate -s "$size" bad
        every_command_refuses "damaged or cut off (remove it with: shmq rm ./bad)"
        can_be_removed
    done
}

a_longer_file_is_a_queue() {
    fresh
    truncate -s 20000 bad
    expect 0 "$shmq" recv ./bad
    is "$(tr '\n' ' ' <out)" "one two three "
}

a_format_from_the_future_says_so() {
    fresh
    put bad 12 '\2'
    every_command_refuses "a queue of format 2, and this shmq knows format 1 (use a shmq that knows it, or: shmq rm ./bad)"
    can_be_removed
}

an_unknown_incompatible_feature_says_so_and_a_compatible_one_does_not_matter() {
    fresh
    put bad 20 '\0\0\0\200'
    expect 0 "$shmq" stat ./bad
    put bad 16 '\0\0\0\100'
    every_command_refuses "features that this shmq does not know"
    put bad 16 '\0\0\0\200'
    every_command_refuses "features that this shmq does not know"
    can_be_removed
}

another_byte_order_says_so() {
    fresh
    put bad 8 "$(head -c 12 bad | tail -c 4 | od -An -v -tx1 | awk '{ for (i = NF; i > 0; i--) printf "\\x%s", $i }')"
    every_command_refuses "another byte order"
    put bad 8 '\0\0\0\0'
    every_command_refuses "damaged"
    can_be_removed
}

another_magic_is_no_queue() {
    local i
    for i in 0 1 2 3 4 5 6 7; do
        fresh
        put bad "$i" '\377'
        every_command_refuses "not a queue"
        is_left_alone
    done
}

a_geometry_that_lies_is_damage() {
    commands=(stat send recv) # one for each role
    # lane_count, lane_size, mapping_size, capacity, lanes_offset, rings_offset, schemas_offset, schemas_size
    local field bytes
    for field in 24 28 32 40 48 56 64 72; do
        for bytes in '\377\377\377\377' '\0\0\0\200' '\1\0\0\0' '\0\0\0\0' '\2\1\0\0' '\7\0\1\0'; do
            fresh
            cp bad before
            put bad "$field" "$bytes"
            ! cmp -s bad before || continue
            every_command_refuses "damaged or cut off"
        done
        ((field > 28)) || continue
        for bytes in '\0\0\0\200' '\377\377\377\377' '\1\0\0\0'; do
            fresh
            put bad "$((field + 4))" "$bytes"
            every_command_refuses "damaged or cut off"
        done
    done
    can_be_removed
}

positions_that_cannot_be_are_damage() {
    local head='\60\0\0\0\0\0\0\0' bytes
    fresh
    is "$(dd if=bad bs=1 skip=4096 count=1 status=none)" 0
    # Not a multiple of 8, behind what was released, farther than the ring is large, wrapped around.
    for bytes in '\61\0\0\0\0\0\0\0' '\10\20\0\0\0\0\0\0' '\0\0\0\0\1\0\0\0' '\370\377\377\377\377\377\377\377'; do
        fresh
        put bad 4096 "$bytes"
        every_command_refuses "damaged or cut off" 1 "it exists"
    done
    # Released what was never sent.
    for bytes in '\70\0\0\0\0\0\0\0' '\1\0\0\0\0\0\0\0' '\370\377\377\377\377\377\377\377'; do
        fresh
        put bad $((4096 + 256)) "$bytes"
        every_command_refuses "damaged or cut off" 1 "it exists"
    done
    # A tail in front of what is released, which only who sends and who receives looks at.
    for bytes in '\10\0\0\0\0\0\0\0' '\377\377\377\377\377\377\377\177'; do
        fresh
        put bad $((4096 + 128)) "$bytes"
        refused 5 "send './bad': damaged" "$shmq" send ./bad
        refused 5 "recv './bad': damaged" "$shmq" recv ./bad
    done
    fresh
    put bad 4096 "$head"
    expect 0 "$shmq" recv ./bad
    can_be_removed
}

a_broken_record_is_damage_and_what_is_in_front_of_it_is_received() {
    local bytes
    # Of the second record: sizes that reach behind the head, over the end, around; flags that do not exist.
    for bytes in '\377\377\377\377' '\0\0\0\200' '\0\10\0\0' '\100\0\0\0' '\371\377\377\377' '\3\0\0\0\0\0\377\377' \
        '\3\0\0\0\0\0\1\0'; do
        fresh
        put bad 8208 "$bytes"
        expect 5 "$shmq" recv ./bad
        is "$(cat out)" one
        is "$(wc -l <err)" 1
        grep -qF "shmq: recv './bad': damaged or cut off (remove it with: shmq rm ./bad)" err || fail "the message"
        # The first is out, and never comes twice.
        expect 5 "$shmq" recv -c 1 ./bad
        [[ ! -s out ]] || fail "it came again"
    done
    can_be_removed
}

random_bytes_in_the_middle_never_harm_who_looks() {
    echo more >more
    local i code command
    for i in {1..30}; do
        fresh
        # In the header, in the lane, in the ring.
        local places=($((256 + RANDOM % 512)) $((4096 + RANDOM % 600)) $((8192 + RANDOM % 64)))
        head -c 128 /dev/urandom | dd of=bad bs=1 seek="${places[i % 3]}" conv=notrunc status=none
        for command in stat "recv -e" "recv -t 0" "send -t 0" "stat --json"; do
            code=0
            # shellcheck disable=SC2086
            "$shmq" $command ./bad <more >out 2>err || code=$?
            # 3: the bytes may say that it was removed, and then it is.
            [[ $code == [01345] ]] || fail "exit code $code of $command"
        done
    done
    rm -f bad
}

a_moment_that_cannot_be_is_only_shown() {
    fresh
    put bad 96 '\1\0\0\0\0\0\0\200'
    expect 0 "$shmq" stat --json ./bad
    expect 0 "$shmq" stat ./bad
    grep -q ', 106751d23h ago' out || fail "not the longest time there is"
    put bad 96 '\377\377\377\377\377\377\377\177'
    expect 0 "$shmq" stat ./bad
    grep -q ', 0s ago' out || fail "it was not now"
}

lanes_that_do_not_exist_are_not_served() {
    fresh
    put bad 384 '\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377'
    expect 0 "$shmq" recv -t 0 ./bad
    is "$(tr '\n' ' ' <out)" "one two three "
}

damaged_queues_are_listed_by_what_they_are() {
    local name
    for name in cut future feature position; do
        "$shmq" create --capacity 4K --file "$PWD/$name" "$q-$name"
    done
    truncate -s 100 cut
    put future 12 '\2'
    put feature 16 '\0\0\0\200'
    put position 4096 '\1'
    expect 0 "$shmq" ls
    [[ ! -s err ]] || fail "something on standard error"
    grep -qE "^$q-cut +queue .* damaged or cut off$" out || fail "the cut one"
    grep -qE "^$q-future +queue .* a queue of format 2, and this shmq knows format 1$" out || fail "the future one"
    grep -qE "^$q-feature +queue .* features that this shmq does not know$" out || fail "the one with a feature"
    grep -qE "^$q-position +queue .* damaged or cut off$" out || fail "the one with a position"
    for name in cut future feature position; do
        expect 0 "$shmq" rm "$q-$name"
        refused 3 "no such queue" "$shmq" stat "$q-$name"
    done
}

one_cut_off_while_it_is_used_ends_who_uses_it_and_nobody_else() {
    fresh
    mkfifo in
    "$shmq" send ./bad <in 2>err-send &
    local code producer=$!
    exec 3>in
    until_true producer_is_here
    truncate -s 100 bad
    echo more >&3
    exec 3>&-
    # Memory that is gone ends a process with SIGBUS: there is no other way to tell it.
    ended "$producer"
    [[ $code == 135 || $code == 5 ]] || fail "exit code $code"
    every_command_refuses "damaged or cut off"
    can_be_removed
}

producer_is_here() {
    "$shmq" stat ./bad | awk '/^LANE/ { lanes = 1; next } lanes && $2 != "-"' | grep -q .
}
helpers+=$'\nproducer_is_here'

run_facts
