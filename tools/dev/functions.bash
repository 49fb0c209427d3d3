# What tools/setup, tools/demo and tools/test have in common. They start in the top folder of the project.

program=tools/$(basename "$0")

# How build/ is configured.
release=(-DCMAKE_BUILD_TYPE=Release -DSHMQ_TOOLS=ON -DSHMQ_TESTS=ON -DSHMQ_BENCH=ON)

say() {
    echo "$program: $*"
}

fail() {
    echo "$program: $*" >&2
    exit 1
}

# reason LOG PATTERN: the first line of LOG that tells why, the last one where none matches PATTERN.
reason() {
    grep -m 1 -E "$2" "$1" || tail -n 1 "$1"
}

# configured FOLDER -DNAME=VALUE...: is FOLDER a build folder of this tree that was configured so?
configured() {
    local folder=$1 cache=$1/CMakeCache.txt option name
    shift
    [ -f "$folder/Makefile" ] && grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$cache" || return
    for option; do
        name=${option#-D} name=${name%%=*}
        grep -E "^$name:[A-Z]+=" "$cache" | grep -qF "=${option#*=}" || return
    done
}

# build FOLDER -DNAME=VALUE... [-- TARGET...]: configure where that is needed, and build. Quiet unless it fails.
build() {
    local folder=$1 log=$1/build.log options=() targets=()
    shift
    while [ $# -gt 0 ] && [ "$1" != -- ]; do options+=("$1") && shift; done
    [ $# -lt 2 ] || targets=(--target "${@:2}")
    mkdir -p "$folder"
    if ! configured "$folder" "${options[@]}"; then
        rm -rf "$folder/CMakeCache.txt" "$folder/CMakeFiles"
        cmake -G "Unix Makefiles" -S . -B "$folder" "${options[@]}" >"$log" 2>&1 || {
            grep -A 4 -E 'CMake Error|error:' "$log" | head -n 20 >&2
            echo "$program: cmake failed; all it said is in $log" >&2
            return 1
        }
    fi
    cmake --build "$folder" -j "$(nproc)" "${targets[@]}" >"$log" 2>&1 || {
        grep -A 3 -E 'CMake Error|[Ee]rror[: ]|undefined reference' "$log" | head -n 40 >&2
        echo "$program: the build failed; all it said is in $log" >&2
        return 1
    }
}
