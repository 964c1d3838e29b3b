#!/bin/bash
# One JSON line that says when, where and of what a benchmark was run:  stamp.sh NAME
here=$(cd "$(dirname "$0")" && pwd)
processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)
printf '{"run": "%s", "date": "%s", "processor": "%s", "cores": %s, "swift": "%s", "commit": "%s", "load1": %s}\n' "$1" \
  "$(date +%F)" "${processor:-$(uname -m)}" "$(getconf _NPROCESSORS_ONLN)" \
  "$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1)" \
  "$(git -C "$here" rev-parse --short HEAD)" "$(cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo null)"
