#!/bin/bash
# Start-up, memory, size and CSV pipelines of the program, the static release binary if there is one (`make release`).
#
#   run.sh [OUT.jsonl]
#
# PEER_PYTHON: a Python with torch and zuko, to score one row beside. ROWS: rows of the pipelines (default 1000000).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
out=${1:-$here/.run.jsonl}
program=$root/.build/dist/pushforward
if [ ! -x "$program" ]; then
  swift build -c release --package-path "$root" --product pushforward >&2
  program=$root/.build/release/pushforward
fi
swift build -c release --package-path "$here/.." --product StageBenchmarks >&2
"$here/../stamp.sh" program >"$out"
python3 "$here/program.py" "$program" "$here/../.build/release/StageBenchmarks" "$out" ${PEER_PYTHON:+"$PEER_PYTHON"}
