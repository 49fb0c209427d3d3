# How many instructions the hot calls take, against the budget in instructions.txt: they are the same every time, where
# times are not. A few more or fewer than the budget says are let pass; more is slower, and fewer wants the budget
# lowered, so that it stays won.
#
# To write the budget anew, once a change is worth it:
#
#     bash tests/check/instructions.bash . build/tests/instructions "GNU 12.2.0" --update
set -euo pipefail
cd "$1"
program=$(realpath "$2") compiler=$3 update=${4:-}
budget=tests/check/instructions.txt
tolerance=2 # percent
laps=64     # of 256 messages each

command -v valgrind >/dev/null || { echo "valgrind is missing; tools/setup check installs it"; exit 77; }
if [ "$update" != --update ]; then
    for line in "compiler: $compiler" "machine: $(uname -m)" "library: $(getconf GNU_LIBC_VERSION)"; do
        grep -qxF "# $line" "$budget" && continue
        echo "the budget was not written with this $line; it says:"
        sed -n 's/^# \(compiler\|machine\|library\)/  &/p' "$budget"
        exit 77
    done
fi

# instructions OPERATION LAPS: how many all of it takes, opening and closing too
instructions() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$2" 2>&1 |
        sed -n 's/^==.*Collected : \([0-9]*\)$/\1/p'
}

# A message of this operation: sent and received.
a_message() {
    local once twice
    once=$(instructions "$1" $laps)
    twice=$(instructions "$1" $((2 * laps)))
    awk "BEGIN { printf \"%.1f\n\", ($twice - $once) / ($laps * 256) }"
}

lines=()
failed=0
while read -r operation; do
    now=$(a_message "$operation")
    lines+=("$(printf '%8s  %s' "$now" "$operation")")
    [ "$update" != --update ] || continue
    then=$(sed -n "s/^ *\([0-9.]*\)  $operation$/\1/p" "$budget")
    verdict=$(awk -v now="$now" -v then="${then:-0}" -v tolerance=$tolerance 'BEGIN {
        if (then == 0) print "FAILED: not in the budget"
        else if (now > then * (1 + tolerance / 100)) print "FAILED: more than the budget"
        else if (now < then * (1 - tolerance / 100)) print "FAILED: fewer; lower the budget, so that it stays won"
        else print "ok"
    }')
    printf '%8s of %6s  %-32s %s\n' "$now" "${then:--}" "$operation" "$verdict"
    [ "$verdict" = ok ] || failed=1
done < <("$program")

if [ "$update" = --update ]; then
    {
        echo "# Instructions of a message, sent and received, and of the loop around it: see instructions.bash"
        echo "# compiler: $compiler"
        echo "# machine: $(uname -m)"
        echo "# library: $(getconf GNU_LIBC_VERSION)"
        printf '%s\n' "${lines[@]}"
    } >"$budget"
    cat "$budget"
fi
[ $failed = 0 ] || echo "how to write the budget anew stands in tests/check/instructions.bash"
exit $failed
