#!/bin/bash
# The shared library shows the functions that the public headers declare, and nothing else.
set -euo pipefail
export LC_ALL=C
include=$1/include library=$2 nm=$3

declared=$(find "$include/" -name '*.h' ! -name export.h -exec cat {} + |
    tr '\n' ' ' | sed 's,/\*\([^*]\|\*[^/]\)*\*/, ,g' |
    grep -oE 'SHMQ_API +[A-Za-z_][^;({]*\(' | grep -oE '[A-Za-z0-9_]+ *\($' | tr -d ' (' | sort)
shown=$("$nm" -D --defined-only "$library" | sed 's/.* //; s/@.*//' | sort)

[ -n "$declared" ] || { echo "no declaration found in $include" >&2; exit 1; }
if strange=$(grep -v '^shmq_' <<<"$declared"); then
    echo "without the prefix shmq_: $strange" >&2
    exit 1
fi
diff -u --label "declared in include/shmq" --label "shown by $(basename "$library")" \
    <(echo "$declared") <(echo "$shown")
