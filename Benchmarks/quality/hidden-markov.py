#!/usr/bin/env python3
"""`fit --model hmm` with defaults beside hmmlearn: test log-likelihood a row of sequences that neither has seen.

  hidden-markov.py PUSHFORWARD TRAIN.csv TEST.csv --sequence COLUMN --columns a,b [--restarts 2]

hmmlearn's GaussianHMM of 1 to 20 states, full and diagonal, the best of some starts by training likelihood; states and
kind by the last fifth of the training sequences (of the rows, where there are fewer than five), and by BIC. Needs hmmlearn,
pandas.
"""
import argparse
import json
import logging
import subprocess
import warnings

import numpy as np
import pandas as pd
from hmmlearn.hmm import GaussianHMM

warnings.filterwarnings("ignore")
logging.getLogger("hmmlearn").setLevel(logging.CRITICAL)
p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
for name in ("program", "train", "test"):
    p.add_argument(name)
p.add_argument("--sequence", required=True)
p.add_argument("--columns", required=True)
p.add_argument("--restarts", type=int, default=2)
a = p.parse_args()
columns = a.columns.split(",")


def load(path):
    table = pd.read_csv(path)
    return table[columns].values, table.groupby(a.sequence, sort=False).size().tolist()


def fit(x, lengths, states, kind):
    best = None
    for seed in range(a.restarts):
        try:
            model = GaussianHMM(states, covariance_type=kind, n_iter=50, tol=1e-3, random_state=seed,
                                min_covar=1e-3 * float(np.mean(x.var(0)))).fit(x, lengths)
            score = model.score(x, lengths)
        except ValueError:
            continue
        if np.isfinite(score) and (best is None or score > best[0]):
            best = (score, model)
    return best


(x, lengths), (y, others) = load(a.train), load(a.test)
kept = lengths[:len(lengths) * 4 // 5] if len(lengths) >= 5 else [int(0.8 * len(x))]
rest = lengths[len(kept):] if len(lengths) >= 5 else [len(x) - kept[0]]
cut, d = sum(kept), x.shape[1]
held_out, bic = (-np.inf,), (np.inf,)
for kind in ("full", "diag"):
    for k in (1, 2, 4, 8, 14, 20):
        part, whole = fit(x[:cut], kept, k, kind), fit(x, lengths, k, kind)
        if part and whole:
            held_out = max(held_out, (part[1].score(x[cut:], rest), k, kind, whole[1]), key=lambda t: t[0])
            numbers = k * k - 1 + k * d + k * (d * (d + 1) // 2 if kind == "full" else d)
            bic = min(bic, (-2 * whole[0] + numbers * np.log(len(x)), k, kind, whole[1]), key=lambda t: t[0])
for name, chosen in (("held-out rows", held_out), ("BIC", bic)):
    print(f"hmmlearn, {chosen[1]} states, {chosen[2]}, by {name}: {chosen[3].score(y, others) / len(y):.4f}")
run = [a.program, "fit", a.train, "-o", a.train + ".hmm", "--model", "hmm", "--sequence", a.sequence,
       "--columns", a.columns]
subprocess.run(run, check=True, capture_output=True)
judged = subprocess.run([a.program, "evaluate", a.train + ".hmm", a.test, "--json"], check=True, capture_output=True)
print(f"pushforward: {json.loads(judged.stdout)['mean_log_likelihood']:.4f}")
