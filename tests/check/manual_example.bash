#!/bin/bash
# The C program in shmq-sm(7) compiles without a warning, and does what it says.
set -euo pipefail
top=$1 cc=$2 libraries=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Between the first line of the program and the end of its display; \e is a backslash.
sed -n '/^#include <shmq/,/^\.Ed$/p' "$top/tools/man/shmq-sm.7" | sed 's/\\e/\\/g; /^\.Ed$/d' >"$folder/example.c"
[ -s "$folder/example.c" ] || { echo "shmq-sm.7 has no program" >&2; exit 1; }
sed -i "s/\"readings\"/\"$(basename "$folder")\"/" "$folder/example.c" # a queue of our own
"$cc" -std=c11 -Wall -Wextra -Werror -I"$top/include" -o "$folder/example" "$folder/example.c" \
    -L"$libraries" -lshmq -Wl,-rpath,"$libraries"
said=$("$folder/example")
[ "$said" = "a cat: 3 values, a picture of 7 bytes" ] || { echo "it says: $said" >&2; exit 1; }
