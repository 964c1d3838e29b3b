#!/bin/bash
# Four models of the same digits, trained separately, mixed into one that explains new digits better than each of them.
#
#   run.sh PROGRAM TRAIN.csv TEST.csv OUTDIR
#
# PROGRAM: pushforward. TRAIN.csv, TEST.csv: UCI's optdigits, 64 columns of 0 to 16 and the column `digit`. About two minutes.
set -euo pipefail
[ $# -eq 4 ] || { sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//' >&2; exit 2; }
program=$1 train=$2 test=$3 out=$4
mkdir -p "$out"
# Rows that no member sees choose the weights: every fifth.
awk 'NR == 1 || NR % 5 != 0' "$train" >"$out/fit.csv"
awk 'NR == 1 || NR % 5 == 0' "$train" >"$out/weights.csv"
# Pixels that are the same in every row say nothing, and every member must model the same columns.
columns=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) name[i] = $i; next }
  { for (i = 1; i <= NF; i++) { if (NR == 2) first[i] = $i; else if ($i != first[i]) varies[i]++ } }
  END { for (i = 1; i <= 64; i++) if (varies[i] > 40) printf "%s%s", sep, name[i], sep = "," }' sep= "$out/fit.csv")
printf '[columns.digit]\nkind = "category"\n' >"$out/schema.toml"
fit() { "$program" fit "$out/fit.csv" --schema "$out/schema.toml" "$@" 2>"$out/log.txt" | tail -n 6 || { cat "$out/log.txt" >&2; exit 1; }; }
echo "== a Gaussian mixture of pixels and digit"
fit --columns "$columns,digit" --model gmm --components 30 -o "$out/gmm.model"
echo "== a variational autoencoder of pixels and digit"
fit --columns "$columns,digit" --model vae -o "$out/vae.model"
echo "== the digits' frequencies, times an autoencoder of pixels given the digit"
fit --columns digit --model gmm -o "$out/digit.model"
fit --columns "$columns" --given digit --model cvae -o "$out/pixels.model"
"$program" combine chain "$out/digit.model" "$out/pixels.model" -o "$out/cvae.model"
echo "== the frequencies, times a flow of pixels given the digit"
fit --columns "$columns" --given digit --model maf -o "$out/flow-pixels.model"
"$program" combine chain "$out/digit.model" "$out/flow-pixels.model" -o "$out/flow.model"
echo "== all in one, weights by the rows that none has seen"
"$program" combine mixture "$out"/{gmm,vae,cvae,flow}.model "$out/weights.csv" -o "$out/digits.model"
echo "== on the test rows"
for model in gmm vae cvae flow digits; do
  echo "$model: $("$program" evaluate "$out/$model.model" "$test" | sed -n 2p | tr -s " ")"
done
"$program" sample "$out/digits.model" -n 200 --seed 1 -o "$out/drawn.csv"
