#!/usr/bin/env python3
"""Reference values for PushforwardSequences, written to Tests/Reference/sequences.json.

Hidden Markov models of hmmlearn with given parameters on several sequences: log-likelihoods, Viterbi paths, posterior
probabilities, and parameters after some rounds of Baum-Welch without priors.

    python3 Scripts/reference/sequences.py
"""
import json, os, platform, warnings
import hmmlearn, numpy as np
from hmmlearn.hmm import CategoricalHMM, GaussianHMM, GMMHMM

warnings.filterwarnings("ignore")
SEED, DIM, K, ROUNDS = 20240612, 2, 3, 5
rng = np.random.default_rng(SEED)
LENGTHS = [40, 1, 25, 2, 32]
N = sum(LENGTHS)
START = np.array([0.6, 0.3, 0.1])
MOVES = np.array([[0.8, 0.15, 0.05], [0.1, 0.7, 0.2], [0.25, 0.05, 0.7]])
MEANS = np.array([[0.0, 0.0], [3.0, -1.0], [-2.0, 4.0]])
FULL = np.array([[[1.0, 0.3], [0.3, 0.5]], [[0.4, -0.2], [-0.2, 0.9]], [[2.0, 0.8], [0.8, 1.5]]])


def model(cls, **extra):
    m = cls(n_components=K, init_params="", implementation="log", **extra)
    m.startprob_, m.transmat_ = START, MOVES
    return m


def results(m, x):
    log_prob, paths, path_logs, posteriors, at = [], [], [], [], 0
    for n in LENGTHS:
        part = x[at:at + n]
        at += n
        value, posterior = m.score_samples(part)
        path_log, path = m.decode(part, algorithm="viterbi")
        log_prob.append(float(value)), path_logs.append(float(path_log))
        paths += path.tolist()
        posteriors += posterior.ravel().tolist()
    return {"log_prob": log_prob, "path": paths, "path_log_prob": path_logs, "posteriors": posteriors}


state = [0]
for _ in range(N - 1):
    state.append(int(rng.choice(K, p=MOVES[state[-1]])))
x = np.array([rng.multivariate_normal(MEANS[s], FULL[s]) for s in state])
x[7] = [40, -60]  # Far outside: every density underflows.
x = np.round(x * 2**16) / 2**16
out = {
    "made_by": "Scripts/reference/sequences.py", "seed": SEED, "states": K, "dimension": DIM, "rounds": ROUNDS,
    "versions": {"python": platform.python_version(), "numpy": np.__version__, "hmmlearn": hmmlearn.__version__},
    "lengths": LENGTHS, "initial": START.tolist(), "transition": MOVES.ravel().tolist(), "rows": x.ravel().tolist()}

gaussian = []
for kind, covariance in [("full", FULL), ("diag", np.array([np.diag(c) for c in FULL]))]:
    extra = {"covariance_type": kind, "min_covar": 0, "covars_prior": 0, "covars_weight": 1 if kind == "full" else 1,
             "means_weight": 0, "n_iter": ROUNDS, "tol": -np.inf}
    m = model(GaussianHMM, **extra)
    m.means_, m.covars_ = MEANS, covariance
    case = {"kind": "gaussian" if kind == "full" else "diagonal", "per_state": 1, "weights": [1 / K] * K,
            "means": MEANS.ravel().tolist(), "covariances": covariance.ravel().tolist(), **results(m, x)}
    m.fit(x, LENGTHS)
    fitted = m.covars_ if kind == "full" else np.array([np.diag(c) for c in m.covars_])
    case["fitted"] = {
        "initial": m.startprob_.tolist(), "transition": m.transmat_.ravel().tolist(),
        "means": m.means_.ravel().tolist(), "covariances": fitted.ravel().tolist(),
        "log_likelihood": float(m.score(x, LENGTHS))}
    gaussian.append(case)

m = model(GMMHMM, n_mix=2, covariance_type="full", min_covar=0)
weights = np.array([[0.7, 0.3], [0.5, 0.5], [0.2, 0.8]])
means = np.stack([MEANS, MEANS + [[1, 1], [-1, 0.5], [0.5, -2]]], axis=1)
covariances = np.stack([FULL, FULL * 0.5], axis=1)
m.weights_, m.means_, m.covars_ = weights, means, covariances
gaussian.append({
    "kind": "gaussian", "per_state": 2, "weights": (weights / K).ravel().tolist(), "means": means.ravel().tolist(),
    "covariances": covariances.ravel().tolist(), **results(m, x)})
out["gaussian"] = gaussian

emission = np.array([[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1], [0.25, 0.25, 0.4, 0.1]])
codes = np.array([rng.choice(4, p=emission[s]) for s in state])[:, None]
m = model(CategoricalHMM, n_iter=ROUNDS, tol=-np.inf)
m.emissionprob_ = emission
m.n_features = 4
case = {"codes": codes.ravel().tolist(), "levels": 4, "probabilities": emission.ravel().tolist(), **results(m, codes)}
m.fit(codes, LENGTHS)
case["fitted"] = {
    "initial": m.startprob_.tolist(), "transition": m.transmat_.ravel().tolist(),
    "probabilities": m.emissionprob_.ravel().tolist(), "log_likelihood": float(m.score(codes, LENGTHS))}
out["categorical"] = case

path = os.path.join(os.path.dirname(__file__), "..", "..", "Tests", "Reference", "sequences.json")
with open(path, "w") as file:
    json.dump(out, file, indent=1)
    file.write("\n")
print(os.path.getsize(path), "bytes")
