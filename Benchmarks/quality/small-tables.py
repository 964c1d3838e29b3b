#!/usr/bin/env python3
"""Small tables that nothing was tuned to: `fit` with its defaults on four fifths of the rows, `evaluate` on the others.

  small-tables.py PROGRAM FOLDER [--least 30] [--most 1000] [--count 40] [--options "--model mixed"]

FOLDER: CSV files, also in folders below, in the order of a hash of their paths there; R's data sets, as the Python package pydataset 0.2.0
carries them (resources/rdata/csv), were used for the figures of ARCHITECTURE.md. A first column without a name (row numbers) is
left out, tables of more than 40 columns are passed over. One JSON line a table: test log-likelihood in nats a row, its
standard error, both baselines, seconds of the fit; then the mean. Needs numpy and pandas.
"""
import argparse
import hashlib
import json
import os
import subprocess
import tempfile
import time

import numpy as np
import pandas as pd

parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("folder")
parser.add_argument("--least", type=int, default=30)
parser.add_argument("--most", type=int, default=1000)
parser.add_argument("--count", type=int, default=40)
parser.add_argument("--options", default="")
given = parser.parse_args()

paths = [os.path.join(place, name) for place, _, names in os.walk(given.folder) for name in names if name.endswith(".csv")]
paths.sort(key=lambda path: hashlib.md5(os.path.relpath(path, given.folder).encode()).hexdigest())
values = []
with tempfile.TemporaryDirectory() as scratch:
    training, test, model = (os.path.join(scratch, name) for name in ("training.csv", "test.csv", "a.model"))
    for path in paths:
        if len(values) == given.count:
            break
        try:
            table = pd.read_csv(path, low_memory=False)
        except (ValueError, OSError):
            continue
        if table.columns[0].startswith("Unnamed"):
            table = table.iloc[:, 1:]
        if table.shape[1] > 40 or not given.least <= len(table) <= given.most:
            continue
        order = np.random.RandomState(0).permutation(len(table))
        held_out = max(5, len(table) // 5)
        table.iloc[order[:held_out]].to_csv(test, index=False)
        table.iloc[order[held_out:]].to_csv(training, index=False)
        line = {"table": os.path.basename(path)[:-4], "rows": len(table), "columns": table.shape[1]}
        start = time.perf_counter()
        fit = subprocess.run(
            [given.program, "fit", training, "-o", model, *given.options.split()], capture_output=True, text=True)
        line["seconds"] = round(time.perf_counter() - start, 2)
        result = subprocess.run([given.program, "evaluate", model, test, "--json"], capture_output=True, text=True)
        if fit.returncode or result.returncode:
            line["error"] = (fit.stderr if fit.returncode else result.stderr).strip().splitlines()[-1]
        else:
            found = json.loads(result.stdout)
            line |= {key: found[key] for key in ("mean_log_likelihood", "standard_error", "gaussian", "independent")}
            values.append(found["mean_log_likelihood"])
        print(json.dumps(line), flush=True)
print(json.dumps({"tables": len(values), "mean": float(np.mean(values)) if values else None}))
