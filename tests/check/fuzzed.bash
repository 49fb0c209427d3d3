#!/bin/bash
# A hostile peer is met by every public call: each is made by a fuzzer of tests/fuzz, except those that look at no shared
# memory, or at memory that is the caller's own.
set -euo pipefail
cd "$1"
declared=$(grep -ohE '^SHMQ_API .*\bshmq_[a-z_]+\(' include/shmq/*.h | grep -oE 'shmq_[a-z_]+\($' | tr -d '(' | sort -u)
not_shared='^shmq_(mapping_[a-z]+|strerror)$'
found=0

[ "$(wc -w <<<"$declared")" -gt 90 ] || { echo "only $(wc -w <<<"$declared") calls are declared: $0 reads them wrongly" >&2; exit 1; }
for call in $declared; do
    [[ ! $call =~ $not_shared ]] || continue
    grep -qE "\b$call\(" tests/fuzz/*.c || { echo "$call is called by no fuzzer of tests/fuzz" >&2; found=1; }
done
exit $found
