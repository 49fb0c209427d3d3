#!/bin/bash
# What is installed is complete: a program outside of the tree is built with pkg-config and with CMake, against both
# libraries, and runs; the command and its manual page are there.
set -euo pipefail
top=$1 cmake=$2 build=$3 cc=$4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
prefix=$folder/prefix

# expect WORDS COMMAND...: what the command prints has the words in it.
expect() {
    local words=$1 said
    shift
    said=$("$@") || { echo "$* failed: $said" >&2; exit 1; }
    [[ $said == *"$words"* ]] || { echo "$* said '$said', not '$words'" >&2; exit 1; }
}

"$cmake" --install "$build" --prefix "$folder/first" >"$folder/log" || { cat "$folder/log" >&2; exit 1; }
mv "$folder/first" "$prefix"

for header in "$top"/include/shmq/*.h; do
    cmp "$header" "$prefix/include/shmq/$(basename "$header")"
done
expect "usage" "$prefix/bin/shmq" --help
for page in man1/shmq.1 man7/shmq.7 man7/shmq-sm.7; do
    [ -s "$prefix/share/man/$page" ] || { echo "there is no manual page $page" >&2; exit 1; }
done
# The modules are found where they are installed: what is wrong with these addresses is told by them.
for module in "$prefix"/lib*/shmq/*.so "$prefix"/lib*/*/shmq/*.so; do
    case $module in
    */shmq_http.so) said=$("$prefix/bin/shmq" metrics --listen nowhere 2>&1 || true) wanted="is not ADDRESS:PORT" ;;
    */shmq_nats.so) said=$("$prefix/bin/shmq" bridge x --to nats://127.0.0.1:1/x 2>&1 || true) wanted="cannot connect" ;;
    *) continue ;;
    esac
    [[ $said == *"$wanted"* ]] || { echo "$module: $said" >&2; exit 1; }
done
for file in bash-completion/completions/shmq zsh/site-functions/_shmq fish/vendor_completions.d/shmq.fish; do
    grep -q 'Completion of shmq' "$prefix/share/$file" || { echo "there is no $file" >&2; exit 1; }
done

cat >"$folder/program.c" <<'END'
#include <shmq/shmq.h>
#include <stdio.h>

int main(void)
{
    return puts(shmq_strerror(-ENOENT)) < 0 || shmq_remove("no such name", 0) != -EINVAL;
}
END

pc=$(dirname "$(find "$prefix" -name shmq.pc)")
export PKG_CONFIG_PATH=$pc
version=$(pkg-config --modversion shmq)
read -ra compile <<<"$(pkg-config --cflags shmq)"
read -ra link <<<"$(pkg-config --libs shmq)"
libraries=$(pkg-config --variable=libdir shmq)
"$cc" -std=c11 "${compile[@]}" -o "$folder/shared" "$folder/program.c" "${link[@]}" -Wl,-rpath,"$libraries"
expect "such" "$folder/shared"
"$cc" -std=c11 "${compile[@]}" -o "$folder/static" "$folder/program.c" "${link[@]/-lshmq/-l:libshmq.a}"
expect "such" env -u LD_LIBRARY_PATH "$folder/static"

cat >"$folder/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.20)
project(outside LANGUAGES C)
find_package(shmq $version CONFIG REQUIRED)
add_executable(shared program.c)
target_link_libraries(shared shmq::shmq)
add_executable(static program.c)
target_link_libraries(static shmq::shmq_static)
END
{
    "$cmake" -S "$folder" -B "$folder/build" -DCMAKE_C_COMPILER="$cc" -DCMAKE_PREFIX_PATH="$prefix"
    "$cmake" --build "$folder/build"
} >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
expect "such" "$folder/build/shared"
expect "such" "$folder/build/static"
