# The points of each picture, as gnuplot reads them: an object of texts by file name.
include "names";

def row: map(tostring) | join(" ");
def quoted: "\"" + gsub("_"; "\\\\_") + "\"";

# Lines of a block each, with a colour.
def block(xs; ys): map([xs, ys, .colour] | row) | join("\n");

def throughput($points; pick; wanted):
  [$points[] | select(.family == "throughput" and (.transport | pick) and (.transport | wanted))]
  | map(. + {colour: (.transport | colour)})
  | group_by(.transport) | map(sort_by(.size));

def curves: map(block(.size; .per_s)) | join("\n\n\n");

# Names beside the ends of lines, for gnuplot to load: each .text at .at, with a line to where .y is.
def names($side; $gap; $low; $high):
  spread($gap; $low; $high)
  | map("set label \(.text | quoted) at graph \(if $side == "right" then -0.05 else 1.05 end), first \(pow(10; .at)) \($side) font \",10\" textcolor rgb \(.colour)",
        "set arrow from graph \(if $side == "right" then -0.045 else 1.045 end), first \(pow(10; .at)) to graph \(if $side == "right" then -0.004 else 1.004 end), first \(pow(10; .y)) nohead linewidth 0.8 linecolor rgb \(.colour)")
  | join("\n");

# Where the lines begin, on the left.
def names_left($gap; $low; $high):
  map(.[0] | {y: (.per_s | log10), text: (.transport | called), colour: .colour})
  | names("right"; $gap; $low; $high);

def pictures($points):
  ($points | map(select(.family == "throughput"))) as $t
  | (throughput($points; is_batch or is_in_place | not; kind != "ours")) as $single
  | (throughput($points; is_batch or is_in_place; kind != "ours")) as $batch
  | (throughput($points; . == "shmq"; true)) as $ours
  | (throughput($points; . == "shmq_batch" or . == "shmq_many" or . == "shmq_in_place"; true)) as $ours_batch
  | {
      "single_peers.dat": ($single | curves),
      "single_ours.dat": ($ours | curves),
      "single_names.gp": ($single + $ours | names_left(0.19; 3.9; 8.9)),
      "batch_peers.dat": ($batch | curves),
      "batch_ours.dat": ($ours_batch | curves),
      "batch_names.gp": ($batch + $ours_batch | names_left(0.2; 3.9; 9.2))
    };

# One row a transport, the fastest on top: percentiles of round trips.
def latency($points):
  ($points | map(select((.family == "round_trip") and .p50 != null)
                 | . + {group: (if (.transport | (endswith("_spin") or . == "lines" or . == "shmq")) then 0 else 1 end)}))
  + ($points | map(select(.family == "wake" and .p50 != null)
                 | . + {group: 1, transport: (if .transport == "shmq" then "shmq_wake" else .transport end)}))
  | map(select(.transport != "shmq_wait"))
  | sort_by([.group, .p50])
  | [range(length) as $i | .[$i] + {row: ($i + .[$i].group * 1.2)}]
  | map(. + {text: (if .transport == "shmq_wake" then "shmq" else (.transport | called | sub(", polling$"; "")) end),
             colour: (if .transport == "shmq_wake" then kinds["ours"] else (.transport | colour) end)});

def latency_pictures($points):
  latency($points) as $rows
  | {
      "latency.dat": ($rows | map([.row, .p50, .p99, .p999, .max, .colour, .group] | row) | join("\n")),
      "latency_names.gp": ($rows | map("set label \(.text | quoted) at graph -0.02, first \(.row) right font \",10\" textcolor rgb \(.colour)") | join("\n"))
    };

def rates: {"10k": 1e4, "100k": 1e5, "1M": 1e6, "3M": 3e6, "10M": 1e7, "30M": 3e7};

# Only as far as a transport keeps up: what waits behind a rate that it cannot carry grows as long as one measures.
def load($points):
  [$points[] | select(.family == "load" and .p99 != null)
   | . + {rate: rates[.what], colour: (.transport | colour)}
   | select(.rate != null and .per_s > .rate * 0.97)]
  | group_by(.transport) | map(sort_by(.rate));

def load_pictures($points):
  load($points) as $all
  | {
      "load_peers.dat": ($all | map(select(.[0].transport | kind != "ours")) | map(block(.rate; .p99)) | join("\n\n\n")),
      "load_ours.dat": ($all | map(select(.[0].transport | kind == "ours")) | map(block(.rate; .p99)) | join("\n\n\n")),
      "load_names.gp": ($all | map(.[0] | {y: (.p99 | log10), text: (.transport | called), colour: .colour})
                        | names("right"; 0.2; 1.9; 7.5))
    };

# Of the same kind: one by one, and in batches.
def safety($points):
  def of($transport; $size):
    first($points[] | select(.family == "throughput" and .transport == $transport and .size == $size) | .per_s) // null;
  def best($transports; $size): [$transports[] | of(.; $size) | select(. != null)] | max;
  [sizes | to_entries[]
   | .key as $i | .value as $size
   | [of("shmq"; $size), best(["ck_ring", "rte_ring"]; $size), of("shmq_batch"; $size), best(["rte_ring_batch"]; $size)] as $v
   | select($v[0] != null and $v[1] != null)
   | [$i, ("\($size) B" | sub("1024 B"; "1 KiB") | sub("4096 B"; "4 KiB") | sub("65536 B"; "64 KiB") | quoted),
      $v[0] / $v[1], (if $v[2] != null and $v[3] != null then $v[2] / $v[3] else "NaN" end)] | row] | join("\n");

# Lines by the number of producers.
def producers($points):
  [$points[] | select(.family == "producers") | . + {count: (.what | tonumber), colour: (.transport | colour)}]
  | group_by(.transport) | map(sort_by(.count));

def producer_pictures($points):
  producers($points) as $all
  | {
      "producers_peers.dat": ($all | map(select(.[0].transport | kind != "ours")) | map(block(.count; .per_s)) | join("\n\n\n")),
      "producers_ours.dat": ($all | map(select(.[0].transport | kind == "ours")) | map(block(.count; .per_s)) | join("\n\n\n")),
      "producers_names.gp": ($all | map(.[-1] | {y: (.per_s | log10), text: (.transport | called), colour: .colour})
                             | names("left"; 0.33; 1; 8.6))
    };

.points as $points | .context.num_cpus as $processors
| pictures($points)
  + {"safety.dat": safety($points)} + latency_pictures($points)
  + load_pictures($points)
  + (producer_pictures($points) | .["producers_names.gp"] += "\nprocessors = \($processors)")
