"""Neural posterior estimation with sbi, settings left alone: mean log-density of the true parameters of test rows, nats.

    npe.py NAME,NAME.. SIZE,SIZE.. DIRECTORY     (sizes: train, small; needs `pip install sbi`)
"""
import logging, sys, time, warnings
import numpy as np
import torch

warnings.filterwarnings('ignore')
logging.disable(50)
from sbi.inference import NPE


def load(path):
    columns = open(path).readline().strip().split(',')
    rows = np.loadtxt(path, delimiter=',', skiprows=1)
    split = sum(name[0] == 't' for name in columns)
    return torch.tensor(rows[:, :split], dtype=torch.float32), torch.tensor(rows[:, split:], dtype=torch.float32)


names, sizes, directory = sys.argv[1].split(','), sys.argv[2].split(','), sys.argv[3]
for name in names:
    for size in sizes:
        for kind in ('nsf', 'maf'):
            torch.manual_seed(0)
            theta, x = load(f'{directory}/{name}.{size}.csv')
            truth, seen = load(f'{directory}/{name}.test.csv')
            start = time.time()
            inference = NPE(density_estimator=kind, show_progress_bars=False)
            estimator = inference.append_simulations(theta, x).train()
            seconds = time.time() - start
            with torch.no_grad():
                score = estimator.log_prob(truth[None], seen)[0]
            error = (score.std() / len(score) ** 0.5).item()
            print(f'{name} {size} {kind} {seconds:.1f} s mean {score.mean().item():.4f} error {error:.4f}', flush=True)
