# The report, in Markdown, from what summary.jq makes. $absent: peers that were not built, a word each; $pictures: names
# of the pictures there are.
include "names";

def median:
  sort | if length == 0 then null
         elif length % 2 == 1 then .[(length - 1) / 2]
         else (.[length / 2 - 1] + .[length / 2]) / 2 end;
def digits($n): if . == null then "-" elif . == 0 then "0" else . as $v
  | pow(10; ($n - 1) - (($v | fabs | log10) | floor)) as $f | ($v * $f | round) / $f | tostring end;
def time: if . == null then "-" elif . < 1000 then "\(digits(3)) ns" elif . < 1e6 then "\(. / 1e3 | digits(3)) µs"
          elif . < 1e9 then "\(. / 1e6 | digits(3)) ms" else "\(. / 1e9 | digits(3)) s" end;
def percent: if . == null then "-" elif . < 0.1 then "\(. * 100 | digits(2)) %" else "\(. * 100 | round) %" end;
def table($heads): ["| " + ($heads | join(" | ")) + " |", "|" + ($heads | map("---") | join("|")) + "|"]
                   + map("| " + join(" | ") + " |") | join("\n");
def size_name: {"8": "8 B", "64": "64 B", "256": "256 B", "1024": "1 KiB", "4096": "4 KiB", "65536": "64 KiB"}[tostring];
def picture($name; $alt; $pictures): if $pictures | index($name) then "![\($alt)](\($name).svg)\n\n" else "" end;

.points as $points
| . as $all
| def point($family; $transport; $what):
    first($points[] | select(.family == $family and .transport == $transport and .what == $what)) // null;
  def rate($transport; $size): point("throughput"; $transport; ($size | tostring)) | .per_s;
  def bytes($transport; $size): point("throughput"; $transport; ($size | tostring)) | .bytes_per_s;

  # The most that any way of moving lines reached; of copying in one process, for each size.
  ([$points[] | select(.family == "limit" and (.transport | startswith("stream"))) | .bytes_per_s] | max) as $stream
| (point("round_trip"; "lines"; "64") | .p50) as $lines
| (point("wake"; "futex"; "64") | .p50) as $futex

