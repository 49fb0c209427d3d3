# All runs of shmq-bench, as Google Benchmark's JSON, to one row a point: medians of its rounds.
#
# Only runs with the processors where they were for most runs count; where a point has none such, all of its runs do,
# and it is marked. Of these, only runs count in which neither side was away from its processor for much longer than in
# the quietest of them: the others shared it with work that is not ours. Speed decides nothing.

def median:
  sort | if length == 0 then null
         elif length % 2 == 1 then .[(length - 1) / 2]
         else (.[length / 2 - 1] + .[length / 2]) / 2 end;

def placement: if . < 80 then "SMT siblings" elif . < 220 then "one L3" else "farther than one L3" end;

def placed: [.rtt_bare_before_ns, .rtt_bare_after_ns] | map(placement) | unique | if length == 1 then .[0] else "moved" end;

def middle(field): map(field // empty) | median;

(.context) as $context
| [.benchmarks[] | select(.error_occurred != true) | . + {placed: placed}] as $runs
| ($runs | group_by(.placed) | max_by(length) | .[0].placed // "unknown") as $usual
# In percent of the time: more than sleeping differs from run to run.
| 10 as $away
| def quiet: (map(.away_percent) | min) as $least | map(select(.away_percent <= $least + $away));
{
    context: $context,
    usual: $usual,
    runs: ($runs | length),
    elsewhere: ($runs | map(select(.placed != $usual)) | length),
    disturbed: ($runs | map(select(.placed == $usual)) | length - (group_by(.name) | map(quiet | length) | add // 0)),
    failed: [.benchmarks[] | select(.error_occurred == true) | {name, error: .error_message}],
    line_ns: ($runs | map(select(.placed == $usual) | .rtt_bare_before_ns) | median),
    line_pause_ns: ($runs | map(select(.placed == $usual) | .rtt_before_ns) | median),
    points: [
      $runs | group_by(.name)[]
      | (map(select(.placed == $usual))) as $there
      | (if ($there | length) > 0 then $there else . end)
      | quiet
      | (.[0].name / "/") as $parts
      | {
          name: .[0].name,
          family: ($parts[:-2] | join("/")),
          transport: $parts[-2],
          what: $parts[-1],
          size: ($parts[-1] | tonumber? // null),
          rounds: length,
          moved: (($there | length) == 0),
          per_s: middle(.items_per_second),
          per_s_least: (map(.items_per_second) | min),
          per_s_most: (map(.items_per_second) | max),
          bytes_per_s: middle(.bytes_per_second),
          p50: middle(.p50_ns), p90: middle(.p90_ns), p99: middle(.p99_ns), p999: middle(.p999_ns),
          p9999: middle(.p9999_ns), max: (map(.max_ns // empty) | max),
          samples: (map(.samples // empty) | add),
          producer_cpu: middle(.producer_cpu_percent),
          consumer_cpu: middle(.consumer_cpu_percent),
          memory: middle(.memory_bytes),
          calls: middle(.system_calls_per_message),
          observed: middle(.observed_per_second),
          line_ns: middle(.rtt_bare_before_ns)
        }
    ]
  }
