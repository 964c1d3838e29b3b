#!/bin/bash
# A table larger than the memory that a process may have: read into memory it fails, through the cache it is fitted, and as
# well as without a limit.
#
#   memory-limit.sh
#
# LIMIT_MB: the limit on the process's address space (default 1000). LIMIT_ROWS: rows of ten columns (default 20 per kB of
# the limit: 1.6 times as many bytes as it allows). DIRECTORY: where there is room. MODEL: default maf.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
limit=${LIMIT_MB:-1000}
rows=${LIMIT_ROWS:-$((limit * 20000))}
directory=${DIRECTORY:-${TMPDIR:-/tmp}}
program=$here/../.build/release/ScaleBenchmarks
[ -x "$program" ] || swift build -c release --package-path "$here/.." --product ScaleBenchmarks >&2
limited() {
  (ulimit -v $((limit * 1024)); "$program" --model "${MODEL:-maf}" --rows "$rows" --epochs 1 --from "$1" \
    --directory "$directory" 2>/dev/null)
}
if limited memory >/dev/null; then
  echo "memory-limit: $rows rows fit into $limit MB; the test says nothing" >&2
  exit 1
fi
rm -f "$directory/pushforward-scale-$rows.npy"
limited cache | sed "s/}\$/, \"limit_megabytes\": $limit}/"
