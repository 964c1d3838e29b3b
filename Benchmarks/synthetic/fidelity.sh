#!/bin/bash
# Synthetic tables beside the real ones: fit `mixed` with its defaults, draw as many rows, let the yardstick judge them.
#
#   fidelity.sh PYTHON OUTDIR [SEED...]
#
# PYTHON: one that has pandas, scipy, scikit-learn and xgboost. Seeds: 0 unless given; of the fit and of the draws.
# Environment:
#   TABLES     default "adult diamonds protein"
#   DATA       folder of the tables (default ../shared/data beside the repository)
#   YARDSTICK  the peers' synth.py (default ../shared/peers/synth.py beside the repository)
#   PROGRAM    pushforward, built if not given
#   SYNTH      more flags of `synth`, as --independent
# Of adult the source's 32,561 training rows, of the others 80 % (drawn by split.py) are fitted to; the rest is the test. Cells
# that say "?" are written empty, as in our output. One JSON line a table and seed, with the seconds of the fit.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//' >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
python=$1 out=$2
shift 2
[ $# -gt 0 ] || set -- 0
data=${DATA:-$root/../shared/data}
yardstick=${YARDSTICK:-$root/../shared/peers/synth.py}
program=${PROGRAM:-}
if [ -z "$program" ]; then
  swift build -c release --package-path "$root" --product pushforward >&2
  program=$root/.build/release/pushforward
fi
mkdir -p "$out"
for table in ${TABLES:-adult diamonds protein}; do
  "$python" "$here/split.py" "$data/$table.csv" "$out/$table"
  target=""
  [ "$table" = adult ] && target="--target income"
  for seed in "$@"; do
    start=$(date +%s.%N)
    "$program" fit "$out/${table}_train.csv" --model mixed --seed "$seed" -o "$out/$table.$seed.model" \
      >"$out/$table.$seed.log" 2>&1
    seconds=$(echo "$(date +%s.%N) $start" | awk '{print $1 - $2}')
    # shellcheck disable=SC2086
    "$program" synth "$out/$table.$seed.model" "$out/${table}_train.csv" --holdout "$out/${table}_test.csv" --seed "$seed" \
      ${SYNTH:-} -o "$out/$table.$seed.csv" --json >"$out/$table.$seed.synth.json"
    # shellcheck disable=SC2086
    printf '{"table": "%s", "seed": %s, "fit_seconds": %s, "yardstick": %s}\n' "$table" "$seed" "$seconds" \
      "$("$python" "$yardstick" "$out/${table}_train.csv" "$out/$table.$seed.csv" --test "$out/${table}_test.csv" $target)"
  done
done | tee -a "$out/results.jsonl"
