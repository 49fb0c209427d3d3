#!/bin/bash
# The first C program in README.md compiles without a warning and runs.
set -euo pipefail
top=$1 cc=$2 libraries=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

[ -f "$top/README.md" ] || { echo "there is no README.md" >&2; exit 1; }
sed -n '/^```c$/,/^```$/p' "$top/README.md" | sed '1d; /^```$/,$d' >"$folder/example.c"
[ -s "$folder/example.c" ] || { echo "README.md has no block that begins with \`\`\`c" >&2; exit 1; }
"$cc" -std=c11 -Wall -Wextra -Werror -I"$top/include" -o "$folder/example" "$folder/example.c" \
    -L"$libraries" -lshmq -Wl,-rpath,"$libraries"
"$folder/example"
