"""Times rounds of scikit-learn's GaussianMixture, and scoring, from a given start: see MixtureBenchmarks.

    gmm.py ROWS COLUMNS COMPONENTS ROUNDS full|diagonal
"""
import json, sys, time, warnings
import numpy as np
import threadpoolctl
from sklearn.mixture import GaussianMixture

warnings.filterwarnings("ignore")
rows, columns, count, rounds = map(int, sys.argv[1:5])
kind = sys.argv[5]
rng = np.random.default_rng(0)
centres = rng.normal(size=(count, columns))
x = rng.normal(size=(rows, columns)) + 2 * centres[np.arange(rows) % count]
precisions = np.array([np.eye(columns)] * count) if kind == "full" else np.ones((count, columns))


def fit(iterations):
    return GaussianMixture(
        count, covariance_type={"diagonal": "diag"}.get(kind, kind), tol=0, reg_covar=1e-6, max_iter=iterations,
        means_init=x[:count].copy(), weights_init=np.full(count, 1 / count), precisions_init=precisions,
        init_params="random").fit(x)


def seconds(body):
    start = time.perf_counter()
    body()
    return time.perf_counter() - start


for threads in [1, 2]:
    with threadpoolctl.threadpool_limits(threads):
        once, score = float("inf"), float("inf")
        for _ in range(3):
            one = seconds(lambda: fit(1))
            models = []
            many = seconds(lambda: models.append(fit(1 + rounds)))
            once = min(once, (many - one) / rounds)
            score = min(score, seconds(lambda: models[0].score_samples(x)))
    print(json.dumps({
        "program": "scikit-learn", "threads": threads, "rows": rows, "columns": columns, "components": count, "kind": kind,
        "round_ms": once * 1e3, "score_ms": score * 1e3}), flush=True)
