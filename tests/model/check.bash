#!/bin/bash
# check.bash MODEL VARIANT...: the model holds in all its states, and each wrong variant of it does not.
set -euo pipefail
model=$(realpath "$1")
shift
command -v spin >/dev/null && command -v gcc >/dev/null || { echo "needs spin and gcc"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# search [OPTION]...: all states; prints how many, and fails where one is bad.
search() {
    rm -f pan* ./*.trail
    spin -a "$@" "$model" >spin.log || { cat spin.log >&2; exit 1; }
    gcc -O2 -DSAFETY -w -o pan pan.c
    ./pan -m200000 >pan.log || { cat pan.log >&2; exit 1; }
    ! grep -q 'max search depth too small' pan.log || { echo "not all states were searched" >&2; exit 1; }
    grep 'states, stored' pan.log
    grep -q 'errors: 0' pan.log
}

echo "$(basename "$model"): $(search) and all are good" || { cat pan.log >&2; exit 1; }
for variant; do
    if search "-D$variant" >/dev/null; then
        echo "$(basename "$model") does not notice $variant" >&2
        exit 1
    fi
    echo "$(basename "$model"): notices $variant"
done
