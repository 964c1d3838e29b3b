#!/usr/bin/env python3
"""Moves every cell of a numeric CSV at random within its recording step, to see what a density owes to exact repeats.

  jitter.py IN.csv OUT.csv [SEED]

The step of a column is the power of ten to which at least 95 % of its cells were recorded.
"""
import random
import sys

source, target = sys.argv[1:3]
generator = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 0)
lines = open(source).read().split("\n")
header, rows = lines[0], [line.split(",") for line in lines[1:] if line]


def decimals(text):
    return len(text.split(".")[1].rstrip("0")) if "." in text else 0


steps = []
for column in range(len(rows[0])):
    counts = sorted(decimals(row[column]) for row in rows)
    steps.append(10.0 ** -counts[int(0.95 * (len(counts) - 1))])
with open(target, "w") as out:
    out.write(header + "\n")
    for row in rows:
        out.write(",".join(repr(float(c) + s * (generator.random() - 0.5)) for c, s in zip(row, steps)) + "\n")
