source "$(dirname "$0")/lib.sh"

mapfile -t commands < <("$shmq" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')

# The manual as text, in the file page.
rendered() {
    [[ -n $manual ]] || skip "no manual page was built"
    if command -v groff >/dev/null; then
        groff -man -Tascii -P-c -ww -rLL=100n "$manual" 2>warnings | col -bx >page
    elif command -v mandoc >/dev/null; then
        mandoc -T ascii -O width=100 "$manual" 2>warnings | col -bx >page
    else
        skip "neither groff nor mandoc is there"
    fi
}

# The long options that a command's --help shows.
options_of() {
    "$shmq" "$1" --help | sed -n 's/^ *\(-., \)\?\(--[a-z-]*\).*/\2/p'
}

# What is left behind here may be somebody else's, and what takes long or goes on for ever would.
harmless() {
    case $1 in
    clean) echo --dry-run ;;
    top) echo -b -n 1 -d 10ms ;;
    bench) echo --time 0.1s ;;
    esac
}
helpers+=$'\nrendered\noptions_of\nharmless'

it_renders_without_warnings() {
    rendered
    [[ ! -s warnings ]] || fail "$(head -n 3 warnings)"
    (($(wc -l <page) > 100)) || fail "it is too short"
}

man_shows_it_without_warnings() {
    command -v man >/dev/null || skip "man is missing"
    [[ -n $manual ]] || skip "no manual page was built"
    LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l "$manual" >page 2>warnings || skip "man does not work here"
    [[ ! -s warnings ]] || fail "$(head -n 3 warnings)"
    grep -q '^NAME' page || fail "no section of that name"
}