| def cell($transport; $size):
    point("throughput"; $transport; ($size | tostring)) as $p
    | if $p == null then "-" else "\(1e9 / $p.per_s | digits(3))\(if $p.moved then "~" else "" end)" end;
  def speed_table(pick):
    [$points[] | select(.family == "throughput" and (.transport | pick)) | .transport] | unique
    | map(. as $t | {t: $t, at: (rate($t; 64) // rate($t; 65536) // 0)}) | sort_by(-.at) | map(.t)
    | map(. as $t | [($t | called | if $t | kind == "ours" then "**\(.)**" else . end)] + (sizes | map(cell($t; .))))
    | table(["ns a message"] + (sizes | map(size_name)));
  def best($exclude; pick):
    . as $size
    | [$points[] | select(.family == "throughput" and .size == $size and (.transport | pick) and (.transport | kind) != "ours")]
    | max_by(.per_s);
  def spread_of($transport; $size):
    point("throughput"; $transport; ($size | tostring)) as $p
    | if $p == null then "-" else "\($p.per_s_least / $p.per_s * 100 | round)..\($p.per_s_most / $p.per_s * 100 | round) %" end;
  def against($mine; pick):
    sizes | map(. as $size | best(""; pick) as $best
      | if $best == null or rate($mine; $size) == null then "-"
        else "\(rate($mine; $size) / $best.per_s | digits(2)) (\($best.transport | called))" end);

"# What was measured\n\n"
+ ([$all.context | to_entries[] | select(.key | IN("processor", "system", "compiler", "library", "processors", "measured", "date"))
    | "- \(.key): \(.value)"] | join("\n"))
+ "\n- cache line there and back: \($all.line_ns | digits(3)) ns polling hard, \($all.line_pause_ns | digits(3)) ns with pauses: \($all.usual)"
+ "\n- runs: \($all.runs), of which \($all.elsewhere) had their processors elsewhere, and \($all.disturbed) shared them with other work; those do not count"
+ (if ($absent | length) > 0 then "\n- not there, as their libraries are not installed: \($absent | join(", "))" else "" end)
+ (if ($all.failed | length) > 0 then "\n- **failed**: " + ([$all.failed[] | "\(.name) (\(.error))"] | unique | join("; ")) else "" end)
+ "\n\nEvery figure is the median of its rounds, in which all took turns; two pinned processes, payload really written, "
+ "really read and checked. ~: the processors were elsewhere in all of its runs. bench/README.md says how it is done. "
+ "All runs are in raw.json and raw.csv.\n\n"

+ "## One message a call\n\n" + picture("single"; "messages a second by size, one a call"; $pictures)
+ speed_table(is_batch or is_in_place | not)
+ "\n\n"
+ ([["shmq, times the best peer"] + against("shmq"; is_batch or is_in_place | not),
    ["least .. greatest of the rounds"] + (sizes | map(spread_of("shmq"; .)))] | table([""] + (sizes | map(size_name))))

+ (if any($points[]; .family == "blocking") then
    "\n\nWhere both sides sleep when there is nothing to do; the others above that sleep have no polling form:\n\n"
    + ([$points[] | select(.family == "blocking") | .transport] | unique
       | map(. as $t | [($t | called | if $t | kind == "ours" then "**\(.)**" else . end)]
             + (sizes | map(point("blocking"; $t; tostring) | if . == null then "-" else 1e9 / .per_s | digits(3) end)))
       | table(["ns a message"] + (sizes | map(size_name))))
   else "" end)

+ "\n\n## Batches, and in place\n\n" + picture("batch"; "messages a second by size, in batches"; $pictures)
+ speed_table(is_batch or is_in_place)
+ "\n\n"
+ ([["arrays, times the best peer"] + against("shmq_many"; is_batch or is_in_place),
    ["least .. greatest of the rounds"] + (sizes | map(spread_of("shmq_many"; .))),
    ["batches, times the best peer"] + against("shmq_batch"; is_batch or is_in_place),
    ["in place, times the best peer"] + against("shmq_in_place"; is_batch or is_in_place),
    ["least .. greatest of the rounds"] + (sizes | map(spread_of("shmq_batch"; .)))] | table([""] + (sizes | map(size_name))))

+ "\n\n## What the machine allows\n\n"
+ "The lines of a ring from core to core, with nothing around them: \($stream / 1e9 | digits(3)) GB/s at best ("
+ ([$points[] | select(.family == "limit" and (.transport | startswith("stream")))
    | "\(.transport | sub("stream_dirty_"; "handed back dirty, ") | sub("stream_"; "")): \(.bytes_per_s / 1e9 | digits(3))"] | join("; "))
+ "). Copying in and out in one process, GB/s: "
+ (sizes | map(. as $s | "\($s | size_name) \(point("limit"; "memcpy"; ($s | tostring)) | .bytes_per_s / 1e9 | digits(3))") | join(", "))
+ ".\n\n"
+ ([["shmq", "shmq_batch", "shmq_many", "shmq_in_place"][] | . as $t
    | [($t | called)] + (sizes | map(bytes($t; .) as $b | if $b == null or $stream == null then "-" else ($b / $stream | percent) end))]
   + [["best peer"] + (sizes | map(best(""; true) as $b | if $b == null or $stream == null then "-" else "\($b.bytes_per_s / $stream | percent) (\($b.transport | called))" end))]
   | table(["share of the stream"] + (sizes | map(size_name))))

+ (if any($points[]; .family == "ring/batch") then
    (["64K", "256K", "1M", "4M", "16M"]) as $rings
    | "\n\n## Sizes of the ring\n\n"
    + ([["64", "one by one"], ["64", "in batches"], ["1024", "one by one"], ["1024", "in batches"]]
       | map(. as [$size, $how]
             | ["shmq, \($size | size_name), \($how)"]
             + ($rings | map(point((if $how == "one by one" then "ring/single" else "ring/batch" end); .; $size)
                             | if . == null then "-" else 1e9 / .per_s | digits(3) end)))
       | table(["ns a message"] + ($rings | map(sub("K"; " KiB") | sub("M"; " MiB")))))
   else "" end)

+ "\n\n## There and back\n\n" + picture("latency"; "percentiles of round trips"; $pictures)
+ ([$points[] | select(.family == "round_trip" or .family == "wake") | select(.p50 != null)] | sort_by(.p50)
   | map([(if .family == "wake" and .transport == "shmq" then "shmq, asleep" else (.transport | called) end),
          (.p50 | time), (.p90 | time), (.p99 | time), (.p999 | time), (.p9999 | time), (.max | time),
          (if .p50 < 10000 then (if $lines == null then "-" else "\(.p50 / $lines | digits(3)) × lines" end)
           else (if $futex == null then "-" else "\(.p50 / $futex | digits(3)) × futexes" end) end)])
   | table(["64 bytes", "p50", "p90", "p99", "p99.9", "p99.99", "longest", "beside the limit"]))

+ "\n\n## Under load\n\n" + picture("load"; "99th percentile of latency by rate"; $pictures)
+ "From when a message was due until it was copied out, which at low rates is the time of one way: the median, and what 99 % of messages do not exceed; - where the transport does not keep up.\n\n"
+ ((["10k", "100k", "1M", "3M", "10M", "30M"]) as $rates
   | [$points[] | select(.family == "load") | .transport] | unique
   | map(. as $t | [($t | called)] + ($rates | map(. as $r | point("load"; $t; $r) as $p
       | if $p == null or $p.p99 == null then "-"
         elif $p.per_s < ({"10k": 1e4, "100k": 1e5, "1M": 1e6, "3M": 3e6, "10M": 1e7, "30M": 3e7}[$r]) * 0.97 then "-"
         else "\($p.p50 | time), \($p.p99 | time)" end)))
   | table(["messages/s"] + $rates))

+ "\n\n## Processor time\n\nBoth sides sleep when there is nothing to do; percent of a processor, sender and receiver.\n\n"
+ (["0", "1k", "10k"] as $rates
   | [$points[] | select(.family == "cpu") | .transport] | unique
   | map(. as $t | [($t | called)] + ($rates | map(. as $r | point("cpu"; $t; $r) as $p
       | if $p == null then "-" else "\($p.producer_cpu | digits(2)), \($p.consumer_cpu | digits(2))" end)))
   | table(["at messages/s", "idle", "1 k", "10 k"]))

+ (if any($points[]; .family == "producers") then
    "\n\n## Many producers\n\n" + picture("producers"; "messages a second by number of producers"; $pictures)
    + "They share the processors beside the consumer's: where there are fewer of these than producers, one that is preempted in the middle of a call "
    + "to a shared ring holds all others up.\n\n"
    + (["1", "2", "4", "8"] as $counts
       | [$points[] | select(.family == "producers") | .transport] | unique
       | map(. as $t | [($t | called)] + ($counts | map(. as $c | point("producers"; $t; $c) | if . == null then "-" else .per_s / 1e6 | digits(3) end)))
       | table(["M messages/s, producers at work"] + $counts))
   else "" end)

+ (if any($points[]; .family == "watch") then
    def cost($transport): point("watch"; $transport; "64") | if . == null then "-" else "\(1e9 / .per_s | digits(3))\(if .moved then "~" else "" end)" end;
    "\n\n## Being watched\n\nns a message of 64 bytes, one a call; in brackets with the one who watches doing as much in a queue of its own: the "
    + "difference is what being watched costs. With a consumer, the one who watches shares the consumer's processor.\n\n"
    + ([["none", "nobody"], ["stat", "a look a second"], ["top", "ten looks a second"], ["looks", "looks without a pause"],
        ["tail", "a cursor, a line of text each"], ["record", "a cursor, a copy each"]]
       | map(. as [$who, $text] | [$text] + (["pair", "alone"] | map(. as $how
             | cost("\($how)_\($who)") + (if point("watch"; "\($how)_\($who)_own"; "64") == null then "" else " (\(cost("\($how)_\($who)_own")))" end))))
       | table(["who watches", "a queue with its consumer", "a recorder, which has none"]))
   else "" end)

+ (if any($points[]; .family == "claim") then
    "\n\nTwo producers at once, each on a processor of its own, and no consumer: what a message of 8 bytes costs each.\n\n"
    + ([["lanes", "shmq"], ["total_order", "shmq, total order"], ["fetch_add", "one tail for both, fetch-add"],
        ["cas", "one tail for both, compare-and-swap"]]
       | map(. as [$transport, $text] | point("claim"; $transport; "8") as $p
             | [$text, (if $p == null then "-" else "\(1e9 / $p.per_s | digits(3)) ns" end)])
       | table(["", "reserve and commit"]))
   else "" end)

+ (if any($points[]; .family == "kernel") then
    "\n\n## System calls and memory\n\nOf both processes, one message of 64 bytes a call, while both are busy; traced, so that waiting differs from that "
    + "without. Memory is what they have touched of their own and share; a daemon's is not in it.\n\n"
    + ([$points[] | select(.family == "kernel")] | sort_by([.calls, .memory])
       | map([(.transport | called), (if .calls < 0.0001 then "none" else (.calls | digits(2)) end), "\(.memory / 1048576 | digits(2)) MiB"])
       | table(["", "system calls a message", "memory"]))
   else "" end)

+ "\n\n## What crash safety costs\n\n" + picture("safety"; "shmq beside rings without crash safety"; $pictures)
+ "The rings of Concurrency Kit and DPDK have no names, no waiting and no repair: a process that dies in the middle of a call "
+ "leaves them as they are.\n"
