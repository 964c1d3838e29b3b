#!/usr/bin/env python3
"""Writes a table's training and test rows: split.py DATA.csv OUT makes OUT_train.csv and OUT_test.csv.

Of a table of 48,842 rows named adult the first 32,561, as its source has them; of others 80 % drawn by random.Random(0), in
the file's order. Cells "?" become empty.
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
for name, wanted in (("train", True), ("test", False)):
    with open(f"{target}_{name}.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(row for index, row in enumerate(rows) if (index in training) == wanted)
