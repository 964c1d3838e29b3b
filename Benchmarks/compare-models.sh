#!/bin/bash
# Speed beside the torch peers: the same flow, ours and theirs in turn on this machine, one JSON line a figure, then a table.
#
#   compare-models.sh PYTHON [OUT.jsonl]
#
# PYTHON: one that has torch and zuko (nflows is measured too where it is installed).
# Environment:
#   MODELS   default "maf nsf realnvp nsf-coupling"
#   DIMS     default "6 21 63"
#   SECONDS_A_FIGURE  default 2
#   PEERS    default "zuko,nflows"
#   SCRIPT   the peers' peers_torch.py (default ../shared/peers/peers_torch.py beside the repository)
# Run it on an otherwise idle machine: torch with two threads collapses when another process takes a core.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//' >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
python=$1
out=${2:-$here/.build-models.jsonl}
script=${SCRIPT:-$here/../../shared/peers/peers_torch.py}
seconds=${SECONDS_A_FIGURE:-2}
swift build -c release --package-path "$here" --product ModelBenchmarks >&2
: >"$out"
for dim in ${DIMS:-6 21 63}; do
  for model in ${MODELS:-maf nsf realnvp nsf-coupling}; do
    echo "$model, $dim columns" >&2
    "$here/.build/release/ModelBenchmarks" --model "$model" --dim "$dim" --seconds "$seconds" >>"$out"
    "$python" "$script" --dim "$dim" --model "$model" --seconds "$seconds" --peers "${PEERS:-zuko,nflows}" --steps 50 \
      >>"$out" 2>>"$out.log" || echo "  the peers failed; see $out.log" >&2
  done
done
"$python" "$here/ratios.py" "$out"
