"""Scores the rows of a CSV file with a zuko flow from a file: what `pushforward score` is measured against.

usage: zuko_score.py --make WEIGHTS COLUMNS     writes an untrained flow
       zuko_score.py WEIGHTS ROWS.csv           prints a log-density a row
"""
import sys

import torch
import zuko


def flow(columns):
    return zuko.flows.NSF(columns, transforms=5, hidden_features=[128, 128], bins=8)


if sys.argv[1] == "--make":
    columns = int(sys.argv[3])
    torch.save({"columns": columns, "state": flow(columns).state_dict()}, sys.argv[2])
else:
    saved = torch.load(sys.argv[1])
    model = flow(saved["columns"])
    model.load_state_dict(saved["state"])
    with open(sys.argv[2]) as file:
        next(file)
        rows = torch.tensor([[float(cell) for cell in line.split(",")] for line in file])
    with torch.no_grad():
        print("log_prob")
        for value in model().log_prob(rows).tolist():
            print(f"{value:.6f}")
