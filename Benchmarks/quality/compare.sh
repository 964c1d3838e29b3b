#!/bin/bash
# Quality beside the peers: both are fitted and tested on the identical split, then a table is printed.
#
#   compare.sh PUSHFORWARD PYTHON [DATA.csv ...]
#
# PUSHFORWARD: the built program. PYTHON: one that has numpy, scikit-learn, torch and zuko.
# DATA: power_plant, protein, wine_white and concrete of ../shared/data unless given; a header, numbers only. NAME_all.csv
#       as split.py writes it is called NAME.
# Environment:
#   OUT      results and models (default .build-quality here); what it already holds is not run again: delete to repeat
#   MODELS   ours, separated by ';': a label, then options of `fit` after '='   (default "default;maf=--model maf;...")
#   METHODS  the peers' (default gmm,kde,maf,nsf; empty: none)
#   SEEDS    ours (default "0"; "0 1 2 3 4 5 6 7 8 9" shows the mean and the worst)
#   SECONDS_A_FIT  limit of one peer fit (default 600)
#   PEERS    a file of JSON lines that quality.py printed before, used instead of running the peers
#   QUALITY  the peers' quality.py (default ../shared/peers/quality.py beside the repository)
# Exit status 1 when one of our runs failed.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//' >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
shared=$(cd "$here/../.." && pwd)/../shared
program=$1 python=$2
shift 2
[ $# -gt 0 ] || set -- "$shared"/data/{power_plant,protein,wine_white,concrete}.csv
out=${OUT:-$here/.build-quality}
models=${MODELS:-default;maf=--model maf;nsf=--model nsf;nsf-coupling=--model nsf-coupling;realnvp=--model realnvp}
methods=${METHODS-gmm,kde,maf,nsf}
quality=${QUALITY:-$shared/peers/quality.py}
mkdir -p "$out"
ours=$out/ours.jsonl peers=${PEERS:-$out/peers.jsonl}
touch "$ours" "$peers"
failed=0

# line DATA LABEL SEED METRIC VALUE
line() {
  printf '{"peer": "pushforward", "model": "%s", "data": "%s", "seed": %s, "metric": "%s", "value": %s, "unit": "%s"}\n' \
    "$2" "$1" "$3" "$4" "$5" "$([ "$4" = fit_seconds ] && echo s || echo nats)" >>"$ours"
}

# fit_one DATA LABEL SEED OPTIONS...
fit_one() {
  local data=$1 label=$2 seed=$3 base start seconds value
  shift 3
  base=$out/$data-$label-$seed
  [ ! -s "$base.evaluate.json" ] || return 0
  echo "pushforward $label on $data, seed $seed" >&2
  start=$(date +%s.%N)
  if "$program" fit "$out/split/${data}_fit.csv" -o "$base.model" --seed "$seed" --json "$@" \
    >"$base.fit.json" 2>"$base.log" </dev/null &&
    seconds=$(echo "$(date +%s.%N) $start" | awk '{print $1 - $2}') &&
    "$program" evaluate "$base.model" "$out/split/${data}_test.csv" --json >"$base.evaluate.part" 2>>"$base.log" &&
    value=$("$python" -c 'import json, sys; print(-json.load(sys.stdin)["mean_log_likelihood"])' \
      <"$base.evaluate.part" 2>>"$base.log"); then
    line "$data" "$label" "$seed" test_nll "$value"
    line "$data" "$label" "$seed" fit_seconds "$seconds"
    mv "$base.evaluate.part" "$base.evaluate.json"
  else
    echo "  failed: $(tail -n 1 "$base.log")" >&2
    printf '{"peer": "pushforward", "model": "%s", "data": "%s", "seed": %s, "metric": "error"}\n' \
      "$label" "$data" "$seed" >>"$ours"
    failed=1
  fi
}

for file in "$@"; do
  data=$(basename "$file" .csv)
  data=${data%_all}
  "$python" "$here/split.py" "$file" "$out/split" --name "$data" >&2
  IFS=';' read -ra entries <<<"$models"
  for entry in "${entries[@]}"; do
    options=()
    [[ $entry != *=* ]] || read -ra options <<<"${entry#*=}"
    for seed in ${SEEDS:-0}; do fit_one "$data" "${entry%%=*}" "$seed" ${options[@]+"${options[@]}"}; done
  done
  for method in $(tr ',' ' ' <<<"$methods"); do
    [ -z "${PEERS:-}" ] || break
    ! grep -q "\"model\": \"$method\", \"data\": \"$data\"" "$peers" || continue
    echo "peers' $method on $data" >&2
    OMP_NUM_THREADS=${THREADS:-2} "$python" "$quality" "$out/split/${data}_all.csv" --name "$data" --methods "$method" \
      --threads "${THREADS:-2}" --max-seconds "${SECONDS_A_FIT:-600}" >>"$peers"
  done
done

"$python" "$here/table.py" "$ours" "$peers"
exit $failed
