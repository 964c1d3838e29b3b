#!/bin/bash
# Instructions of one training step, of scoring and of sampling, counted by valgrind and compared with the recorded ones.
#
#   instruction-counts.sh [--record]
#
# Counts are steady where seconds are not: baseline instruction set (valgrind knows no AVX-512), one thread, and what is
# counted is the difference of two runs, without their common set-up. Fails when a count is more than 3 % above or below
# the recorded one (a gain is recorded as well: `--record` writes Benchmarks/instruction-counts.txt).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
record=Benchmarks/instruction-counts.txt
if ! command -v valgrind >/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
  { apt-get install -y -qq valgrind || { apt-get update -qq && apt-get install -y -qq valgrind; }; } >&2 || true
fi
if ! command -v valgrind >/dev/null; then
  echo "instruction-counts: NOT compared: valgrind is needed (Debian: apt-get install valgrind)" >&2
  exit 0
fi
command -v strip >/dev/null || { echo "instruction-counts: strip is needed (Debian: apt-get install binutils)" >&2; exit 1; }
swift build -c release --product InstructionWork >&2
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
# Debian's valgrind stumbles over the debugging information of today's compilers.
program=$out/InstructionWork
strip -o "$program" "$(swift build -c release --show-bin-path)/InstructionWork"

# count WORK COUNT: all instructions of that run
count() {
  PUSHFORWARD_ISA=baseline valgrind --tool=callgrind --callgrind-out-file="$out/callgrind" "$program" "$1" "$2" \
    >/dev/null 2>"$out/log" || { cat "$out/log" >&2; exit 1; }
  awk '/^summary:/ { print $2 }' "$out/callgrind"
}

failed=0
: >"$out/new"
while read -r work few many; do
  low=$(count "$work" "$few")
  high=$(count "$work" "$many")
  found=$(((high - low) / (many - few)))
  echo "$work $found" >>"$out/new"
  before=$(awk -v work="$work" '$1 == work { print $2 }' "$record" 2>/dev/null || true)
  if [ "${1:-}" = --record ]; then
    echo "$work: $found (was ${before:-not recorded})"
  elif [ -z "$before" ]; then
    echo "$work: $found, not recorded; run Scripts/instruction-counts.sh --record" >&2
    failed=1
  elif awk -v a="$found" -v b="$before" 'BEGIN { d = a / b - 1; exit !(d > 0.03 || d < -0.03) }'; then
    echo "$work: $found instructions, recorded $before: more than 3 % apart" >&2
    failed=1
  else
    echo "$work: $found instructions (recorded $before)"
  fi
done <<'WORK'
maf-train 2 4
nsf-train 2 4
maf-score 2 6
nsf-score 2 6
nsf-sample 2 6
maf-row 10 60
WORK
[ "${1:-}" = --record ] && cp "$out/new" "$record"
exit $failed
