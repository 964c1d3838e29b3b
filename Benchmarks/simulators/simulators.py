"""Draws of simulators whose posteriors are hard for one reason each, as CSV files: parameters t1.., what is seen x1..

    simulators.py NAME,NAME.. DIRECTORY [SEED]

NAME.train.csv (10,000 rows), NAME.small.csv (its first 1,000) and NAME.test.csv (2,000). two_moons, gmix, slcp, glu and
sir follow the simulation-based inference benchmark (Lueckmann et al. 2021, arXiv:2101.04653), queue is the M/G/1 queue.
"""
import csv, os, sys
import numpy as np

names, directory = sys.argv[1].split(','), sys.argv[2]
rng = np.random.default_rng(int(sys.argv[3]) if len(sys.argv) > 3 else 1)


def two_moons(n):
    t = rng.uniform(-1, 1, (n, 2))
    a, r = rng.uniform(-np.pi / 2, np.pi / 2, n), rng.normal(0.1, 0.01, n)
    crescent = np.c_[r * np.cos(a) + 0.25, r * np.sin(a)]
    return t, crescent + np.c_[-abs(t[:, 0] + t[:, 1]), t[:, 1] - t[:, 0]] / np.sqrt(2)


def gmix(n):
    """Two normal distributions about the same mean, one ten times as wide."""
    t = rng.uniform(-10, 10, (n, 2))
    return t, t + np.where(rng.random((n, 1)) < 0.5, 1, 0.1) * rng.normal(size=(n, 2))


def slcp(n):
    """Four draws of a normal distribution whose deviations are squares of parameters: four modes."""
    t = rng.uniform(-3, 3, (n, 5))
    s1, s2, rho = t[:, 2] ** 2, t[:, 3] ** 2, np.tanh(t[:, 4])
    x = []
    for _ in range(4):
        e = rng.normal(size=(n, 2))
        x += [t[:, 0] + s1 * e[:, 0], t[:, 1] + s2 * (rho * e[:, 0] + np.sqrt(1 - rho * rho) * e[:, 1])]
    return t, np.stack(x, 1)


def glu(n):
    """A normal likelihood and a uniform prior in ten dimensions: posteriors cut off at walls."""
    t = rng.uniform(-1, 1, (n, 10))
    return t, t + rng.normal(size=t.shape) * np.sqrt(0.1)


def glm(n):
    """A generalised linear model: statistics of 100 coin flips."""
    t = rng.normal(size=(n, 10))
    design = np.random.default_rng(5).normal(size=(100, 10))
    return t, (rng.random((n, 100)) < 1 / (1 + np.exp(-t @ design.T / 2))) @ design


def sir(n):
    """Counts of infected at ten times of an epidemic."""
    population = 1e6
    b, g = np.exp(rng.normal(np.log(0.4), 0.5, n)), np.exp(rng.normal(np.log(0.125), 0.2, n))
    s, i, seen, dt = np.full(n, population - 1), np.ones(n), [], 0.1
    for step in range(1600):
        if step % 160 == 80:
            seen.append(rng.binomial(1000, np.clip(i / population, 0, 1)))
        infected, recovered = dt * b * s * i / population, dt * g * i
        s, i = s - infected, i + infected - recovered
    return np.c_[b, g], np.stack(seen, 1).astype(float)


def queue(n):
    """Quantiles of the times between departures of 50 customers."""
    low, span, rate = rng.uniform(0, 10, n), rng.uniform(0, 10, n), rng.uniform(0, 1 / 3, n)
    seen = []
    for i in range(n):
        service = rng.uniform(low[i], low[i] + span[i], 50)
        arrival = np.cumsum(rng.exponential(1 / max(rate[i], 1e-4), 50))
        departure = np.zeros(51)
        for j in range(50):
            departure[j + 1] = service[j] + max(arrival[j], departure[j])
        seen.append(np.quantile(np.diff(departure), [0, 0.25, 0.5, 0.75, 1]))
    return np.c_[low, span, rate], np.array(seen)


for name in names:
    t, x = globals()[name](12000)
    columns = [f't{i + 1}' for i in range(t.shape[1])] + [f'x{i + 1}' for i in range(x.shape[1])]
    rows = np.c_[t, x]
    for part, chosen in (('train', rows[:10000]), ('test', rows[10000:]), ('small', rows[:1000])):
        with open(os.path.join(directory, f'{name}.{part}.csv'), 'w') as file:
            out = csv.writer(file)
            out.writerow(columns)
            out.writerows([[repr(float(v)) for v in row] for row in chosen])
