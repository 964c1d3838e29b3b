#!/bin/sh
# Whose voice? One hidden Markov model a speaker, and the speaker whose model finds an utterance likeliest.
#
#   classify.sh PUSHFORWARD DATA [OPTIONS OF FIT...]
#
# DATA is a table with the columns split (train, test), speaker, utterance, frame and numbers, one row a frame
# (UCI "Japanese Vowels"). Prints the share of test utterances that get their speaker.
set -eu
program=$1 data=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
speakers=$(awk -F, 'NR > 1 { print $2 }' "$data" | sort -un)
# Frame numbers and the split say nothing of the voice; utterances are numbered within their split.
awk -F, -v OFS=, '{ if (NR == 1) { for (i = 5; i <= NF; i++) h = h OFS $i; head = "utterance" h }
  else { row = $3; for (i = 5; i <= NF; i++) row = row OFS $i
         file = work "/" $1 ($1 == "train" ? "-" $2 : "") ".csv"
         if ($1 == "test") { row = $2 "-" row }
         if (!(file in seen)) { print head > file; seen[file] = 1 }
         print row > file } }' work="$work" "$data"
for speaker in $speakers; do
  "$program" fit "$work/train-$speaker.csv" --model hmm --sequence utterance "$@" -o "$work/$speaker.model" \
    2>/dev/null >&2
  "$program" score "$work/$speaker.model" "$work/test.csv" --by-sequence |
    awk -F, -v s="$speaker" 'NR > 1 { print $1, s, $3 }'
done | awk '
  { if (!($1 in best) || $3 > best[$1]) { best[$1] = $3; who[$1] = $2 } }
  END { for (u in who) { split(u, part, "-"); total++; if (part[1] == who[u]) right++ }
        printf "%d of %d test utterances: %.1f %%\n", right, total, 100 * right / total }'
