source "$(dirname "$0")/lib.sh"

no_command_is_an_overview_and_a_usage_error() {
    expect 2 "$shmq"
    grep -q '^Commands:' err || fail "no overview"
    [[ ! -s out ]] || fail "it is on standard output"
}

the_overview_names_every_command() {
    local command
    expect 0 "$shmq" --help
    for command in create rm ls stat send recv clean doctor metrics top bench bridge help; do
        grep -q "^  $command " out || fail "no $command"
    done
    mv out help
    expect 0 "$shmq" help
    same out help
}

every_command_has_help_that_names_its_options() {
    local command
    for command in create rm ls stat send recv clean doctor metrics top bench bridge help; do
        expect 0 "$shmq" "$command" --help
        grep -q "^Usage: shmq $command" out || fail "no usage of $command"
        grep -q -e '-h, --help' out || fail "no options of $command"
        [[ ! -s err ]] || fail "something on standard error"
        awk 'length > 79 { exit 1 }' out || fail "a line of $command is longer than a terminal"
        mv out help
        expect 0 "$shmq" help "$command"
        same out help
        expect 0 "$shmq" "$command" -h
        same out help
    done
}

the_version_is_the_librarys() {
    expect 0 "$shmq" --version
    grep -qxE 'shmq [0-9]+\.[0-9]+\.[0-9]+' out || fail "not a version"
}

an_unknown_command_names_the_nearest() {
    refused 2 "did you mean 'create'?" "$shmq" craete
    refused 2 "did you mean 'stat'?" "$shmq" start
    refused 2 "did you mean 'recv'?" "$shmq" help rcv
    refused 2 "did you mean 'ls'?" "$shmq" LS
    refused 2 "did you mean 'ls'?" "$shmq" list
    refused 2 "did you mean 'rm'?" "$shmq" delete
    refused 2 "did you mean 'recv'?" "$shmq" Receive "$q-none"
    refused 2 "did you mean '--version'?" "$shmq" version
    refused 2 "unknown command 'frobnicate' (see: shmq help)" "$shmq" frobnicate
    refused 2 "unknown command ''" "$shmq" ''
    refused 2 "a command comes first" "$shmq" --frobnicate
}

an_unknown_option_is_named() {
    local command
    for command in create rm ls stat send recv clean doctor metrics top bench bridge help; do
        refused 2 "unknown option '--frobnicate' (see: shmq $command --help)" "$shmq" "$command" --frobnicate
        refused 2 "unknown option '-Z'" "$shmq" "$command" -Z
    done
    refused 2 "option '--json=1' takes no argument" "$shmq" ls --json=1
    refused 2 "option '-c' wants an argument" "$shmq" recv -c
    refused 2 "option '--type' wants an argument" "$shmq" send --type
}

a_missing_name_and_one_too_many_are_told() {
    local command
    for command in create rm stat send recv; do
        refused 2 "NAME is missing" "$shmq" "$command"
    done
    for command in create info recv; do
        refused 2 "'b' is one argument too many" "$shmq" "$command" a b
    done
    refused 2 "'a' is one argument too many" "$shmq" ls a
    refused 2 "'b' is one argument too many" "$shmq" help a b
}

sizes_are_binary_and_checked() {
    local size
    for size in '' K x 12x 12KB 12kib 1.5M -1 0x10 ' 1'; do
        refused 2 "is not a size" "$shmq" create --capacity "$size" "$q-size"
    done
    for size in 0 1 4095 2T 1048577M 18446744073709551615 18446744073709551616 99999999999999999999 \
        18014398509481984K; do
        refused 2 "is not within 4K .. 1T" "$shmq" create --capacity "$size" "$q-size"
    done
    for size in 64K 64k 64KiB 65536 40000; do
        expect 0 "$shmq" create --capacity "$size" "$q-size"
        expect 0 "$shmq" stat -b "$q-size"
        is "$(awk '$1 == "capacity" { print $2 }' out)" 65536
        expect 0 "$shmq" rm "$q-size"
    done
}

