#!/usr/bin/env python3
"""Reference values for PushforwardMixtures, written to Tests/Reference/mixtures.json.

Gaussian mixtures of scikit-learn from a given start, without its regularisation, a fixed number of rounds; log-densities
of rows with gaps by SciPy's multivariate normal over the present columns; kernel densities of scikit-learn.

    python3 Scripts/reference/mixtures.py
"""
import json, os, platform, sys, warnings
import numpy as np, scipy, sklearn
from scipy.special import logsumexp
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity

warnings.filterwarnings("ignore")
SEED = 20240611
rng = np.random.default_rng(SEED)
COUNT, DIM, K, ROUNDS = 150, 3, 3, 25


def rows():
    centres = np.array([[0, 0, 0], [2.5, 1, -1], [-1, 3, 2]])
    mix = np.array([[1, 0.6, 0], [0, 0.8, -0.5], [0.3, 0, 0.7]])
    label = rng.integers(0, K, COUNT)
    x = centres[label] + rng.normal(size=(COUNT, DIM)) @ mix * (0.6 + 0.3 * label[:, None])
    return np.round(x * [1, 100, 0.01] * 2**16) / 2**16


x = rows()
start_means = x[[3, 40, 77]]
spread = x.std(0)
cases = []
for kind in ["full", "tied", "diag", "spherical"]:
    precision = {
        "full": np.array([np.diag(1 / spread**2)] * K), "tied": np.diag(1 / spread**2),
        "diag": np.array([1 / spread**2] * K), "spherical": np.array([1 / (spread**2).mean()] * K),
    }[kind]
    model = GaussianMixture(
        K, covariance_type=kind, reg_covar=0, tol=0, max_iter=ROUNDS, means_init=start_means,
        weights_init=np.full(K, 1 / K), precisions_init=precision).fit(x)
    cases.append({
        "kind": {"diag": "diagonal"}.get(kind, kind), "rounds": ROUNDS, "start_means": start_means.ravel().tolist(),
        "start_variances": (np.full(DIM, (spread**2).mean()) if kind == "spherical" else spread**2).tolist(),
        "weights": model.weights_.tolist(), "means": model.means_.ravel().tolist(),
        "covariances": np.asarray(model.covariances_).ravel().tolist(),
        "log_prob": model.score_samples(x).tolist(), "mean_log_prob": float(model.score(x)),
        "responsibilities": model.predict_proba(x[:20]).ravel().tolist(), "bic": float(model.bic(x))})

full = cases[0]
weights, means = np.array(full["weights"]), np.array(full["means"]).reshape(K, DIM)
covariances = np.array(full["covariances"]).reshape(K, DIM, DIM)
gaps = []
for present in [[0], [1, 2], [0, 2], []]:
    part = x[:10][:, present]
    log_prob = np.zeros(10) if not present else logsumexp([
        np.log(weights[k]) + multivariate_normal(
            means[k][present], covariances[k][np.ix_(present, present)]).logpdf(part).reshape(-1)
        for k in range(K)], axis=0)
    gaps.append({"present": present, "log_prob": log_prob.tolist()})

z = (x - x.mean(0)) / spread
kernel = [{"bandwidth": h, "log_prob": KernelDensity(bandwidth=h).fit(z).score_samples(z[:20] * 1.5).tolist()}
          for h in [0.1, 0.5]]
out = {
    "made_by": "Scripts/reference/mixtures.py", "seed": SEED,
    "versions": {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__,
                 "scikit-learn": sklearn.__version__},
    "rows": x.ravel().tolist(), "dimension": DIM, "cases": cases, "gaps": gaps,
    "standardised": z.ravel().tolist(), "kernel": kernel}
path = os.path.join(os.path.dirname(__file__), "..", "..", "Tests", "Reference", "mixtures.json")
with open(path, "w") as file:
    json.dump(out, file, indent=1)
    file.write("\n")
print(os.path.getsize(path), "bytes")
