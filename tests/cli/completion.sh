source "$(dirname "$0")/lib.sh"

# completed WORD...   what Tab in bash makes of the last of these words behind the program's name
completed() {
    bash -c '
        source "$1"
        shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _shmq
        printf "%s\n" "${COMPREPLY[@]}"' - ./script "$shmq" "$@" | sort | tr '\n' ' ' | sed 's/ $//; s/^ //'
}

scripted() {
    "$shmq" help --completion bash >script
}

all_commands() {
    "$shmq" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# The options that a command's --help shows, long and short.
options_of() {
    "$shmq" "$1" --help | sed -nE 's/^ +(-.), (--[a-z-]+).*/\1\n\2/p; s/^ +(--[a-z-]+).*/\1/p'
}

need() {
    command -v "$1" >/dev/null || skip "$1 is missing"
}

# typed SHELL FILE KEYS PATTERN   in a terminal: the shell, with what it needs in FILE, shows that after these keys
typed() {
    local i
    need tmux
    need "$1"
    mkdir -p bin
    ln -sf "$shmq" bin/shmq
    tmux -S "$work/tmux.$only" -f /dev/null new-session -d -x 100 -y 24 "PATH=$PWD/bin:$PATH TERM=screen timeout --foreground 50 $2" ||
        skip "tmux does not work here"
    trap 'tmux -S "$work/tmux.$only" kill-server 2>/dev/null || true' EXIT
    for ((i = 0; i < 1000; i++)); do
        ! tmux -S "$work/tmux.$only" capture-pane -p | grep -q 'ready>' || break
        sleep 0.02
    done
    tmux -S "$work/tmux.$only" send-keys "$3" Tab
    for ((i = 0; i < 1000; i++)); do
        tmux -S "$work/tmux.$only" capture-pane -p >picture
        ! grep -qE -e "$4" picture || return 0
        sleep 0.02
    done
    sed 's/^/    screen: /' picture >&2
    fail "never '$4'"
}
helpers+=$'\ncompleted\nscripted\nall_commands\noptions_of\nneed\ntyped'

bash_completes_commands() {
    scripted
    bash -c 'source ./script && complete -p shmq' | grep -qx 'complete -F _shmq shmq' || fail "not for shmq"
    is "$(completed cre)" create
    is "$(completed s)" "send stat status"
    is "$(completed '')" "$({ all_commands && printf '%s\n' --help --version; } | sort | tr '\n' ' ' | sed 's/ $//')"
    is "$(completed help st)" "stat status"
    is "$(completed nonsense '')" ""
}

bash_completes_the_options_that_there_are() {
    scripted
    local command
    for command in $(all_commands); do
        is "$(completed "$command" -)" "$(options_of "$command" | sort | tr '\n' ' ' | sed 's/ $//')"
    done
    is "$(completed recv --len)" --length-prefixed
    is "$(completed create name --cap)" --capacity
}

bash_completes_arguments_of_options() {
    scripted
    is "$(completed send --policy '')" "drop fail wait"
    is "$(completed send -p f)" fail
    is "$(completed create --order = t)" total
    is "$(completed create --order =)" "lanes total"
    "$shmq" create "$q-here"
    [[ " $(completed create --order lanes '') " == *" $q-here "* ]] || fail "no names of queues"
    "$shmq" rm "$q-here"
    touch file.txt file.log other
    is "$(completed metrics --output fi)" "file.log file.txt"
    is "$(completed bridge x --tls-ca ot)" other
    is "$(completed create --capacity '')" ""
    [[ " $(completed create --group '') " == *" $(id -gn) "* ]] || fail "no groups"
}

the_words_that_are_completed_are_taken() {
    scripted
    local command option words word any=
    # Each "--option | -o) kind=words words='...'" of each command.
    while read -r command option words; do
        for word in $words; do
            "$shmq" "$command" "--$option" "$word" --no-such >out 2>err </dev/null || true
            grep -qF -- "'--no-such'" err || fail "$command --$option $word: $(cat err)"
            any=1
        done
    done < <(awk '/^    [a-z]+\)$/ { sub(/\)/, ""); command = $1 }
        /kind=words/ { option = $1; sub(/^--/, "", option); sub(/\)$/, "", option)
            gsub(/.*words=.|. ;;$/, ""); gsub("\047", ""); print command, option, $0 }' script)
    [[ $any ]] || fail "no words at all"
}

bash_completes_names_of_queues_and_files_behind_them() {
    scripted
    "$shmq" create "$q-one"
    "$shmq" create "$q-two"
    local command
    for command in send recv rm stat; do
        is "$(completed "$command" "$q")" "$q-one $q-two"
        is "$(completed "$command" --quiet "$q-t")" "$q-two"
    done
    is "$(completed send --type 5 "$q-o")" "$q-one"
    is "$(completed rm "$q-one" "$q-t")" "$q-two"
    is "$(completed recv "$q-one" "$q-t")" ""
    touch lines.txt
    is "$(completed send "$q-one" lin)" lines.txt
    is "$(completed send "$q-one" lines.txt lin)" lines.txt
    is "$(completed run "$q-o")" "$q-one"
    [[ " $(completed run "$q-one" -- tru) " == *" true "* ]] || fail "no programs"
    is "$(completed run "$q-one" -- cat lin)" lines.txt
    is "$(completed send -- "$q-o")" "$q-one"
}

it_works_in_bash() {
    scripted
    "$shmq" create "$q-typed"
    printf 'PS1="ready> "\nsource ./script\n' >rc
    typed bash "bash --rcfile rc --noprofile -i" "shmq recv $q-ty" "^ready> shmq recv $q-typed"
}

it_works_in_zsh() {
    need zsh
    "$shmq" help --completion zsh >_shmq
    zsh -n _shmq || fail "not zsh"
    "$shmq" create "$q-zsh"
    printf 'PS1="ready> "\nfpath=("$PWD" $fpath)\nautoload -U compinit\ncompinit -u -D\n' >.zshrc
    typed zsh "env ZDOTDIR=$PWD zsh -i" "shmq create --recor" "^ready> shmq create --recorder"
    tmux -S "$work/tmux.$only" send-keys C-u "shmq recv $q-zs" Tab
    until tmux -S "$work/tmux.$only" capture-pane -p | grep -q "^ready> shmq recv $q-zsh"; do sleep 0.02; done
}

it_works_in_fish() {
    need fish
    export HOME=$PWD
    "$shmq" help --completion fish >shmq.fish
    fish -n shmq.fish || fail "not fish"
    "$shmq" create "$q-fish"
    mkdir -p bin
    ln -sf "$shmq" bin/shmq
    fished() { PATH=$PWD/bin:$PATH fish --no-config -c "source ./shmq.fish; complete -C '$1'" | cut -f 1 | sort | tr '\n' ' '; }
    is "$(fished 'shmq cre')" "create "
    is "$(fished 'shmq send --pol')" "--policy "
    is "$(fished 'shmq send --policy ')" "drop fail wait "
    is "$(fished "shmq recv $q-fi")" "$q-fish "
    is "$(fished 'shmq help stat')" "stat status "
}

another_shell_is_refused() {
    refused 2 "--completion: 'tcsh' is not bash, zsh or fish" "$shmq" help --completion tcsh
}

run_facts
