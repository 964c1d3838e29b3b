#!/usr/bin/env python3
"""Writes the split that the peers are measured on as CSV files, so that any program can be run on the same rows.

  split.py DATA.csv OUTDIR [--drop a,b] [--name NAME]      needs numpy

OUTDIR/NAME_train.csv, _val.csv, _test.csv: 80, 10 and 10 %; _fit.csv: train, then val. Rows are permuted by
numpy.random.default_rng(0), as quality.py of the peers does, and stand in that order; cells are the file's own text.
_all.csv: the table after --drop, in the file's order; quality.py makes the same split of it. DATA needs a header and
numbers only; rows with a cell that is not finite are left out, as there.
"""
import argparse
import os

import numpy as np


def split(data, outdir, drop=(), name=None):
    """Writes the five files; returns (rows, columns)."""
    with open(data, newline="") as file:
        header, *lines = file.read().splitlines()
    columns = header.split(",")
    unknown = set(drop) - set(columns)
    if unknown:
        raise SystemExit(f"{data}: no column {', '.join(sorted(unknown))}; it has {header}")
    keep = [i for i, column in enumerate(columns) if column not in drop]
    cells = [line.split(",") for line in lines if line]
    rows = [[row[i] for i in keep] for row in cells]
    rows = [row for row in rows if np.isfinite(np.array(row, dtype=np.float64)).all()]
    order = np.random.default_rng(0).permutation(len(rows))
    at = [0, int(.8 * len(rows)), int(.9 * len(rows)), len(rows)]
    name = name or os.path.splitext(os.path.basename(data))[0]
    os.makedirs(outdir, exist_ok=True)
    parts = {"train": order[:at[1]], "val": order[at[1]:at[2]], "test": order[at[2]:], "fit": order[:at[2]],
             "all": range(len(rows))}
    for part, indices in parts.items():
        with open(os.path.join(outdir, f"{name}_{part}.csv"), "w") as file:
            file.write(",".join(columns[i] for i in keep) + "\n")
            file.writelines(",".join(rows[i]) + "\n" for i in indices)
    return len(rows), len(keep)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("outdir")
    parser.add_argument("--drop", default="", help="columns to leave out, comma separated")
    parser.add_argument("--name", help="prefix of the files; default: the data's own")
    a = parser.parse_args()
    rows, columns = split(a.data, a.outdir, tuple(c for c in a.drop.split(",") if c), a.name)
    print(f"{a.name or os.path.basename(a.data)}: {rows} rows, {columns} columns")


if __name__ == "__main__":
    main()
