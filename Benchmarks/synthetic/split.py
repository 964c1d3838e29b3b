#!/usr/bin/env python3
"""Writes a table's training and test rows: split.py DATA.csv OUT makes OUT_train.csv and OUT_test.csv.

Of a table of 48,842 rows named adult the first 32,561, as its source has them; of others 80 % drawn by random.Random(0). Rows
are written in a random order: the yardstick draws its folds by the same random numbers as its rows, so that folds of a sorted
table (diamonds, by price) would be ranges of it, and the trees would be judged on rows of other prices than they saw. Cells "?"
become empty.
"""
import csv
import random
import sys

source, target = sys.argv[1:3]
with open(source, newline="") as file:
    header, *rows = list(csv.reader(file))
rows = [["" if cell == "?" else cell for cell in row] for row in rows]
if source.endswith("adult.csv"):
    training = set(range(32561))
else:
    training = set(random.Random(0).sample(range(len(rows)), int(.8 * len(rows))))
order = random.Random(1).sample(range(len(rows)), len(rows))
for name, wanted in (("train", True), ("test", False)):
    with open(f"{target}_{name}.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows[index] for index in order if (index in training) == wanted)
