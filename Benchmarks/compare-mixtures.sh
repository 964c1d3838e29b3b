#!/bin/bash
# Gaussian mixtures here and in scikit-learn, in turn on this machine: one JSON line a figure.
#
#   compare-mixtures.sh PYTHON [OUT.jsonl]
#
# PYTHON: one that has scikit-learn. Run it on an otherwise idle machine.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//' >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
swift build -c release --package-path "$here" --product MixtureBenchmarks >&2
for sizes in "100000 10 8 20 full" "100000 10 8 20 diagonal" "20000 30 10 20 full" "2000 5 4 50 full"; do
  # shellcheck disable=SC2086
  "$here/.build/release/MixtureBenchmarks" $sizes
  # shellcheck disable=SC2086
  "$1" "$here/mixtures/gmm.py" $sizes
done | tee "${2:-/dev/null}"
