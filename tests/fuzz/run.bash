#!/bin/bash
# Runs a libFuzzer target for some seconds, and tells what it did.
#
#     run.bash TARGET FOLDER SHARE              the target, for SHARE percent of SHMQ_FUZZ_BUDGET seconds
#     run.bash --finds TARGET FOLDER SECONDS    a target with a fault put in, which has to be found
#
# FOLDER keeps what was found worth keeping, from one run to the next; with a fault in, it begins anew. SHMQ_FUZZ_SEED
# repeats a run.
set -euo pipefail

finds=
[ "$1" != --finds ] || { finds=1 && shift; }
target=$1
folder=$2
name=$(basename "$target")
if [ -n "$finds" ]; then
    seconds=$3
    rm -rf "$folder"
else
    seconds=$((${SHMQ_FUZZ_BUDGET:-20} * $3 / 100))
    [ "$seconds" -gt 0 ] || seconds=1
fi
mkdir -p "$folder/corpus" "$folder/found"
"$target" --seeds="$folder/corpus"

log=$folder/log
code=0
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}allow_addr2line=1 UBSAN_OPTIONS=print_stacktrace=1
"$target" -max_total_time="$seconds" -max_len=512 -timeout=60 -rss_limit_mb=4096 -print_final_stats=1 -verbosity=1 \
    ${SHMQ_FUZZ_SEED:+-seed="$SHMQ_FUZZ_SEED"} -artifact_prefix="$folder/found/" "$folder/corpus" >"$log" 2>&1 &
process=$!
# One that was ended leaves its queue behind, where it has no /dev/shm of its own.
trap 'kill "$process" 2>/dev/null || true; rm -rf "/dev/shm/shmq-fuzz-$process"' EXIT
wait "$process" 2>/dev/null || code=$?

seed=$(sed -n 's/^INFO: Seed: //p' "$log" | head -n 1)
executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
covered=$(sed -nE 's/.* cov: ([0-9]+) .*/\1/p' "$log" | tail -n 1)
kept=$(sed -nE 's/.* corp: ([0-9]+).*/\1/p' "$log" | tail -n 1)
edges=$(sed -nE 's/^INFO: Loaded .* PC tables \(([0-9]+) PCs\).*/\1/p' "$log")
reason=$(grep -m 1 -E '^BROKEN|ERROR: (Address|Leak)Sanitizer|runtime error:|ERROR: libFuzzer: (timeout|out-of-memory)' \
    "$log" || true)
echo "$name: ${executed:-?} executions in at most $seconds s, ${covered:-a few} of $edges edges, a corpus of ${kept:-?}," \
    "seed ${seed:-?}"
grep '^fuzz_file: no ' "$log" || true
if [ -n "$finds" ]; then
    [ -n "$reason" ] || { echo "$name: the fault was not found" && tail -n 5 "$log" && exit 1; }
    echo "$name: found: $reason"
    exit 0
fi
[ "$code" != 0 ] || exit 0
echo "$name: FAILED: ${reason:-exit code $code}"
sed -n '/^BROKEN\|ERROR:\|runtime error:/,/^NOTE:\|^SUMMARY:/p' "$log" | head -n 40
echo "$name: again with: $target $(ls -t "$folder"/found/* 2>/dev/null | head -n 1)"
exit 1