the_pages_written_by_hand_are_sound() {
    command -v mandoc >/dev/null || skip "mandoc is missing"
    local page
    for page in "$(dirname "$script")"/../../tools/man/*.7; do
        expect 0 mandoc -T lint -W warning "$page"
        mandoc -T ascii "$page" | col -bx >page
        grep -q "^NAME" page || fail "$page has no NAME"
    done
}

mandoc_has_nothing_to_say() {
    command -v mandoc >/dev/null || skip "mandoc is missing"
    [[ -n $manual ]] || skip "no manual page was built"
    local page
    for page in "${manual%/*}"/*.1; do
        expect 0 mandoc -T lint -W warning "$page"
    done
}

every_command_has_a_page() {
    [[ -n $manual ]] || skip "no manual page was built"
    local command
    for command in "${commands[@]}"; do
        [[ -s ${manual%.1}-$command.1 ]] || fail "no page of $command"
        mandoc -T ascii "${manual%.1}-$command.1" | col -bx >page
        grep -q "^ *shmq-$command - [A-Z]" page || fail "it does not say what it is, for apropos"
        for option in $(options_of "$command"); do
            grep -qE -e "$option( |$)" page || fail "no $option in the page of $command"
        done
    done
}

it_has_the_sections_of_a_manual() {
    rendered
    local section
    for section in NAME SYNOPSIS DESCRIPTION OPTIONS COMMANDS NAMES 'EXIT CODES'; do
        grep -q "^$section" page || fail "no section $section"
    done
    grep -A 1 '^NAME' page | grep -q 'shmq - ' || fail "it does not say what it is, for apropos"
}

it_names_every_command_and_every_option() {
    rendered
    ((${#commands[@]} > 10)) || fail "the help shows no commands"
    local command option
    for command in "${commands[@]}"; do
        sed -n "/^   shmq $command$/,/^   shmq /p" page >section
        [[ -s section ]] || fail "no section of $command"
        options_of "$command" >options
        grep -qx -e --help options || fail "--help of $command shows no options"
        while read -r option; do
            case $option in
            --help | --quiet) grep -qE -e "$option( |$)" page || fail "no $option" ;;
            *) grep -qE -e "$option( |$)" section || fail "no $option of $command" ;;
            esac
        done <options
    done
}

what_the_help_shows_is_what_there_is() {
    local command option
    for command in "${commands[@]}"; do
        for option in $(options_of "$command"); do
            # An option that exists wants another argument or another operand, or works; it is not unknown.
            "$shmq" "$command" "$option" $(harmless "$command") </dev/null >out 2>err || true
            ! grep -q 'unknown option' err || fail "$command has no $option"
        done
        refused 2 "unknown option '--no-such'" "$shmq" "$command" --no-such
    done
}

it_says_the_same_as_the_help() {
    rendered
    local command
    tr -s ' \n' ' ' <page | sed 's/- //g' >words
    for command in "${commands[@]}"; do
        summary=$("$shmq" "$command" --help | sed -n 3p | sed 's/- //g')
        grep -qF -e "$summary" words || fail "not the summary of $command: $summary"
    done
}

every_exit_code_is_documented() {
    rendered
    local code
    "$shmq" --help >help
    sed -n '/^EXIT CODES/,/^[A-Z]/p' page >codes
    for code in 0 1 2 3 4 5 6 124 '128+n'; do
        grep -qE "^ +${code/+/\\+} +[a-z]" help || fail "no exit code $code in the help"
        grep -qE "^ +${code/+/\\+}( +[a-z]|$)" codes || fail "no exit code $code in the manual"
    done
}

its_examples_work() {
    local command line names='copy|jobs|ticks|audit|trace|shared|packing|nightly'
    printf 'one\ntwo\n' >jobs.txt
    printf '#!/bin/sh\nexec "%s" recv --null "$SHMQ_QUEUE"\n' "$shmq" | tee worker >compress.bash
    chmod +x worker compress.bash
    # A task that has ended, and one that goes on until this fact does.
    "$shmq" run --quiet --keep "$q-packing" -- true
    "$shmq" run --quiet --keep "$q-working" -- sleep 1000 &
    until "$shmq" status "$q-working" 2>/dev/null | grep -q running; do sleep 0.02; done
    export SHMQ_QUEUE=$q-working file=a.txt
    printf 'an image' >image.iso
    for command in "${commands[@]}"; do
        "$shmq" "$command" --help | sed -n '/^Examples:/,$p' | sed -n 's/^  //p'
    done >examples
    (($(wc -l <examples) >= 12)) || fail "only $(wc -l <examples)"
    # Queues and a group of our own, and rm of nothing of anybody's.
    sed -E -e "s/ ($names)\\>( |\$)/ $q-\\1\\2/g; s/ ($names)\\>( |\$)/ $q-\\1\\2/g" \
        -e "s/--group users/--group $(id -g)/; s/xargs -0 rm/xargs -0 echo/; s/shmq clean/& --dry-run/; s/shmq bench$/& --time 0.2s/" \
        -e "s/make -C .*/true/; s/shmq cancel .*/true/; s/exit 1/false/; s/--listen [0-9]+/--listen 0/; s/^shmq (top\$|bridge .*)/true/" -e 's/(^|\| |&& |if )shmq /\1"$shmq" /g' \
        examples >ours
    ! grep -E " ($names)( |\$)" ours >&2 || fail "a name of somebody else's"
    while IFS= read -r line; do
        [[ $line != *bench* ]] || (($(nproc) > 1)) || continue
        [[ $line != *jq* ]] || command -v jq >/dev/null || continue
        "$shmq" create --if-not-exists "$q-jobs"
        case $line in
        *create*jobs* | *'shmq" run'*jobs*) "$shmq" rm "$q-jobs" ;;
        *recv*trace*) "$shmq" create --if-not-exists "$q-trace" ;;
        *rm*) "$shmq" create --if-not-exists "$q-ticks" ;;
        *recv* | *peek*) echo record | "$shmq" send "$q-jobs" ;;
        esac
        # What goes on until it is ended, ends as it is ended.
        [[ $line != *--listen* ]] || line="timeout --preserve-status 1 $line; [[ \$? == 143 ]]"
        # What it finds on this machine is no matter.
        [[ $line != *'shmq" doctor'* ]] || line+=' || [[ $? == 1 ]]'
        eval "$line" >out 2>err || fail "$line"
        "$shmq" rm -f "$q-jobs"
    done <ours
}

its_date_is_checked() {
    refused 2 "is not a date" "$shmq" help --man 'x" y'
    refused 2 "is not a date" "$shmq" help --man 2025
    expect 0 "$shmq" help --man 2025-01-31
    grep -q '^\.TH SHMQ 1 "2025-01-31" ' out || fail "it is not there"
}

run_facts
