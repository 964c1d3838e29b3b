#!/usr/bin/env python3
"""Seconds of hidden Markov models beside hmmlearn's, in the same run, one thread each, the best of three.

    swift build -c release --package-path Benchmarks --product SequenceBenchmarks
    python3 Benchmarks/sequences.py Benchmarks/.build/release/SequenceBenchmarks
"""
import os
for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]:
    os.environ[name] = "1"
import json, subprocess, sys, time, warnings
import numpy as np
from hmmlearn.hmm import GaussianHMM

warnings.filterwarnings("ignore")


def best(work):
    times = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


print("load", os.getloadavg())
for rows, states, columns, rounds in [(100_000, 2, 2, 10), (100_000, 4, 4, 10), (100_000, 8, 8, 10), (20_000, 20, 12, 10)]:
    ours = json.loads(subprocess.run(
        [sys.argv[1], *map(str, [rows, states, columns, rounds])], capture_output=True, text=True, check=True).stdout)
    rng = np.random.default_rng(1)
    means = 2 * rng.normal(size=(states, columns))
    state, x = 0, np.empty((rows, columns))
    for t in range(rows):
        if rng.random() < 0.1:
            state = rng.integers(states)
        x[t] = means[state] + rng.normal(size=columns)
    for implementation in ["log", "scaling"]:
        def model():
            m = GaussianHMM(states, "full", init_params="", implementation=implementation, n_iter=rounds, tol=-np.inf)
            m.startprob_ = np.full(states, 1 / states)
            m.transmat_ = np.full((states, states), 0.1 / states) + 0.9 * np.eye(states)
            m.means_, m.covars_ = means.copy(), np.array([np.eye(columns)] * states)
            return m
        peer = {"score": best(lambda: model().score(x)), "posterior": best(lambda: model().score_samples(x)),
                "viterbi": best(lambda: model().decode(x)), "fit": best(lambda: model().fit(x))}
        for task, seconds in peer.items():
            print(f"{rows} rows {states} states {columns} columns {task:9} pushforward {ours[task]:.4f} s, "
                  f"hmmlearn ({implementation}) {seconds:.4f} s: {seconds / ours[task]:.1f} x", flush=True)
