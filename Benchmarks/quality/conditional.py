#!/usr/bin/env python3
"""Conditional density on the published splits: log-likelihood of the target given the other columns, and calibration.

  conditional.py PUSHFORWARD [--data power_plant,concrete,protein] [--splits 5] [--models "LABEL=OPTIONS;..."] [--out DIR]

Each split (line k of NAME_test_index.txt: 0-based numbers of its test rows) is fitted by `fit --columns TARGET --given REST`
(the target is the last column) with the options of the model, and judged on the test rows: mean log-density of the target
in its own units, as it is and with every target moved at random within its rounding step (which takes away what a density
owes to repeated values), root mean squared error, and the share of targets in the central 90 % interval. A model whose
OPTIONS begin with "joint" is fitted to all columns instead, and asked for the target given the rest.
Prints a line a run to DIR/conditional.jsonl (what it holds is not run again), then a table: means over splits.
"""
import argparse
import json
import math
import os
import random
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def decimals(text):
    return len(text.split(".")[1].rstrip("0")) if "." in text else 0


def write(path, header, rows):
    with open(path, "w") as file:
        file.write(header + "\n" + "".join(",".join(row) + "\n" for row in rows))


def prepare(data, name, split, base):
    """Writes train, test and jittered test; returns the target and the other columns."""
    with open(os.path.join(data, name + ".csv")) as file:
        header, *lines = file.read().splitlines()
    rows = [line.split(",") for line in lines if line]
    with open(os.path.join(data, name + "_test_index.txt")) as file:
        test = {int(word) for word in file.read().splitlines()[split].split()}
    columns = header.split(",")
    counts = sorted(decimals(row[-1]) for row in rows)
    step = 10.0 ** -counts[int(0.95 * (len(counts) - 1))]
    generator = random.Random(split)
    kept = [row for i, row in enumerate(rows) if i in test]
    write(base + "_train.csv", header, [row for i, row in enumerate(rows) if i not in test])
    write(base + "_test.csv", header, kept)
    write(base + "_jitter.csv", header,
          [row[:-1] + [repr(float(row[-1]) + step * (generator.random() - 0.5))] for row in kept])
    return columns[-1], columns[:-1]


def run(program, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)}: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout


def measure(program, data, name, split, options, out):
    base = os.path.join(out, f"{name}_{split}")
    target, others = prepare(data, name, split, base)
    joint = bool(options) and options[0] == "joint"
    shape = [] if joint else ["--columns", target, "--given", ",".join(others)]
    model = base + ".model"
    start = time.time()
    run(program, "fit", base + "_train.csv", "-o", model, *shape, *(options[1:] if joint else options))
    seconds = time.time() - start
    judged = json.loads(run(program, "evaluate", model, base + "_test.csv", "--json", "--targets", target))
    found = judged["targets"][target]
    moved = json.loads(run(program, "evaluate", model, base + "_jitter.csv", "--json",
                           *(["--targets", target] if joint else [])))

    def likelihood(result):
        return result["targets"][target]["log_likelihood"]["mean"] if joint else result["mean_log_likelihood"]
    coverage = {round(c["level"], 2): c["found"] for c in found["coverage"]}
    return dict(log_likelihood=likelihood(judged), jittered=likelihood(moved), rmse=found["rmse"],
                coverage90=coverage[0.9], pit_ks=found.get("pit_ks"), seconds=round(seconds, 2),
                load1=round(os.getloadavg()[0], 2))


def table(runs):
    print("| data | model | splits | log-likelihood | jittered | rmse | in 90 % | fit seconds |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    groups = {}
    for r in runs:
        groups.setdefault((r["data"], r["model"]), []).append(r)
    for (data, model), rs in groups.items():
        def mean(key):
            return sum(r[key] for r in rs) / len(rs)
        m = mean("log_likelihood")
        error = math.sqrt(sum((r["log_likelihood"] - m) ** 2 for r in rs) / max(len(rs) - 1, 1) / len(rs))
        print(f"| {data} | {model} | {len(rs)} | {m:.3f} ± {error:.3f} | {mean('jittered'):.3f} | {mean('rmse'):.3f} | "
              f"{100 * mean('coverage90'):.1f} % | {mean('seconds'):.1f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--data", default="power_plant,concrete,protein")
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--models", default="default=")
    parser.add_argument("--directory", default=os.path.join(HERE, "..", "..", "..", "shared", "data"))
    parser.add_argument("--out", default=os.path.join(HERE, ".build-quality"))
    a = parser.parse_args()
    os.makedirs(a.out, exist_ok=True)
    path = os.path.join(a.out, "conditional.jsonl")
    runs = [json.loads(line) for line in open(path)] if os.path.exists(path) else []
    for name in a.data.split(","):
        for split in range(a.splits):
            for entry in a.models.split(";"):
                label, _, options = entry.partition("=")
                if any(r["data"] == name and r["model"] == label and r["split"] == split for r in runs):
                    continue
                runs.append(dict(data=name, model=label, split=split,
                                 **measure(a.program, a.directory, name, split, options.split(), a.out)))
                with open(path, "a") as file:
                    file.write(json.dumps(runs[-1]) + "\n")
    table([r for r in runs if r["data"] in a.data.split(",")])


if __name__ == "__main__":
    main()
