# Where a file orders memory accesses, in its machine code for arm64: see arm64_ordering.bash
#
#     awk -v file=core/lane.c -f arm64_ordering.awk TABLE ADDRESSES DISASSEMBLY
#
# ADDRESSES is what addr2line -a -f -i says, DISASSEMBLY what objdump -d does. With list=1 it prints the table's lines
# instead of comparing them.

function failed(text) { printf "src/%s: %s\n", file, text; bad = 1 }

# What a function of base/atomic.h promises.
function ordering_of(name) {
    if (name ~ /^atomic_load_acquire/) return "acquire"
    if (name ~ /^atomic_store_release/) return "release"
    if (name == "atomic_fence_store") return "stores"
    if (name == "atomic_fence_load") return "loads"
    if (name == "atomic_fence") return "full"
    if (name ~ /^atomic_(fetch_add|cas|or|and)_/) return "locked"
    return ""
}

# Does this instruction keep that promise?
function keeps(ordering, text) {
    if (ordering == "acquire") return text ~ /^lda(r|pr)\t/
    if (ordering == "release") return text ~ /^stlr\t/
    if (ordering == "stores") return text ~ /^dmb\tish(st)?$/
    if (ordering == "loads") return text ~ /^dmb\tish(ld)?$/
    return text ~ /^dmb\tish$/
}

# The table: places, and paths.
FILENAME == ARGV[1] {
    if ($0 ~ /^#/ || NF == 0 || $1 != file) next
    if ($3 == "only" || $3 == "never") {
        paths++
        path_call[paths] = $2; path_kind[paths] = $3; path_place[paths] = $5; path_ordering[paths] = $6
        path_what[paths] = $4
    } else {
        wanted[$2 " " $3] = $4
    }
    next
}

# addr2line: the functions that an address is of, from the innermost outwards. The first that is none of base/atomic.h,
# nor of what that is made of, is the place.
FILENAME == ARGV[2] {
    if ($0 ~ /^0x/) {
        address = substr($0, 3); sub(/^0+/, "", address)
        is_name = 1; door = ""
        next
    }
    if (is_name) {
        name = $0
    } else if (!(address in place)) {
        if (name ~ /^(atomic|ck_pr|__atomic)_/) {
            if (name ~ /^atomic_/ && name != "atomic_fence_beside") door = name
        } else {
            place[address] = name; line[address] = $0; entrance[address] = door
        }
    }
    is_name = !is_name
    next
}

# objdump
/^[0-9a-f]+ <.*>:$/ {
    symbol = $2; sub(/^</, "", symbol); sub(/[.>].*/, "", symbol)
    count++
    symbol_name[count] = symbol; symbol_first[count] = instructions + 1
    next
}
/^ +[0-9a-f]+:\t/ {
    address = $1; sub(/:$/, "", address)
    text = $0; sub(/^[^\t]*\t/, "", text); sub(/[ \t]*\/\/.*/, "", text)
    instructions++
    at[instructions] = address; number[address] = instructions; code[instructions] = text
    symbol_last[count] = instructions
}

# Which instructions can follow instruction i; -1 where it is the last.
function follow(i, mnemonic, words, n, target) {
    n = split(code[i], words, /[\t ,]+/)
    mnemonic = words[1]
    next_one = i < last ? i + 1 : -1
    jump = -1
    if (mnemonic == "ret" || mnemonic == "br") { next_one = -1; return }
    if (mnemonic != "b" && mnemonic !~ /^b\./ && mnemonic !~ /^cbn?z$/ && mnemonic !~ /^tbn?z$/) return
    for (target = 2; target <= n && words[target + 1] !~ /^</; target++);
    if ((words[target] in number) && number[words[target]] >= first && number[words[target]] <= last)
        jump = number[words[target]]
    if (mnemonic == "b") next_one = -1
}

function is_guard(i, p) {
    return place[at[i]] == path_place[p] && ordering_of(entrance[at[i]]) == path_ordering[p] &&
        keeps(path_ordering[p], code[i])
}

# Reach what there is from instruction `from`; past a guard only where it begins there.
function reach(from, p, through, todo, top, i) {
    for (i = first; i <= last; i++) reached[i] = 0
    todo[++top] = from
    while (top > 0) {
        i = todo[top--]
        if (i < 0 || reached[i] || (!through && is_guard(i, p))) continue
        reached[i] = 1
        follow(i)
        todo[++top] = next_one; todo[++top] = jump
    }
}

# By itself, or by calling what does.
function touches(i, what) {
    return (place[at[i]] == what && code[i] ~ /^(ld|st)/) || code[i] ~ ("^bl?\t[0-9a-f]+ <" what "[.>]")
}

# Tell of the first that is reached all the same.
function find_touched(p, except, how, i) {
    for (i = first; i <= last; i++) {
        if (i == except || !reached[i] || !touches(i, path_what[p])) continue
        failed(path_call[p] " comes to " path_what[p] how " the " path_ordering[p] " of " path_place[p] ": " code[i])
        return
    }
}

function check_path(p, s, i, guards, touched) {
    for (s = 1; s <= count; s++) {
        if (symbol_name[s] != path_call[p]) continue
        first = symbol_first[s]; last = symbol_last[s]
        for (i = first; i <= last; i++) {
            touched += touches(i, path_what[p])
            if (!is_guard(i, p)) continue
            guards++
            if (path_kind[p] == "never") { reach(i, p, 1); find_touched(p, i, " behind") }
        }
        if (path_kind[p] == "only") { reach(first, p, 0); find_touched(p, 0, " without") }
    }
    if (!guards) failed("in " path_call[p] " there is no " path_ordering[p] " of " path_place[p])
    if (!touched) failed("in " path_call[p] " there is no " path_what[p])
}

END {
    for (i = 1; i <= instructions; i++) {
        ordering = ordering_of(entrance[at[i]])
        if (ordering == "" || !keeps(ordering, code[i])) continue
        key = place[at[i]] " " ordering
        if (!((key, line[at[i]]) in seen)) found[key]++
        seen[key, line[at[i]]] = 1
    }
    if (list) {
        for (key in found) print file, key, found[key]
        exit 0
    }
    for (key in wanted)
        if (found[key] + 0 != wanted[key]) failed(key ": " found[key] + 0 " in the machine code, and not " wanted[key])
    for (key in found)
        if (!(key in wanted)) failed(key ": " found[key] " in the machine code, and not in the table")
    for (p = 1; p <= paths; p++) check_path(p)
    exit bad
}
