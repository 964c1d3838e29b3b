#!/usr/bin/env python3
"""Density of mixed tables: test log-likelihood of `fit` with defaults beside simpler models of the same columns.

  density.py PUSHFORWARD [--data penguins,diamonds,adult,wine_white,concrete,protein] [--seeds 1] [--out DIR]

80 % of the rows (in an order drawn by the seed) are fitted, 20 % tested; rows with a missing cell are tested by what is
there, by every model that can (where `auto` chose one that cannot, all are judged on the complete rows). All models are
this program's: `auto`; independent columns (each by its own marginal); a Gaussian copula (each quantity brought to the
normal scale by its marginal, full covariance, categories by their shares); a Gaussian mixture of the whole table (`gmm`,
components by held-out rows, categories included); and a Gaussian mixture a class: the share of each level of one column
times a `gmm` of the other columns fitted to the level's rows. Nats a row in the units of the columns; whole numbers and
categories as masses. Lines go to DIR/density.jsonl (what it holds is not run again), then a table.
"""
import argparse
import csv
import json
import math
import os
import random
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CLASSES = {"penguins": "species", "diamonds": "cut", "adult": "income", "wine_white": "quality"}
MODELS = ["auto", "independent", "copula", "gmm", "gmm a class"]


def write(path, header, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def run(program, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout


def judge(program, train, test, model, *options):
    start = time.time()
    fit = json.loads(run(program, "fit", train, "-o", model, "--json", *options))
    seconds = time.time() - start
    result = json.loads(run(program, "evaluate", model, test, "--json"))
    return result, seconds, fit


def by_class(program, base, header, train, test, column, options):
    """The class's share times a mixture of the other columns, fitted to the rows of the class."""
    place = header.index(column)
    rest = [name for name in header if name != column]
    total = rows = 0
    for level in sorted({row[place] for row in train}):
        own, judged = ([r for r in part if r[place] == level] for part in (train, test))
        if not judged:
            continue
        write(base + "_class.csv", rest, [r[:place] + r[place + 1:] for r in own])
        write(base + "_class_test.csv", rest, [r[:place] + r[place + 1:] for r in judged])
        try:
            result, _, _ = judge(program, base + "_class.csv", base + "_class_test.csv", base + ".model", *options)
        except RuntimeError:
            return None  # a class with too few rows, or a column that is constant in it: cannot be fitted to these columns
        total += len(judged) * (result["mean_log_likelihood"] + math.log(len(own) / len(train)))
        rows += len(judged)
    return total / rows


def measure(program, directory, name, seed, model, out):
    with open(os.path.join(directory, name + ".csv"), newline="") as file:
        header, *rows = list(csv.reader(file))
    random.Random(seed).shuffle(rows)
    cut = int(0.8 * len(rows))
    base = os.path.join(out, f"density_{name}_{seed}")
    write(base + "_train.csv", header, rows[:cut])
    write(base + "_test.csv", header, rows[cut:])
    train, test = base + "_train.csv", base + "_test.csv"
    start = time.time()
    choice = None
    if model == "gmm a class":
        value = by_class(program, base, header, rows[:cut], rows[cut:], CLASSES[name], ["--model", "gmm"]) \
            if name in CLASSES else None
        seconds = time.time() - start
    elif model == "independent":
        # Fitted beside every model of a whole table.
        result, seconds, _ = judge(program, train, test, base + ".model", "--model", "gmm", "--components", "1")
        value = result["independent"]
    else:
        options = {"auto": [], "gmm": ["--model", "gmm"],
                   "copula": ["--model", "gmm", "--components", "1", "--covariance", "full"]}[model]
        result, seconds, fit = judge(program, train, test, base + ".model", *options)
        value, choice = result["mean_log_likelihood"], fit.get("choice")
        if result["left_out"]:
            choice = f"{choice}; {result['left_out']}"
    return dict(value=value, seconds=round(seconds, 1), choice=choice, load1=round(os.getloadavg()[0], 2))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--data", default="penguins,diamonds,adult,wine_white,concrete,protein")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--directory", default=os.path.join(HERE, "..", "..", "..", "shared", "data"))
    parser.add_argument("--out", default=os.path.join(HERE, ".build-quality"))
    a = parser.parse_args()
    os.makedirs(a.out, exist_ok=True)
    path = os.path.join(a.out, "density.jsonl")
    runs = [json.loads(line) for line in open(path)] if os.path.exists(path) else []
    models = a.models.split(",")
    for name in a.data.split(","):
        for seed in range(a.seeds):
            for model in models:
                if any((r["data"], r["seed"], r["model"]) == (name, seed, model) for r in runs):
                    continue
                runs.append(dict(data=name, seed=seed, model=model,
                                 **measure(a.program, a.directory, name, seed, model, a.out)))
                with open(path, "a") as file:
                    file.write(json.dumps(runs[-1]) + "\n")
    print("| data | " + " | ".join(models) + " |\n| --- |" + " ---: |" * len(models))
    for name in a.data.split(","):
        cells = []
        for model in models:
            found = [r for r in runs if r["data"] == name and r["model"] == model and r["seed"] < a.seeds]
            values = [r["value"] for r in found if r["value"] is not None]
            cells.append("-" if not values else f"{sum(values) / len(values):.3f}"
                         + (f" ({min(values):.3f})" if len(values) > 1 else "")
                         + f" / {sum(r['seconds'] for r in found) / len(found):.3g} s")
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
