source "$(dirname "$0")/lib.sh"

# travels FILE SEND-OPTION... -- RECV-OPTION...   what comes out is what went in, byte for byte
travels() {
    local file=$1 options=() code
    shift
    while [[ $1 != -- ]]; do
        options+=("$1")
        shift
    done
    shift
    "$shmq" rm -f "$q-travel"
    "$shmq" create "$q-travel"
    "$shmq" send "${options[@]}" "$q-travel" "$file" &
    expect 0 "$shmq" recv "$@" "$q-travel"
    ends 0 $!
    is "$(sha256sum <out)" "$(sha256sum <"$file")"
    is "$(waiting "$q-travel")" 0
}
helpers+=$'\ntravels'

# A megabyte in which every byte value occurs, and a lot of newlines and NULs.
binary() {
    head -c 1000000 "$(realpath "$shmq")" >binary
    head -c 3000000 /dev/urandom >>binary
    head -c 100000 /dev/zero >>binary
    seq 1 20000 >>binary
}
helpers+=$'\nbinary'

a_binary_file_travels_as_chunks() {
    binary
    travels binary --chunk 64K --
    travels binary --chunk 64K -- --raw
    travels binary --chunk 64K -- --chunk 64K
    travels binary --chunk 1 -- -0
    travels binary --chunk 511K --
}

a_binary_file_travels_as_lines() {
    binary
    head -c 1999999 binary >odd
    travels binary --
    travels odd --
}

a_binary_file_travels_as_strings() {
    binary
    travels binary -0 -- -0
}

lines_travel_with_and_without_a_last_newline() {
    printf 'one\ntwo\n' >ended
    printf 'one\ntwo' >open
    printf '\n' >newline
    printf '\n\n\n' >newlines
    printf '\n\nx' >open-late
    printf 'x' >single
    : >empty
    local file
    for file in ended open newline newlines open-late single empty; do
        travels "$file" --
        tr '\n' '\0' <"$file" >"$file-0"
        travels "$file-0" -0 -- -0
    done
}

a_record_is_a_line_without_its_newline() {
    "$shmq" create "$q-line"
    printf 'one\n\ntwo' | "$shmq" send "$q-line"
    is "$(waiting "$q-line")" 3
    expect 0 "$shmq" recv --raw "$q-line"
    is "$(cat out)" onetwo
}

with_null_newlines_are_part_of_the_record() {
    "$shmq" create "$q-null"
    printf 'a\nb\0\0c\n\0' >in
    "$shmq" send --null "$q-null" in
    is "$(waiting "$q-null")" 3
    expect 0 "$shmq" recv -0 "$q-null"
    same in out
}

length_prefixed_records_may_hold_anything() {
    # 3 bytes with a NUL and a newline; none; 256 times 'x'; one that looks like a prefix
    printf '\3\0\0\0a\0\n' >in
    printf '\0\0\0\0' >>in
    printf '\0\1\0\0%256s' '' | tr ' ' x >>in
    printf '\4\0\0\0\1\0\0\0' >>in
    "$shmq" create "$q-prefixed"
    "$shmq" send --length-prefixed "$q-prefixed" in
    is "$(waiting "$q-prefixed")" 4
    expect 0 "$shmq" recv --length-prefixed "$q-prefixed"
    same in out
    travels in --length-prefixed -- --length-prefixed
}

any_framing_comes_out_length_prefixed() {
    "$shmq" create "$q-mixed"
    printf 'a\nbc' | "$shmq" send "$q-mixed"
    printf 'd\0' | "$shmq" send -0 "$q-mixed"
    expect 0 "$shmq" recv --length-prefixed "$q-mixed"
    printf '\1\0\0\0a\2\0\0\0bc\1\0\0\0d' >wanted
    same wanted out
}

a_length_prefixed_file_that_ends_too_early_is_refused() {
    "$shmq" create "$q-early"
    printf '\1\0\0\0a\5\0\0\0bcd' >early
    refused 1 "early, record 2: the file ends in the middle of it" "$shmq" send --length-prefixed "$q-early" early
    printf '\1\0\0\0b\5\0' >earlier
    refused 1 "earlier, record 2: the file ends in the middle of it" "$shmq" send --length-prefixed "$q-early" earlier
    printf '\1\0\0\0c\377\377\377\377abc' >large
    refused 1 "large, record 2: too large" "$shmq" send --length-prefixed "$q-early" large
    expect 0 "$shmq" recv "$q-early"
    is "$(tr '\n' ' ' <out)" "a b c "
}

a_given_type_goes_to_every_record() {
    "$shmq" create "$q-type"
    printf 'one\ntwo' | "$shmq" send --type 7 "$q-type"
    expect 0 "$shmq" recv "$q-type"
    printf 'one\ntwo\n' >wanted
    same wanted out
    printf 'one\ntwo\n' | "$shmq" send --type 65535 "$q-type"
    expect 0 "$shmq" recv "$q-type"
    is "$(cat out)" onetwo
}

the_largest_record_fits_and_one_byte_more_does_not() {
    "$shmq" create --capacity 64K "$q-largest"
    head -c 32760 /dev/zero | tr '\0' x >fits
    head -c 32761 /dev/zero | tr '\0' x >larger
    travels fits --
    "$shmq" send "$q-largest" fits
    expect 0 "$shmq" recv "$q-largest"
    same fits out
    { echo first && cat larger && echo && echo never; } >lines
    refused 1 "lines, record 2: too large, the largest record of this queue has 32760 bytes" "$shmq" send "$q-largest" lines
    refused 1 "larger, record 1: too large" "$shmq" send -0 "$q-largest" larger
    expect 0 "$shmq" recv "$q-largest"
    is "$(cat out)" first
    "$shmq" send --chunk 32760 "$q-largest" larger
    is "$(waiting "$q-largest")" 2
    expect 0 "$shmq" recv "$q-largest"
    same larger out
    refused 2 "--chunk: the largest record of this queue has 32760 bytes" "$shmq" send --chunk 32761 "$q-largest" larger
}

the_end_of_a_file_needs_no_room_for_a_chunk() {
    "$shmq" create --capacity 4K "$q-end"
    head -c 3000 /dev/zero >filling
    head -c 30 /dev/zero >small
    "$shmq" send --chunk 1500 "$q-end" filling
    expect 0 "$shmq" send --timeout 0 --chunk 1500 "$q-end" small /dev/null
    expect 0 bash -c 'cat small | "$0" send --timeout 0 --chunk 1500 "$1"' "$shmq" "$q-end"
    is "$(waiting "$q-end")" 4
    refused 4 "full" "$shmq" send --timeout 0 --chunk 1500 "$q-end" filling
    expect 0 "$shmq" recv "$q-end"
    cat filling small small >wanted
    same wanted out
}

a_line_without_end_does_not_take_all_memory() {
    "$shmq" create "$q-endless"
    expect 1 "$shmq" send "$q-endless" /dev/zero
    grep -qF '/dev/zero, record 1: too large' err || fail "the message"
}

only_one_framing_at_a_time() {
    refused 2 "only one of" "$shmq" send -0 --chunk 1K "$q-one"
    refused 2 "only one of" "$shmq" send --length-prefixed --chunk 1K "$q-one"
    refused 2 "only one of" "$shmq" recv -0 --raw "$q-one"
    refused 2 "--chunk: '0' is not within" "$shmq" send --chunk 0 "$q-one"
}

run_facts
