source "$(dirname "$0")/../lib.sh"

# Some that have no factors, 63 times the same one, a prime, and many more.
numbers() {
    echo 0 1 2 9223372036854775808 1000000007 999999999989
    seq 987654321 7 987654700
}

# What P is to say of them, the last one first; factor is another program that knows.
answers() {
    local number
    for number in $(numbers); do
        if [[ $number == [01] ]]; then
            echo "P: $number failed with code -33: it has no prime factors"
        else
            factor "$number" | sed 's/: / = /; s/^/P: /; :more; s/\([0-9]\) \([0-9]\)/\1 * \2/; t more'
        fi
    done | tac
}

# consume NAME   in the background, as $consumer
consume() {
    "$(example consumer)" "$1" >consumed 2>&1 &
    consumer=$!
}

# produce NAME   likewise
produce() {
    # shellcheck disable=SC2046
    "$(example producer)" "$1" $(numbers) >out 2>err &
    producer=$!
}
# It has opened the queue, and waits for tasks.
consumer_waits() {
    "$shmq" stat "$1" 2>/dev/null | grep -qE '^consumers .* slept [1-9]'
}
helpers+=$'\nconsumer_waits\nnumbers\nanswers\nconsume\nproduce'

producer_sees_each_task_done_or_why_not() {
    local consumer producer
    consume "$q-tasks"
    until_true consumer_waits "$q-tasks"
    produce "$q-tasks"
    ends 0 "$producer"
    ends 0 "$consumer"
    answers | says out
    says err </dev/null
    says consumed <<<"C: $(numbers | wc -w) tasks"
    nothing_left "$q-tasks"
}

producer_may_be_first() {
    local consumer producer
    produce "$q-first"
    until_true waiting_is "$q-first" "$(numbers | wc -w)" 2>/dev/null
    says out </dev/null
    consume "$q-first"
    ends 0 "$producer"
    ends 0 "$consumer"
    answers | says out
    nothing_left "$q-first"
}

consumer_that_dies_is_noticed_and_another_goes_on() {
    local consumer producer
    consume "$q-dies"
    until_true consumer_waits "$q-dies"
    kill -s STOP "$consumer"
    produce "$q-dies"
    until_true waiting_is "$q-dies" "$(numbers | wc -w)"
    killed "$consumer"
    until_true grep -sqx 'P: C has died, and I wait for another' out
    consume "$q-dies"
    ends 0 "$producer"
    ends 0 "$consumer"
    { echo 'P: C has died, and I wait for another'; answers; } | says out
    says consumed <<<"C: $(numbers | wc -w) tasks"
    nothing_left "$q-dies"
}

run_facts
