#!/bin/bash
# No include goes up: base < core, port < api < tools, bench, tests. Core and port do not see each other, core calls no
# operating system, and only port knows which one it is.
set -euo pipefail
cd "$1"
found=0
except='^bench/peers/ck_ring\.c:.*<ck_ring\.h>$' # it is measured, beside the queue

# refuse TEXT PATTERN FOLDER...: no line in the folders may match.
refuse() {
    local text=$1 pattern=$2
    shift 2
    if grep -rnE --include='*.c' --include='*.h' --include='*.cc' "$pattern" "$@" | grep -v "$except"; then
        echo "^ $text" >&2
        found=1
    fi
}

include='^[[:space:]]*#[[:space:]]*include[[:space:]]*'
refuse "base/ is the lowest layer" "$include\"(core|port|api)/" src/base
refuse "core/ sees only base/" "$include\"(port|api)/" src/core
refuse "port/ sees only base/" "$include\"(core|api)/" src/port
refuse "what is inside of src/ is seen only there, and by tests that are declared INTERNAL" \
    "$include\"(base|core|port|api)/" tools bench
refuse "no include leaves its folder" "$include[\"<][^\">]*\.\./" src include tools bench tests
refuse "in src/ an include names its layer" "$include\"[^/\"]*\"" src
refuse "headers of Concurrency Kit are included by base/atomic.h alone" "$include<ck_" \
    src/core src/port src/api tools bench tests include
refuse "core/ works on plain memory: no call of the operating system, no malloc" \
    "$include<(unistd|fcntl|stdlib|stdio|pthread|time|signal|sched|sys/.*|linux/.*)(\.h)?>" src/core
refuse "only port/ asks which operating system it is" \
    '^[[:space:]]*#.*(_WIN32|__linux__|__unix__|__APPLE__|__FreeBSD__)' src/base src/core src/api include
exit $found
