#!/bin/bash
# Seconds of an epoch by the number of rows, from memory and through the cache, and a fit under a limit on the process's memory.
#
#   run.sh [OUT.jsonl]
#
# ROWS: default 10000,100000,1000000 (10000000 takes some minutes and 0.9 GB of disk). DIRECTORY: where there is that room.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/.run.jsonl}
directory=${DIRECTORY:-${TMPDIR:-/tmp}}
swift build -c release --package-path "$here/.." --product ScaleBenchmarks >&2
"$here/../stamp.sh" scale >"$out"
for rows in $(echo "${ROWS:-10000,100000,1000000}" | tr , ' '); do
  for from in memory cache; do
    # A process for each, so that the memory is its own.
    "$here/../.build/release/ScaleBenchmarks" --rows "$rows" --from $from --directory "$directory" | tee -a "$out"
  done
done
"$here/memory-limit.sh" | tee -a "$out"
