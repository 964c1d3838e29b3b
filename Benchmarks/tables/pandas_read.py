"""Seconds and MB/s of pandas' C parser on one CSV file; processor time, best of three.

usage: pandas_read.py FILE.csv      (pip install pandas)
"""
import os
import sys
import time

import pandas

path = sys.argv[1]
best = float("inf")
for _ in range(3):
    start = time.process_time()
    pandas.read_csv(path, engine="c")
    best = min(best, time.process_time() - start)
size = os.path.getsize(path) / 1e6
print(f"pandas {pandas.__version__}: {best:.3f} s, {size / best:.0f} MB/s")
