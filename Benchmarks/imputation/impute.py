#!/usr/bin/env python3
"""Missing cells filled by pushforward and by scikit-learn's imputers, on the identical tables.

  impute.py PUSHFORWARD DATA.csv ... [--how mcar,mar] [--methods ours,iterative,knn,median] [--work DIR] [--seed 0]
            [--rows 10000] [--test 2000] [--fit-options '...']          needs numpy, pandas, scikit-learn

Of each table, --rows rows to fit and --test others. Cells are removed from both: a fifth of all of them at random (mcar);
or two fifths where the first column of numbers, which stays whole, is above its median, none where it is below (mar).
Everyone fits to the first part as it is, holes included, and fills the second. Judged are the removed cells of the second.

Columns of numbers: RMSE of the best guess, and CRPS, both in standard deviations of the column, averaged over the columns;
coverage of the 90 % interval between the lowest and the highest of 20 draws (19/21 = 90.5 % if the draws are right; ties
broken at random). CRPS from 20 draws by the fair estimator; of a method without draws, the mean absolute error.
Other columns: accuracy of the best guess, averaged over the columns. One JSON line a run, then a table.

--pairs A,B also judges how well cells that are missing together go together: of the test rows in which both were removed, the
share in which the pair filled in occurs nowhere in the whole file (draws; the best guess where a method has no draws).

Peers: columns scaled to unit variance, categories one-hot but for the last level (the largest is the guess), results not rounded.
IterativeImputer with BayesianRidge, 10 rounds, draws by sample_posterior; KNNImputer with 5 neighbours.
"""
import argparse
import json
import os
import shlex
import subprocess
import time
import warnings

import numpy as np
import pandas as pd

DRAWS = 20
MISSING = ["?", "NA", "NaN", "nan"]


