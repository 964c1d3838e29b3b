#!/bin/bash
# Where the time of a training step goes, by part: a table from samples of one thread (Linux, `perf`).
#
#   profile.sh MODEL DIM [SECONDS]      MODEL: maf, nsf, realnvp, nsf-coupling
#
# COMMAND: another program that trains, in the place of ModelBenchmarks. Setting the benchmark up is left out of the shares.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//' >&2; exit 2; }
command -v perf >/dev/null || { echo "profile.sh: perf is needed (Debian: apt-get install linux-perf)" >&2; exit 1; }
here=$(cd "$(dirname "$0")" && pwd)
command=${COMMAND:-"$here/.build/release/ModelBenchmarks --model $1 --dim $2 --figures train --threads 1 --clock cpu --seconds ${3:-5}"}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
# shellcheck disable=SC2086 # the command is words
perf record -q -e cpu-clock -F 8000 -o "$out/data" $command >"$out/figures"
perf report -i "$out/data" --stdio --no-children --sort symbol 2>/dev/null |
  awk '
    function add(part, share) { total[part] += share; all += share }
    /^#/ || NF < 3 { next }
    { share = $1 + 0 }
    /panel_along_k|pf_linear_forward/ { add("1 products, forward", share); next }
    /panel_along_rows|pf_linear_backward_input/ { add("2 products, gradient of the input", share); next }
    /weight_rows|transpose_columns|pf_linear_backward_weight/ { add("3 products, gradient of the weights", share); next }
    /pf_spline|pf_affine_/ { add("4 transformer, both ways", share); next }
    /pf_adamw|pf_reduce_gradients/ { add("5 reduction of gradients, AdamW", share); next }
    /sineChain|pf_normal|__sin|Initializer|RandomStream/ { next }
    / pf_|memmove|memset/ { add("6 other kernels", share); next }
    { add("7 the tape, the system", share) }
    END { for (part in total) printf "%s\t%.1f %%\n", part, 100 * total[part] / all }' | sort | cut -c3-
cat "$out/figures"
