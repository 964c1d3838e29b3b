#!/usr/bin/env python3
"""The network of `mixed` in PyTorch, timed on random cells: a training step, scoring, sampling.

  chain_torch.py ROWS HIDDEN BLOCKS COLUMN...        needs torch

Arguments and output are those of ChainBenchmarks. The same residual MADE over the same inputs and heads: embeddings and
piecewise-linear encodings with presence flags, once for given columns (degree 0) and once for the chain; softmax over atoms
and one continuous class with a mixture of 20 Gaussians, masses of intervals; AdamW, clipping, moving average of the weights.
Masks are multiplied into the weights once a step, and once for all before scoring and sampling. A sample takes a pass for
every column, of which the head of that column alone is computed.
"""
import json
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

rows, hidden, blocks = map(int, sys.argv[1:4])
specs = [(int(t.rstrip("+")), t.endswith("+")) for t in sys.argv[4:]]
K, PIECES, BATCH = 20, 32, 512
torch.manual_seed(0)


class Chain(nn.Module):
    def __init__(self):
        super().__init__()
        self.embeddings = nn.ModuleList()
        degrees, outputs = [], []
        self.ranges = []
        for atoms, is_open in specs:
            classes = atoms + is_open
            width = min(16, max(2, classes)) if atoms else 0
            self.embeddings.append(nn.Embedding(classes, width) if width else None)
            self.ranges.append(width + (PIECES + 1 if is_open else 0) + 1)
        for place in range(len(specs)):
            degrees += [0] * self.ranges[place]
        for place in range(len(specs) - 1):
            degrees += [place + 1] * self.ranges[place]
        self.heads = []
        for place, (atoms, is_open) in enumerate(specs):
            classes = atoms + is_open
            size = (classes if classes > 1 else 0) + (3 * K if is_open else 0)
            self.heads.append((len(outputs), len(outputs) + size))
            outputs += [place + 1] * size
        free = hidden // 8
        units = torch.tensor([0] * free + [1 + i * (len(specs) - 1) // (hidden - free) for i in range(hidden - free)])
        degrees, outputs = torch.tensor(degrees), torch.tensor(outputs)
        self.register_buffer("knots", torch.linspace(-3, 3, PIECES + 1))
        self.layers = nn.ModuleList([nn.Linear(len(degrees), hidden)])
        masks = [units[:, None] >= degrees[None]]
        for _ in range(2 * blocks):
            self.layers.append(nn.Linear(hidden, hidden))
            masks.append(units[:, None] >= units[None])
        self.layers.append(nn.Linear(hidden, len(outputs)))
        masks.append(outputs[:, None] > units[None])
        for i, mask in enumerate(masks):
            self.register_buffer(f"mask{i}", mask.float())
        self.fixed = None

    def weight(self, i):
        return self.fixed[i] if self.fixed else self.layers[i].weight * getattr(self, f"mask{i}")

    def freeze(self):
        self.fixed = [self.layers[i].weight * getattr(self, f"mask{i}") for i in range(len(self.layers))]

    def encode(self, codes, z, given, hidden_cells):
        parts = [[], []]
        for place, (atoms, is_open) in enumerate(specs):
            code = codes[:, place]
            pieces = []
            if self.embeddings[place] is not None:
                pieces.append(self.embeddings[place](code))
            if is_open:
                at = z[:, place, None]
                pieces += [at.clamp(-10, 10), ((at - self.knots[:-1]) / (self.knots[1:] - self.knots[:-1])).clamp(0, 1)]
            pieces.append(torch.ones_like(z[:, :1]))
            whole = torch.cat(pieces, 1)
            parts[0].append(whole * given[:, place, None])
            if place + 1 < len(specs):
                parts[1].append(whole * hidden_cells[:, place, None])
        return torch.cat(parts[0] + parts[1], 1)

    def body(self, x):
        x = F.linear(x, self.weight(0), self.layers[0].bias)
        for b in range(blocks):
            h = F.silu(F.linear(F.silu(x), self.weight(1 + 2 * b), self.layers[1 + 2 * b].bias))
            h = F.dropout(h, 0.2, self.training)
            x = x + F.linear(h, self.weight(2 + 2 * b), self.layers[2 + 2 * b].bias)
        return F.silu(x)

    def log_prob(self, codes, z, given, seen):
        out = F.linear(self.body(self.encode(codes, z, given, seen)), self.weight(-1 % len(self.layers)), self.layers[-1].bias)
        total = 0
        for place, ((atoms, is_open), (a, b)) in enumerate(zip(specs, self.heads)):
            head, value = out[:, a:b], 0
            if atoms + is_open > 1:
                value = head[:, :atoms + is_open].log_softmax(1).gather(1, codes[:, place, None])[:, 0]
            if is_open:
                w, m, s = head[:, -3 * K:].chunk(3, 1)
                s = s.clamp(max=4).exp() + 3e-4
                lo, hi = ((z[:, place, None] + d - m) / s for d in (-.01, .01))
                mass = (torch.special.log_ndtr(torch.where(lo > 0, -lo, hi)).exp()
                        - torch.special.log_ndtr(torch.where(lo > 0, -hi, lo)).exp()).clamp_min(1e-30).log()
                value = value + torch.where(codes[:, place] == atoms, (w.log_softmax(1) + mass).logsumexp(1), 0.)
            total = total + value * (1 - given[:, place])
        return total

    @torch.no_grad()
    def sample(self, count):
        codes = torch.zeros(count, len(specs), dtype=torch.long)
        z = torch.zeros(count, len(specs))
        none, seen = torch.zeros(count, len(specs)), torch.zeros(count, len(specs))
        for place, ((atoms, is_open), (a, b)) in enumerate(zip(specs, self.heads)):
            h = self.body(self.encode(codes, z, none, seen))
            head = F.linear(h, self.weight(-1 % len(self.layers))[a:b], self.layers[-1].bias[a:b])
            if atoms + is_open > 1:
                codes[:, place] = torch.multinomial(head[:, :atoms + is_open].softmax(1), 1)[:, 0]
            if is_open:
                w, m, s = head[:, -3 * K:].chunk(3, 1)
                j = torch.multinomial(w.softmax(1), 1)
                z[:, place] = (m.gather(1, j) + (s.gather(1, j).clamp(max=4).exp() + 3e-4) * torch.randn(count, 1))[:, 0]
            seen[:, place] = 1
        return codes, z


codes = torch.stack([torch.randint(0, a + o, (rows,)) for a, o in specs], 1)
z = torch.randn(rows, len(specs))
model = Chain()
average = [p.detach().clone() for p in model.parameters()]
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)
steps, times = 12, []
for step in range(steps):
    start = time.perf_counter()
    pick = torch.randint(0, rows, (BATCH,))
    given = (torch.rand(BATCH, len(specs)) < torch.rand(BATCH, 1) * (torch.rand(BATCH, 1) < .375)).float()
    seen = 1 - (torch.rand(BATCH, len(specs)) < torch.rand(BATCH, 1) * (torch.rand(BATCH, 1) < .25)).float()
    optimizer.zero_grad()
    (-model.log_prob(codes[pick], z[pick], given, seen).mean()).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5)
    optimizer.step()
    with torch.no_grad():
        torch._foreach_lerp_(average, list(model.parameters()), .005)
    times.append(time.perf_counter() - start)
model.eval()


def best(body, sizes, repeats=2):
    found = 0
    for size in sizes:
        for _ in range(repeats):
            start = time.perf_counter()
            body(size)
            found = max(found, size / (time.perf_counter() - start))
    return found


with torch.no_grad():
    model.freeze()

    def score(size):
        n = min(size, rows)
        model.log_prob(codes[:n], z[:n], torch.zeros(n, len(specs)), torch.ones(n, len(specs)))

    score_rate = best(score, [s for s in (256, 1024, 4096) if s <= rows])
    sample_rate = best(model.sample, (256, 1024, 4096))
print(json.dumps({
    "program": "torch", "parameters": sum(p.numel() for p in model.parameters()), "step_ms": 1e3 * sorted(times)[len(times) // 4],
    "score_rows_per_s": score_rate, "sample_rows_per_s": sample_rate,
    "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))