def parts(path, rows, test, how, seed):
    """The whole test part, both parts with holes, the removed cells of the test part, and the columns of numbers."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False, skipinitialspace=True)
    # What is missing already stays so for everyone, and cannot be judged.
    table = table.mask(table.isin(MISSING), "")
    numbers = pd.to_numeric(pd.Series(table.values.ravel()), errors="coerce").values.reshape(table.shape)
    sound = np.isfinite(numbers) | (table.values == "")
    isnumber = [c for i, c in enumerate(table.columns) if sound[:, i].all() and table[c].nunique() > 2]
    random = np.random.default_rng(seed)
    order = random.permutation(len(table))[:rows + test]
    table = table.iloc[order].reset_index(drop=True)
    share = np.full(table.shape, 0.2)
    if how == "mar":
        driver = table[isnumber[0]].astype(float).values
        share[:] = np.where(driver > np.median(driver), 0.4, 0.0)[:, None]
        share[:, list(table.columns).index(isnumber[0])] = 0
    holes = (random.random(table.shape) < share) & (table.values != "")
    broken = table.mask(holes, "")
    split = min(rows, int(len(table) * rows / (rows + test)))
    return table[split:].reset_index(drop=True), broken[:split], broken[split:].reset_index(drop=True), holes[split:], isnumber


def crps(draws, truth):
    """draws: m x n. The fair estimator (Ferro 2014)."""
    if len(draws) == 1:
        return np.abs(draws[0] - truth)
    m = len(draws)
    ordered = np.sort(draws, axis=0)
    places = (2 * np.arange(1, m + 1) - m - 1)[:, None]
    return np.abs(draws - truth).mean(0) - (places * ordered).sum(0) / (m * (m - 1))


def judge(truth, holes, isnumber, scale, best, draws, random):
    """Metrics by column, then their means."""
    columns = {}
    for i, name in enumerate(truth.columns):
        rows = holes[:, i]
        if not rows.any():
            continue
        if name in isnumber:
            y = truth[name].astype(float).values[rows]
            guess = best[name].astype(float).values[rows]
            many = np.array([d[name].astype(float).values[rows] for d in draws]) if draws else guess[None]
            record = {"rmse": float(np.sqrt(np.mean((guess - y) ** 2)) / scale[name]),
                      "crps": float(crps(many, y).mean() / scale[name])}
            if draws:
                below, equal = (many < y).sum(0), (many == y).sum(0)
                rank = below + np.floor(random.random(len(y)) * (equal + 1))
                record["coverage"] = float(np.mean((rank > 0) & (rank < len(many))))
        else:
            record = {"accuracy": float(np.mean(np.array(best[name])[rows] == np.array(truth[name])[rows]))}
        columns[name] = record
    means = {}
    for key in ("rmse", "crps", "accuracy", "coverage"):
        values = [c[key] for c in columns.values() if key in c]
        if values:
            means[key] = float(np.mean(values))
    return means, columns


def strange(path, names, truth, holes, best, draws):
    """The share of pairs, both filled in, that no row of the file has; and that of pairs of independent true values."""
    whole = pd.read_csv(path, dtype=str, keep_default_na=False, skipinitialspace=True)
    known = set(zip(*(whole[n] for n in names)))
    places = [list(truth.columns).index(n) for n in names]
    rows = np.where(holes[:, places].all(1))[0]
    found = [pair in known for d in draws or [best] for pair in zip(*(np.array(d[n])[rows] for n in names))]
    apart = [(a, b) in known for i, a in enumerate(truth[names[0]][rows]) for b in truth[names[1]][rows][i + 1:]]
    return {"rows": len(rows), "filled": 1 - float(np.mean(found)), "independent": 1 - float(np.mean(apart))}


def ours(program, train, test, work, options, seed):
    paths = {name: os.path.join(work, name) for name in ("train.csv", "test.csv", "model", "best.csv", "draws.csv")}
    train.to_csv(paths["train.csv"], index=False)
    test.to_csv(paths["test.csv"], index=False)

    def run(*arguments):
        begin = time.time()
        subprocess.run([program, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        return time.time() - begin

    read = dict(dtype=str, keep_default_na=False)
    seconds = {"fit": run("fit", paths["train.csv"], "-o", paths["model"], "--seed", str(seed), *options)}
    seconds["best"] = run("impute", paths["model"], paths["test.csv"], "--best", "-o", paths["best.csv"])
    seconds["draws"] = run(
        "impute", paths["model"], paths["test.csv"], "--draws", str(DRAWS), "-o", paths["draws.csv"])
    stacked = pd.read_csv(paths["draws.csv"], **read)
    draws = [stacked[stacked["draw"] == str(d + 1)].reset_index(drop=True) for d in range(DRAWS)]
    return pd.read_csv(paths["best.csv"], **read), draws, seconds


class Coded:
    """Numbers scaled, categories one-hot; missing where the cell is."""

    def __init__(self, train, isnumber):
        self.isnumber, self.names = isnumber, list(train.columns)
        self.levels = {c: sorted(set(train[c]) - {""}) for c in train.columns if c not in isnumber}
        numbers = {c: pd.to_numeric(train[c], errors="coerce") for c in isnumber}
        self.scale = {c: (v.mean(), v.std() or 1) for c, v in numbers.items()}

    def encode(self, table):
        blocks = []
        for name in self.names:
            if name in self.isnumber:
                mean, deviation = self.scale[name]
                blocks.append(((pd.to_numeric(table[name], errors="coerce") - mean) / deviation).values[:, None])
            else:
                cells = np.array(table[name], dtype=object)
                block = (cells[:, None] == np.array(self.levels[name], dtype=object)[None]).astype(float)
                block[cells == ""] = np.nan
                # Without the last level: all of them would determine each other, and a regression on the rest learn nothing.
                blocks.append(block[:, :-1])
        return np.hstack(blocks)

    def decode(self, matrix):
        result, at = {}, 0
        for name in self.names:
            if name in self.isnumber:
                mean, deviation = self.scale[name]
                result[name] = matrix[:, at] * deviation + mean
                at += 1
            else:
                width = len(self.levels[name]) - 1
                block = matrix[:, at:at + width]
                block = np.hstack([block, 1 - block.sum(1, keepdims=True)])
                result[name] = np.array(self.levels[name])[block.argmax(1)]
                at += width
        return pd.DataFrame(result)


def peer(method, train, test, isnumber, seed):
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer, KNNImputer
    coded = Coded(train, isnumber)
    begin = time.time()
    if method == "median":
        guess = {}
        for name in train.columns:
            seen = train[name][train[name] != ""]
            guess[name] = np.full(len(test), seen.astype(float).median() if name in isnumber else seen.mode()[0])
        return pd.DataFrame(guess), [], {"fit": time.time() - begin}
    x, y = coded.encode(train), coded.encode(test)
    if method == "knn":
        imputer = KNNImputer(n_neighbors=5).fit(x)
        return coded.decode(imputer.transform(y)), [], {"fit": time.time() - begin}
    warnings.filterwarnings("ignore")
    best = IterativeImputer(max_iter=10, random_state=seed).fit(x).transform(y)
    sampler = IterativeImputer(max_iter=10, sample_posterior=True, random_state=seed).fit(x)
    # Each transform goes on with the sampler's random numbers: draws.
    draws = [coded.decode(sampler.transform(y)) for _ in range(DRAWS)]
    return coded.decode(best), draws, {"fit": time.time() - begin}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("data", nargs="+")
    parser.add_argument("--how", default="mcar,mar")
    parser.add_argument("--methods", default="ours,iterative,knn,median")
    parser.add_argument("--work", default=".build-imputation")
    parser.add_argument("--rows", type=int, default=10000)
    parser.add_argument("--test", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fit-options", default="")
    parser.add_argument("--pairs", help="two columns whose values together are looked at, as A,B")
    a = parser.parse_args()
    table = []
    for path in a.data:
        name = os.path.splitext(os.path.basename(path))[0]
        for how in a.how.split(","):
            truth, train, test, holes, isnumber = parts(path, a.rows, a.test, how, a.seed)
            scale = {c: pd.to_numeric(train[c], errors="coerce").std() for c in isnumber}
            for method in a.methods.split(","):
                work = os.path.join(a.work, f"{name}-{how}-{a.seed}")
                os.makedirs(work, exist_ok=True)
                if method == "ours":
                    best, draws, seconds = ours(a.program, train, test, work, shlex.split(a.fit_options), a.seed)
                else:
                    best, draws, seconds = peer(method, train, test, isnumber, a.seed)
                means, columns = judge(truth, holes, isnumber, scale, best, draws, np.random.default_rng(1))
                record = {"data": name, "how": how, "method": method, "rows": len(train), "seed": a.seed, **means,
                          "seconds": {k: round(v, 1) for k, v in seconds.items()}, "columns": columns}
                if a.pairs:
                    record["strange_pairs"] = strange(path, a.pairs.split(","), truth, holes, best, draws)
                print(json.dumps(record), flush=True)
                table.append(record)
    print("\n| data | removed | method | CRPS | RMSE | accuracy | in 90 % | seconds |\n| --- | --- | --- | --- | --- | --- | --- | --- |")
    for r in table:
        cells = [f"{r[k]:.4f}" if k in r else "" for k in ("crps", "rmse", "accuracy")]
        cover = f"{100 * r['coverage']:.1f} %" if "coverage" in r else ""
        print(f"| {r['data']} | {r['how']} | {r['method']} | " + " | ".join(cells) + f" | {cover} | {sum(r['seconds'].values()):.0f} |")


if __name__ == "__main__":
    main()
