#!/bin/bash
# Speed beside the Python libraries: the same flow, ours and theirs in turn on this machine, one JSON line a figure, then a
# table.
#
#   compare-models.sh PYTHON [OUT.jsonl]
#
# PYTHON: one that has torch, zuko, nflows, normflows, and jax with flowjax (what is missing is left out).
# Environment:
#   MODELS   default "maf nsf realnvp nsf-coupling"
#   DIMS     default "6 21 63"
#   CELLS    instead of both, chosen cells: "maf:6 nsf:63"
#   SECONDS_A_FIGURE  default 2
#   PEERS    default "flowjax zuko nflows normflows"
#   SCRIPTS  folder of peers_torch.py and peers_jax.py (default ../shared/peers beside the repository)
# Ours runs before the peers of a model and after them, and the better figure of the two counts, as the peers' best batch
# size does. Run it on an otherwise idle machine: torch with two threads collapses when another process takes a core.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//' >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
python=$1
out=${2:-$here/.build-models.jsonl}
scripts=${SCRIPTS:-$here/../../shared/peers}
seconds=${SECONDS_A_FIGURE:-2}
swift build -c release --package-path "$here" --product ModelBenchmarks >&2
{
  printf '{"run": "%s", "processor": "%s", "cores": %s, "commit": "%s", "load1": %s}\n' "$(date +%F)" \
    "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)" "$(getconf _NPROCESSORS_ONLN)" \
    "$(git -C "$here" rev-parse --short HEAD)" "$(cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo null)"
} >"$out"
ours() { "$here/.build/release/ModelBenchmarks" --model "$1" --dim "$2" --seconds "$seconds" >>"$out"; }
every_cell() {
  for dim in ${DIMS:-6 21 63}; do
    for model in ${MODELS:-maf nsf realnvp nsf-coupling}; do echo "$model:$dim"; done
  done
}
for cell in ${CELLS:-$(every_cell)}; do
  model=${cell%:*} dim=${cell#*:}
  echo "$model, $dim columns" >&2
  ours "$model" "$dim"
  for peer in ${PEERS:-flowjax zuko nflows normflows}; do
    if [ "$peer" = flowjax ]; then program=("$scripts/peers_jax.py"); else program=("$scripts/peers_torch.py" --peers "$peer"); fi
    timeout "${PEER_LIMIT:-240}" "$python" "${program[@]}" --dim "$dim" --model "$model" --seconds "$seconds" \
      --steps 50 >>"$out" 2>>"$out.log" || echo "  $peer did not finish; see $out.log" >&2
  done
  ours "$model" "$dim"
done
"$python" "$here/ratios.py" "$out"