times_are_seconds_or_have_a_unit_and_are_checked() {
    local time
    expect 0 "$shmq" create "$q-time"
    for time in '' . s x 1x 1S 1.5.5s -1 '1 s' inf nan 0x1 99999999999999999999 9223372037s 106752d; do
        refused 2 "is not a time" "$shmq" recv --timeout "$time" "$q-time"
    done
    for time in 0.001 1ms 1000us 1ns 0.5ms; do
        refused 124 "timed out" "$shmq" recv --timeout "$time" "$q-time"
    done
    refused 4 "empty" "$shmq" recv --timeout 0 "$q-time"
}

numbers_are_checked() {
    local number
    for number in '' x 1x -1 +1 0x1 1K; do
        refused 2 "--count: '$number' is not a number" "$shmq" recv --count "$number" "$q-number"
        refused 2 "--lanes: '$number' is not a number" "$shmq" create --lanes "$number" "$q-number"
        refused 2 "--type: '$number' is not a number" "$shmq" send --type "$number" "$q-number"
    done
    refused 2 "--count: '0' is not within" "$shmq" recv --count 0 "$q-number"
    refused 2 "--count: '99999999999999999999' is not within" "$shmq" recv --count 99999999999999999999 "$q-number"
    refused 2 "--type: '99999999999999999999' is not within" "$shmq" send --type 99999999999999999999 "$q-number"
    refused 2 "--lanes: '257' is not within 1 .. 256" "$shmq" create --lanes 257 "$q-number"
    refused 2 "--lanes: '0' is not within 1 .. 256" "$shmq" create --lanes 0 "$q-number"
    refused 2 "--type: '65536' is not within 0 .. 65535" "$shmq" send --type 65536 "$q-number"
}

names_are_checked_by_every_command() {
    local command name
    for command in create rm stat send recv; do
        for name in '' 'a b' 'a*' 'ä' 'Local\' 'Local\a\b' 'Other\a' $'a\nb'; do
            refused 2 "not a name" "$shmq" "$command" -- "$name"
        done
        refused 2 "too long" "$shmq" "$command" "$(printf 'a%.0s' {1..65})"
        refused 2 "too long" "$shmq" "$command" "$(printf 'a%.0s' {1..100000})"
    done
    name=$(printf "$q%.0s" {1..9})
    name=${name:0:64}
    expect 0 "$shmq" create "$name"
    expect 0 "$shmq" rm "$name"
}

what_a_name_holds_does_not_reach_the_terminal() {
    refused 2 "create 'a\\nb\\x1b[31m': not a name" "$shmq" create $'a\nb\e[31m'
    refused 3 "stat './a\\x1b[2J': no such queue" "$shmq" stat $'./a\e[2J'
    refused 2 "unknown command '\\x1b[2J'" "$shmq" $'\e[2J'
    refused 2 "'\\x07' is one argument too many" "$shmq" ls $'\a'
    expect 0 "$shmq" create "$q-file"
    refused 1 "send '$q-file': no\\x0dne: No such file" "$shmq" send "$q-file" $'no\rne'
}

a_name_in_advice_is_as_the_shell_wants_it() {
    refused 3 "shmq create './it'\\''s here')" "$shmq" stat "./it's here"
    refused 3 "shmq create -- -5)" "$shmq" stat -- -5
    local advice
    "$shmq" stat "./it's here" 2>err || true
    advice=$(sed 's/.*(create it with: \(.*\))$/\1/' err)
    eval "${advice/shmq/\"\$shmq\"}"
    [[ -f "./it's here" ]] || fail "the advice does not work: $advice"
}

a_missing_queue_is_told_with_what_to_do() {
    local command
    for command in stat send recv; do
        refused 3 "shmq: $command '$q-none': no such queue (create it with: shmq create $q-none)" "$shmq" "$command" "$q-none"
    done
    refused 3 "create it with: shmq create 'Local\\$q-none'" "$shmq" stat "Local\\$q-none"
    refused 3 "no such queue" "$shmq" stat ./none
    refused 3 "no such queue" "$shmq" stat ./none/none
}

run_facts
