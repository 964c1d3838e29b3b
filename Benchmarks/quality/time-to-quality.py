#!/usr/bin/env python3
"""Wall time to the likelihood at which zuko's early-stopped training ends.

  time-to-quality.py PUSHFORWARD PYTHON [--data power_plant,protein,wine_white_reals] [--peers RESULTS.jsonl] [--out DIR]

For each table and for NSF and MAF: zuko is trained by the peers' quality.py (or its lines are taken from RESULTS.jsonl),
which gives its wall time T (training alone, without imports and reading) and its test negative log-likelihood. Ours then
gets `fit --model nsf --max-seconds T/8` (maf: T/5) on the same rows; its wall time is the whole command: start, reading,
the columns' marginals, training, baselines, writing. The rows are those of split.py; nobody sees the test rows. wine_white_reals is
wine_white without `quality`, whose seven values have no density (see Documentation/quality.md).
One line a pair: seconds, ratio, both test figures. Exit status 1 when a target is missed.
"""
import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SHARED = os.path.join(HERE, "..", "..", "..", "shared")
SHARES = {"nsf": 8, "maf": 5}


def module(path):
    spec = importlib.util.spec_from_file_location("split", path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def records(path):
    return [json.loads(line) for line in open(path)] if path and os.path.exists(path) else []


def of_peer(lines, data, method):
    """(test nll, seconds, threads, load) of zuko, if it is there; the first run counts."""
    found = {}
    for r in lines:
        if r.get("peer") == "zuko" and r.get("data") == data and r.get("model") == method and r.get("seed", 0) == 0:
            found.setdefault(r["metric"], r)
    if {"test_nll", "fit_seconds"} <= set(found):
        seconds = found["fit_seconds"]
        return found["test_nll"]["value"], seconds["value"], seconds.get("threads"), seconds.get("load1")
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("python")
    parser.add_argument("--data", default="power_plant,protein,wine_white_reals")
    parser.add_argument("--methods", default="nsf,maf")
    parser.add_argument("--peers", help="lines that quality.py printed before")
    parser.add_argument("--threads", default="2", help="of zuko")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--out", default=os.path.join(HERE, ".build-quality"))
    a = parser.parse_args()
    os.makedirs(a.out, exist_ok=True)
    own = os.path.join(a.out, "zuko.jsonl")
    missed = False
    print("| data | model | zuko nll | zuko s (threads, load) | ours nll | ours s (load) | zuko / ours | wanted |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for data in a.data.split(","):
        source = os.path.join(SHARED, "data", data.removesuffix("_reals") + ".csv")
        drop = {"wine_white_reals": ("quality",), "concrete_reals": ("age",), "protein_reals": ("F8",)}.get(data, ())
        module(os.path.join(HERE, "split.py")).split(source, a.out, drop, data)
        for method in a.methods.split(","):
            peer = of_peer(records(a.peers) + records(own), data, method)
            if not peer:
                with open(own, "a") as file:
                    subprocess.run([a.python, os.path.join(SHARED, "peers", "quality.py"), f"{a.out}/{data}_all.csv",
                                    "--name", data, "--methods", method, "--threads", a.threads, "--max-seconds", "1200"],
                                   stdout=file, check=True)
                peer = of_peer(records(own), data, method)
            nll, seconds, threads, load = peer
            limit = seconds / SHARES[method]
            model, start = f"{a.out}/{data}.model", time.time()
            # Half a second for what is not training.
            done = subprocess.run(
                [a.program, "fit", f"{a.out}/{data}_fit.csv", "-o", model, "--model", method, "--seed", a.seed,
                 "--max-seconds", f"{max(limit - 0.5, 0.2):.2f}"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
            wall = time.time() - start
            if done.returncode:
                raise SystemExit(f"{data} {method}: {done.stderr.strip().splitlines()[-1]}")
            judged = json.loads(subprocess.run([a.program, "evaluate", model, f"{a.out}/{data}_test.csv", "--json"],
                                               capture_output=True, text=True, check=True).stdout)
            ours = -judged["mean_log_likelihood"]
            missed |= ours > nll or wall > limit
            print(f"| {data} | {method} | {nll:.3f} | {seconds:.1f} ({threads}, {load}) | {ours:.3f} | {wall:.1f} "
                  f"({os.getloadavg()[0]:.1f}) | {seconds / wall:.1f} | {SHARES[method]} |", flush=True)
    sys.exit(missed)


if __name__ == "__main__":
    main()
