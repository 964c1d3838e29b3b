#!/usr/bin/env python3
"""Variational autoencoders, plain and with flows, on digits: bounds and estimates of three seeds.

    Benchmarks/latent.py PROGRAM DATA OUT [--epochs N] [--seeds 1,2,3] [--only optdigits|mnist]

PROGRAM is the built `pushforward`, DATA a folder with optdigits_train.csv, optdigits_test.csv and the MNIST test images and
labels (mnist_t10k-*.gz). Optdigits is fitted to its training file and measured on its test file; of MNIST's test images the
first 8,000 are fitted and the last 2,000 measured. Writes sheets and a table of results to OUT; needs nothing but Python.
"""
import argparse
import csv
import gzip
import json
import pathlib
import struct
import subprocess
import sys
import time

KINDS = [
    ("plain", []),
    ("posterior iaf", ["--posterior", "iaf"]),
    ("posterior spline", ["--posterior", "spline"]),
    ("prior maf", ["--prior", "maf"]),
    ("prior nsf", ["--prior", "nsf"]),
    ("posterior iaf, prior maf", ["--posterior", "iaf", "--prior", "maf"]),
]


def split_idx(data, out):
    """The first 8,000 images and labels, and the other 2,000, as IDX files."""
    files = {}
    for kind in ["images-idx3", "labels-idx1"]:
        raw = gzip.open(data / f"mnist_t10k-{kind}-ubyte.gz").read()
        dimensions = raw[3]
        header = 4 + 4 * dimensions
        extents = struct.unpack(f">{dimensions}I", raw[4:header])
        size = 1
        for extent in extents[1:]:
            size *= extent
        for part, start, end in [("train", 0, 8000), ("test", 8000, 10000)]:
            name = out / f"mnist_{part}_{kind[:6]}.idx"
            name.write_bytes(
                raw[:4] + struct.pack(f">{dimensions}I", end - start, *extents[1:])
                + raw[header + start * size:header + end * size])
            files[part, kind[:6]] = str(name)
    return files


def run(*arguments):
    return subprocess.run(list(arguments), check=True, capture_output=True, text=True).stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--epochs", help="at most; the program's own choice if not said")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--only", default="")
    parser.add_argument("--kinds", default="")
    parser.add_argument("--model", default="vae", choices=["vae", "cvae"])
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    images = split_idx(options.data, options.out)
    sets = {
        "optdigits": (
            [str(options.data / "optdigits_train.csv")], [str(options.data / "optdigits_test.csv")], "digit"),
        "mnist": (
            [images["train", "images"], "--labels", images["train", "labels"]],
            [images["test", "images"], "--labels", images["test", "labels"]], "label"),
    }
    results = csv.writer(sys.stdout)
    results.writerow(["set", "model", "kind", "seed", "bound", "estimate", "standard_error", "epochs", "seconds", "load"])
    for name, (train, test, label) in sets.items():
        if options.only and name != options.only:
            continue
        for kind, flags in KINDS:
            if options.kinds and kind not in options.kinds.split(";"):
                continue
            for seed in options.seeds.split(","):
                model = str(options.out / f"{name}-{options.model}-{kind.replace(', ', '-').replace(' ', '-')}-{seed}.model")
                # The label is a condition, or no column of the model at all.
                given = ["--given", label]
                most = ["--max-epochs", options.epochs] if options.epochs else []
                if options.model == "vae":
                    schema = options.out / f"{name}.toml"
                    schema.write_text(f'[columns.{label}]\nrole = "ignore"\n')
                    given = ["--schema", str(schema)]
                start = time.time()
                fit = json.loads(run(
                    options.program, "fit", *train, "-o", model, "--model", options.model, *given, "--seed", seed,
                    "--json", *most, *flags))
                seconds = time.time() - start
                found = json.loads(run(options.program, "evaluate", model, *test, "--json"))
                load = pathlib.Path("/proc/loadavg").read_text().split()[0]
                results.writerow([
                    name, options.model, kind, seed, f"{found['evidence_bound']:.2f}",
                    f"{found['mean_log_likelihood']:.2f}", f"{found['standard_error']:.2f}", fit["best_epoch"],
                    f"{seconds:.0f}", load])
                sys.stdout.flush()
                if seed == options.seeds.split(",")[0]:
                    sheet = model.replace(".model", "")
                    run(options.program, "reconstruct", model, *test, "--rows", "50", "--sheet", sheet + "-again.png")
                    if options.model == "vae":
                        run(options.program, "sample", model, "-n", "100", "--sheet", sheet + "-drawn.png")
                        run(options.program, "sample", model, "-n", "100", "--means", "--sheet", sheet + "-means.png")


main()
