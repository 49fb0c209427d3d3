#!/usr/bin/env bash
# A worker in bash: compresses files, and says how far it is.
#
#     compress.bash FOLDER FILE...      puts FILE.gz of each into FOLDER
#
# It starts itself under shmq run, which makes a queue, sends it the names of the files, shows the progress, and tells how
# it ended. Meanwhile, from anywhere:  shmq status --follow NAME, or shmq cancel NAME
set -euo pipefail

if [[ -z ${SHMQ_QUEUE:-} ]]; then
    folder=$1
    shift
    printf '%s\0' "$@" |
        shmq run "compress-$$" --null --input - --total $# --unit files -- "$0" "$folder"
    exit
fi

# The first process to fail ends the work, and says why.
trap 'shmq report "$SHMQ_QUEUE" --fail --code $? --message "${file:-}: cannot be compressed"' ERR

exec 3< <(shmq recv --null "$SHMQ_QUEUE") # ends when all names have come
while IFS= read -r -d '' -u 3 file; do
    if shmq report "$SHMQ_QUEUE" --check-cancel; then
        shmq report "$SHMQ_QUEUE" --cancelled --message "before $file"
        exit 1
    fi
    gzip -9 --to-stdout -- "$file" >"$1/$(basename "$file").gz"
    shmq report "$SHMQ_QUEUE" --advance 1 --message "$file"
done
shmq report "$SHMQ_QUEUE" --done --message "all in $1"
