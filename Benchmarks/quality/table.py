#!/usr/bin/env python3
"""Prints the quality table from JSON lines: a row a dataset, a column a model, test nats per row and fit seconds.

  table.py RESULTS.jsonl ...
Each line: model, data, metric (test_nll or fit_seconds), value, peer (the program) and, for repeated runs, seed.
Several seeds: the mean, and the worst in brackets. The lowest mean of a row is bold; ! marks a failed run; - means not run.
"""
import collections
import json
import math
import sys

OURS = "pushforward"


def load(paths):
    """{data: {(peer, model): {metric: {seed: value}}}}, in the order in which datasets appear; later lines win."""
    table = {}
    for path in paths:
        with open(path) as file:
            for line in file:
                record = json.loads(line)
                if "model" not in record:
                    continue
                place = table.setdefault(record["data"], {}).setdefault(
                    (record.get("peer", "?"), record["model"]), collections.defaultdict(dict))
                seed, failed = record.get("seed", 0), record["metric"] == "error"
                if failed:
                    record["metric"], record["value"] = "test_nll", math.nan
                place[record["metric"]][seed] = record["value"]
    return table


def mean(values):
    return sum(values) / len(values)


def text(runs, best):
    if not runs or not runs["test_nll"]:
        return "-"
    nll, seconds = runs["test_nll"].values(), runs["fit_seconds"].values()
    failed = sum(not math.isfinite(v) for v in nll)
    nll = [v for v in nll if math.isfinite(v)]
    if not nll:
        return "!"
    shown = f"{mean(nll):.3f}"
    shown = f"**{shown}**" if mean(nll) == best else shown
    if len(nll) > 1:
        shown += f" ({max(nll):.3f})"
    if failed:
        shown += f" {failed}!"
    return shown + (f" / {mean(seconds):.3g} s" if seconds else "")


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    table = load(sys.argv[1:])
    models = []
    for results in table.values():
        models += [m for m in results if m not in models]
    models.sort(key=lambda m: m[0] != OURS)
    print("| test nats per row / fit seconds | " + " | ".join(f"{peer} {model}" for peer, model in models) + " |")
    print("| --- |" + " ---: |" * len(models))
    for data, results in table.items():
        best = min((mean(v) for r in results.values() if (v := [
            x for x in r["test_nll"].values() if math.isfinite(x)])), default=None)
        print(f"| {data} | " + " | ".join(text(results.get(m), best) for m in models) + " |")


if __name__ == "__main__":
    main()
