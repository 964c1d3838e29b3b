#!/bin/bash
# The network of `mixed` here and in PyTorch, in turn on this machine: one JSON line a program.
#
#   compare-speed.sh PYTHON [OUT.jsonl]
#
# PYTHON: one that has torch. The columns are those of the census table "adult", 16,384 rows of random cells. Run it on an
# otherwise idle machine: torch with two threads collapses when another process takes a core.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//' >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
swift build -c release --package-path "$here/.." --product ChainBenchmarks >&2
shape="16384 512 2 0+ 8 0+ 16 16+ 7 14 6 5 2 98+ 68+ 27+ 41 2"
for _ in 1 2; do
  # shellcheck disable=SC2086
  "$here/../.build/release/ChainBenchmarks" $shape
  # shellcheck disable=SC2086
  "$1" "$here/chain_torch.py" $shape
done | tee "${2:-/dev/null}"
