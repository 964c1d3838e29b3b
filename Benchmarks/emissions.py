#!/usr/bin/env python3
"""Flow emissions of hidden Markov models beside Gaussian ones, on rows not fitted to, paired.

    Benchmarks/emissions.py PROGRAM DATA OUT [--only speed,geyser,...] [--repetitions 2] [--flow nsf]

PROGRAM is the built `pushforward`, DATA a folder with the tables. Each table is cut into pieces: of 30 rows that follow one
another, or utterances; a fifth of the pieces at a time is left out, the others are fitted to (neighbouring pieces as one
sequence), and each piece left out is scored as a sequence. Printed are mean log-likelihoods in nats a row by emission, and
the mean difference from the Gaussian ones with its standard error over pieces. Needs nothing but Python.
"""
import argparse
import csv
import pathlib
import random
import subprocess

TABLES = {
    "speed": (["rt", "corr", "Pacc", "prev"], [168, 134, 137]),
    "speed:outcomes": (["rt", "corr"], [168, 134, 137]),
    "geyser": (["waiting", "duration"], None),
    "japanese_vowels": ([f"c{i}" for i in range(1, 13)], "utterance"),
}


def pieces(name, rows):
    """Rows as (sequence, place, rows)."""
    columns, kind = TABLES[name]
    if kind == "utterance":
        found = {}
        for row in rows:
            found.setdefault((row["split"], row["speaker"], row["utterance"]), []).append([row[c] for c in columns])
        return [(number, 0, values) for number, values in enumerate(found.values())]
    cells = [[row[c] for c in columns] for row in rows]
    result, start = [], 0
    for sequence, length in enumerate(kind or [len(cells)]):
        count = round(length / 30)
        ends = [start + length * k // count for k in range(count + 1)]
        result += [(sequence, k, cells[ends[k]:ends[k + 1]]) for k in range(count)]
        start += length
    return result


def write(path, columns, sequences):
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["sequence"] + columns)
        for number, rows in enumerate(sequences):
            out.writerows([f"s{number}"] + row for row in rows)


def joined(chosen):
    """Pieces that follow one another as one sequence."""
    result, last = [], None
    for sequence, place, rows in sorted(chosen, key=lambda piece: piece[:2]):
        if last == (sequence, place - 1):
            result[-1] = result[-1] + rows
        else:
            result.append(list(rows))
        last = (sequence, place)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--only", default=",".join(TABLES))
    parser.add_argument("--repetitions", type=int, default=2)
    parser.add_argument("--flow", default="nsf")
    parser.add_argument("--extra", default="", help="more arguments of the fit with flow emissions")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    kinds = {
        "gaussian": ["--emission", "gaussian"], "chosen": [],
        "flow": ["--emission", "flow", "--emission-flow", options.flow] + options.extra.split(),
    }
    for name in options.only.split(","):
        columns = TABLES[name][0]
        rows = list(csv.DictReader(open(options.data / f"{name.split(':')[0]}.csv")))
        parts = pieces(name, rows)
        logs = {kind: [0.0] * len(parts) for kind in kinds}
        for repetition in range(options.repetitions):
            order = list(range(len(parts)))
            random.Random(repetition).shuffle(order)
            for fold in range(5):
                test = order[fold::5]
                train = [parts[i] for i in order if i not in set(test)]
                files = [str(options.out / f"{name}.{part}") for part in ["train.csv", "test.csv", "model", "scores"]]
                write(files[0], columns, joined(train))
                write(files[1], columns, [parts[i][2] for i in test])
                for kind, flags in kinds.items():
                    subprocess.run(
                        [options.program, "fit", files[0], "-o", files[2], "--model", "hmm", "--sequence", "sequence",
                         "--seed", str(repetition)] + flags, check=True, capture_output=True)
                    subprocess.run(
                        [options.program, "score", files[2], files[1], "--by-sequence", "-o", files[3]], check=True,
                        capture_output=True)
                    scored = list(csv.DictReader(open(files[3])))
                    key = next(c for c in scored[0] if "log" in c)
                    for i, line in zip(test, scored):
                        logs[kind][i] += float(line[key]) / options.repetitions
        total = sum(len(part[2]) for part in parts)
        for kind, values in logs.items():
            gaps = [v - g for v, g in zip(values, logs["gaussian"])]
            mean = sum(gaps) / total
            spread = sum((gap - mean * len(part[2])) ** 2 for gap, part in zip(gaps, parts)) ** 0.5 / total
            own = sum(values) / total
            print(f"{name} {kind}: {own:.4f} nats a row; less gaussian {mean:+.4f} ({spread:.4f})", flush=True)


if __name__ == "__main__":
    main()
