#!/bin/bash
# The demo tells what it moved, moves what it is given, and notices one false bit and one false border. It leaves no
# queue behind, also when it is killed.
set -euo pipefail
top=$1 demo=$2 liar=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() {
    echo "$*" >&2
    [ ! -s "$folder/said" ] || cat "$folder/said" >&2
    exit 1
}

# expect CODE WORDS COMMAND...: it ends with that code, and what it says has the words in it.
expect() {
    local code=$1 words=$2 got=0
    shift 2
    "$@" >"$folder/said" 2>&1 || got=$?
    [ "$got" = "$code" ] || fail "$*: exit code $got and not $code"
    grep -qF -- "$words" "$folder/said" || fail "$*: did not say '$words'"
}

# Lines that end, a line that does not, empty lines, NUL bytes, and a line that is longer than a record.
mkdir "$folder/data"
printf 'one\n\n\nno line feed at the end' >"$folder/data/lines"
head -c 1000000 "$demo" >"$folder/data/bytes"
head -c 200000 /dev/zero >"$folder/data/long"
: >"$folder/data/empty"
mkfifo "$folder/data/fifo"

expect 0 "4 files" "$demo" --rounds 1 "$folder/data"
expect 0 "All of it arrived as it was sent" "$demo" --rounds 2 "$top/LICENSE"
expect 1 "WRONG DATA" env LD_PRELOAD="$liar" LIAR=content "$demo" "$folder/data"
expect 1 "WRONG DATA" env LD_PRELOAD="$liar" LIAR=border "$demo" "$folder/data"
expect 1 "No such file" "$demo" "$folder/nothing"
expect 1 "neither a regular file nor a folder" "$demo" "$folder/data/fifo"
expect 1 "there is nothing in it" "$demo" "$folder/data/empty"
expect 2 "usage:" "$demo" --no-such-option
expect 2 "usage:" "$demo" --rounds 10
expect 0 "usage:" "$demo" --help
if [ -e /dev/full ]; then
    ! "$demo" --rounds 1 "$folder/data/bytes" >/dev/full 2>"$folder/said" || fail "a full disk goes unnoticed"
fi

# Once both ends have the queue open it has no name any more.
"$demo" "$top/LICENSE" >"$folder/said" 2>&1 &
for _ in {1..400}; do
    ! grep -q '^Cores' "$folder/said" || break
    sleep 0.05
done
kill -9 $!
wait $! || true
queues=$(find /dev/shm -name '*shmq-demo-*' -user "$(id -u)" 2>/dev/null || true)
[ -z "$queues" ] || fail "left behind: $queues"
