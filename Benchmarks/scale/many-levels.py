#!/usr/bin/env python3
"""A table with a category of many levels: rows and levels on the command line, CSV to standard output.

Levels are products with Zipf-like frequencies, each with a group and a price of its own, so that there is something to learn:
  many-levels.py [rows=200000] [levels=20000] [seed=1] > many.csv
"""
import math
import random
import sys

rows, levels, seed = (int(a) for a in (sys.argv[1:] + ["200000", "20000", "1"][len(sys.argv) - 1:]))
random.seed(seed)
groups = "tools garden books toys food sport music paint".split()
products = [(f"p{i:05d}", random.choice(groups), random.gauss(2.5, 0.8)) for i in range(levels)]
weights = [1 / (i + 20) ** 0.6 for i in range(levels)]
print("product,group,region,quantity,price,discount")
# Every level occurs.
chosen = list(range(levels)) + random.choices(range(levels), weights, k=rows - levels)
random.shuffle(chosen)
for i in chosen[:rows]:
    name, group, level = products[i]
    region = random.choice("north south east west".split()) if random.random() < 0.7 else "north"
    quantity = 1 + int(random.expovariate(0.5 if group == "food" else 1.2))
    price = math.exp(level + 0.1 * random.gauss(0, 1))
    discount = 0 if random.random() < 0.6 else round(random.betavariate(2, 8) * 100) / 100
    print(f"{name},{group},{region},{quantity},{price:.2f},{discount:g}")
