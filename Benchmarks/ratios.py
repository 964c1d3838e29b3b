#!/usr/bin/env python3
"""Prints results of compare-models.sh: ours, the best peer and the ratio in our favour, a line a figure.

  ratios.py RESULTS.jsonl
"""
import json
import sys

METRICS = {
    "train_step_ms": "train step, ms",
    "score_rows_per_s": "score, rows/s",
    "sample_rows_per_s": "sample, rows/s",
    "score_1row_us": "score one row, us",
    "sample_1row_us": "sample one row, us",
}
cells = {}
for line in open(sys.argv[1]):
    try:
        figure = json.loads(line)
    except ValueError:
        continue  # a peer that was stopped in the middle of a line
    if figure.get("metric") not in METRICS or not isinstance(figure.get("value"), (int, float)):
        continue
    cell = cells.setdefault((figure["dim"], figure["model"], figure["metric"]), {})
    higher = figure["metric"].endswith("per_s")
    old = cell.get(figure["peer"])
    value = figure["value"]
    cell[figure["peer"]] = value if old is None else max(old, value) if higher else min(old, value)

print("| columns | model | figure | ours | best peer | ratio |")
print("| ---: | --- | --- | ---: | ---: | ---: |")
for (dim, model, metric), cell in cells.items():
    ours = cell.get("pushforward")
    peers = {name: value for name, value in cell.items() if name != "pushforward"}
    if ours is None or not peers:
        continue
    higher = metric.endswith("per_s")
    name = (max if higher else min)(peers, key=peers.get)
    ratio = ours / peers[name] if higher else peers[name] / ours
    print(f"| {dim} | {model} | {METRICS[metric]} | {ours:.4g} | {peers[name]:.4g} ({name}) | {ratio:.1f} |")
