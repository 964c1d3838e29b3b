#!/bin/bash
# Installs the peers (outside the repository) and measures ours and theirs in turn; prints the table of ratios.
#
#   bench-peers.sh [OUT.jsonl]
#
# PEERS_ROOT: where the Python environment goes (default ../.pushforward-peers beside the repository, about 2 GB with a
# CPU build of torch). The other variables are compare-models.sh's.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=${PEERS_ROOT:-$here/../../.pushforward-peers}
python=$root/bin/python
if ! "$python" -c 'import torch, zuko, nflows, normflows, flowjax' 2>/dev/null; then
  python3 -c 'import ensurepip' 2>/dev/null ||
    { echo "bench-peers: Python's venv is needed (Debian: apt-get install python3-venv)" >&2; exit 1; }
  [ -x "$python" ] || python3 -m venv "$root"
  # The default build of torch for Linux brings 5 GB of CUDA; the CPU build is preferred where it can be had.
  "$python" -m pip install -q "torch==2.13.0+cpu" 2>/dev/null || "$python" -m pip install -q torch
  "$python" -m pip install -q zuko==1.6.0 nflows==0.14 normflows==1.7.3 jax==0.10.2 jaxlib==0.10.2 flowjax==19.1.2 \
    equinox==0.13.8 paramax==0.0.5 optax==0.2.8
fi
exec "$here/compare-models.sh" "$python" "$@"
