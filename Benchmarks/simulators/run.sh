#!/bin/sh
# Posteriors of simulators by `fit --given` with defaults, their mean log-density on test rows and their calibration:
#   run.sh PUSHFORWARD PYTHON [SIZE [NAME ...]]     (PYTHON needs numpy; results in .build-simulators)
set -eu
program=$1
python=$2
size=${3:-train}
[ $# -lt 3 ] && shift 2 || shift 3
names=${*:-two_moons gmix slcp glu glm sir queue}
here=$(cd "$(dirname "$0")" && pwd)
out=.build-simulators
mkdir -p "$out"
for name in $names; do
  [ -f "$out/$name.train.csv" ] || "$python" "$here/simulators.py" "$name" "$out"
  given=$(head -1 "$out/$name.$size.csv" | tr -d '\r' | tr , '\n' | grep '^x' | paste -sd, -)
  "$program" fit "$out/$name.$size.csv" --given "$given" -o "$out/$name.$size.model" 2>"$out/$name.$size.log"
  echo "== $name, $size: $(grep '^hash' "$out/$name.$size.log")"
  "$program" evaluate "$out/$name.$size.model" "$out/$name.test.csv" --calibration
done
