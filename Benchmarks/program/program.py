"""The whole program: start-up, memory, size, and the pipelines from CSV to CSV; one JSON line a figure.

usage: program.py PROGRAM STAGES OUT.jsonl [PEER_PYTHON]

PROGRAM: the executable `pushforward`. STAGES: the executable StageBenchmarks. PEER_PYTHON: a Python with torch and zuko,
to score one row beside; without it that line is left out. Needs nothing but Python's own library.
Environment: ROWS (default 1000000), STARTS (cold processes, default 40).
"""
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time

program, stages, out = sys.argv[1:4]
peer = sys.argv[4] if len(sys.argv) > 4 else None
here = os.path.dirname(os.path.abspath(__file__))
rows = int(os.environ.get("ROWS", 1_000_000))
starts = int(os.environ.get("STARTS", 40))
columns = 10
results = open(out, "a")


def emit(figure, **values):
    line = json.dumps({"figure": figure, **values})
    print(line, flush=True)
    results.write(line + "\n")


def run(*command):
    """Wall seconds and largest resident memory (MB) of a process."""
    read, write = os.pipe()
    # A child of its own for each measurement: the kernel reports the largest of all children.
    child = os.fork()
    if child == 0:
        start = time.perf_counter()
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        text = done.stderr.decode(errors="replace")[-500:] if done.returncode else ""
        os.write(write, json.dumps([seconds, peak, done.returncode, text]).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        seconds, peak, status, text = json.loads(pipe.read())
    os.waitpid(child, 0)
    if status:
        sys.exit(f"{' '.join(command)}: {text}")
    return seconds, peak


def median(count, *command):
    measured = [run(*command) for _ in range(count)]
    return statistics.median(m[0] for m in measured), max(m[1] for m in measured)


def best(count, *command):
    measured = [run(*command) for _ in range(count)]
    return min(m[0] for m in measured), max(m[1] for m in measured)


emit("size", megabytes=round(os.path.getsize(program) / 1e6, 2))
with tempfile.TemporaryDirectory() as folder:
    path = lambda name: os.path.join(folder, name)
    random.seed(1)
    header = ",".join(f"x{i}" for i in range(columns))
    with open(path("train.csv"), "w") as file:
        file.write(header + "\n")
        for _ in range(20_000):
            row = [random.gauss(0, 1)]
            for _ in range(columns - 1):
                row.append(0.7 * row[-1] + (0.3 + 0.2 * abs(row[-1])) * random.gauss(0, 1))
            file.write(",".join(f"{x:.6f}" for x in row) + "\n")
    with open(path("train.csv")) as file:
        head = [next(file) for _ in range(2)]
    with open(path("one.csv"), "w") as file:
        file.writelines(head)

    names = ["gaussian", "maf", "nsf"]
    for name in names:
        run(program, "fit", path("train.csv"), "-o", path(name), "--model", name, "--max-epochs", "3",
            "--hidden", "128,128")
    run(program, "fit", path("train.csv"), "-o", path("auto"), "--max-epochs", "3")

    # One row, cold. The peer's flow is as large as ours of the name nsf: 5 layers, 2 x 128 hidden units, 8 bins.
    ours = {}
    for name in names + ["auto"]:
        seconds, peak = median(starts, program, "score", path(name), path("one.csv"))
        ours[name] = (seconds, peak)
        emit("score one row", model=name, milliseconds=round(seconds * 1e3, 2), megabytes=round(peak, 1))
    if peer:
        script = os.path.join(here, "zuko_score.py")
        run(peer, script, "--make", path("zuko.pt"), str(columns))
        seconds, peak = median(max(3, starts // 8), peer, script, path("zuko.pt"), path("one.csv"))
        emit("score one row", model="zuko nsf", milliseconds=round(seconds * 1e3, 2), megabytes=round(peak, 1))
        emit("score one row, nsf against zuko", times_faster=round(seconds / ours["nsf"][0], 1),
             share_of_memory=round(ours["nsf"][1] / peak, 3))

    # A million rows to CSV and from CSV to CSV, against the slowest of the stages alone.
    run(program, "sample", path("nsf"), "-n", str(rows), "-o", path("table.csv"))
    for name in names:
        alone = {}
        lines = subprocess.run([stages, path(name), path("table.csv"), path("stage.csv")], check=True,
                               capture_output=True, text=True).stdout.splitlines()
        for line in lines:
            stage = json.loads(line)
            alone[stage["stage"]] = stage["seconds"]
            emit("stage alone", model=name, stage=stage["stage"], seconds=round(stage["seconds"], 3))
        for figure, parts, command in [
            ("score", ["read", "score", "write scores"], ["score", path(name), path("table.csv")]),
            ("sample", ["draw", "write rows"], ["sample", path(name), "-n", str(rows)]),
        ]:
            seconds, peak = best(3, program, *command, "-o", path("out.csv"))
            slowest = max(parts, key=lambda part: alone[part])
            emit(f"{figure} to CSV", model=name, rows=rows, seconds=round(seconds, 3), megabytes=round(peak, 1),
                 slowest_stage=slowest, ratio=round(seconds / alone[slowest], 2))
